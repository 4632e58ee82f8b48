"""Detections of a whole sequence in memory, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Ints

if TYPE_CHECKING:
    import supervision as sv

Data = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class DetectionTable:
    """Detections of all frames of a sequence; `table[7]` is frame 7 as `sv.Detections`.

    Iterating gives frames 1 to `last_frame`, also those without a detection.

    Attributes:
        frame: 1-based frame numbers, shape `(n,)`, ascending.
        xyxy: Boxes, shape `(n, 4)`, float32 or float64.
        confidence: Scores, shape `(n,)`, or None.
        class_id: Classes, shape `(n,)`, or None.
        data: Further columns of n rows; `"embedding"` holds appearance vectors, shape `(n, d)`.
        last_frame: Number of frames of the sequence.
    """

    frame: Ints
    xyxy: npt.NDArray[Any]
    confidence: npt.NDArray[Any] | None = None
    class_id: Ints | None = None
    data: Data = field(default_factory=dict)
    last_frame: int = 0

    def __len__(self) -> int:
        """Number of frames."""
        return self.last_frame

    def __iter__(self) -> Iterator[sv.Detections]:
        return (self[number] for number in range(1, self.last_frame + 1))

    def __getitem__(self, frame: int) -> sv.Detections:
        """Detections of one frame, counted from 1; empty where there are none."""
        import supervision as sv

        start, stop = np.searchsorted(self.frame, [frame, frame + 1])
        rows = slice(int(start), int(stop))
        return sv.Detections(
            xyxy=self.xyxy[rows].copy(),
            confidence=None if self.confidence is None else self.confidence[rows].copy(),
            class_id=None if self.class_id is None else self.class_id[rows].copy(),
            data={name: column[rows].copy() for name, column in self.data.items()},
        )

    @classmethod
    def from_detections(cls, frames: Iterable[sv.Detections]) -> DetectionTable:
        """Gather detections frame after frame, the first being frame 1.

        Args:
            frames: Detections of each frame.

        Returns:
            The table; masks are left out, texts in `data` become arrays of text.

        Raises:
            ValueError: If a column is missing on some of the frames with detections.
        """
        numbers: list[Ints] = []
        columns: dict[str, list[npt.NDArray[Any]]] = {}
        last = 0
        for last, detections in enumerate(frames, start=1):
            if len(detections) == 0:
                continue
            numbers.append(np.full(len(detections), last))
            row = {
                "xyxy": detections.xyxy,
                "confidence": detections.confidence,
                "class_id": detections.class_id,
                **detections.data,
            }
            for name, column in row.items():
                if column is not None:
                    array = np.asarray(column)
                    columns.setdefault(name, []).append(array.astype(str) if array.dtype == object else array)
        for name, parts in columns.items():
            if len(parts) != len(numbers):
                raise ValueError(f"{name!r} is given on {len(parts)} frames of {len(numbers)} with detections")
        joined: dict[str, Any] = {name: np.concatenate(parts) for name, parts in columns.items()}
        return cls(
            frame=np.concatenate(numbers) if numbers else np.empty(0, np.int64),
            xyxy=joined.pop("xyxy", np.empty((0, 4))),
            confidence=joined.pop("confidence", None),
            class_id=joined.pop("class_id", None),
            data=joined,
            last_frame=last,
        )
