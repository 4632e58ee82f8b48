"""Raw detections as the older package takes them, checked once and turned into arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats
from trackers.tools.polygons import bounding_rectangles


@dataclass(frozen=True, eq=False)
class Detection:
    """One detection.

    Attributes:
        ltwh: Left, top, width and height in pixels, shape `(4,)`.
        confidence: Confidence, or None.
        class_name: Class, of whatever type.
        feature: Appearance vector, shape `(d,)`, or None.
        instance_mask: Pixels of the object, shape `(height, width)`, or None.
        others: Whatever the caller passed with it.
    """

    ltwh: Floats
    confidence: float | None
    class_name: Any = None
    feature: Any = None
    instance_mask: Bools | None = None
    others: Any = None

    def get_ltwh(self) -> Floats:
        """Left, top, width and height, shape `(4,)`."""
        return np.array(self.ltwh)


def detections_of(
    raw_detections: Sequence[Any],
    *,
    polygon: bool,
    embeds: Sequence[Any] | npt.NDArray[Any] | None = None,
    instance_masks: Sequence[Any] | None = None,
    others: Sequence[Any] | None = None,
) -> list[Detection]:
    """Read raw detections; row i of every list belongs together, whatever happens to other rows.

    Args:
        raw_detections: A list of `([left, top, width, height], confidence, class)`, or `[polygons, classes,
            confidences]`.
        polygon: Which of the two forms it is.
        embeds: One vector for each detection.
        instance_masks: One mask for each detection.
        others: One object for each detection.

    Returns:
        The detections in the same order.

    Raises:
        TypeError: If `raw_detections` is not a list.
        ValueError: If a row is malformed, or the lists differ in length.
    """
    if not isinstance(raw_detections, (list, tuple, np.ndarray)):
        raise TypeError(f"raw_detections must be a list, but got {type(raw_detections).__name__}")
    boxes, confidences, classes = (_polygon_rows if polygon else _box_rows)(raw_detections)
    columns = {"embeds": embeds, "instance_masks": instance_masks, "others": others}
    for name, values in columns.items():
        if values is not None and len(values) != len(boxes):
            raise ValueError(f"{name} must hold one item for each of {len(boxes)} detections, but holds {len(values)}")
    features, masks, payload = ([None] * len(boxes) if values is None else values for values in columns.values())
    return [Detection(*row) for row in zip(boxes, confidences, classes, features, masks, payload, strict=True)]


def corners_of(detections: list[Detection]) -> Floats:
    """Boxes of detections as `x1, y1, x2, y2`, shape `(n, 4)`."""
    boxes = np.array([detection.ltwh for detection in detections], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _box_rows(raw: Sequence[Any]) -> tuple[Floats, list[Any], list[Any]]:
    """Boxes, confidences and classes of a list of tuples."""
    boxes = np.empty((len(raw), 4))
    for i, row in enumerate(raw):
        if len(row) != 3 or len(row[0]) != 4:
            raise ValueError(
                f"expected detection {i} as ([left, top, width, height], confidence, class), but got {row!r}"
            )
        boxes[i] = row[0]
    return boxes, [row[1] for row in raw], [row[2] for row in raw]


def _polygon_rows(raw: Sequence[Any]) -> tuple[Floats, list[Any], list[Any]]:
    """Bounding rectangles, confidences and classes of three lists."""
    if len(raw) == 0:
        return np.empty((0, 4)), [], []
    if len(raw) != 3 or not len(raw[0]) == len(raw[1]) == len(raw[2]):
        lengths = [len(part) if hasattr(part, "__len__") else part for part in raw]
        raise ValueError(
            f"with polygon=True expected [polygons, classes, confidences], three lists of one length, but got {lengths}"
        )
    polygons, classes, confidences = raw
    boxes = bounding_rectangles(polygons)
    boxes[:, 2:] += 1.0 - boxes[:, :2]  # as cv2.boundingRect: the right and the lower pixels count
    return boxes, list(confidences), list(classes)
