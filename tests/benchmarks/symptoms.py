"""What each change against a symptom brings, measured: `python tests/benchmarks/symptoms.py` with TRACKERS_DATA set.

Stored boxes and OSNet vectors of six sequences, rows with a confidence of at least 0.3, joined. The first table changes
one parameter of DeepSORT at a time; the second runs the detector on every third frame only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv

from trackers import ByteTrackTracker, DeepSORTTracker, Selection, SteadySORTTracker
from trackers.core.base import Tracker
from trackers.evaluation import Scores, combine, evaluate_sequence, format_table
from trackers.io import read_detections, read_mot
from trackers.table import BoxTable

RATES = {"KITTI-17": 10, "MOT16-09": 30, "MOT16-11a": 30, "PETS09-S2L1": 7, "TUD-Campus": 25, "TUD-Stadtmitte": 25}
"""Sequences and their frames per second."""

EVERY = 3
"""The detector runs on every third frame."""


def deepsort(**options: Any) -> Callable[[float], Tracker[Any]]:
    """DeepSORT with the threshold of these vectors, as a function of the frame rate, which it does not get."""
    return lambda _: DeepSORTTracker(**{"appearance_threshold": 0.3, **options})


CHANGES: dict[str, Callable[[float], Tracker[Any]]] = {
    "DeepSORT, `appearance_threshold=0.3`": deepsort(),
    "`appearance_threshold=0.2`": deepsort(appearance_threshold=0.2),
    "`appearance_threshold=0.4`": deepsort(appearance_threshold=0.4),
    "`lost_track_buffer=10`": deepsort(lost_track_buffer=10),
    "`lost_track_buffer=90`": deepsort(lost_track_buffer=90),
    "the `frame_rate` of each video": lambda rate: DeepSORTTracker(appearance_threshold=0.3, frame_rate=rate),
    "`reid_memory=3.0`": deepsort(reid_memory=3.0),
    "`occlusion_limit=0.3`": deepsort(occlusion_limit=0.3),
    "`minimum_consecutive_frames=1`": deepsort(minimum_consecutive_frames=1),
    "`minimum_consecutive_frames=5`": deepsort(minimum_consecutive_frames=5),
    "`track_activation_threshold=0.5`": deepsort(track_activation_threshold=0.5),
    "`track_activation_threshold=0.7`": deepsort(track_activation_threshold=0.7),
    "`Selection(minimum_confidence=0.5)`": deepsort(selection=Selection(minimum_confidence=0.5)),
    "`Selection(maximum_overlap=0.5)`": deepsort(selection=Selection(maximum_overlap=0.5)),
    "ByteTrack, rows from 0.1": lambda _: ByteTrackTracker(),
    "SteadySORT, rows from 0.1, `frame_rate`": lambda rate: SteadySORTTracker(frame_rate=rate),
}


def frames(data: Path, name: str, lowest: float) -> Iterator[sv.Detections]:
    """Stored detections of each frame of a sequence, with the OSNet vectors."""
    table = read_detections(data / "golden" / name / "detections.npz", embedding="osnet")
    for number in range(1, len(table) + 1):
        detections: Any = table[number]
        detections.data = {"embedding": detections.data["embedding"]}
        yield detections[detections.confidence.astype(np.float32) >= np.float32(lowest)]


def score(data: Path, name: str, outputs: Iterator[sv.Detections], step: int = 1) -> tuple[Scores, int, int]:
    """Scores of the tracked frames, every `step`-th of the sequence, and how many ids and people there are."""
    result = BoxTable.from_detections(outputs)
    truth = read_mot(data / "data" / "mot" / name / "gt" / "gt.txt")
    truth = truth.rows((truth.frame - 1) % step == 0)
    counted = truth.rows(truth.confidence > 0)
    scores = evaluate_sequence(truth, result, name=name)
    return scores, len(set(result.tracker_id.tolist())), len(set(counted.tracker_id.tolist()))


def row(change: str, outcomes: list[tuple[Scores, int, int]]) -> dict[str, object]:
    """One row of a table."""
    joined = combine([scores for scores, _, _ in outcomes])
    return {
        "change": change,
        "HOTA": joined.hota,
        "IDF1": joined.idf1,
        "ID switches": joined.id_switches,
        "ids": sum(ids for _, ids, _ in outcomes),
        "false boxes": joined.false_positives,
        "missed boxes": joined.false_negatives,
        "MOTP": joined.motp,
    }


def changed(data: Path, make: Callable[[float], Tracker[Any]], lowest: float) -> list[tuple[Scores, int, int]]:
    """One tracker on all sequences."""
    outcomes = []
    for name, rate in RATES.items():
        tracker = make(rate)
        outcomes.append(score(data, name, map(tracker.update, frames(data, name, lowest))))
    return outcomes


def smoothed(data: Path) -> list[tuple[Scores, int, int]]:
    """The same ids with the filter's boxes in place of the detector's."""
    outcomes = []
    for name in RATES:
        tracker = DeepSORTTracker(appearance_threshold=0.3)
        outputs = (tracker.filtered(tracker.update(detections)) for detections in frames(data, name, 0.3))
        outcomes.append(score(data, name, outputs))
    return outcomes


def every_third(data: Path, way: str) -> list[tuple[Scores, int, int]]:
    """The detector runs on every third frame, and the tracker learns of it in one of several ways."""

    def track(name: str, rate: float) -> Iterator[sv.Detections]:
        tracker = DeepSORTTracker(appearance_threshold=0.3)
        for index, detections in enumerate(frames(data, name, 0.3)):
            detected = index % EVERY == 0
            if not detected and way == "`skip()` on the others":
                tracker.skip()
            elif not detected and way == "`update` with nothing on the others":
                tracker.update(sv.Detections.empty())
            yield (
                tracker.update(detections, timestamp=index / 30.0 if way == "`timestamp`" else None)
                if detected
                else sv.Detections.empty()
            )

    return [score(data, name, track(name, rate), EVERY) for name, rate in RATES.items()]


def main() -> None:
    """Print both tables."""
    data = Path(os.environ["TRACKERS_DATA"])
    lowest = {change: 0.1 for change in CHANGES if "rows from 0.1" in change}
    rows = [row(change, changed(data, make, lowest.get(change, 0.3))) for change, make in CHANGES.items()]
    outcomes = smoothed(data)
    rows.append(row("`filtered` boxes", outcomes))
    print(f"{sum(people for _, _, people in outcomes)} people", end="\n\n")
    print(format_table(rows, "markdown"), end="\n\n")
    ways = ("nothing said", "`timestamp`", "`skip()` on the others", "`update` with nothing on the others")
    print(format_table([row(way, every_third(data, way)) for way in ways], "markdown"))


if __name__ == "__main__":
    main()
