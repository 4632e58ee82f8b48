"""Results read back: MOT text, and the CSV and JSON lines of `ResultWriter`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trackers.io.mot import read_mot
from trackers.io.text import read_text
from trackers.table import BoxTable

NEEDED = ("frame", "x1", "y1", "x2", "y2")
"""Columns without which a CSV file holds no boxes."""


class ResultRow(NamedTuple):
    """A box of a result; None where the file says nothing."""

    frame: int
    tracker_id: int
    xyxy: list[float]
    confidence: float | None
    class_id: int | None
    class_name: str | None
    interpolated: bool
    reason: str


def read_result(path: str | Path, *, last_frame: int | None = None) -> tuple[BoxTable, dict[int, dict[int, str]]]:
    """Read a result: MOT text, or the CSV or JSON lines that `ResultWriter` writes.

    Args:
        path: The file.
        last_frame: Number of frames of the sequence, where known; a row beyond it is an error.

    Returns:
        The tracked boxes, and by track (-1 for none) and frame the reasons in the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a line cannot be right; the message names file and line.
    """
    path = Path(path)
    if not has_fields(path):
        return read_mot(path, last_frame=last_frame), {}
    rows = read_rows(path, last_frame=last_frame)
    reasons: dict[int, dict[int, str]] = {}
    for row in rows:
        if row.reason:
            of_track = reasons.setdefault(row.tracker_id, {})
            of_track[row.frame] = f"{of_track[row.frame]}; {row.reason}" if row.frame in of_track else row.reason
    rows = [row for row in rows if row.tracker_id >= 0]
    xyxy = np.array([row.xyxy for row in rows]).reshape(-1, 4)
    table = BoxTable.from_rows(
        frame=[row.frame for row in rows],
        tracker_id=[row.tracker_id for row in rows],
        xywh=np.hstack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]]),
        confidence=[1.0 if row.confidence is None else row.confidence for row in rows],
        class_id=[-1 if row.class_id is None else row.class_id for row in rows],
        interpolated=[row.interpolated for row in rows],
    )
    return table, reasons


def read_run(path: str | Path) -> Mapping[str, Any]:
    """What the first row of JSON lines records of the run that wrote them; nothing for other files.

    Returns:
        `tracker`, `settings`, `extractor`, `detections`, `source` and `version`, as far as they are recorded.
    """
    path = Path(path)
    if path.suffix.lower() != ".jsonl":
        return {}
    fields = next((fields for _, fields in _json_fields(path)), {})
    run = fields.get("run")
    return run if isinstance(run, dict) else {}


def has_fields(path: Path) -> bool:
    """Whether a file names its fields: JSON lines, or CSV with a header; a `.csv` of numbers alone is MOT text."""
    suffix = path.suffix.lower()
    if suffix != ".csv":
        return suffix == ".jsonl"
    lines = read_text(path, "CSV with a header, or MOT text,").split("\n", 1)
    return any(letter.isalpha() for letter in lines[0])


def read_rows(path: Path, *, last_frame: int | None = None) -> list[ResultRow]:
    """Read every row of a CSV file with a header, or of JSON lines.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a line cannot be right; the message names file and line.
    """
    rows = []
    for number, fields in _csv_fields(path) if path.suffix.lower() == ".csv" else _json_fields(path):
        try:
            row = _row(fields)
            if last_frame is not None and row.frame > last_frame:
                raise ValueError(f"the sequence has {last_frame} frames only, but got frame {row.frame}")
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"{path}, line {number}: not a box of a result: {error}") from error
        rows.append(row)
    return rows


def class_names(path: Path) -> dict[int, str]:
    """Names of the classes of a result, by class; none where the file has no fields, as MOT text.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a line cannot be right; the message names file and line.
    """
    rows = read_rows(path) if has_fields(path) else []
    return {row.class_id: row.class_name for row in rows if row.class_id is not None and row.class_name}


def _json_fields(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(read_text(path, "JSON lines").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {number}: not a box of a result: {error}") from error
        if not isinstance(fields, dict):
            raise ValueError(f"{path}, line {number}: not a box of a result: expected an object in braces")
        yield number, fields


def _csv_fields(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    lines = read_text(path, "CSV").splitlines()
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if missing := [name for name in NEEDED if name not in names]:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(names)}")
    reader.fieldnames = names
    try:
        for fields in reader:
            filled = {name: value for name, value in fields.items() if name and value}
            yield reader.line_num, {**filled, "xyxy": [filled[name] for name in NEEDED[1:] if name in filled]}
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: not CSV: {error}") from error


def _row(fields: Mapping[str, Any]) -> ResultRow:
    if "frame" not in fields or "xyxy" not in fields:
        raise ValueError("it has no frame, or no box")
    frame, tracker_id, class_id = (_whole(name, fields.get(name)) for name in ("frame", "tracker_id", "class_id"))
    x1, y1, x2, y2 = map(float, fields["xyxy"])
    score = fields.get("confidence")
    confidence = None if score is None else float(score)
    if not np.isfinite([x1, y1, x2, y2, confidence or 0.0]).all():
        raise ValueError("numbers must be finite and below 2^53")
    if frame is None or frame < 1:
        raise ValueError("frames count from 1, and numbers must be finite and below 2^53")
    return ResultRow(
        frame=frame,
        tracker_id=-1 if tracker_id is None else tracker_id,
        xyxy=[x1, y1, x2, y2],
        confidence=confidence,
        class_id=class_id,
        class_name=None if fields.get("class_name") is None else str(fields["class_name"]),
        interpolated=fields.get("interpolated") in (True, "1", "True", "true"),
        reason="" if fields.get("reason") is None else str(fields["reason"]),
    )


def _whole(name: str, value: Any) -> int | None:
    if value is None:
        return None
    number = float(value)
    if not (abs(number) < 2**53 and number == int(number)):
        raise ValueError(f"{name} must be a whole number below 2^53, but got {value!r}")
    return int(number)
