"""What decides in DeepSORT, measured: `python tests/benchmarks/deepsort.py` with TRACKERS_DATA set.

Stored boxes and vectors of six sequences, rows with a confidence of at least 0.3, joined: HOTA / IDF1 / ID switches.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv

from trackers import DeepSORTTracker
from trackers.evaluation import combine, evaluate_sequence
from trackers.io import read_mot
from trackers.table import BoxTable

SEQUENCES = ["KITTI-17", "MOT16-09", "MOT16-11a", "PETS09-S2L1", "TUD-Campus", "TUD-Stadtmitte"]
THRESHOLDS = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]
OPTIONS: dict[str, dict[str, Any]] = {
    "as published": {},
    "`cascade=False`": {"cascade": False},
    '`gating="position"`': {"gating": "position"},
    "`appearance_weight=0.9`": {"appearance_weight": 0.9},
    "`lost_track_buffer=60`": {"lost_track_buffer": 60},
    "`occlusion_limit=0.3`": {"occlusion_limit": 0.3},
    "`reid_memory=3`": {"reid_memory": 3.0},
    "`reid_memory=3, cascade=False`": {"reid_memory": 3.0, "cascade": False},
}


def frames(data: Path, sequence: str, vectors: str | None) -> Iterator[sv.Detections]:
    """Stored detections of each frame, with the vectors of that name."""
    stored = dict(np.load(data / "golden" / sequence / "detections.npz"))
    confident = stored["confidence"] >= np.float32(0.3)
    for frame in range(1, int(stored["frame"].max()) + 1):
        rows = confident & (stored["frame"] == frame)
        embedding: dict[str, Any] = {} if vectors is None else {"embedding": stored[vectors][rows].astype(np.float32)}
        yield sv.Detections(stored["xyxy"][rows], confidence=stored["confidence"][rows], data=embedding)


def score(data: Path, vectors: str | None, **options: Any) -> str:
    """Joined scores of one setting."""
    scores = []
    for name in SEQUENCES:
        tracker = DeepSORTTracker(**options)
        result = BoxTable.from_detections(tracker.update(detections) for detections in frames(data, name, vectors))
        truth = read_mot(data / "data" / "mot" / name / "gt" / "gt.txt")
        scores.append(evaluate_sequence(truth, result, name=name))
    joined = combine(scores)
    return f"{100 * joined.hota:.1f} / {100 * joined.idf1:.1f} / {joined.id_switches}"


def main() -> None:
    """Print both tables."""
    data = Path(os.environ["TRACKERS_DATA"])
    print("| vectors |", " | ".join(str(threshold) for threshold in THRESHOLDS), "|")
    print("|---" * (len(THRESHOLDS) + 1) + "|")
    for vectors in ("osnet", "retail0248"):
        cells = [score(data, vectors, appearance_threshold=threshold) for threshold in THRESHOLDS]
        print(f"| {vectors} |", " | ".join(cells), "|", flush=True)
    print("\n| OSNet, threshold 0.3 | HOTA / IDF1 / ID switches |\n|---|---|")
    for name, options in OPTIONS.items():
        print(f"| {name} | {score(data, 'osnet', appearance_threshold=0.3, **options)} |", flush=True)
    print(f"| no vectors | {score(data, None)} |")


if __name__ == "__main__":
    main()
