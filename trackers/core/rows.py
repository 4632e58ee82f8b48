"""`sv.Detections` in and out: the only module of the core that handles them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.association.classes import NO_CLASS
from trackers.boxes import Bools, Floats, Ints

if TYPE_CHECKING:
    import supervision as sv


def boxes_of(detections: sv.Detections) -> Floats:
    """The boxes as a new float64 array of shape `(n, 4)`.

    Raises:
        TypeError: If `detections` is not `sv.Detections`.
        ValueError: If the boxes have another shape.
    """
    xyxy = getattr(detections, "xyxy", None)
    if xyxy is None or not hasattr(detections, "tracker_id"):
        raise TypeError(
            f"detections must be sv.Detections, but got {type(detections).__name__}; "
            "make them with sv.Detections.from_ultralytics(result), another from_... method, "
            "or sv.Detections(xyxy=..., confidence=...)"
        )
    boxes = np.array(xyxy, np.float64)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must be corners x1, y1, x2, y2 of shape (n, 4), but got shape {boxes.shape}")
    return boxes


def rows_of(detections: sv.Detections, kept: Bools) -> sv.Detections:
    """The detections a mask `(n,)` keeps; the very object if it keeps all."""
    if np.count_nonzero(kept) == len(kept):
        return detections
    rows = detections[kept]
    if TYPE_CHECKING:
        assert isinstance(rows, sv.Detections)
    return rows


def classes_of(detections: sv.Detections) -> Ints | None:
    """Classes, int64 of shape `(n,)`, -1 for one that is no number; None without classes.

    Raises:
        TypeError: If they are no numbers.
    """
    if detections.class_id is None:
        return None
    classes = np.asarray(detections.class_id)
    if classes.size and classes.dtype.kind not in "biuf":
        raise TypeError(
            f"class_id must hold whole numbers, but holds {classes.dtype}; names of classes go into data['class_name']"
        )
    if classes.dtype.kind == "f":
        classes = np.where(np.isfinite(classes), classes, NO_CLASS)
    return classes.astype(np.int64)


def scores_of(detections: sv.Detections) -> Floats:
    """Confidences, shape `(n,)`; 1 where the detector gave none."""
    if detections.confidence is None:
        return np.ones(len(detections))
    return np.asarray(detections.confidence, np.float64)


def with_ids(detections: sv.Detections, ids: Ints) -> sv.Detections:
    """A copy of the detections with `tracker_id`; nothing but masks is shared with the original."""
    tracked = object.__new__(type(detections))  # as copy.copy, in a third of the time
    vars(tracked).update(vars(detections))
    tracked.xyxy = detections.xyxy.copy()
    tracked.confidence = None if detections.confidence is None else detections.confidence.copy()
    tracked.class_id = None if detections.class_id is None else detections.class_id.copy()
    tracked.tracker_id = ids
    tracked.data = {
        key: value.copy("K") if type(value) is np.ndarray else copy.copy(value)
        for key, value in detections.data.items()
    }
    if hasattr(detections, "metadata"):
        tracked.metadata = copy.copy(detections.metadata)
    return tracked


def detections_of(
    boxes: Floats, confidence: Floats, class_ids: list[int | None], ids: Ints, **data: Any
) -> sv.Detections:
    """New detections from arrays; `class_id` is left out where a class is unknown."""
    import supervision as sv

    known = len(class_ids) > 0 and None not in class_ids
    return sv.Detections(
        xyxy=boxes.astype(np.float32).reshape(-1, 4),
        confidence=confidence.astype(np.float32),
        class_id=np.array(class_ids, np.int64) if known else None,
        tracker_id=ids,
        data=data,
    )
