"""Results written frame by frame: MOT text, CSV or JSON lines.

A frame's rows reach the file in one piece before the next frame is tracked, so a run that is interrupted
leaves a file that is complete up to its last frame.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from trackers.io.mot import mot_row

if TYPE_CHECKING:
    import supervision as sv

CSV_HEADER = ("frame", "tracker_id", "x1", "y1", "x2", "y2", "confidence", "class_id", "class_name")


class ResultWriter:
    r"""Write what a tracker answers to a file, one frame at a time.

    Rows with `tracker_id` -1 are left out. The ending of the file name chooses the format: `.txt` (MOT
    text), `.csv` or `.jsonl` (one object per box).

    Args:
        path: File to write.
        overwrite: Replace an existing file.

    Raises:
        FileExistsError: If the file exists and `overwrite` is not set.
        ValueError: If the ending is unknown.

    Example:
        >>> import supervision as sv, tempfile
        >>> answer = sv.Detections(
        ...     xyxy=np.array([[1.0, 2.0, 11.0, 22.0]]), confidence=np.array([0.5]), tracker_id=np.array([7])
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with ResultWriter(Path(folder) / "result.txt") as writer:
        ...         writer.write(3, answer)
        ...     (Path(folder) / "result.txt").read_text()
        '3,7,1,2,10,20,0.5,-1,-1,-1\n'
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        formats: dict[str, Callable[[int, sv.Detections], str]] = {
            ".txt": _mot_rows,
            ".csv": _csv_rows,
            ".jsonl": _json_rows,
        }
        if self.path.suffix not in formats:
            endings = ", ".join(formats)
            raise ValueError(f"a result file ends in one of {endings}, but this one is named {self.path.name!r}")
        self._format = formats[self.path.suffix]
        self._file = self.path.open("wb" if overwrite else "xb", buffering=0)
        if self.path.suffix == ".csv":
            self._append(",".join(CSV_HEADER) + "\n")

    def write(self, frame: int, detections: sv.Detections) -> None:
        """Append the tracked rows of a frame.

        Args:
            frame: Its 1-based number.
            detections: What the tracker answered.

        Raises:
            OSError: If the disk is full; the file then ends with the frame before.
        """
        if detections.tracker_id is not None:
            self._append(self._format(frame, detections))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, text: str) -> None:
        data = memoryview(text.encode())
        start = self._file.tell() if self._file.seekable() else 0
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            if self.path.is_file():
                self._file.truncate(start)
            raise OSError(error.errno, os.strerror(error.errno or 0), str(self.path)) from error

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _tracked(
    detections: sv.Detections,
) -> list[tuple[int, list[float], float | None, int | None, str | None]]:
    n = len(detections)
    ids = np.full(n, -1) if detections.tracker_id is None else detections.tracker_id
    scores = [None] * n if detections.confidence is None else np.round(detections.confidence, 6).tolist()
    classes = [None] * n if detections.class_id is None else detections.class_id.tolist()
    names = [None if name is None else str(name) for name in detections.data.get("class_name", [None] * n)]
    boxes = np.round(np.asarray(detections.xyxy, dtype=np.float64), 4).tolist()
    rows = zip(ids.tolist(), boxes, scores, classes, names, strict=True)
    return [row for row in rows if row[0] >= 0]


def _mot_rows(frame: int, detections: sv.Detections) -> str:
    return "".join(
        mot_row(frame, tracker_id, [x1, y1, x2 - x1, y2 - y1], 1.0 if score is None else score)
        for tracker_id, (x1, y1, x2, y2), score, _, _ in _tracked(detections)
    )


def _csv_rows(frame: int, detections: sv.Detections) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for tracker_id, box, score, class_id, name in _tracked(detections):
        writer.writerow([frame, tracker_id, *box, score, class_id, name])
    return text.getvalue()


def _json_rows(frame: int, detections: sv.Detections) -> str:
    return "".join(
        json.dumps(
            {
                "frame": frame,
                "tracker_id": tracker_id,
                "xyxy": box,
                "confidence": score,
                "class_id": class_id,
                "class_name": name,
            }
        )
        + "\n"
        for tracker_id, box, score, class_id, name in _tracked(detections)
    )
