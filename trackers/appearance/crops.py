"""Which pixels of a frame belong to a box.

Conventions: frames are `(height, width, 3)` uint8 images in OpenCV's order of colours, BGR; a window is a box in whole
pixels `(x1, y1, x2, y2)`, its last row and column excluded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Ints

if TYPE_CHECKING:
    import supervision as sv

POLYGONS = "xyxyxyxy"
"""Key of `detections.data` under which `supervision` keeps the corners of oriented boxes."""


def windows(xyxy: npt.NDArray[Any], height: int, width: int, padding: float = 0.0) -> tuple[Ints, Bools]:
    """Whole-pixel windows of boxes, cut off at the border of the frame.

    Args:
        xyxy: Boxes in pixels, shape `(n, 4)`.
        height: Height of the frame in pixels.
        width: Width of the frame in pixels.
        padding: Fraction of a box's width and height to add on each side.

    Returns:
        The windows, shape `(n, 4)`, and a mask of shape `(n,)` that tells which of them are visible. A box that is not
        finite, lies outside the frame, or is thinner than one pixel inside it is not; its window is all zeros.

    Example:
        >>> corners, visible = windows(np.array([[-3.0, 1.2, 4.6, 9.0], [50.0, 0.0, 60.0, 5.0]]), height=8, width=10)
        >>> corners.tolist(), visible.tolist()
        ([[0, 1, 5, 8], [0, 0, 0, 0]], [True, False])
    """
    boxes = np.asarray(xyxy, np.float64)
    boxes = np.where(np.isfinite(boxes).all(axis=1, keepdims=True), boxes, 0.0)
    limits = np.array([width, height, width, height], np.float64)
    inside = np.clip(boxes, 0.0, limits)
    visible = np.asarray((inside[:, 2:] - inside[:, :2] >= 1.0).all(axis=1))
    if padding:
        margin = padding * (boxes[:, 2:] - boxes[:, :2])
        boxes = np.concatenate((boxes[:, :2] - margin, boxes[:, 2:] + margin), axis=1)
    corners = np.floor(np.clip(boxes, 0.0, limits) + 0.5).astype(np.int64)
    corners[~visible] = 0
    return corners, visible


def object_masks(detections: sv.Detections, rows: Ints, shape: tuple[int, ...]) -> Bools | None:
    """Which pixels of the frame show each object.

    Args:
        detections: Detections with instance masks, or with polygons in `data["xyxyxyxy"]`.
        rows: Detections wanted, shape `(k,)`.
        shape: Height and width of the frame, and whatever follows.

    Returns:
        Masks of shape `(k, height, width)`; None if the detections have neither.

    Raises:
        ValueError: If the masks have another size than the frame.
    """
    if detections.mask is not None:
        masks = np.asarray(detections.mask[rows], np.bool_)
        if masks.shape[1:] != tuple(shape[:2]):
            raise ValueError(f"expected masks of the frame's size {tuple(shape[:2])}, but got {masks.shape[1:]}")
        return masks
    if POLYGONS not in detections.data:
        return None
    import supervision as sv

    polygons = np.rint(np.asarray(detections.data[POLYGONS])[rows]).astype(np.int32)
    return np.array([sv.polygon_to_mask(polygon, (shape[1], shape[0])) for polygon in polygons], np.bool_)
