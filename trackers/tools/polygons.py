"""Polygons as detections: the bounding rectangle is tracked, the polygon masks the crop and is carried along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats

if TYPE_CHECKING:
    import supervision as sv

Polygons = Sequence[Sequence[float]]
"""Flat lists of corners, `[x1, y1, x2, y2, ...]`, at least three corners each."""


def bounding_rectangles(polygons: Polygons) -> Floats:
    """The smallest upright box around each polygon.

    Args:
        polygons: n flat lists of corners in pixels.

    Returns:
        Boxes, shape `(n, 4)`.

    Raises:
        ValueError: If a polygon has fewer than three corners or half a corner.

    Example:
        >>> bounding_rectangles([[0, 5, 10, 0, 20, 30]]).tolist()
        [[0.0, 0.0, 20.0, 30.0]]
    """
    corners = _corners(polygons)
    return np.array([[*points.min(axis=0), *points.max(axis=0)] for points in corners]).reshape(-1, 4)


def polygon_detections(
    polygons: Polygons,
    confidence: npt.ArrayLike | None = None,
    class_id: npt.ArrayLike | None = None,
    *,
    frame_size: tuple[int, int] | None = None,
) -> sv.Detections:
    """Detections from polygons.

    Args:
        polygons: n flat lists of corners in pixels.
        confidence: Their confidences, shape `(n,)`.
        class_id: Their classes, shape `(n,)`.
        frame_size: Width and height of the frame; with it each row gets the mask of its polygon, which an extractor
            with `mask="background"` uses to embed the object alone.

    Returns:
        Detections with the bounding rectangles as boxes and the polygons in `data["polygon"]`, each an array of shape
        `(corners, 2)`.

    Raises:
        ValueError: If a polygon has fewer than three corners or half a corner, or is not finite.

    Example:
        >>> detections = polygon_detections([[0, 0, 9, 0, 0, 9]], [0.9], frame_size=(10, 10))
        >>> detections.xyxy.tolist(), detections.mask.shape
        ([[0.0, 0.0, 9.0, 9.0]], (1, 10, 10))
    """
    import supervision as sv

    corners = _corners(polygons)
    carried = np.empty(len(corners), object)
    carried[:] = corners
    return sv.Detections(
        xyxy=bounding_rectangles(polygons),
        confidence=None if confidence is None else np.asarray(confidence, np.float64),
        class_id=None if class_id is None else np.asarray(class_id, np.int64),
        mask=None if frame_size is None else polygon_masks(polygons, frame_size),
        data={"polygon": carried},
    )


def polygon_masks(polygons: Polygons, frame_size: tuple[int, int]) -> Bools:
    """The pixels inside each polygon.

    Args:
        polygons: n flat lists of corners in pixels.
        frame_size: Width and height of the frame.

    Returns:
        Masks, shape `(n, height, width)`; empty where a polygon is not finite.

    Raises:
        ValueError: If a polygon has fewer than three corners or half a corner.
    """
    import supervision as sv

    width, height = frame_size
    masks = np.zeros((len(polygons), height, width), np.bool_)
    for mask, points in zip(masks, _corners(polygons), strict=True):
        if np.isfinite(points).all():
            mask[:] = sv.polygon_to_mask(points.round().astype(np.int64), frame_size)
    return masks


def _corners(polygons: Polygons) -> list[Floats]:
    corners = []
    for i, polygon in enumerate(polygons):
        points = np.array(polygon, np.float64)
        if points.ndim != 1 or points.size < 6 or points.size % 2:
            raise ValueError(
                f"expected polygon {i} as a flat list [x1, y1, x2, y2, ...] of at least three corners, but got "
                f"numbers of shape {points.shape}"
            )
        corners.append(points.reshape(-1, 2))
    return corners
