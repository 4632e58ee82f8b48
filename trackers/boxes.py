"""Boxes as arrays: which rows can be tracked, and how much two boxes overlap.

Conventions: a box is `(x1, y1, x2, y2)` in pixels, x to the right, y down; arrays have shape `(n, 4)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Image = npt.NDArray[np.uint8]

LARGEST_COORDINATE = 1e9
"""Coordinates beyond this many pixels are refused: their squares would lose all precision."""

SMALLEST_SIDE = 1e-3
"""Boxes thinner than this many pixels are refused: they have no aspect ratio worth the name."""


def trackable(xyxy: npt.NDArray[Any]) -> Bools:
    """Tell which rows are boxes a tracker can use.

    A row is refused if it holds NaN or infinity, if `x2 <= x1` or `y2 <= y1`, or if it is absurdly thin or far away.

    Args:
        xyxy: Boxes, shape `(n, 4)`.

    Returns:
        Mask of shape `(n,)`, True where the row can be tracked.

    Example:
        >>> trackable(np.array([[0, 0, 10, 20], [5, 5, 5, 9], [np.nan, 0, 1, 1]])).tolist()
        [True, False, False]
    """
    inside = np.abs(xyxy) <= LARGEST_COORDINATE
    if np.count_nonzero(inside) < inside.size:
        xyxy = np.where(inside.all(axis=1, keepdims=True), xyxy, 0.0)
    wide = xyxy[:, 2:] - xyxy[:, :2] >= SMALLEST_SIDE
    return np.asarray(wide[:, 0] & wide[:, 1])


def overlap(first: Floats, second: Floats) -> Floats:
    """Intersection over union of box i of `first` with box i of `second`.

    Args:
        first: Boxes, shape `(..., 4)`.
        second: Boxes, shape `(..., 4)`, broadcast against `first`.

    Returns:
        IoU in `[0, 1]`; 0 where a box has no area.

    Example:
        >>> overlap(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])).round(3).tolist()
        [0.333]
    """
    depth = max(first.ndim, second.ndim)
    both = (boxes.reshape((1,) * (depth - boxes.ndim) + boxes.shape) for boxes in (first, second))
    return overlap_of_corners(*(boxes.transpose(-1, *range(depth - 1)) for boxes in both))


def overlap_of_corners(first: Floats, second: Floats) -> Floats:
    """`overlap` of boxes with their four coordinates first, shapes `(4, ...)`: for many boxes, a fraction of the time.

    Example:
        >>> corners = np.array([[0.0], [0.0], [2.0], [2.0]])
        >>> overlap_of_corners(corners, corners).tolist()
        [1.0]
    """
    sides = np.minimum(first[2:], second[2:])
    sides -= np.maximum(first[:2], second[:2])
    np.maximum(sides, 0.0, out=sides)
    intersection = sides[0] * sides[1]
    union = _area_of_corners(first) + _area_of_corners(second)
    union -= intersection
    return np.asarray(np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0.0))


def covered(boxes: Floats) -> Floats:
    """Largest share of each box that lies behind one other box; a box whose foot is lower in the picture is nearer.

    Args:
        boxes: Shape `(n, 4)`.

    Returns:
        Shares in `[0, 1]`, shape `(n,)`.

    Example:
        >>> covered(np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 12.0]])).tolist()
        [0.5, 0.0]
    """
    if len(boxes) == 0:
        return np.zeros(0)
    left, top, right, bottom = boxes.T
    width = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    height = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    hidden = np.maximum(width, 0.0) * np.maximum(height, 0.0) * (bottom > bottom[:, None])
    return np.asarray(hidden.max(axis=1) / area(boxes))


def area(boxes: Floats) -> Floats:
    """Area of each box in square pixels, shape `(...)`; 0 for a box turned inside out.

    Example:
        >>> area(np.array([[0.0, 0.0, 2.0, 3.0]])).tolist()
        [6.0]
    """
    return _area_of_corners(boxes.transpose(-1, *range(boxes.ndim - 1)))


def _area_of_corners(boxes: Floats) -> Floats:
    sides = np.maximum(boxes[2:] - boxes[:2], 0.0)
    return np.asarray(sides[0] * sides[1])


def writable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself, or a copy where it is read-only, as one from a cluster's object store.

    Example:
        >>> frozen = np.zeros(2)
        >>> frozen.flags.writeable = False
        >>> writable(frozen).flags.writeable
        True
    """
    return array if array.flags.writeable else array.copy()
