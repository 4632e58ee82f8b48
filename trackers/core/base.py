"""What every tracker shares: `sv.Detections` in, the same rows with ids out.

`sv.Detections` appears only here; a tracker works on plain arrays.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, Ints, Vectors, trackable
from trackers.lifecycle import NO_ID, Lifecycle, Tracks

if TYPE_CHECKING:
    import supervision as sv


@dataclass(frozen=True)
class Observations:
    """The rows of one frame that can be tracked.

    Attributes:
        boxes: Boxes in pixels, shape `(n, 4)`.
        scores: Confidences, 1 where the detector gave none, shape `(n,)`.
        vectors: Unit appearance vectors, zero where unknown, shape `(n, d)`; `(n, 0)` without appearance.
    """

    boxes: Floats
    scores: Floats
    vectors: Vectors

    def __len__(self) -> int:
        """Number of detections."""
        return len(self.boxes)


class Tracker(ABC):
    """A multi-object tracker: call `update` once per frame, also on frames without detections.

    A tracker implements `_step`, one frame on plain arrays, and may say which columns its tracks have and where its
    vectors come from.
    """

    def __init__(self, lifecycle: Lifecycle, tracks: type[Tracks] = Tracks) -> None:
        """Start without tracks; `lifecycle` holds the rules and hands out the ids."""
        self._lifecycle = lifecycle
        self._new_tracks = tracks
        self.reset()

    def reset(self) -> None:
        """Forget everything; the tracker is as new, and ids start at 1 again."""
        self._lifecycle.total_confirmed = 0
        self._tracks = self._new_tracks()

    @property
    def total_confirmed(self) -> int:
        """Number of tracks confirmed so far, which is also the highest id given."""
        return self._lifecycle.total_confirmed

    def update(self, detections: sv.Detections, frame: npt.NDArray[Any] | None = None) -> sv.Detections:
        """Track the detections of the next frame.

        Args:
            detections: Detections of one frame, possibly empty. Never changed.
            frame: The image they were found on, uint8, BGR, shape `(height, width, 3)`; only trackers that look at
                pixels need it.

        Returns:
            New detections: the same rows in the same order with all their fields, and `tracker_id`, int64 of shape
            `(n,)`: the id of the row's confirmed track, or -1. Arrays are copies, except masks, which are shared.

        Raises:
            TypeError: If `detections` is not `sv.Detections`.
            ValueError: If the boxes are not of shape `(n, 4)`.
        """
        boxes = _boxes(detections)
        usable = trackable(boxes)
        ids = np.full(len(boxes), NO_ID)
        if usable.all():
            seen, rows = detections, slice(None)
        else:
            seen, rows, boxes = detections[usable], usable, boxes[usable]
        ids[rows] = self._step(Observations(boxes, _scores(seen), self._vectors(seen, frame)))
        return _with_ids(detections, ids)

    @abstractmethod
    def _step(self, seen: Observations) -> Ints:
        """Track one frame and return the id of each detection, -1 without a confirmed track, shape `(n,)`."""

    def _vectors(self, detections: sv.Detections, frame: npt.NDArray[Any] | None) -> Vectors:
        """Appearance vectors of the detections; none unless the tracker uses appearance."""
        return np.empty((len(detections), 0), np.float32)


def _boxes(detections: sv.Detections) -> Floats:
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


def _scores(detections: sv.Detections) -> Floats:
    if detections.confidence is None:
        return np.ones(len(detections))
    return np.asarray(detections.confidence, np.float64)


def _with_ids(detections: sv.Detections, ids: Ints) -> sv.Detections:
    """A copy of the detections with `tracker_id`; nothing but masks is shared with the original."""
    tracked = copy.copy(detections)
    tracked.xyxy = detections.xyxy.copy()
    tracked.confidence = None if detections.confidence is None else detections.confidence.copy()
    tracked.class_id = None if detections.class_id is None else detections.class_id.copy()
    tracked.tracker_id = ids
    tracked.data = {key: copy.copy(value) for key, value in detections.data.items()}
    tracked.metadata = copy.copy(detections.metadata)
    return tracked
