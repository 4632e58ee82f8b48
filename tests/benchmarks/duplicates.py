"""Work of a feature extractor done twice, as it may be: still boxes, large crops, borders, cutting.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/duplicates.py still
    TRACKERS_DATA=/path/to/data OMP_NUM_THREADS=2 python tests/benchmarks/duplicates.py cutting --checkpoint OSNET.pth

**still**: HOTA / IDF1 / ID switches where a box that hardly moved takes the vector it had: its IoU with a box that was
embedded at most `--age` frames ago is at least a limit. Stored boxes (confidence at least 0.3) and OSNet vectors of six
sequences, joined; beside it the share of the boxes that are embedded.

**cutting**: on frames of the same sequences, the milliseconds of a frame for cutting and for all of
`extract_features`, medians of interleaved rounds; the same with every crop shrunk to the network's input beforehand,
which is what crops beyond its size could save at most; and what share of the input `fit="letterbox"` fills with border.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv
from ambiguity import (  # type: ignore[import-not-found,unused-ignore]
    NO_PICTURE,
    SEQUENCES,
    Stored,
    cell,
    pictures,
    sequence,
)
from runtimes import seconds  # type: ignore[import-not-found,unused-ignore]

from trackers import BoTSORTTracker, DeepSORTFeatureExtractor, DeepSORTTracker, SteadySORTTracker
from trackers.appearance.crops import windows
from trackers.appearance.preprocessing import Preprocessing
from trackers.boxes import overlap
from trackers.core.base import Tracker
from trackers.evaluation import combine, evaluate_sequence
from trackers.table import BoxTable

LIMITS = (None, 0.95, 0.9, 0.85, 0.8)
"""IoU from which a box hardly moved; None embeds all."""


class Still(Stored):  # type: ignore[misc,unused-ignore]
    """Stored vectors, and for a box that hardly moved the vector that it had."""

    def __init__(self, limit: float | None, age: int) -> None:
        """Start without boxes."""
        self.limit, self.age = limit, age
        self.boxes: Any = np.empty((0, 4))
        self.vectors: Any = None
        self.ages: Any = np.empty(0, np.int64)

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Any:
        """Vectors of the rows asked about, old ones where the box is still there."""
        if self.limit is None:
            return super().extract_features(frame, detections)
        boxes, vectors = detections.xyxy.astype(np.float64), np.array(detections.data["stored"])
        ages = np.zeros(len(boxes), np.int64)
        if len(self.boxes):
            shared = overlap(boxes[:, None], self.boxes)
            before = shared.argmax(axis=1)
            still = (shared.max(axis=1) >= self.limit) & (self.ages[before] < self.age)
            still &= (shared >= self.limit).sum(axis=1) == 1
            vectors[still], boxes[still] = self.vectors[before[still]], self.boxes[before[still]]
            ages[still] = self.ages[before[still]] + 1
        self.crops += int((ages == 0).sum())
        self.boxes, self.vectors, self.ages = boxes, vectors, ages
        return vectors


def print_still(data: Path, age: int) -> None:
    """One row for each tracker and limit."""
    print("| tracker | IoU of a still box | crops | HOTA / IDF1 / ID switches |\n|---|---|---|---|")
    for kind in (DeepSORTTracker, SteadySORTTracker, BoTSORTTracker):
        for limit in LIMITS:
            scores, crops = [], 0
            for name in SEQUENCES:
                frames, truth = sequence(data, name, "osnet")
                extractor = Still(limit, age)
                tracker: Tracker[Any] = kind(extractor, appearance_threshold=0.3)
                found = BoxTable.from_detections(tracker.update(frame, NO_PICTURE) for frame in frames)
                scores.append(evaluate_sequence(truth, found, name=name))
                crops += extractor.crops
            print(f"| {kind.__name__} | {limit or 'all embedded'} | {crops} | {cell([combine(scores)])} |", flush=True)


def cut(network: Any, picture: npt.NDArray[np.uint8], corners: npt.NDArray[np.int64]) -> None:
    """Cut these windows of a frame, and resize them."""
    network.cut(network.load(picture), corners, None)


def print_cutting(data: Path, extractor: DeepSORTFeatureExtractor, frames: int) -> None:
    """One row for each sequence."""
    network: Any = extractor._network
    height, width = network.preprocessing.size
    print(f"{extractor.runtime} after the first batch, crops of {height} x {width}\n")
    print("| sequence | boxes | higher than the input | twice as high | cut ms | all ms | share | shrunk ms | border |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in SEQUENCES:
        detections, _ = sequence(data, name, "osnet")
        sides, border = [], []
        took: dict[str, list[float]] = {"cut": [], "all": [], "shrunk": []}
        for number, (found, picture) in enumerate(zip(detections[:frames], pictures(data, name), strict=False)):
            if len(found) == 0:
                continue
            given = sv.Detections(found.xyxy)
            corners, visible = windows(given.xyxy, *picture.shape[:2])
            corners = corners[visible]
            small = corners.copy()
            small[:, 2] = np.minimum(corners[:, 2], corners[:, 0] + width)
            small[:, 3] = np.minimum(corners[:, 3], corners[:, 1] + height)
            places = Preprocessing(size=(height, width), fit="letterbox").places(corners)
            border.append(1.0 - np.prod(places[:, 2:] - places[:, :2], axis=1).mean() / (height * width))
            sides.append((corners[:, 3] - corners[:, 1]) / height)
            calls: dict[str, Callable[[], object]] = {
                "cut": partial(cut, network, picture, corners),
                "all": partial(extractor.extract_features, picture, given),
                "shrunk": partial(cut, network, picture, small),
            }
            for way, call in calls.items():
                spent = seconds(call)
                if number >= 40:
                    took[way].append(spent)
        ratio = np.concatenate(sides)
        cutting, whole, shrunk = (1e3 * float(np.median(took[way])) for way in ("cut", "all", "shrunk"))
        print(
            f"| {name} | {len(ratio) / max(len(sides), 1):.1f} | {100 * (ratio > 1).mean():.0f} % "
            f"| {100 * (ratio > 2).mean():.0f} % | {cutting:.2f} | {whole:.1f} | {100 * cutting / whole:.1f} % "
            f"| {shrunk:.2f} | {100 * np.mean(border):.0f} % |",
            flush=True,
        )


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("still", "cutting"))
    parser.add_argument("--age", type=int, default=5, help="frames that a vector may be used again")
    parser.add_argument("--checkpoint", help="weights of OSNet")
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--frames", type=int, default=100, help="frames of each sequence; the first 40 are warm-up")
    options = parser.parse_args()
    data = Path(os.environ["TRACKERS_DATA"])
    if options.table == "still":
        print_still(data, options.age)
    else:
        made = DeepSORTFeatureExtractor.from_checkpoint(options.checkpoint, device="cpu", runtime=options.runtime)
        made.embed([np.zeros((128, 64, 3), np.uint8)])
        print_cutting(data, made, options.frames)


if __name__ == "__main__":
    main()
