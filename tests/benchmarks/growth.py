"""How the cost of an update grows, and what a track weighs: `python tests/benchmarks/growth.py`.

Grows with the number of objects, the vectors kept and their length; must not grow with the age of the run, nor
with the tracks lost times the detections. `--only lost` prints the table of that, which takes minutes, and no other.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv

from trackers import (
    BoTSORTTracker,
    ByteTrackTracker,
    DeepSORTTracker,
    OCSORTTracker,
    SORTTracker,
    SteadySORTTracker,
)
from trackers.core.base import Tracker
from trackers.sample import Scene

FRAME_RATE = 30


def frames(count: int, figures: int = 100, length: int = 128) -> Iterator[sv.Detections]:
    """Frames of the sample with vectors of another length: the sample's own, repeated, which keeps their angles."""
    scene = Scene(figures=figures, size=(1920, 1080), length=count)
    for index in range(count):
        detections = scene.detections(index)
        vectors = np.asarray(detections.data["embedding"])
        repeats = -(-length // vectors.shape[1])
        detections.data["embedding"] = np.tile(vectors, (1, repeats))[:, :length]
        yield detections


def median(tracker: DeepSORTTracker, stream: list[sv.Detections], warm_up: int) -> float:
    """Milliseconds of an update, the median after the warm-up."""
    taken = []
    for detections in stream:
        start = time.perf_counter()
        tracker.update(detections)
        taken.append(time.perf_counter() - start)
    return 1e3 * float(np.median(taken[warm_up:]))


def objects(numbers: list[int]) -> None:
    """Cost per object."""
    print("| objects | ms | microseconds per object |\n|---|---|---|")
    for number in numbers:
        stream = list(frames(90, number))
        milliseconds = median(DeepSORTTracker(), stream, 60)
        boxes = float(np.mean([len(it) for it in stream[60:]]))
        print(f"| {boxes:.0f} | {milliseconds:.2f} | {1e3 * milliseconds / boxes:.1f} |", flush=True)


def vectors() -> None:
    """Cost against the size of the gallery and the length of the vectors, 100 objects."""
    print("\n| vectors kept | length | ms |\n|---|---|---|")
    for size, length in [(1, 128), (10, 128), (50, 128), (100, 128), (200, 128), (100, 256), (100, 512), (100, 1024)]:
        stream = list(frames(260, length=length))
        print(f"| {size} | {length} | {median(DeepSORTTracker(gallery_size=size), stream, 210):.2f} |", flush=True)


def age(total: int) -> None:
    """Cost in each tenth of a long run in which figures come and go."""
    tracker, part = DeepSORTTracker(), total // 10
    print("\n| frames | ms | ids given |\n|---|---|---|")
    taken = []
    for index, detections in enumerate(frames(total, figures=30), 1):
        start = time.perf_counter()
        tracker.update(detections)
        taken.append(time.perf_counter() - start)
        if index % part == 0:
            print(f"| to {index} | {1e3 * np.median(taken):.3f} | {tracker.total_confirmed} |", flush=True)
            taken.clear()


def crowd(count: int, people: int, stay: int, seed: int, length: int = 128) -> Iterator[sv.Detections]:
    """A busy street: people walk in anywhere, one after another, stay for some frames, and never come back."""
    generator = np.random.default_rng(seed)

    def newcomers(number: int) -> tuple[npt.NDArray[Any], ...]:
        height = generator.uniform(60, 160, number)
        centre = generator.uniform((0, 0), (1920, 1080), (number, 2))
        half = np.stack((0.2 * height, 0.5 * height), axis=1)
        vectors = generator.normal(size=(number, length)).astype(np.float32)
        return np.concatenate((centre - half, centre + half), axis=1), generator.normal(0, 2, (number, 2)), vectors

    boxes, speed, vectors = newcomers(people)
    leaves = generator.integers(1, stay + 1, people)
    for index in range(count):
        gone = np.flatnonzero(leaves == index)
        boxes[gone], speed[gone], vectors[gone] = newcomers(len(gone))
        leaves[gone] = index + stay
        boxes += np.tile(speed, 2)
        noise = generator.normal(0, 1, boxes.shape)
        yield sv.Detections(boxes + noise, confidence=np.full(people, 0.9), data={"embedding": vectors.copy()})


def lost(total: int, timed: int = 100) -> None:
    """Cost of an update of 50 objects, of whom six leave and six come, while so many lost tracks wait."""
    buffer = 10 * total  # frames: nothing is removed
    made: dict[str, Tracker[Any]] = {
        "SORT": SORTTracker(lost_track_buffer=buffer),
        "ByteTrack": ByteTrackTracker(lost_track_buffer=buffer),
        "OC-SORT": OCSORTTracker(lost_track_buffer=buffer),
        "BoT-SORT": BoTSORTTracker(lost_track_buffer=buffer),
        "DeepSORT, `reid_memory`": DeepSORTTracker(reid_memory=buffer / FRAME_RATE),
        "SteadySORT": SteadySORTTracker(lost_track_buffer=buffer),
    }
    print("\n| tracker | lost tracks | ms | 95th percentile |\n|---|---|---|---|")
    for name, tracker in made.items():
        taken, waiting = [], 0
        for detections in (*crowd(4 * total // 200, 200, 4, seed=0), *crowd(timed + 10, 50, 8, seed=1)):
            start = time.perf_counter()
            tracker.update(detections)
            taken.append(time.perf_counter() - start)
            waiting = int((tracker._tracks.missed > 0).sum())
        last = 1e3 * np.array(taken[-timed:])
        print(f"| {name} | {waiting} | {np.median(last):.2f} | {np.quantile(last, 0.95):.2f} |", flush=True)


def memory(tracks: int = 200, length: int = 128, size: int = 100) -> None:
    """Bytes a track with a full gallery holds beyond its vectors, and what is left when all are gone."""
    columns, rows = np.divmod(np.arange(tracks), 20)
    corners = np.stack((90.0 * columns, 50.0 * rows, 90.0 * columns + 20, 50.0 * rows + 40), axis=1)
    embeddings = np.random.default_rng(0).normal(size=(tracks, length)).astype(np.float32)
    given = sv.Detections(corners, confidence=np.ones(tracks), data={"embedding": embeddings})
    nothing = sv.Detections(np.empty((0, 4)), confidence=np.empty(0), data={"embedding": embeddings[:0]})
    tracker = DeepSORTTracker(gallery_size=size)
    tracker.update(nothing)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(size + 5):
        tracker.update(given)
    each = (tracemalloc.get_traced_memory()[0] - before) / tracks
    for _ in range(40):
        tracker.update(nothing)
    left = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(
        f"\na track with a full gallery: {4 * size * length} bytes of vectors and {each - 4 * size * length:.0f} more"
    )
    print(f"left when all {tracks} tracks are gone: {left / 1024:.0f} KB")


def imports() -> None:
    """Seconds to import the package, beyond supervision and by itself; the smallest of five."""

    def seconds(code: str) -> float:
        clock = f"import time; s = time.perf_counter(); {code}; print(time.perf_counter() - s)"
        return min(float(subprocess.check_output([sys.executable, "-c", clock])) for _ in range(5))

    first, both, ours = (seconds(f"import {it}") for it in ("supervision", "supervision, trackers", "trackers"))
    print(f"\nimport supervision {first:.2f} s, and trackers {both - first:.2f} s more; trackers alone {ours:.2f} s")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, nargs="+", default=[10, 50, 100, 200, 500, 1000, 2000])
    parser.add_argument("--age", type=int, default=10_000, help="frames of the long run")
    parser.add_argument("--lost", type=int, default=10_000, help="lost tracks that wait")
    parser.add_argument("--only", choices=("lost",), help="print the table of lost tracks, and no other")
    arguments = parser.parse_args()
    if arguments.only:
        return lost(arguments.lost)
    objects(arguments.objects)
    vectors()
    age(arguments.age)
    memory()
    imports()


if __name__ == "__main__":
    main()
