"""The figures of a GPU, each table as lines of JSON: `make gpu` runs this after the tests marked `gpu`.

    python tests/benchmarks/gpu.py [--device cuda] [--model NAME] [--boxes 10 50 100 400] [--seconds 200]

Extraction against the bare forward pass and, on CUDA, a captured graph of it; float32 against half precision, in
vectors and in ids; `compile=True`; one batch for 32 streams against a call for each; and the largest number of 1080p
streams at 30 frames per second that detector, extractor and trackers keep up with. There the weights are random:
nothing is downloaded, and speed does not depend on them. With TRACKERS_DATA set, two tables more:
on the folders of images there, scores with OSNet in float32 and in half precision, and where the time of a frame goes.
A table that the time does not allow is left out and named.
"""

from __future__ import annotations

import argparse
import copy
import functools
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
import timm
import torch
from deepsort import SEQUENCES, frames  # type: ignore[import-not-found,unused-ignore]

from trackers import DeepSORTFeatureExtractor, MultiStreamTracker, SteadySORTTracker
from trackers.evaluation import combine, evaluate_sequence
from trackers.io import open_source, read_mot
from trackers.sample import Scene
from trackers.table import BoxTable

Row = dict[str, Any]

TABLES = ["extraction", "precision", "batch", "streams", "compiled"]
ON_DATA = ["half", "frame_loop"]
DATA = Path(os.environ.get("TRACKERS_DATA", "."))


def pictures() -> Iterator[tuple[str, Path]]:
    """Names and folders of images of the sequences that are there."""
    for name in SEQUENCES:
        folder = DATA / "data" / "mot" / name / "img1"
        if folder.is_dir():
            yield name, folder


class Bench:
    """A device, a network, and people-shaped boxes on 1080p frames.

    Args:
        device: Name of the device.
        model: Name of the network in timm.
        boxes: Numbers of boxes per frame.
        repeats: Runs of which the median counts.
    """

    def __init__(self, device: str, model: str, boxes: list[int], repeats: int) -> None:
        torch.manual_seed(0)
        self.device, self.boxes, self.repeats = torch.device(device), boxes, repeats
        self.network = timm.create_model(model, pretrained=False, num_classes=0).eval()
        self.frame = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), dtype=np.uint8)

    def extractor(self, **options: Any) -> DeepSORTFeatureExtractor:
        """A new extractor on the network, crops of 256 x 128."""
        return DeepSORTFeatureExtractor(
            copy.deepcopy(self.network), self.device, (256, 128), appearance_threshold=0.25, **options
        )

    def people(self, count: int, seed: int = 0) -> sv.Detections:
        """Boxes 80 to 450 pixels high."""
        rng = np.random.default_rng(seed)
        height = rng.uniform(80, 450, count)
        size = np.stack((0.4 * height, height), axis=1)
        corner = rng.uniform(0, 1, (count, 2)) * (np.array([1920, 1080]) - size)
        return sv.Detections(np.concatenate((corner, corner + size), axis=1), confidence=np.full(count, 0.9))

    def milliseconds(self, call: Callable[[], object]) -> float:
        """Median time of a call whose result is back on the host."""
        call()
        times = []
        for _ in range(self.repeats):
            self.wait()
            start = time.perf_counter()
            call()
            self.wait()
            times.append(time.perf_counter() - start)
        return round(1e3 * float(np.median(times)), 3)

    def wait(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def extraction(self) -> Iterator[Row]:
        """`extract_features` against the forward pass on a batch that is ready, and against a captured graph."""
        cuda = self.device.type == "cuda"
        dtype = torch.float16 if cuda else torch.float32
        model: Any = copy.deepcopy(self.network).to(self.device, dtype)
        model = model.to(memory_format=torch.channels_last)
        extractor = self.extractor()
        for count in self.boxes:
            batch = torch.rand(count, 3, 256, 128, device=self.device, dtype=dtype)
            batch = batch.contiguous(memory_format=torch.channels_last)

            def bare(batch: torch.Tensor = batch) -> Any:
                with torch.inference_mode():
                    return model(batch).float().cpu()

            people = self.people(count)
            plain = self.extractor(runtime="torch")
            row = {
                "boxes": count,
                "bare ms": self.milliseconds(bare),
                "extract ms": self.milliseconds(functools.partial(extractor.extract_features, self.frame, people)),
                "without graphs ms": self.milliseconds(functools.partial(plain.extract_features, self.frame, people)),
            }
            if cuda:
                row["graph ms"] = self.milliseconds(_captured(model, batch))
            yield row

    def precision(self) -> Iterator[Row]:
        """Half precision against float32: cosine of the vectors, rows with another id, and time."""
        full, half = self.extractor(half=False), self.extractor(half=True if self.device.type == "cuda" else None)
        count = self.boxes[-1]
        people = self.people(count)
        one, other = (extractor.extract_features(self.frame, people) for extractor in (full, half))
        scene = Scene(seed=3, size=(640, 360), length=60)
        trackers = [SteadySORTTracker(full), SteadySORTTracker(half)]
        differ = rows = 0
        for number in range(60):
            image, detections = scene.frame(number), scene.detections(number)
            first, second = (np.asarray(tracker.update(detections, image).tracker_id) for tracker in trackers)
            differ, rows = differ + int((first != second).sum()), rows + len(first)
        yield {
            "lowest cosine": float((one * other).sum(axis=1).min()),
            "rows with another id": differ,
            "rows": rows,
            "float32 ms": self.milliseconds(lambda: full.extract_features(self.frame, people)),
            "half ms": self.milliseconds(lambda: half.extract_features(self.frame, people)),
        }

    def half(self) -> Iterator[Row]:
        """Scores of SteadySORT with OSNet in float32 and in half precision, real footage and boxes, joined."""
        for half in (False, True) if self.device.type == "cuda" else (False,):
            extractor, scores = self.osnet(half), []
            for name, folder in pictures():
                tracker, images = SteadySORTTracker(extractor), open_source(folder)
                boxes = frames(DATA, name, None)
                tracked = [tracker.update(each, image) for each, (_, image) in zip(boxes, images, strict=False)]
                truth = read_mot(folder.parent / "gt" / "gt.txt")
                scores.append(evaluate_sequence(truth, BoxTable.from_detections(tracked), name=name))
            joined = combine(scores)
            yield {
                "precision": "half" if half else "float32",
                "sequences": len(scores),
                "HOTA": round(100 * joined.hota, 2),
                "IDF1": round(100 * joined.idf1, 2),
                "IDSW": joined.id_switches,
            }

    def frame_loop(self) -> Iterator[Row]:
        """Median milliseconds of a frame's parts: YOLO11n at 640, OSNet, SteadySORT, one frame after the other."""
        from ultralytics import YOLO

        detector, extractor = YOLO(str(DATA / "data/weights/yolo/yolo11n_dequant.pt")), self.osnet(None)
        for name, folder in pictures():
            images = [image for _, image in open_source(folder)]
            tracker = SteadySORTTracker()
            parts: list[list[float]] = []
            for image in images:
                times = [time.perf_counter()]
                result = detector.predict(image, imgsz=640, classes=[0], device=str(self.device), verbose=False)[0]
                people = sv.Detections.from_ultralytics(result)
                times.append(time.perf_counter())
                people.data["embedding"] = extractor.extract_features(image, people)
                times.append(time.perf_counter())
                tracker.update(people)
                times.append(time.perf_counter())
                parts.append([1e3 * float(step) for step in np.diff(times)] + [float(len(people))])
            detect, embed, track, boxes = np.median(parts[10:], axis=0).round(2).tolist()
            yield {
                "sequence": name,
                "boxes": boxes,
                "detect ms": detect,
                "embed ms": embed,
                "track ms": track,
                "frames per second": round(1e3 / (detect + embed + track)),
            }

    def osnet(self, half: bool | None) -> DeepSORTFeatureExtractor:
        """OSNet x0.25, trained."""
        weights = DATA / "data/weights/reid/osnet_x0_25_msmt17.pth"
        return DeepSORTFeatureExtractor.from_checkpoint(weights, device=self.device, half=half)

    def compiled(self) -> Iterator[Row]:
        """`compile=True` against the network as it is."""
        plain, compiled = self.extractor(), self.extractor(compile=True)
        for count in self.boxes:
            people = self.people(count)
            start = time.perf_counter()
            compiled.extract_features(self.frame, people)
            yield {
                "boxes": count,
                "first s": round(time.perf_counter() - start, 1),
                "plain ms": self.milliseconds(lambda people=people: plain.extract_features(self.frame, people)),  # type: ignore[misc]
                "compiled ms": self.milliseconds(lambda people=people: compiled.extract_features(self.frame, people)),  # type: ignore[misc]
            }

    def batch(self, streams: int = 32, objects: int = 10) -> Iterator[Row]:
        """One batch for all streams against a call for each, taking turns."""
        extractor = self.extractor()
        frames = [self.frame] * streams
        people = [self.people(objects, seed) for seed in range(streams)]

        def each() -> None:
            for frame, boxes in zip(frames, people, strict=True):
                extractor.extract_features(frame, boxes)

        def seconds(call: Callable[[], object]) -> float:
            self.wait()
            start = time.perf_counter()
            call()
            self.wait()
            return time.perf_counter() - start

        pairs = [(seconds(lambda: extractor.extract_batch(frames, people)), seconds(each)) for _ in range(self.repeats)]
        together, apart = np.array(pairs[self.repeats // 3 :]).T  # the first ones warm up
        yield {
            "streams": streams,
            "objects": objects,
            "one batch ms": round(1e3 * float(np.median(together)), 2),
            "a call each ms": round(1e3 * float(np.median(apart)), 2),
            "ratio": round(float(np.median(together / apart)), 3),
        }

    def streams(self, most: int = 128) -> Iterator[Row]:
        """Largest number of 1080p streams that detector, extractor and trackers do in 1/30 s, ten people on each."""
        from ultralytics import YOLO

        detector, extractor = YOLO("yolo11n.yaml"), self.extractor()
        count = 1
        while count <= most:
            tracker = MultiStreamTracker(lambda _: SteadySORTTracker(extractor))
            frames, people = [self.frame] * count, self.people(10)

            def detect(frames: list[Any] = frames) -> None:
                detector.predict(frames, imgsz=640, device=str(self.device), verbose=False)

            def update(count: int = count, tracker: MultiStreamTracker = tracker) -> None:
                tracker.update({str(n): (people, self.frame) for n in range(count)})  # noqa: B023

            parts = self.milliseconds(detect), self.milliseconds(update)
            yield {
                "streams": count,
                "detect ms": parts[0],
                "embed and track ms": parts[1],
                "30 fps": sum(parts) <= 1000 / 30,
            }
            if sum(parts) > 1000 / 30:
                return
            count += max(1, count // 2)


def _captured(model: Any, batch: torch.Tensor) -> Callable[[], Any]:
    """The forward pass as a graph, recorded once."""
    with torch.inference_mode():
        for _ in range(3):
            model(batch)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            vectors = model(batch)

    def run() -> Any:
        graph.replay()
        return vectors.float().cpu()

    return run


def main(arguments: list[str] | None = None) -> None:
    """Print every table that the time allows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", default="mobilenetv2_100")
    parser.add_argument("--boxes", type=int, nargs="+", default=[10, 50, 100, 400])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=200.0)
    parser.add_argument("--streams", type=int, default=32, help="streams of the table batch")
    parser.add_argument("--tables", nargs="+", default=None)
    options = parser.parse_args(arguments)
    end = time.monotonic() + options.seconds
    bench = Bench(options.device, options.model, options.boxes, options.repeats)
    card = torch.cuda.get_device_name() if bench.device.type == "cuda" else "CPU"
    print(json.dumps({"device": card, "torch": torch.__version__, "date": time.strftime("%Y-%m-%d")}), flush=True)
    for table in options.tables or [*(ON_DATA if "TRACKERS_DATA" in os.environ else ()), *TABLES]:
        if time.monotonic() > end:
            print(json.dumps({"table": table, "left out": "no time"}), flush=True)
            continue
        rows = bench.batch(options.streams) if table == "batch" else getattr(bench, table)()
        for row in rows:
            print(json.dumps({"table": table, **row}), flush=True)


if __name__ == "__main__":
    main()
