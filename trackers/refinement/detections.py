"""A video's `sv.Detections` as arrays, and refined rows put back into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Bools, Floats, Ints
from trackers.core.rows import boxes_of, scores_of, with_ids
from trackers.lifecycle import NO_ID
from trackers.refinement.rows import TrackRows

if TYPE_CHECKING:
    import supervision as sv

INTERPOLATED = "interpolated"
"""Field of `data` that marks rows no detector found."""

Column = tuple[str, ...]
"""`("confidence",)`, or `("data", name)`."""


class Frames:
    """All rows of a video, frame after frame.

    Args:
        frames: One `sv.Detections` per frame.

    Attributes:
        number: 1-based frame of each row, shape `(n,)`.
        ids: Track of each row, -1 for none, shape `(n,)`.
        boxes: Corners in pixels, shape `(n, 4)`.
        confidence: Scores, 1 where the detector gave none, shape `(n,)`.
        class_id: Classes, -1 where the detector gave none, shape `(n,)`.
        interpolated: Mask of rows that were interpolated before, shape `(n,)`.

    Raises:
        TypeError: If a frame is not `sv.Detections`.
        ValueError: If there are rows but no ids, or a column is missing on some of the frames with rows.
    """

    def __init__(self, frames: Iterable[sv.Detections]) -> None:
        self._frames = list(frames)
        boxes = [boxes_of(one) for one in self._frames]
        counts = np.array([len(one) for one in boxes], np.int64)
        if counts.any() and all(one.tracker_id is None for one in self._frames):
            raise ValueError("the detections have no tracker_id; refine what a tracker's update returned")
        self._starts = counts.cumsum() - counts
        self._columns = [_columns(one) for one in self._frames]
        self._template = self._common_columns()
        self.number: Ints = np.repeat(np.arange(1, len(counts) + 1), counts)
        self.boxes: Floats = np.concatenate([np.empty((0, 4)), *boxes])
        self.confidence: Floats = np.concatenate([np.empty(0), *map(scores_of, self._frames)])
        self.ids: Ints = self._joined("tracker_id", NO_ID, np.int64)
        self.class_id: Ints = self._joined("class_id", -1, np.int64)
        marks = [one.data.get(INTERPOLATED, np.zeros(len(one), np.bool_)) for one in self._frames]
        self.interpolated: Bools = np.concatenate([np.empty(0), *marks]).astype(np.bool_)

    def refined(self, ids: Ints, rows: TrackRows) -> list[sv.Detections]:
        """New detections of every frame: its own rows, then those that `rows` adds.

        Args:
            ids: New id of each row, shape `(n,)`.
            rows: Refined rows of the tracks.
        """
        new = rows.added
        boxes = self.boxes.copy()
        boxes[rows.source[~new]] = rows.boxes[~new]
        added = np.flatnonzero(new)
        added = added[np.argsort(rows.frame[added], kind="stable")]
        bounds = np.searchsorted(rows.frame[added], np.arange(1, len(self._frames) + 2))
        return [
            self._frame(number, boxes, ids, rows, added[start:stop])
            for number, (start, stop) in enumerate(pairwise(bounds.tolist()))
        ]

    def _frame(self, number: int, boxes: Floats, ids: Ints, rows: TrackRows, added: Ints) -> sv.Detections:
        """One frame, with the rows `added` of the refined ones."""
        frame = self._frames[number]
        own = slice(self._starts[number], self._starts[number] + len(frame))
        dtype = frame.xyxy.dtype if frame.xyxy.dtype.kind == "f" else np.dtype(np.float64)
        if len(frame) and not len(added):
            refined = with_ids(frame, ids[own].copy())
            refined.xyxy = boxes[own].astype(dtype)
            refined.data[INTERPOLATED] = self.interpolated[own].copy()
            return refined
        refined = with_ids(frame, np.append(ids[own], rows.track[added]))
        refined.xyxy = np.concatenate((boxes[own], rows.boxes[added])).astype(dtype)
        sources = [frame_and_row(self._starts, row) for row in rows.source[added].tolist()]
        for column, example in self._template.items():
            if column == ("mask",):
                refined.mask = _with_empty_masks(frame.mask if len(frame) else None, example, len(added))
                continue
            values = self._columns[number][column] if len(frame) else example[:0]
            extra = [self._columns[of][column][row] for of, row in sources]
            if column == ("confidence",):
                extra = list(rows.confidence[added])
            _set(refined, column, _extended(values, extra))
        marks = np.append(self.interpolated[own], np.full(len(added), True))
        refined.data[INTERPOLATED] = marks.astype(np.bool_)
        return refined

    def _common_columns(self) -> Mapping[Column, Any]:
        """The columns of the first frame with rows, which all frames with rows have."""
        filled = [columns for one, columns in zip(self._frames, self._columns, strict=True) if len(one)]
        for name in dict.fromkeys(name for columns in filled for name in columns):
            given = sum(name in columns for columns in filled)
            if given < len(filled):
                raise ValueError(f"{name[-1]!r} is given on {given} frames of {len(filled)} with detections")
        return filled[0] if filled else {}

    def _joined(self, name: str, default: int, dtype: type[np.int64]) -> Ints:
        columns = [(getattr(one, name), len(one)) for one in self._frames]
        parts = [np.full(count, default) if column is None else column for column, count in columns]
        return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype)


def frame_and_row(starts: Ints, row: int) -> tuple[int, int]:
    """Frame (from 0) and row in it of a row of the whole video.

    Example:
        >>> frame_and_row(np.array([0, 3, 3, 5]), 4)
        (2, 1)
    """
    frame = int(np.searchsorted(starts, row, side="right")) - 1
    return frame, row - int(starts[frame])


def _columns(detections: sv.Detections) -> dict[Column, Any]:
    """Everything that has one entry per row, but boxes and ids."""
    columns: dict[Column, Any] = {(name,): getattr(detections, name) for name in ("confidence", "class_id", "mask")}
    columns |= {("data", name): column for name, column in detections.data.items() if name != INTERPOLATED}
    return {name: column for name, column in columns.items() if column is not None}


def _with_empty_masks(masks: Any, example: Any, count: int) -> Any:
    """Masks of a frame, and empty ones after them; None is a frame without rows."""
    if masks is not None and count == 0:
        return masks
    empty = np.zeros((count, *example.shape[1:]), np.bool_)
    return empty if masks is None else np.concatenate((np.asarray(masks, np.bool_), empty))


def _set(detections: sv.Detections, column: Column, values: Any) -> None:
    if column[0] == "data":
        detections.data[column[1]] = values
    else:
        setattr(detections, column[0], values)


def _extended(values: Any, extra: list[Any]) -> Any:
    """A column with more entries, of the same kind."""
    if isinstance(values, list):
        return values + extra
    if not extra:
        return values.copy()
    more = np.empty((len(extra), *values.shape[1:]), values.dtype if values.dtype.kind not in "US" else object)
    for place, one in enumerate(extra):
        more[place] = one
    return np.concatenate((values, more.astype(str) if values.dtype.kind in "US" else more))
