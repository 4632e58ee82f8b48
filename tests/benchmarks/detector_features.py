"""How well a detector's own feature maps tell people apart, what that does for DeepSORT and what it costs.

    TRACKERS_DATA=... python tests/benchmarks/detector_features.py [--sequences TUD-Campus ...] [--layers 0 2 6]

Boxes are the stored ones of the sequences (the same detector, class person); only the maps are computed here. OSNet's
stored vectors for the same boxes and motion alone stand beside them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv

from trackers import DeepSORTTracker
from trackers.appearance.detector_features import BACKBONE, DetectorFeatures
from trackers.evaluation import MOT17_DISTRACTORS, Scores, combine, evaluate_sequence
from trackers.io.frames import open_source
from trackers.io.mot import read_mot
from trackers.table import BoxTable

SEQUENCES = ("TUD-Campus", "TUD-Stadtmitte", "KITTI-17", "PETS09-S2L1", "MOT16-09", "MOT16-11a")
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
Vectors = npt.NDArray[np.float32]


def main() -> None:
    """Measure the sequences named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", nargs="+", default=SEQUENCES)
    parser.add_argument("--layers", nargs="+", type=int, default=BACKBONE)
    options = parser.parse_args()
    names = options.sequences
    data = Path(os.environ["TRACKERS_DATA"])
    scores: dict[str, list[Scores]] = {}
    for name in names:
        stored = np.load(data / "golden" / name / "detections.npz")
        truth = read_mot(data / "data" / "mot" / name / "gt" / "gt.txt")
        read = read_features(data, name, stored, truth, options.layers)
        boxes = select(truth)
        report(f"{name}: AUC {auc(*read.truth):.3f}, rank 1 {rank1(*read.truth):.2f}, {len(boxes)} true boxes")
        report(f"{name}: detector {read.detector_ms:.1f} ms of CPU a frame, vectors {read.vectors_ms:.2f} ms a frame")
        variants: dict[str, tuple[Vectors | None, float | None]] = {"motion alone": (None, None)}
        variants |= {f"OSNet {limit}": (stored["osnet"], limit) for limit in (0.2, 0.3, 0.4)}
        variants |= {f"detector {limit}": (read.boxes, limit) for limit in THRESHOLDS}
        for variant, (vectors, limit) in variants.items():
            scores.setdefault(variant, []).append(track(name, truth, stored, vectors, limit))
    for variant, each in scores.items():
        line = " ".join(f"{100 * s.idf1:5.1f}/{s.id_switches:<3d}" for s in each)
        total = combine(each)
        sums = f"HOTA {100 * total.hota:.1f} IDF1 {100 * total.idf1:.1f} IDSW {total.id_switches}"
        report(f"{variant:15s} {line}  all: {sums}")


def report(line: str) -> None:
    """Write one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Reading:
    """Vectors of a sequence: of its stored boxes, and of true boxes with their frame and person."""

    def __init__(self, boxes: Vectors, truth: list[Any], detector_ms: float, vectors_ms: float) -> None:
        self.boxes = boxes
        self.truth = tuple(np.concatenate(column) for column in zip(*truth, strict=True))
        self.detector_ms, self.vectors_ms = detector_ms, vectors_ms


def read_features(data: Path, name: str, stored: Any, truth: BoxTable, layers: Sequence[int]) -> Reading:
    """Run the detector over a sequence and read its maps; every tenth frame also for the true boxes."""
    from ultralytics import YOLO

    model = YOLO(data / "data" / "weights" / "yolo" / "yolo11n_dequant.pt")
    extractor = DetectorFeatures.of(model, layers=layers)
    counted = select(truth)
    frames, vectors, true, spent = 0, [], [], [0.0, 0.0]
    for number, image in open_source(data / "data" / "mot" / name):
        start = time.process_time()
        model(image, imgsz=1280 if image.shape[1] == 1920 else 640, verbose=False)
        middle = time.process_time()
        rows = stored["frame"] == number
        vectors.append(extractor.extract_features(image, sv.Detections(xyxy=stored["xyxy"][rows])))
        spent[0] += middle - start
        spent[1] += time.process_time() - middle
        frames += 1
        if number % 10 == 1:
            here = counted.frame == number
            xywh = counted.xywh[here]
            boxes = sv.Detections(xyxy=np.concatenate((xywh[:, :2], xywh[:, :2] + xywh[:, 2:]), axis=1))
            true.append((extractor.extract_features(image, boxes), counted.tracker_id[here], counted.frame[here]))
    return Reading(np.concatenate(vectors), true, 1000 * spent[0] / frames, 1000 * spent[1] / frames)


def select(truth: BoxTable) -> BoxTable:
    """The true boxes that count and are visible enough, people only."""
    good = (truth.confidence != 0) & np.isin(truth.class_id, (-1, 1)) & (truth.visibility > 0.3)
    return BoxTable(**{key: column[good] for key, column in vars(truth).items()})


def distances(vectors: Vectors, person: Any, frame: Any) -> tuple[Any, Any, Any]:
    """Cosine distances, whether two boxes are of the same person, and whether of different frames."""
    return 1.0 - vectors @ vectors.T, person[:, None] == person, frame[:, None] != frame


def auc(vectors: Vectors, person: Any, frame: Any) -> float:
    """Area under the ROC curve of 'same person on another frame' against 'another person'."""
    distance, same, apart = distances(vectors, person, frame)
    pairs = np.triu(np.ones_like(same), 1)
    same_person, other_person = distance[pairs & same & apart], np.sort(distance[pairs & ~same])
    return float(1.0 - np.searchsorted(other_person, same_person).mean() / len(other_person))


def rank1(vectors: Vectors, person: Any, frame: Any) -> float:
    """How often the nearest box of another frame is the same person's."""
    distance, same, apart = distances(vectors, person, frame)
    nearest = np.where(apart, distance, np.inf).argmin(axis=1)
    return float((person[nearest] == person)[(same & apart).any(axis=1)].mean())


def per_frame(stored: Any, vectors: Vectors | None) -> Iterator[tuple[int, sv.Detections]]:
    """The stored detections with confidence 0.3 and up, frame by frame."""
    for number in range(1, int(stored["frame"].max()) + 1):
        rows = (stored["frame"] == number) & (stored["confidence"] >= 0.3)
        embedding = {} if vectors is None else {"embedding": vectors[rows].astype(np.float32)}
        yield (
            number,
            sv.Detections(xyxy=stored["xyxy"][rows], confidence=stored["confidence"][rows], data=embedding),
        )


def track(name: str, truth: BoxTable, stored: Any, vectors: Vectors | None, limit: float | None) -> Scores:
    """Track the stored detections with these vectors and score the output."""
    tracker = DeepSORTTracker(appearance_threshold=limit)
    frames, ids, boxes = [], [], []
    for number, detections in per_frame(stored, vectors):
        tracked: Any = tracker.update(detections)
        tracked = tracked[tracked.tracker_id != -1]
        frames.append(np.full(len(tracked), number))
        ids.append(tracked.tracker_id)
        boxes.append(np.concatenate((tracked.xyxy[:, :2], tracked.xyxy[:, 2:] - tracked.xyxy[:, :2]), axis=1))
    result = BoxTable.from_rows(
        frame=np.concatenate(frames), tracker_id=np.concatenate(ids), xywh=np.concatenate(boxes)
    )
    distractors = MOT17_DISTRACTORS if name.startswith("MOT16") else ()
    return evaluate_sequence(truth, result, name=name, distractors=distractors)


if __name__ == "__main__":
    main()
