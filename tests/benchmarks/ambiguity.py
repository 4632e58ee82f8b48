"""What `embed="ambiguous"` saves and what it costs, on six real sequences.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/ambiguity.py scores
    TRACKERS_DATA=/path/to/data OMP_NUM_THREADS=1 python tests/benchmarks/ambiguity.py time

**scores**: HOTA / IDF1 / ID switches and how many crops were asked for, with stored boxes (confidence at least 0.3) and
vectors, an extractor handing out the vectors of the rows it is asked about. Single runs are chaotic, so that beside the
joined score stands the mean over perturbed copies: all lack 2 % of the boxes, every other one runs backwards in time.
None of these copies had a say when the rule was chosen.

**time**: processor time of `update` on real frames, extractor included, beside our ByteTrack, all on each in turn.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv

from trackers import (
    BoTSORTTracker,
    ByteTrackTracker,
    DeepSORTFeatureExtractor,
    DeepSORTTracker,
    SteadySORTTracker,
    StripeFeatureExtractor,
)
from trackers.core.base import Tracker
from trackers.evaluation import Scores, combine, evaluate_sequence
from trackers.io import open_source, read_mot
from trackers.table import BoxTable

SEQUENCES = ["KITTI-17", "MOT16-09", "MOT16-11a", "PETS09-S2L1", "TUD-Campus", "TUD-Stadtmitte"]
NO_PICTURE = np.zeros((1, 1, 3), np.uint8)
FRESH = 100
"""The first copy that is scored; the rule was chosen on copies of lower numbers."""


class Stored:
    """Hands out stored vectors and counts the crops a network would have been run on."""

    crops = 0

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Any:
        """The vectors of the rows asked about."""
        self.crops += len(detections)
        return detections.data["stored"]


def sequence(data: Path, name: str, vectors: str, copy: int | None = None) -> tuple[list[sv.Detections], BoxTable]:
    """Detections of each frame and ground truth, as stored or perturbed."""
    truth = read_mot(data / "data" / "mot" / name / "gt" / "gt.txt")
    stored = dict(np.load(data / "golden" / name / "detections.npz"))
    last = max(int(stored["frame"].max()), int(truth.frame.max()))
    kept = stored["confidence"] >= np.float32(0.3)
    if copy is not None:
        kept &= np.random.default_rng([copy, *name.encode()]).random(len(kept)) >= 0.02
    rows = [np.flatnonzero((stored["frame"] == frame) & kept) for frame in range(1, last + 1)]
    embeddings = stored[vectors].astype(np.float32)
    frames = [
        sv.Detections(stored["xyxy"][r], confidence=stored["confidence"][r], data={"stored": embeddings[r]})
        for r in rows
    ]
    if copy is not None and copy % 2:
        kept_truth = truth.rows(truth.confidence != 0)
        backwards = last + 1 - kept_truth.frame
        return frames[::-1], BoxTable.from_rows(frame=backwards, tracker_id=kept_truth.tracker_id, xywh=kept_truth.xywh)
    return frames, truth


def play(
    kind: Callable[..., Tracker[Any]], data: Path, vectors: str, copy: int | None = None, **options: Any
) -> tuple[list[Scores], int]:
    """Scores of each sequence, and crops."""
    extractor = Stored()
    scores = []
    for name in SEQUENCES:
        frames, truth = sequence(data, name, vectors, copy)
        tracker = kind(extractor, **options)
        outputs = BoxTable.from_detections(tracker.update(frame, NO_PICTURE) for frame in frames)
        scores.append(evaluate_sequence(truth, outputs, name=name))
    return scores, extractor.crops


def cell(scores: list[Scores]) -> str:
    """Mean of some scores."""
    hota, idf1, switches = np.mean([(one.hota, one.idf1, one.id_switches) for one in scores], axis=0)
    return f"{100 * hota:.1f} / {100 * idf1:.1f} / {switches:.0f}"


def print_scores(data: Path, copies: int) -> None:
    """One row for each tracker, each kind of vectors and each way to embed."""
    print("| tracker | vectors | `embed` | crops | joined | perturbed |", " | ".join(SEQUENCES), "|")
    print("|---" * (6 + len(SEQUENCES)) + "|")
    ways: dict[str, dict[str, Any]] = {
        "always": {},
        "ambiguous": {"embed": "ambiguous"},
        "ambiguous, budget 2": {"embed": "ambiguous", "embed_budget": 2},
    }
    for kind in (DeepSORTTracker, SteadySORTTracker, BoTSORTTracker):
        for vectors in ("osnet", "retail0248"):
            for way, options in ways.items():
                played = partial(play, kind, data, vectors, appearance_threshold=0.3, **options)
                plain, crops = played()
                robust = [combine(played(copy=copy)[0]) for copy in range(FRESH, FRESH + copies)]
                each = " | ".join(cell([one]) for one in plain)
                row = (kind.__name__, vectors, way, str(crops), cell([combine(plain)]), cell(robust) if robust else "")
                print(f"| {' | '.join(row)} | {each} |", flush=True)


def contestants(data: Path) -> dict[str, Callable[[], Tracker[Any]]]:
    """What is timed: no embedding at all, and two extractors, run on all boxes and on those in doubt."""
    osnet = DeepSORTFeatureExtractor(data / "data" / "weights" / "reid" / "osnet_x0_25_msmt17.pth")
    made: dict[str, Callable[[], Tracker[Any]]] = {
        "ByteTrack": ByteTrackTracker,
        "DeepSORT without appearance": DeepSORTTracker,
    }
    for name, extractor in (("stripes", StripeFeatureExtractor()), ("OSNet", osnet)):
        for embed in ("always", "ambiguous"):
            made[f"DeepSORT, {name}, {embed}"] = partial(DeepSORTTracker, extractor, embed=embed)
    return made


def pictures(data: Path, name: str) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames of a sequence."""
    folder = data / "data" / "mot" / name
    video = folder / "video.mp4"
    for _, picture in open_source(video if video.exists() else folder / "img1"):
        yield picture


def print_times(data: Path, frames: int) -> None:
    """Mean and median time of each contestant, and both in those of ByteTrack."""
    made = contestants(data)
    seconds: dict[str, list[float]] = {name: [] for name in made}
    boxes = 0
    for name in SEQUENCES:
        running = {kind: make() for kind, make in made.items()}
        detections, _ = sequence(data, name, "osnet")
        for number, (found, picture) in enumerate(zip(detections[:frames], pictures(data, name), strict=False)):
            for kind, tracker in running.items():
                start = time.process_time()
                tracker.update(sv.Detections(found.xyxy, confidence=found.confidence), picture)
                if number >= 5:
                    seconds[kind].append(time.process_time() - start)
            boxes += len(found) if number >= 5 else 0
    count = len(seconds["ByteTrack"])
    print(f"{count} frames, {boxes / count:.1f} boxes each; threads: {os.environ.get('OMP_NUM_THREADS', 'default')}\n")
    print("| tracker | mean ms | median ms | of ByteTrack: mean | median |\n|---|---|---|---|---|")
    usual = seconds["ByteTrack"]
    for kind, times in seconds.items():
        mean, median = np.mean(times), np.median(times)
        ratios = f"{mean / np.mean(usual):.2f} | {median / np.median(usual):.2f}"
        print(f"| {kind} | {1e3 * mean:.2f} | {1e3 * median:.2f} | {ratios} |")


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("scores", "time"))
    parser.add_argument("--copies", type=int, default=20, help="perturbed copies")
    parser.add_argument("--frames", type=int, default=100, help="timed frames of each sequence")
    options = parser.parse_args()
    data = Path(os.environ["TRACKERS_DATA"])
    if options.table == "scores":
        print_scores(data, options.copies)
    else:
        print_times(data, options.frames)


if __name__ == "__main__":
    main()
