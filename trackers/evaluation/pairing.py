"""Truth and result side by side, frame by frame: the input of TrackEval's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trackers.association.assignment import assignment_solver
from trackers.boxes import Bools, Floats, Ints, overlap
from trackers.table import BoxTable


def check_ids(role: str, tracks: BoxTable) -> None:
    """Refuse tracks that cannot be scored.

    Args:
        role: What the message calls them.
        tracks: The tracks.

    Raises:
        ValueError: If an id is negative or occurs twice in a frame.
    """
    if (tracks.tracker_id < 0).any():
        frame = tracks.frame[tracks.tracker_id < 0][0]
        raise ValueError(f"{role} has a box without an id on frame {frame}; are these detections?")
    rows = np.stack([tracks.frame, tracks.tracker_id], axis=1)
    pairs, counts = np.unique(rows, axis=0, return_counts=True)
    if (counts > 1).any():
        frame, tracker_id = pairs[counts > 1][0]
        raise ValueError(f"{role} has id {tracker_id} twice on frame {frame}; an id may occur once")


def pair(truth: BoxTable, result: BoxTable, distractors: Sequence[int]) -> dict[str, Any]:
    """Cut both tables into frames and measure overlaps.

    Args:
        truth: The ground truth.
        result: The tracker's result.
        distractors: Classes of `truth` whose boxes take the result boxes on them out of the count.

    Returns:
        What TrackEval calls the data of a sequence.
    """
    frames = int(max(truth.frame.max(initial=0), result.frame.max(initial=0)))
    true_rows, result_rows = (_frame_slices(tracks.frame, frames) for tracks in (truth, result))
    true_boxes, result_boxes = truth.xyxy, result.xyxy
    counts = truth.confidence != 0
    if distractors:
        counts &= np.isin(truth.class_id, (1, -1))
    kept, similarities = np.ones(len(result), dtype=bool), []
    for true_row, result_row in zip(true_rows, result_rows, strict=True):
        similarity = overlap(true_boxes[true_row, None], result_boxes[None, result_row])
        if distractors:
            forgiven = _forgiven(similarity, np.isin(truth.class_id[true_row], distractors))
            kept[np.arange(len(result))[result_row][forgiven]] = False
        similarities.append(similarity[counts[true_row]][:, kept[result_row]])
    true_ids, true_names = _relabel(truth.tracker_id, counts)
    result_ids, result_names = _relabel(result.tracker_id, kept)
    return {
        "num_timesteps": frames,
        "num_gt_ids": true_names,
        "num_tracker_ids": result_names,
        "num_gt_dets": int(counts.sum()),
        "num_tracker_dets": int(kept.sum()),
        "gt_ids": [true_ids[row][counts[row]] for row in true_rows],
        "tracker_ids": [result_ids[row][kept[row]] for row in result_rows],
        "similarity_scores": similarities,
    }


def _frame_slices(frame: Ints, frames: int) -> list[slice]:
    starts = np.searchsorted(frame, np.arange(1, frames + 2))
    return [slice(*pair) for pair in np.stack([starts[:-1], starts[1:]], axis=1).tolist()]


def _forgiven(similarity: Floats, distractor: Bools) -> Ints:
    """Columns (result boxes) that fall on a distractor in the best matching of all boxes at IoU 0.5."""
    eps = np.finfo(float).eps
    similarity = np.where(similarity < 0.5 - eps, 0.0, similarity)
    rows, columns = assignment_solver()(-similarity)
    matched = similarity[rows, columns] > eps
    return np.asarray(columns[matched & distractor[rows]])


def _relabel(ids: Ints, keep: Bools) -> tuple[Ints, int]:
    """Number the kept ids from 0; the others get -1 and are never looked at."""
    names, kept = np.unique(ids[keep], return_inverse=True)
    labels = np.full(len(ids), -1)
    labels[keep] = kept
    return labels, len(names)
