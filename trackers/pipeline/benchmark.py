"""Trackers times extractors over a folder of sequences: same detections, same vectors, scores and speed.

Sequences are worked on in parallel processes. Within one, detections are read once, vectors are computed
once per extractor, and every tracker sees the same arrays; only the time inside `update` counts as the
tracker's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trackers.deprecation import renamed
from trackers.evaluation import Scores, combine, evaluate_sequence, score_rows
from trackers.io import DetectionTable, MOTSequence, open_source, read_detections, read_mot
from trackers.pipeline.choices import Choice, at_rate, default_confidence, make_extractor, make_tracker, uses_appearance
from trackers.pipeline.detectors import from_table
from trackers.pipeline.embed import observe
from trackers.table import BoxTable

NO_VECTORS = "-"
"""What tables show in place of an extractor where a tracker uses no appearance."""


@dataclass(frozen=True)
class Task:
    """One sequence and everything that is run on it.

    Attributes:
        sequence: The sequence; it needs ground truth.
        detections: File of detections, with vectors where an extractor is `stored:<array>`.
        trackers: The trackers.
        extractors: The extractors; `Choice("stored:osnet")` takes the array `osnet` of the detections file.
        confidence: Lowest confidence of the detections; None takes `default_confidence`.
        distractors: See `trackers.evaluation.evaluate_sequence`.
    """

    sequence: MOTSequence
    detections: Path
    trackers: Sequence[Choice]
    extractors: Sequence[Choice] = ()
    confidence: float | None = None
    distractors: Sequence[int] = ()


@dataclass(frozen=True)
class Outcome:
    """What one tracker did on one sequence, or on all of them.

    Attributes:
        tracker: Its label.
        extractor: Label of the extractor, or `"-"`.
        scores: Its scores.
        frames: Number of frames.
        seconds: Time inside `update`.
    """

    tracker: str
    extractor: str
    scores: Scores
    frames: int
    seconds: float

    @property
    def frames_per_second(self) -> float:
        """Frames tracked per second, detection and extraction not counted."""
        return self.frames / self.seconds if self.seconds else 0.0


def is_stored(extractor: Choice) -> bool:
    """Tell whether an extractor is an array of the detections file: `stored`, or `stored:<array>`."""
    return extractor.name.partition(":")[0] == "stored"


def run_task(task: Task) -> list[Outcome]:
    """Run every tracker on one sequence.

    Raises:
        ValueError: If the sequence has no ground truth, or a file is not as it should be.
    """
    if task.sequence.truth is None:
        raise ValueError(f"{task.sequence.folder} has no gt/gt.txt to compare with")
    truth = read_mot(task.sequence.truth, last_frame=task.sequence.length)
    outcomes = []
    motion_only = [tracker for tracker in task.trackers if not (task.extractors and uses_appearance(tracker))]
    if motion_only:
        plain = read_detections(task.detections)
        plain = replace(plain, data={name: column for name, column in plain.data.items() if name == "class_name"})
        outcomes += [_outcome(task, truth, plain, tracker, None, NO_VECTORS) for tracker in motion_only]
    for choice in task.extractors:
        extractor, table = _with_vectors(task, choice)
        outcomes += [
            _outcome(task, truth, table, tracker, extractor, str(choice))
            for tracker in task.trackers
            if uses_appearance(tracker)
        ]
    return outcomes


def run_tasks(tasks: Sequence[Task], *, pool: Executor | None = None) -> Iterator[list[Outcome]]:
    """Run tasks and yield the outcomes of each as it ends.

    Args:
        tasks: The tasks.
        pool: Processes to run them in; None runs them here, in order.

    Yields:
        The outcomes of one task.
    """
    if pool is None:
        yield from map(run_task, tasks)
        return
    # The longest sequences first, so that no process is left with one of them at the end.
    ordered = sorted(tasks, key=lambda task: -(task.sequence.length or 0))
    for future in as_completed([pool.submit(run_task, task) for task in ordered]):
        yield future.result()


def summarise(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Combine the outcomes of every tracker and extractor over all sequences, best HOTA first."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault((one.tracker, one.extractor), []).append(one)
    joined = [
        Outcome(
            tracker,
            extractor,
            combine([one.scores for one in sorted(group, key=lambda one: one.scores.name)]),
            sum(one.frames for one in group),
            sum(one.seconds for one in group),
        )
        for (tracker, extractor), group in groups.items()
    ]
    return sorted(joined, key=lambda one: -one.scores.hota)


def outcome_rows(outcomes: Iterable[Outcome], columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Turn outcomes into rows for `trackers.evaluation.format_table`.

    Args:
        outcomes: The outcomes.
        columns: Columns of scores to show; none shows HOTA, AssA, DetA, IDF1, MOTA, IDSW and Frag.

    Returns:
        One row each.
    """
    shown = columns or ("HOTA", "AssA", "DetA", "IDF1", "MOTA", "IDSW", "Frag")
    return [
        {
            "tracker": one.tracker,
            "extractor": one.extractor,
            "sequence": one.scores.name,
            **{label: score_rows([one.scores])[0][label] for label in shown},
            "FPS": one.frames_per_second,
        }
        for one in outcomes
    ]


def track_table(
    table: DetectionTable, frames: int, tracker: Any, confidence: float | None = None
) -> tuple[BoxTable, float]:
    """Track stored detections.

    Args:
        table: The detections, with vectors where the tracker wants them.
        frames: Number of frames of the sequence.
        tracker: The tracker.
        confidence: Lowest confidence of the detections.

    Returns:
        The tracked boxes, and the seconds spent inside `update`.
    """
    seconds, tracked = 0.0, []
    for number in range(1, frames + 1):
        detections: Any = table[number]
        if confidence is not None and detections.confidence is not None:
            detections = detections[detections.confidence.astype(np.float32) >= np.float32(confidence)]
        start = time.perf_counter()
        tracked.append(tracker.update(detections))
        seconds += time.perf_counter() - start
    return BoxTable.from_detections(tracked), seconds


def _outcome(
    task: Task, truth: BoxTable, table: DetectionTable, tracker: Choice, extractor: Any, label: str
) -> Outcome:
    frames = max(task.sequence.length or 0, len(table), int(truth.frame.max(initial=0)))
    confidence = default_confidence(tracker, task.detections) if task.confidence is None else task.confidence
    result, seconds = track_table(
        table, frames, make_tracker(at_rate(tracker, _rate(task.sequence)), extractor), confidence
    )
    scores = evaluate_sequence(truth, result, name=task.sequence.name, distractors=task.distractors)
    return Outcome(str(tracker), label, scores, frames, seconds)


def _rate(sequence: MOTSequence) -> float | None:
    """Frames per second by `seqinfo.ini`, or else by the video."""
    if sequence.frame_rate is None and sequence.frames is not None and sequence.frames.is_file():
        return open_source(sequence.folder).frame_rate
    return sequence.frame_rate


def _with_vectors(task: Task, choice: Choice) -> tuple[Callable[..., Any] | None, DetectionTable]:
    if is_stored(choice):
        array = choice.name.partition(":")[2] or "embedding"
        table = read_detections(task.detections, embedding=array)
        if "embedding" not in table.data:
            raise ValueError(f"{task.detections} holds no vectors")
        return None, replace(table, data={"embedding": table.data["embedding"]})
    extractor = make_extractor(choice)
    if task.sequence.frames is None:
        raise ValueError(f"{task.sequence.folder} has no frames to compute vectors of")
    detect = from_table(read_detections(task.detections))
    return extractor, DetectionTable.from_detections(observe(open_source(task.sequence.folder), detect, extractor))


__getattr__ = renamed(__name__, {"open_pool": "trackers.jobs.open_pool"})
