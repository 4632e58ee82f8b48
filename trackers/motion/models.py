"""Which four coordinates of a box move, and how uncertain they are.

A model is data: how boxes become coordinates and back, and the standard deviations of the start, of one step, and of a
measurement. Every deviation has the form `weight * scale + constant`, where the scale of a track is its height (or
other sizes of its box), so that a near, large object may move by more pixels than a far, small one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trackers.boxes import Floats, Ints
from trackers.errors import check_choice
from trackers.motion import kalman
from trackers.motion.warp import warp_state


class Deviation:
    """Standard deviation `weight * scale + constant` of the four coordinates."""

    def __init__(self, weight: Sequence[float] = (0, 0, 0, 0), constant: Sequence[float] = (0, 0, 0, 0)) -> None:
        """Store both as arrays."""
        self._weight = np.array(weight, np.float64)[:, None]
        self._constant = np.array(constant, np.float64)[:, None]

    def variance(self, scale: Floats) -> Floats:
        """Variance for tracks of the given scale, shapes `(n, 4)`."""
        deviation: Floats = self._weight * scale.T  # tracks side by side in memory, as in a state
        deviation += self._constant
        deviation *= deviation
        return np.asarray(deviation.T)


@dataclass(frozen=True)
class MotionModel:
    """Constant velocity in four independent coordinates; see `trackers.motion.kalman` for the state.

    Attributes:
        coordinates: Boxes `(n, 4)` to coordinates `(n, 4)`.
        to_boxes: Coordinates `(n, 4)` to boxes `(n, 4)`.
        scale: Coordinates `(n, 4)` to the scale of each deviation, broadcastable to `(n, 4)`.
        initial: Deviations of position and velocity at birth.
        process: Deviations of position and velocity added by one frame.
        measurement: Deviation of a measurement.
        size_powers: Powers of length in the third and fourth coordinate: 2 for an area, 1 for a side, 0 for a ratio.

    Example:
        >>> state = XYAH.initiate(np.array([[10.0, 10, 30, 50]]))
        >>> XYAH.boxes(XYAH.predict(state)).tolist()
        [[10.0, 10.0, 30.0, 50.0]]
    """

    coordinates: Callable[[Floats], Floats]
    to_boxes: Callable[[Floats], Floats]
    scale: Callable[[Floats], Floats]
    initial: tuple[Deviation, Deviation]
    process: tuple[Deviation, Deviation]
    measurement: Deviation
    size_powers: tuple[int, int]

    def initiate(self, boxes: Floats) -> Floats:
        """State `(n, 5, 4)` of new tracks at rest on their boxes `(n, 4)`."""
        measured = self.coordinates(boxes)
        scale = self.scale(measured)
        position, velocity = self.initial
        return kalman.initiate(measured, position.variance(scale), velocity.variance(scale))

    def predict(self, state: Floats, dt: float | Floats = 1.0) -> Floats:
        """State `(n, 5, 4)` one step of `dt` frames later; the noise follows the scale before the step."""
        scale = self.scale(state[:, kalman.POSITION])
        position, velocity = self.process
        return kalman.predict(state, position.variance(scale), velocity.variance(scale), dt)

    def warp(self, state: Floats, camera: Floats) -> Floats:
        """State `(n, 5, 4)` seen from a camera that has moved by a matrix `(3, 3)`."""
        return warp_state(state, camera, self.size_powers)

    def correct(self, state: Floats, boxes: Floats) -> Floats:
        """State `(n, 5, 4)` after every track was corrected by its box; the noise follows the predicted scale."""
        return self.correct_measured(state, self.coordinates(boxes))

    def correct_measured(self, state: Floats, measured: Floats) -> Floats:
        """As `correct`, for boxes in the coordinates of this model, shape `(n, 4)`."""
        return kalman.correct(state, measured, self.measurement_variance(state))

    def follow(self, state: Floats, path: Floats, counts: Ints, dt: Floats) -> Floats:
        """State `(n, 5, 4)` after every track was corrected along its path, one box a step, and made one step more.

        Args:
            state: Where the paths begin, the track of the longest path first, shape `(n, 5, 4)`.
            path: Boxes after the first step of the first `counts[0]` tracks, then those after the second step, and so
                on, shape `(sum(counts), 4)`; the noise follows their scale.
            counts: Number of tracks that see a box after each step, shape `(steps,)`.
            dt: Length of a step of each track in frames, shape `(n, 1)`.
        """
        measured = self.coordinates(path)
        scale = self.scale(measured)
        noise, position, velocity = (it.variance(scale).T for it in (self.measurement, *self.process))
        state, measured = self.predict(state, dt), measured.T
        rows, step = kalman.rows_of(state), dt.T
        for count, end in zip(counts.tolist(), counts.cumsum().tolist(), strict=True):
            now, first = slice(end - count, end), rows[..., :count]
            kalman.correct_rows(first, measured[:, now], noise[:, now])
            kalman.predict_rows(first, position[:, now], velocity[:, now], step[:, :count])
        return state

    def measurement_variance(self, state: Floats) -> Floats:
        """Variance `(n, 4)` of a measurement of each track."""
        return self.measurement.variance(self.scale(state[:, kalman.POSITION]))

    def boxes(self, state: Floats, rows: Ints | None = None) -> Floats:
        """Boxes `(n, 4)` at the tracks' positions; with `rows`, of these tracks alone."""
        position: Floats = state[:, kalman.POSITION]
        return self.to_boxes(position if rows is None else position.T.take(rows, axis=1).T)


def centre_aspect_height(boxes: Floats) -> Floats:
    """Boxes to centre, aspect ratio w / h and height `(u, v, a, h)`.

    Example:
        >>> centre_aspect_height(np.array([[0.0, 0, 10, 20]])).tolist()
        [[5.0, 10.0, 0.5, 20.0]]
    """
    measured = _columns_of_centre_size(boxes)
    measured[2] /= measured[3]
    return np.asarray(measured.T)


def longer_side_aspect_height(coordinates: Floats) -> Floats:
    """Scale of each of `(u, v, a, h)`: the longer side of the box for the centre, the others for themselves."""
    scale = np.array(coordinates)
    scale[:, :2] = coordinates[:, 3:] * np.maximum(coordinates[:, 2:3], 1.0)
    return scale


def centre_size(boxes: Floats) -> Floats:
    """Boxes to centre, width and height `(u, v, w, h)`.

    Example:
        >>> centre_size(np.array([[0.0, 0, 10, 20]])).tolist()
        [[5.0, 10.0, 10.0, 20.0]]
    """
    return np.asarray(_columns_of_centre_size(boxes).T)


def centre_area_aspect(boxes: Floats) -> Floats:
    """Boxes to centre, area and aspect ratio w / h `(u, v, s, r)`.

    Example:
        >>> centre_area_aspect(np.array([[0.0, 0, 10, 20]])).tolist()
        [[5.0, 10.0, 200.0, 0.5]]
    """
    measured = _columns_of_centre_size(boxes)
    width, height = measured[2].copy(), measured[3].copy()
    measured[2] = width * height
    measured[3] = width / height
    return np.asarray(measured.T)


def _columns_of_centre_size(boxes: Floats) -> Floats:
    """Centre, width and height, each in one piece of memory, shape `(4, n)`."""
    columns: Floats = boxes.T.copy()
    columns[2:] -= columns[:2]
    columns[:2] += 0.5 * columns[2:]
    return columns


def boxes_of_centre_aspect_height(coordinates: Floats) -> Floats:
    """Inverse of `centre_aspect_height`."""
    sized = coordinates.copy("K")
    sized[:, 2] *= sized[:, 3]
    return boxes_of_centre_size(sized)


def boxes_of_centre_area_aspect(coordinates: Floats) -> Floats:
    """Inverse of `centre_area_aspect`; an area that has shrunk below nothing is a box of no size."""
    sized = coordinates.copy("K")
    area, aspect = np.maximum(coordinates[:, 2], 0.0), coordinates[:, 3]
    sized[:, 2] = np.sqrt(area * aspect)
    sized[:, 3] = np.sqrt(area / aspect)
    return boxes_of_centre_size(sized)


def boxes_of_centre_size(coordinates: Floats) -> Floats:
    """Inverse of `centre_size`."""
    half = 0.5 * coordinates[:, 2:]
    return np.concatenate((coordinates[:, :2] - half, coordinates[:, :2] + half), axis=1)


def fourth_coordinate(coordinates: Floats) -> Floats:
    """The height in `(u, v, a, h)`, shape `(n, 1)`."""
    return coordinates[:, 3:]


def width_and_height(coordinates: Floats) -> Floats:
    """Width and height in `(u, v, w, h)`, once for the place and once for the size, shape `(n, 4)`."""
    return np.asarray(coordinates.T[[2, 3, 2, 3]].T)


def third_coordinate(coordinates: Floats) -> Floats:
    """The area in `(u, v, s, r)`, shape `(n, 1)`."""
    return coordinates[:, 2:3]


XYAH = MotionModel(
    coordinates=centre_aspect_height,
    to_boxes=boxes_of_centre_aspect_height,
    scale=fourth_coordinate,
    initial=(
        Deviation(weight=(2 / 20, 2 / 20, 0.0, 2 / 20), constant=(0.0, 0.0, 1e-2, 0.0)),
        Deviation(weight=(10 / 160, 10 / 160, 0.0, 10 / 160), constant=(0.0, 0.0, 1e-5, 0.0)),
    ),
    process=(
        Deviation(weight=(1 / 20, 1 / 20, 0.0, 1 / 20), constant=(0.0, 0.0, 1e-2, 0.0)),
        Deviation(weight=(1 / 160, 1 / 160, 0.0, 1 / 160), constant=(0.0, 0.0, 1e-5, 0.0)),
    ),
    measurement=Deviation(weight=(1 / 20, 1 / 20, 0.0, 1 / 20), constant=(0.0, 0.0, 1e-1, 0.0)),
    size_powers=(0, 1),
)
"""Centre, aspect ratio, height: the state of DeepSORT (Wojke 2017, section 2.1) and ByteTrack (Zhang 2022)."""

DEFORMABLE = MotionModel(
    coordinates=centre_aspect_height,
    to_boxes=boxes_of_centre_aspect_height,
    scale=longer_side_aspect_height,
    initial=(
        Deviation(weight=(2 / 20, 2 / 20, 1 / 20, 2 / 20), constant=(0.0, 0.0, 1e-2, 0.0)),
        Deviation(weight=(10 / 160, 10 / 160, 0.0, 10 / 160), constant=(0.0, 0.0, 1e-5, 0.0)),
    ),
    process=(
        Deviation(weight=(1 / 20, 1 / 20, 1 / 20, 1 / 20), constant=(0.0, 0.0, 1e-2, 0.0)),
        Deviation(weight=(1 / 160, 1 / 160, 0.0, 1 / 160), constant=(0.0, 0.0, 1e-5, 0.0)),
    ),
    measurement=Deviation(weight=(1 / 20, 1 / 20, 1 / 20, 1 / 20), constant=(0.0, 0.0, 1e-1, 0.0)),
    size_powers=(0, 1),
)
"""Centre, aspect ratio, height, for objects that turn or bend: the aspect ratio may change in proportion to itself.

XYAH takes the aspect ratio for all but constant, and the height for the scale of the centre's motion, which fits people
who walk. Here the centre's deviations go by the longer side."""

XYWH = MotionModel(
    coordinates=centre_size,
    to_boxes=boxes_of_centre_size,
    scale=width_and_height,
    initial=(Deviation(weight=(2 / 20,) * 4), Deviation(weight=(10 / 160,) * 4)),
    process=(Deviation(weight=(1 / 20,) * 4), Deviation(weight=(1 / 160,) * 4)),
    measurement=Deviation(weight=(1 / 20,) * 4),
    size_powers=(1, 1),
)
"""Centre, width, height: the state of BoT-SORT (Aharon 2022, section 3.1), noise in proportion to the box."""

XYSR = MotionModel(
    coordinates=centre_area_aspect,
    to_boxes=boxes_of_centre_area_aspect,
    scale=third_coordinate,
    initial=(
        Deviation(constant=(10**0.5,) * 4),
        Deviation(constant=(100.0, 100.0, 100.0, 0.0)),
    ),
    process=(
        Deviation(constant=(1.0,) * 4),
        Deviation(constant=(0.1, 0.1, 0.01, 0.0)),
    ),
    measurement=Deviation(constant=(1.0, 1.0, 10**0.5, 10**0.5)),
    size_powers=(2, 0),
)
"""Centre, area, aspect ratio, the last without velocity: the state of SORT (Bewley 2016, section 3.2) and OC-SORT.

The velocity starts unknown, with a large variance, as the paper asks; it gives no numbers, these are the usual ones."""

MODELS: Mapping[str, MotionModel] = {"xyah": XYAH, "xywh": XYWH, "xysr": XYSR, "deformable": DEFORMABLE}
"""The models by name, as trackers take them in `motion_model`."""


def model_of(name: str) -> MotionModel:
    """The motion model of a name.

    Raises:
        ValueError: If there is none of this name.

    Example:
        >>> model_of("xywh") is XYWH
        True
    """
    check_choice("motion_model", name, tuple(MODELS))
    return MODELS[name]
