"""Pairs of a track and a detection that may belong together, as a sparse list.

In a real scene a track has a handful of detections within reach, whatever their total number. All stages therefore
work on one list of pairs; a matrix over all tracks and all detections is made only where it is small.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.boxes import Bools, Floats, Ints, overlap_of_corners
from trackers.deprecation import warn_renamed
from trackers.motion import kalman
from trackers.motion.models import MotionModel

GATE = {"state": 9.487729036781154, "position": 5.991464547107979}
"""0.95 quantile of the chi-square distribution with 4 and with 2 degrees of freedom (Wojke 2017, section 2.2)."""

SMALL_FRAME = 600
"""Up to this many pairs, measuring all is faster than looking for those within reach."""

SMALLEST_IOU = float(np.nextafter(0.0, 1.0))
"""Of boxes that overlap at all."""


class Pairs(NamedTuple):
    """Pair k joins track `track[k]` to detection `detection[k]` at `cost[k]`; sorted by track, then detection.

    Attributes:
        track: Track rows, shape `(k,)`.
        detection: Detection rows, shape `(k,)`.
        cost: Cost of each pair, lower is better, shape `(k,)`.
    """

    track: Ints
    detection: Ints
    cost: Floats

    def where(self, kept: Bools | Ints) -> Pairs:
        """The pairs that a mask `(k,)` keeps, or those with the given indices."""
        if kept.dtype.kind == "b":
            kept = kept.nonzero()[0]
            if len(kept) == len(self.track):
                return self
        return Pairs(self.track.take(kept), self.detection.take(kept), self.cost.take(kept))


def cheapest(first: Pairs, second: Pairs) -> Pairs:
    """The pairs of both lists; a pair in both has the smaller of its costs.

    Example:
        >>> first = Pairs(np.array([0, 1]), np.array([0, 0]), np.array([0.5, 0.4]))
        >>> second = Pairs(np.array([0, 0]), np.array([0, 1]), np.array([0.2, 0.3]))
        >>> [column.tolist() for column in cheapest(first, second)]
        [[0, 0, 1], [0, 1, 0], [0.2, 0.3, 0.4]]
    """
    both = Pairs(*(np.concatenate(columns) for columns in zip(first, second, strict=True)))
    both = both.where(np.lexsort((both.cost, both.detection, both.track)))
    again = (np.diff(both.track, prepend=-1) == 0) & (np.diff(both.detection, prepend=-1) == 0)
    return both.where(~again)


NO_PAIRS = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def within_reach(centre: Floats, reach: Floats, points: Floats) -> tuple[Ints, Ints]:
    """All (i, j) with `|points[j] - centre[i]| <= reach[i]` in both coordinates, found on the sorted points.

    Args:
        centre: Middle of each rectangle, shape `(n, 2)`.
        reach: Half its sides, shape `(n, 2)`.
        points: Shape `(m, 2)`.

    Returns:
        Rectangle index and point index of each hit, sorted by rectangle, then point.

    Example:
        >>> points = np.array([[9.0, 0], [0.5, 0], [12.0, 0], [0.0, 5]])
        >>> i, j = within_reach(np.array([[0.0, 0], [10.0, 0]]), np.array([[1.0, 1], [2.0, 1]]), points)
        >>> i.tolist(), j.tolist()
        ([0, 1, 1], [1, 0, 2])
    """
    (x, y), (x_reach, y_reach), (px, py) = centre.T, reach.T, points.T
    order = np.argsort(px, kind="stable")
    ordered = px[order]
    first = np.searchsorted(ordered, x - x_reach, side="left")
    count = np.searchsorted(ordered, x + x_reach, side="right") - first
    rectangle = np.repeat(np.arange(len(x)), count)
    place = np.arange(len(rectangle)) + np.repeat(first - (np.cumsum(count) - count), count)
    point = order.take(place)
    inside = (np.abs(py.take(point) - y.take(rectangle)) <= y_reach.take(rectangle)).nonzero()[0]
    return np.divmod(np.sort(rectangle.take(inside) * len(px) + point.take(inside)), len(px))


def pairs_in_gate(
    model: MotionModel, state: Floats, measured: Floats, gating: str = "state", within: Floats | None = None
) -> Pairs:
    """Pairs inside the Mahalanobis gate, with their squared distance as cost (Wojke 2017, equations 1 and 2).

    The distance is that of the measurement in the innovation distribution, `(z - H x)^T S^-1 (z - H x)` with
    `S = H P H^T + R`; S is diagonal here, so the distance is a sum over coordinates.

    Args:
        model: Motion model of the state.
        state: Predicted tracks, shape `(n, 5, 4)`.
        measured: Detections in the coordinates of the model, shape `(m, 4)`.
        gating: `"state"` for all four coordinates, `"position"` for the centre alone.
        within: Distance of the centres beyond which pairs of a track may be left out, shape `(n,)`.

    Returns:
        The pairs inside the gate; a distance equal to the gate is inside.
    """
    if len(state) == 0 or len(measured) == 0:
        return NO_PAIRS
    gate = GATE[gating]
    if len(state) * len(measured) <= SMALL_FRAME:
        distances = mahalanobis(model, state, measured, gating)
        track, detection = np.nonzero(distances <= gate)
        return Pairs(track, detection, distances[track, detection])
    mean, variance, measured = _innovation(model, state, measured, gating)
    # The gate is an ellipsoid: no pair inside it is farther away in u or v than its half axes.
    reach = np.sqrt(gate * variance[:2])
    reach = (reach if within is None else np.minimum(reach, within)) * (1.0 + 1e-9)
    track, detection = within_reach(mean[:2].T, reach.T, measured[:2].T)
    squared = measured.take(detection, axis=1) - mean.take(track, axis=1)
    squared *= squared
    squared /= variance.take(track, axis=1)
    distance = np.add.reduce(squared)
    return Pairs(track, detection, distance).where(distance <= gate)


def mahalanobis(model: MotionModel, state: Floats, measured: Floats, gating: str = "state") -> Floats:
    """Squared Mahalanobis distance of every track to every detection, as a matrix.

    Args:
        model: Motion model of the state.
        state: Predicted tracks, shape `(n, 5, 4)`.
        measured: Detections in the coordinates of the model, shape `(m, 4)`.
        gating: `"state"` for all four coordinates, `"position"` for the centre alone.

    Returns:
        Distances, shape `(n, m)`.
    """
    mean, variance, measured = _innovation(model, state, measured, gating)
    squared: Floats = measured[:, None] - mean[:, :, None]
    squared *= squared
    squared /= variance[:, :, None]
    return np.asarray(np.add.reduce(squared))


def gated_pairs(
    model: MotionModel, state: Floats, boxes: Floats, gating: str = "state", within: Floats | None = None
) -> Pairs:
    """The old name of `pairs_in_gate`, which took boxes."""
    warn_renamed("gated_pairs(model, state, boxes)", "pairs_in_gate(model, state, model.coordinates(boxes))")
    return pairs_in_gate(model, state, model.coordinates(boxes), gating, within)


def gate_distance(model: MotionModel, state: Floats, boxes: Floats, gating: str = "state") -> Floats:
    """The old name of `mahalanobis`, which took boxes."""
    warn_renamed("gate_distance(model, state, boxes)", "mahalanobis(model, state, model.coordinates(boxes))")
    return mahalanobis(model, state, model.coordinates(boxes), gating)


def _innovation(model: MotionModel, state: Floats, measured: Floats, gating: str) -> tuple[Floats, Floats, Floats]:
    """Predicted coordinates, their innovation variance, and the measured coordinates, as far as the gate tests them.

    Coordinates first, shapes `(c, n)` and `(c, m)`: a sum of four matrices takes a fraction of the time of many sums of
    four numbers.
    """
    size = 4 if gating == "state" else 2
    rows = kalman.rows_of(state)[:, :size]
    variance = rows[kalman.VARIANCE] + model.measurement_variance(state).T[:size]
    return rows[kalman.POSITION], variance, measured.T[:size]


def overlapping_pairs(first: Floats, second: Floats, minimum_iou: float) -> Pairs:
    """Pairs of boxes with an IoU of at least `minimum_iou`, with `1 - IoU` as cost.

    Args:
        first: Boxes of the tracks, shape `(n, 4)`.
        second: Boxes of the detections, shape `(m, 4)`.
        minimum_iou: Smallest IoU of a pair; boxes that do not overlap at all are never a pair.

    Returns:
        The pairs, costs between 0 and `1 - minimum_iou`.

    Example:
        >>> boxes = np.array([[0.0, 0, 10, 10], [8.0, 0, 18, 10]])
        >>> overlapping_pairs(boxes, boxes, 0.3).cost.tolist()
        [0.0, 0.0]
    """
    if len(first) == 0 or len(second) == 0:
        return NO_PAIRS
    lowest = max(minimum_iou, SMALLEST_IOU)
    if len(first) * len(second) <= SMALL_FRAME:
        ious = overlap_of_corners(first.T[:, :, None], second.T[:, None])
        track, detection = np.nonzero(ious >= lowest)
        return Pairs(track, detection, 1.0 - ious[track, detection])
    tracks, detections = first.T, second.T
    half = 0.5 * (detections[2:] - detections[:2])
    # Two boxes share at least that part of the width and of the height of each; nine tenths of it, to be safe.
    reach = max(0.5 - 0.9 * minimum_iou, 0.0) * np.abs(tracks[2:] - tracks[:2]) + half.max(axis=1)[:, None]
    track, detection = within_reach((0.5 * (tracks[:2] + tracks[2:])).T, reach.T, (detections[:2] + half).T)
    iou = overlap_of_corners(tracks.take(track, axis=1), detections.take(detection, axis=1))
    kept = (iou >= lowest).nonzero()[0]
    return Pairs(track.take(kept), detection.take(kept), 1.0 - iou.take(kept))
