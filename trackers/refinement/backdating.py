"""Ids for the boxes a track had before it was confirmed, or found again.

An online tracker gives an id only once a track is confirmed. With hindsight the boxes before that are known to be
its own: going back in time, a track takes the box without an id that overlaps its own on the frame after.
"""

from __future__ import annotations

import numpy as np

from trackers.association.assignment import assign
from trackers.association.pairs import Pairs
from trackers.boxes import Bools, Floats, Ints, overlap

MINIMUM_IOU = 0.7
"""Lowest overlap of a box with that of the track one frame later."""


def backdated(frame: Ints, ids: Ints, boxes: Floats, class_id: Ints, usable: Bools) -> Ints:
    """Give boxes without an id the id of the track that they begin.

    Args:
        frame: Frame numbers, ascending, shape `(n,)`.
        ids: Track ids, -1 without a track, shape `(n,)`.
        boxes: Corners in pixels, shape `(n, 4)`.
        class_id: Classes; a box only gets the id of a track of its own class, shape `(n,)`.
        usable: Mask of the rows that are boxes, shape `(n,)`.

    Returns:
        New ids, shape `(n,)`; no id that was there is changed.

    Example:
        >>> frame, boxes = np.array([1, 2, 3]), np.array([[0.0, 0, 10, 20], [1, 0, 11, 20], [2, 0, 12, 20]])
        >>> backdated(frame, np.array([-1, -1, 7]), boxes, np.full(3, -1), np.full(3, True)).tolist()
        [7, 7, 7]
    """
    ids = ids.copy()
    free = (ids < 0) & usable
    waiting: dict[int, list[int]] = {}
    for row in np.flatnonzero(_begins(frame, ids)).tolist():
        waiting.setdefault(int(frame[row]) - 1, []).append(row)
    frames = np.unique(frame[free])[::-1].tolist()
    bounds = zip(np.searchsorted(frame, frames).tolist(), np.searchsorted(frame, frames, "right").tolist(), strict=True)
    for number, (start, stop) in zip(frames, bounds, strict=True):
        tracks = np.array(waiting.pop(number, ()), np.int64)
        if len(tracks) == 0:
            continue
        tracks = tracks[~np.isin(ids[tracks], ids[start:stop])]
        rows = start + np.flatnonzero(free[start:stop])
        iou = overlap(boxes[tracks][:, None], boxes[rows][None])
        track, row = np.nonzero((iou >= MINIMUM_IOU) & (class_id[tracks][:, None] == class_id[rows]))
        match = assign(Pairs(track, row, 1.0 - iou[track, row]), 1.0 - MINIMUM_IOU)
        found = rows[match.detection]
        ids[found] = ids[tracks[match.track]]
        waiting.setdefault(number - 1, []).extend(found.tolist())
    return ids


def _begins(frame: Ints, ids: Ints) -> Bools:
    """Rows whose track has no box on the frame before."""
    order = np.lexsort((frame, ids))
    goes_on = (np.diff(ids[order]) == 0) & (np.diff(frame[order]) == 1)
    begins = np.empty(len(ids), np.bool_)
    begins[order] = np.append(True, ~goes_on)[: len(ids)]
    return begins & (ids >= 0)
