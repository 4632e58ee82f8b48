"""Whole tracks smoothed forwards and backwards, all of them at once.

The filter of `trackers.motion.kalman` runs over every track, then the step of Rauch, Tung and Striebel runs back. A
frame without a measurement is a step without a correction, so gaps are bridged, with a spread that grows towards their
middle.

Reference: Rauch, Tung and Striebel, "Maximum likelihood estimates of linear dynamic systems", 1965.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from trackers.boxes import Bools, Floats, Ints
from trackers.motion import kalman
from trackers.motion.models import MotionModel

PIECE, WARM_UP = 3000, 500
"""Frames of a piece of a long track, and how many more on either side are used and thrown away: by then the filter has
lost where it started, and the result is that of the whole track."""


def smooth_tracks(
    model: MotionModel, boxes: Floats, lengths: Ints, measured: Bools, noise: Floats | float = 1.0
) -> Floats:
    """State of every track on every frame, given all its frames.

    Args:
        model: How tracks move, and how well boxes are measured.
        boxes: Boxes of the first track frame by frame, then those of the second, and so on, shape `(n, 4)`. Where none
            was measured the box only gives the scale of the noise.
        lengths: Frames of each track, at least 1, shape `(tracks,)`.
        measured: Mask of the boxes that were measured; each track's first and last are, shape `(n,)`.
        noise: Factor on the standard deviation of each measurement, shape `(n,)`, or one for all.

    Returns:
        Smoothed states in the order of the boxes, shape `(n, 5, 4)`; `model.boxes` makes boxes of them, and
        `kalman.VARIANCE` is the row of their spread.

    Raises:
        ValueError: If the lengths do not add up to the number of boxes.

    Example:
        >>> from trackers.motion.models import XYWH
        >>> boxes = np.array([[0.0, 0, 10, 20], [4, 0, 14, 20], [2, 0, 12, 20]])
        >>> state = smooth_tracks(XYWH, boxes, np.array([3]), np.array([True, False, True]))
        >>> XYWH.boxes(state).round(1)[1].tolist()
        [1.2, 0.0, 11.2, 20.0]
    """
    if lengths.sum() != len(boxes) or (lengths < 1).any():
        raise ValueError(f"expected lengths of 1 or more that add up to {len(boxes)}, but got {lengths.tolist()}")
    if len(boxes) == 0:
        return np.empty((0, 5, 4))
    rows, kept, pieces = _pieces(lengths)
    return _smooth(model, boxes[rows], pieces, measured[rows], np.broadcast_to(noise, len(boxes))[rows])[kept]


def _pieces(lengths: Ints) -> tuple[Ints, Bools, Ints]:
    """Cut long tracks into pieces that overlap, so that many short loops run side by side instead of one long one.

    Returns the rows of all pieces one after the other, which of these rows count, and the length of each piece.
    """
    count = -(-lengths // PIECE)
    track = np.repeat(np.arange(len(lengths)), count)
    first = (np.arange(len(track)) - np.repeat(count.cumsum() - count, count)) * PIECE
    start = np.maximum(first - WARM_UP, 0)
    pieces = np.minimum(first + PIECE + WARM_UP, lengths[track]) - start
    place = np.arange(pieces.sum()) - np.repeat(pieces.cumsum() - pieces, pieces) + np.repeat(start, pieces)
    kept = (place >= np.repeat(first, pieces)) & (place < np.repeat(first + PIECE, pieces))
    return place + np.repeat((lengths.cumsum() - lengths)[track], pieces), kept, pieces


def _smooth(model: MotionModel, boxes: Floats, lengths: Ints, measured: Bools, noise: Floats) -> Floats:
    # Step after step, the longest track first: the tracks that go on are always the first ones.
    step = np.arange(len(boxes)) - np.repeat(lengths.cumsum() - lengths, lengths)
    order = np.lexsort((np.repeat(-lengths, lengths), step))
    ends = np.bincount(step).cumsum()
    bounds = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))

    coordinates = model.coordinates(boxes[order])
    scale = model.scale(coordinates)
    variance = model.measurement.variance(scale) * np.square(noise)[order, None]
    position, velocity = (it.variance(scale) for it in model.process)
    missing = ~measured[order, None, None]

    predicted, state = np.empty((len(boxes), 5, 4)), np.empty((len(boxes), 5, 4))
    state[: ends[0]] = model.initiate(boxes[order[: ends[0]]])
    for (before, _), (start, stop) in pairwise(bounds):
        now = slice(start, stop)
        predicted[now] = kalman.predict(state[before : before + stop - start], position[now], velocity[now])
        corrected = kalman.correct(predicted[now], coordinates[now], variance[now])
        state[now] = np.where(missing[now], predicted[now], corrected)
    for (before, _), (start, stop) in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
        going_on = slice(before, before + stop - start)
        state[going_on] = kalman.smooth(state[going_on], predicted[start:stop], state[start:stop])

    in_order = np.empty_like(state)
    in_order[order] = state
    return in_order
