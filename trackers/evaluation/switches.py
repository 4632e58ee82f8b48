"""Where ID switches happen, not only how many there are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.association.assignment import assignment_solver
from trackers.boxes import overlap
from trackers.table import BoxTable

CONTINUES = 1000.0
"""Weight of a pair that was matched on the frame before: a match goes on as long as it can."""


class Switch(NamedTuple):
    """An object is taken over by another track.

    Attributes:
        frame: Frame on which it happens.
        object_id: Id of the object in the ground truth.
        before: Track it belonged to.
        after: Track it belongs to now.
    """

    frame: int
    object_id: int
    before: int
    after: int


def find_switches(truth: BoxTable, result: BoxTable, *, iou_threshold: float = 0.5) -> list[Switch]:
    """Find the ID switches that CLEAR counts, frame by frame.

    Rows of `truth` with confidence 0 do not count.

    Args:
        truth: The ground truth.
        result: The tracker's result.
        iou_threshold: IoU of a match.

    Returns:
        The switches in order; there are as many as `evaluate_sequence(truth, result).id_switches`.

    Example:
        >>> truth = BoxTable.from_rows(frame=[1, 2], tracker_id=[1, 1], xywh=[[0, 0, 9, 9], [1, 0, 9, 9]])
        >>> result = BoxTable.from_rows(frame=[1, 2], tracker_id=[5, 6], xywh=[[0, 0, 9, 9], [1, 0, 9, 9]])
        >>> find_switches(truth, result)
        [Switch(frame=2, object_id=1, before=5, after=6)]
    """
    truth = truth.rows(truth.confidence != 0)
    true_boxes, boxes = truth.xyxy, result.xyxy
    switches: list[Switch] = []
    last: dict[int, int] = {}
    previous: dict[int, int] = {}
    for frame in np.intersect1d(truth.frame, result.frame).tolist():
        objects, tracks = (slice(*np.searchsorted(one.frame, [frame, frame + 1])) for one in (truth, result))
        object_ids, track_ids = truth.tracker_id[objects], result.tracker_id[tracks]
        similarity = overlap(true_boxes[objects, None], boxes[None, tracks])
        continued = np.array([previous.get(one, -1) for one in object_ids.tolist()])[:, None] == track_ids
        score = np.where(similarity < iou_threshold - np.finfo(float).eps, 0.0, CONTINUES * continued + similarity)
        rows, columns = assignment_solver()(-score)
        matched = score[rows, columns] > 0
        pairs = zip(object_ids[rows[matched]].tolist(), track_ids[columns[matched]].tolist(), strict=True)
        previous = dict(pairs)
        switches += [
            Switch(frame, one, last[one], track) for one, track in previous.items() if last.get(one, track) != track
        ]
        last |= previous
    return switches
