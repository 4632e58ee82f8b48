"""Many streams: what `MultiStreamTracker` costs, how workers scale, and where the time of a live run goes.

python tests/benchmarks/streams.py update
python tests/benchmarks/streams.py workers
python tests/benchmarks/streams.py live
python tests/benchmarks/streams.py soak --seconds 3600
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import logging
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import supervision as sv

from trackers import MultiStreamTracker, SteadySORTTracker, StripeFeatureExtractor
from trackers.io import FrameSource, VideoWriter, write_detections
from trackers.jobs import open_pool
from trackers.jobs.processes import ProcessWorkers
from trackers.pipeline.choices import Choice
from trackers.pipeline.folder import make_jobs, run_job, run_jobs
from trackers.pipeline.settings import TrackSettings
from trackers.sample import FigureDetector, Scene
from trackers.streams.counters import Counters

FRAMES = 30


def crowd(objects: int, seed: int) -> Iterator[sv.Detections]:
    """Objects that drift, with vectors of 128 numbers."""
    rng = np.random.default_rng(seed)
    corners, velocity = rng.uniform(0, 1800, (objects, 2)), rng.normal(0, 3, (objects, 2))
    vectors = rng.normal(size=(objects, 128)).astype(np.float32)
    for _ in range(FRAMES):
        corners = corners + velocity
        boxes = np.hstack((corners, corners + np.array([40.0, 100.0]))) + rng.normal(0, 1, (objects, 4))
        yield sv.Detections(boxes, confidence=np.full(objects, 0.9), data={"embedding": vectors})


def update() -> Iterator[dict[str, Any]]:
    """Milliseconds of an update of all streams, and of as many trackers called one by one, interleaved."""
    for objects in (10, 50):
        for count in (1, 4, 16, 64):
            clips = {str(number): list(crowd(objects, number)) for number in range(count)}
            streams = MultiStreamTracker(lambda _: SteadySORTTracker())
            alone = {name: SteadySORTTracker() for name in clips}
            together, apart = [], []
            for frame in range(FRAMES):
                frames = {name: clip[frame] for name, clip in clips.items()}
                start = time.perf_counter()
                streams.update(frames)
                middle = time.perf_counter()
                for name, detections in frames.items():
                    alone[name].update(detections)
                together.append(middle - start)
                apart.append(time.perf_counter() - middle)
            ratio = median(a / b for a, b in zip(together[5:], apart[5:], strict=True))
            yield {
                "streams": count,
                "objects": objects,
                "together ms": round(1e3 * median(together[5:]), 2),
                "one by one ms": round(1e3 * median(apart[5:]), 2),
                "ratio": round(ratio, 3),
            }


def make_videos(folder: Path, count: int, frames: int) -> None:
    """Videos of the drawn scene with their detections beside."""
    scene = Scene(seed=3, size=(640, 360), length=frames)
    detector = FigureDetector().fit(scene.frame(index) for index in range(0, frames, max(1, frames // 20)))
    images = [scene.frame(index) for index in range(frames)]
    found = [detector(image) for image in images]
    for number in range(count):
        with VideoWriter(folder / f"{number:02d}.mp4", frame_rate=25) as writer:
            for image in images:
                writer.write(image)
        write_detections(folder / f"{number:02d}.npz", found)


def spin(count: int) -> int:
    """Arithmetic that needs a processor and nothing else."""
    return sum(number * number for number in range(count))


def seconds_of(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def workers(videos: int, frames: int) -> Iterator[dict[str, Any]]:
    """Wall time of a folder in this process, and in one and two workers of each kind, each four times in turn.

    Arithmetic in the same processes says what the machine itself makes of two.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        make_videos(folder / "videos", videos, frames)
        settings = TrackSettings(Choice("steadysort"), Choice("stripes"), "{folder}/{name}.npz")
        jobs = make_jobs(folder / "videos", folder / "out", settings)
        wall: dict[str, list[float]] = {}

        def note(kind: str, work: Callable[[], object]) -> None:
            wall.setdefault(kind, []).append(seconds_of(work))

        for _ in range(4):
            note("this process", lambda: run_jobs(jobs, overwrite=True))
            for count in (1, 2):
                with ProcessWorkers(count, threads=1) as pool:
                    list(pool.map(run_job, jobs[:count]))  # started, everything imported, and not counted
                    note(f"processes {count}", lambda: run_jobs(jobs, pool, overwrite=True))
                    note(f"arithmetic {count}", lambda: list(pool.map(spin, [2_000_000] * 12)))
            for count in (1, 2):
                ray: Any = importlib.import_module("ray")
                os.environ["RAY_AUTH_MODE"] = "disabled"
                quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
                note(
                    f"ray init {count}",
                    lambda: ray.init("local", num_cpus=count, include_dashboard=False, **quiet),  # noqa: B023
                )
                with open_pool(None, len(jobs), backend="ray") as cluster:
                    assert cluster is not None
                    list(cluster.map(run_job, jobs[: 2 * count]))
                    note(f"ray {count}", lambda: run_jobs(jobs, cluster, overwrite=True))
                ray.shutdown()
        best = {kind: min(seconds) for kind, seconds in wall.items()}
        for kind, took in best.items():
            yield {"where": kind, "seconds": round(took, 2), "per video": round(took / videos, 3)}
        for one, two in (
            ("processes 1", "processes 2"),
            ("arithmetic 1", "arithmetic 2"),
            ("ray 1", "ray 2"),
        ):
            yield {"from": one, "to": two, "share of linear": round(best[one] / (2 * best[two]), 2)}


def live(seconds: float) -> Iterator[dict[str, Any]]:
    """Frames per second of generated streams, with the detector of the sample and stripes, and where time goes."""
    scene = Scene(seed=3, size=(640, 360), length=100)
    detector = FigureDetector().fit(scene.frame(index) for index in range(0, 100, 5))
    images = [scene.frame(index) for index in range(100)]
    for count in (4, 16):

        def read(_: Any) -> Iterator[tuple[int, Any]]:
            for number in range(1, 1_000_000):
                yield number, images[number % 100].copy()

        spent: dict[str, float] = {"detect": 0.0, "extract": 0.0}
        extractor = StripeFeatureExtractor()

        class Timed:
            appearance_threshold = extractor.appearance_threshold

            def extract_features(self, frame: Any, detections: sv.Detections) -> Any:
                start = time.perf_counter()
                vectors = extractor.extract_features(frame, detections)  # noqa: B023
                spent["extract"] += time.perf_counter() - start  # noqa: B023
                return vectors

        def detect(frame: Any) -> sv.Detections:
            start = time.perf_counter()
            found = detector(frame)
            spent["detect"] += time.perf_counter() - start  # noqa: B023
            return found

        stop = threading.Event()
        timer = threading.Timer(seconds, stop.set)
        timed = Timed()
        streams = MultiStreamTracker(lambda _, timed=timed: SteadySORTTracker(timed, frame_rate=25))  # type: ignore[misc]
        sources: dict[str, Any] = {str(n): FrameSource(f"camera {n}", 25.0, 10**9, read) for n in range(count)}
        timer.start()
        start = time.perf_counter()
        counters = streams.run(sources, detect, stop=stop)
        wall = time.perf_counter() - start
        frames = sum(one.tracked for one in counters.values())
        yield {
            "streams": count,
            "frames per second": round(frames / wall, 1),
            "detect %": round(100 * spent["detect"] / wall),
            "extract %": round(100 * spent["extract"] / wall),
            "rest %": round(100 * (wall - sum(spent.values())) / wall),
        }


def soak(seconds: float) -> Iterator[dict[str, Any]]:
    """Resident memory, each minute, of six streams that die and come back at random; and the line through it."""
    random.seed(0)
    rng = np.random.default_rng(0)

    def moody(stream: int) -> Callable[[Any], Iterator[tuple[int, Any]]]:
        def read(_: Any) -> Iterator[tuple[int, Any]]:
            for number in range(1, random.randrange(20, 600)):
                time.sleep(random.uniform(0.08, 0.16))
                yield number, np.full((180, 320, 3), 40 * stream % 255, np.uint8)
            if random.random() < 0.5:
                raise ValueError("lost")

        return read

    def detect(_: Any) -> sv.Detections:
        corner = rng.uniform(0, 200, (int(rng.integers(2, 6)), 2))
        return sv.Detections(np.hstack((corner, corner + np.array([30.0, 70.0]))), confidence=np.full(len(corner), 0.9))

    counters, stop, start = Counters(), threading.Event(), time.monotonic()
    minutes: list[dict[str, Any]] = []

    def measure() -> None:
        while not stop.wait(60.0 if minutes else 0.0):
            gc.collect()
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            minutes.append(
                {
                    "minute": round((time.monotonic() - start) / 60, 2),
                    "MB": round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 2),
                    "tracked": sum(one.tracked for one in counters.values()),
                    "reconnections": sum(one.reconnections for one in counters.values()),
                }
            )

    threading.Thread(target=measure, daemon=True).start()
    threading.Timer(seconds, stop.set).start()
    extractor = StripeFeatureExtractor()
    streams = MultiStreamTracker(lambda _: SteadySORTTracker(extractor, frame_rate=8))
    sources: dict[str, Any] = {str(n): FrameSource(f"camera {n}", 8.0, None, moody(n)) for n in range(6)}
    streams.run(sources, detect, lambda _: None, stop=stop, counters=counters)
    yield from minutes
    settled = np.array([(one["minute"], one["MB"]) for one in minutes if one["minute"] >= 5])
    if len(settled) > 1:
        yield {"MB per hour, from minute 5": round(60 * float(np.polyfit(settled[:, 0], settled[:, 1], 1)[0]), 2)}


def main() -> None:
    """Print one table as lines of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", choices=("update", "workers", "live", "soak"))
    parser.add_argument("--videos", type=int, default=12)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    tables: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "update": update,
        "workers": lambda: workers(options.videos, options.frames),
        "live": lambda: live(options.seconds),
        "soak": lambda: soak(options.seconds),
    }
    for row in tables[options.table]():
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
