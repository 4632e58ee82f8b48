"""Results written frame by frame: MOT text, CSV or JSON lines.

A frame's rows reach the file in one piece before the next frame is tracked, so a run that is interrupted
leaves a file that is complete up to its last frame.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trackers.io.mot import mot_row
from trackers.io.whole import Growing, ends_whole

if TYPE_CHECKING:
    import supervision as sv

CSV_HEADER = ("frame", "tracker_id", "x1", "y1", "x2", "y2", "confidence", "class_id", "class_name")


TEXTS = ("class_name", "reason")
"""Fields of `data` that are written."""

MARKS = ("reason", "interpolated")
"""Fields of JSON lines that are left out where they say nothing."""


class ResultWriter:
    r"""Write what a tracker returns to a file, one frame at a time.

    Rows with `tracker_id` -1 are left out. Where an error comes before the first row, no file is left. The
    ending of the file name chooses the format: `.txt` (MOT text), `.csv` or `.jsonl` (one object per box).
    Where `data["reason"]` tells why each row got its id or none, JSON lines hold all rows and their reasons.
    MOT text has the class in column 8, -1 where there is none. Rows that `data["interpolated"]` marks are
    marked in the file: MOT text ends in `-1,1` there, CSV has a column, JSON lines have a field.
    An older file stays until the new one is closed, or left by Ctrl-C; where an error comes, it stays for good.

    Args:
        path: File to write.
        overwrite: Replace an existing file.
        about: What JSON lines tell of the run: a field `run` of the first row.

    Raises:
        FileExistsError: If the file exists and `overwrite` is not set.
        ValueError: If the ending is unknown.

    Example:
        >>> import supervision as sv, tempfile
        >>> output = sv.Detections(
        ...     xyxy=np.array([[1.0, 2.0, 11.0, 22.0]]), confidence=np.array([0.5]), tracker_id=np.array([7])
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with ResultWriter(Path(folder) / "result.txt") as writer:
        ...         writer.write(3, output)
        ...     (Path(folder) / "result.txt").read_text()
        '3,7,1,2,10,20,0.5,-1,-1,-1\n'
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False, about: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path)
        formats: dict[str, Callable[[int, sv.Detections], str]] = {
            ".txt": _mot_rows,
            ".csv": _csv_rows,
            ".jsonl": _json_rows,
        }
        if self.path.suffix.lower() not in formats:
            endings = ", ".join(formats)
            raise ValueError(f"a result file ends in one of {endings}, but this one is named {self.path.name!r}")
        self._format = formats[self.path.suffix.lower()]
        self._growing = Growing(self.path, overwrite=overwrite)
        self._file = self._growing.path.open("wb" if overwrite else "xb", buffering=0)
        self._about = about if self.path.suffix.lower() == ".jsonl" else None
        self._header: tuple[str, ...] = CSV_HEADER if self.path.suffix.lower() == ".csv" else ()

    def write(self, frame: int, detections: sv.Detections) -> None:
        """Append the tracked rows of a frame.

        Args:
            frame: Its 1-based number.
            detections: What the tracker returned.

        Raises:
            OSError: If the disk is full; the file then ends with the frame before.
        """
        if "interpolated" in detections.data:
            self._write_header("interpolated")
        if detections.tracker_id is not None:
            self._write_header()
            text = self._format(frame, detections)
            if self._about and text:
                first, _, others = text.partition("\n")
                text = json.dumps({**json.loads(first), "run": self._about}, default=str) + "\n" + others
                self._about = None
            self._append(text)

    def close(self) -> None:
        """Close the file; it takes the place of an older one."""
        if not self._file.closed:
            self._write_header()
        self._file.close()
        self._growing.end(True)

    def _write_header(self, *further: str) -> None:
        """Begin a CSV file; which columns it has is known on the first frame."""
        if self._header:
            self._append(",".join((*self._header, *further)) + "\n")
            self._header = ()

    def _append(self, text: str) -> None:
        data = memoryview(text.encode())
        start = self._file.tell() if self._file.seekable() else 0
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            if self._growing.path.is_file():
                self._file.truncate(start)
            raise OSError(error.errno, os.strerror(error.errno or 0), str(self.path)) from error

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = ends_whole(kind)
        try:
            if error is None:
                self._write_header()
        except OSError:
            whole = False
            raise
        finally:
            self._file.close()
            if error is not None and self._growing.is_empty():
                self._growing.drop()
            self._growing.end(whole)


class _Row(NamedTuple):
    tracker_id: int
    xyxy: list[float]
    confidence: float | None
    class_id: int | None
    class_name: str | None
    reason: str | None
    interpolated: bool | None


def _rows(detections: sv.Detections) -> Iterator[_Row]:
    n = len(detections)
    nothing = [None] * n
    marks = detections.data.get("interpolated")
    columns = (
        nothing if detections.tracker_id is None else detections.tracker_id.tolist(),
        np.round(np.asarray(detections.xyxy, dtype=np.float64), 4).tolist(),
        nothing if detections.confidence is None else np.round(detections.confidence, 6).tolist(),
        nothing if detections.class_id is None else detections.class_id.tolist(),
        *([str(one) for one in detections.data[name]] if name in detections.data else nothing for name in TEXTS),
        nothing if marks is None else np.asarray(marks, np.bool_).tolist(),
    )
    return map(_Row._make, zip(*columns, strict=True))


def _mot_rows(frame: int, detections: sv.Detections) -> str:
    rows = [row for row in _rows(detections) if row.tracker_id >= 0]
    boxes = ([x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in (row.xyxy for row in rows))
    return "".join(
        mot_row(
            frame,
            row.tracker_id,
            box,
            1.0 if row.confidence is None else row.confidence,
            row.interpolated,
            -1 if row.class_id is None else row.class_id,
        )
        for row, box in zip(rows, boxes, strict=True)
    )


def _csv_rows(frame: int, detections: sv.Detections) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in _rows(detections):
        if row.tracker_id >= 0:
            mark = [] if row.interpolated is None else [int(row.interpolated)]
            writer.writerow([frame, row.tracker_id, *row.xyxy, row.confidence, row.class_id, row.class_name, *mark])
    return text.getvalue()


def _json_rows(frame: int, detections: sv.Detections) -> str:
    lines = []
    for row in _rows(detections):
        if row.tracker_id >= 0 or row.reason:
            shown = {"frame": frame, **row._asdict()}
            lines.append(json.dumps({key: value for key, value in shown.items() if key not in MARKS or value}) + "\n")
    return "".join(lines)
