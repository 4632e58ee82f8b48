"""A table of boxes over time: what ground truth, detections and results have in common.

Files are read into it, trackers' results are gathered in it, and evaluation compares two of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats, Ints

if TYPE_CHECKING:
    import supervision as sv


@dataclass(frozen=True, eq=False)
class BoxTable:
    """Boxes of all frames of one sequence, one row each, in ascending frame order.

    Attributes:
        frame: 1-based frame numbers, shape `(n,)`, ascending.
        tracker_id: Track or object numbers, shape `(n,)`; -1 where a row belongs to no track.
        xywh: Left, top, width and height in pixels, shape `(n, 4)`.
        confidence: Scores, shape `(n,)`. In ground truth, 0 marks a row that does not count.
        class_id: Classes, shape `(n,)`; -1 where none is given.
        visibility: Visible share of the object, shape `(n,)`; 1 where none is given.
        interpolated: Mask of rows that no detector found, as `trackers.refine` adds them, shape `(n,)`.

    Raises:
        ValueError: If the columns differ in length or frames do not ascend from 1.

    Example:
        >>> tracks = BoxTable.from_rows(frame=[2, 1], tracker_id=[7, 7], xywh=[[5, 5, 2, 4], [4, 5, 2, 4]])
        >>> tracks.frame.tolist(), tracks.xywh[0].tolist()
        ([1, 2], [4.0, 5.0, 2.0, 4.0])
    """

    frame: Ints
    tracker_id: Ints
    xywh: Floats
    confidence: Floats
    class_id: Ints
    visibility: Floats
    interpolated: Bools

    def __post_init__(self) -> None:
        n = len(self.frame)
        for name, column in vars(self).items():
            expected = (n, 4) if name == "xywh" else (n,)
            if column.shape != expected:
                raise ValueError(f"{name} must have shape {expected}, but got {column.shape}")
        if n and (self.frame[0] < 1 or (np.diff(self.frame) < 0).any()):
            raise ValueError("frame must ascend and start at 1 or later; BoxTable.from_rows sorts rows for you")

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def xyxy(self) -> Floats:
        """Corners `(x1, y1, x2, y2)`, shape `(n, 4)`."""
        return np.hstack([self.xywh[:, :2], self.xywh[:, :2] + self.xywh[:, 2:]])

    def rows(self, keep: slice | Bools) -> BoxTable:
        """Return the rows that a mask or a slice keeps.

        Example:
            >>> tracks = BoxTable.from_rows(frame=[1, 2], tracker_id=[7, -1], xywh=np.ones((2, 4)))
            >>> len(tracks.rows(tracks.tracker_id >= 0))
            1
        """
        return BoxTable(**{name: column[keep] for name, column in vars(self).items()})

    @classmethod
    def from_rows(
        cls,
        *,
        frame: npt.ArrayLike,
        tracker_id: npt.ArrayLike,
        xywh: npt.ArrayLike,
        confidence: npt.ArrayLike = 1.0,
        class_id: npt.ArrayLike = -1,
        visibility: npt.ArrayLike = 1.0,
        interpolated: npt.ArrayLike = False,
    ) -> BoxTable:
        """Build the table from rows in any order; rows of one frame keep their order.

        Args:
            frame: 1-based frame numbers, shape `(n,)`.
            tracker_id: Track numbers, shape `(n,)`, or one for all.
            xywh: Left, top, width, height in pixels, shape `(n, 4)`.
            confidence: Scores, shape `(n,)`, or one for all.
            class_id: Classes, shape `(n,)`, or one for all.
            visibility: Visible shares, shape `(n,)`, or one for all.
            interpolated: Mask of rows that no detector found, shape `(n,)`, or one for all.

        Returns:
            The table, sorted by frame.

        Raises:
            ValueError: If the columns differ in length or a frame number is below 1.
        """
        frames = np.asarray(frame, dtype=np.int64).reshape(-1)
        order = np.argsort(frames, kind="stable")

        def column(name: str, values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
            array = np.array(values, dtype=dtype)
            if array.ndim == 0:
                array = np.full(len(frames), array)
            if name == "xywh":
                array = array.reshape(-1, 4)
            if len(array) != len(frames):
                raise ValueError(f"{name} must have {len(frames)} rows like frame, but got {len(array)}")
            return array[order]

        return cls(
            frame=frames[order],
            tracker_id=column("tracker_id", tracker_id, np.int64),
            xywh=column("xywh", xywh, np.float64),
            confidence=column("confidence", confidence, np.float64),
            class_id=column("class_id", class_id, np.int64),
            visibility=column("visibility", visibility, np.float64),
            interpolated=column("interpolated", interpolated, np.bool_),
        )

    @classmethod
    def from_detections(cls, frames: Iterable[sv.Detections]) -> BoxTable:
        """Gather what a tracker returned, frame after frame; rows without a track are left out.

        Args:
            frames: One `sv.Detections` per frame, the first of them being frame 1.

        Returns:
            The table of all rows whose `tracker_id` is not -1.

        Example:
            >>> import supervision as sv
            >>> boxes = np.array([[0, 0, 2, 4], [9, 9, 10, 11]])
            >>> tracked = sv.Detections(xyxy=boxes, tracker_id=np.array([3, -1]))
            >>> BoxTable.from_detections([sv.Detections.empty(), tracked]).frame.tolist()
            [2]
        """
        numbers, boxes, ids, scores, classes, marks = [], [], [], [], [], []
        for number, detections in enumerate(frames, start=1):
            if detections.tracker_id is None:
                continue
            keep = detections.tracker_id >= 0
            n = int(keep.sum())
            numbers.append(np.full(n, number))
            boxes.append(np.asarray(detections.xyxy, dtype=np.float64)[keep])
            ids.append(detections.tracker_id[keep])
            scores.append(np.ones(n) if detections.confidence is None else detections.confidence[keep])
            classes.append(np.full(n, -1) if detections.class_id is None else detections.class_id[keep])
            marks.append(np.asarray(detections.data.get("interpolated", np.zeros(len(keep))), np.bool_)[keep])
        if not numbers:
            return cls.from_rows(frame=[], tracker_id=[], xywh=[])
        xywh = np.concatenate(boxes)
        xywh[:, 2:] -= xywh[:, :2]
        return cls.from_rows(
            frame=np.concatenate(numbers),
            tracker_id=np.concatenate(ids),
            xywh=xywh,
            confidence=np.concatenate(scores),
            class_id=np.concatenate(classes),
            interpolated=np.concatenate(marks),
        )
