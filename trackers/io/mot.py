"""MOTChallenge text files: detections, ground truth and results.

Conventions: one box a row, `frame, id, left, top, width, height, confidence, ...`, comma, semicolon or space between
numbers; frames count from 1, rows may come in any order. What follows column 7 differs: 8 or 9 columns hold
class and visibility (MOT16, MOT17, MOT20), 10 columns hold x, y and z (MOT15, detections, results). In ground
truth, column 7 tells whether the row counts (0: it does not). Our results hold the class in column 8, -1 where there is
none, and end in -1, -1, or in -1, 1 on rows that no detector found (see `trackers.refine`). A class is the number that
the detections have; nothing is added to it on the way in or out.

References: Milan et al., "MOT16: A Benchmark for Multi-Object Tracking", 2016, section 3.2.
"""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np

from trackers.boxes import Bools, Floats
from trackers.io.text import read_text
from trackers.io.whole import whole_file
from trackers.table import BoxTable

FEWEST_COLUMNS, MOST_COLUMNS = 6, 10

DETECTED, INTERPOLATED = (-1.0, -1.0), (-1.0, 1.0)
"""The last two of ten columns of our results: of a row that a detector found, and of one that none found."""


def read_mot(path: str | Path, *, last_frame: int | None = None) -> BoxTable:
    """Read a MOT text file.

    Args:
        path: The file: `det.txt`, `gt.txt` or a tracker's result.
        last_frame: Number of frames of the sequence, where known; a row beyond it is an error.

    Returns:
        The rows, sorted by frame. `class_id` is column 8 of files of 8 or 9 columns and of our own results,
        `visibility` is column 9 of 9.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a row cannot be right; the message names file and line.
    """
    path = Path(path)
    table, lines = _parse(path)
    n, columns = table.shape
    _check(path, table, lines, last_frame)
    interpolated = (table[:, 8:] == INTERPOLATED).all(axis=1) if columns == 10 else np.zeros(n, np.bool_)
    has_class = columns in (8, 9) or (columns == 10 and _is_ours(table, interpolated))
    return BoxTable.from_rows(
        frame=table[:, 0],
        tracker_id=table[:, 1],
        xywh=table[:, 2:6],
        confidence=table[:, 6] if columns > 6 else np.ones(n),
        class_id=table[:, 7] if has_class else -1,
        visibility=table[:, 8] if columns == 9 else 1.0,
        interpolated=interpolated,
    )


def write_mot(path: str | Path, tracks: BoxTable, *, overwrite: bool = False) -> None:
    """Write a table of boxes as MOT text, in ten columns like a tracker's result.

    Args:
        path: File to write.
        tracks: The boxes.
        overwrite: Replace an existing file.

    Raises:
        FileExistsError: If the file exists and `overwrite` is not set.
    """
    rows = (
        mot_row(frame, tracker_id, box, confidence, interpolated, class_id)
        for frame, tracker_id, box, confidence, interpolated, class_id in zip(
            tracks.frame.tolist(),
            tracks.tracker_id.tolist(),
            tracks.xywh.tolist(),
            tracks.confidence.tolist(),
            tracks.interpolated.tolist(),
            tracks.class_id.tolist(),
            strict=True,
        )
    )
    if Path(path).exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, "file exists", str(path))
    with whole_file(path) as beside:
        beside.write_text("".join(rows), encoding="ascii")


def mot_row(
    frame: int,
    tracker_id: int,
    xywh: list[float],
    confidence: float,
    interpolated: bool | None = False,
    class_id: int = -1,
) -> str:
    r"""Format one row of MOT text, line end included.

    Example:
        >>> mot_row(1, 7, [10.0, 20.5, 30.0, 40.0], 0.9)
        '1,7,10,20.5,30,40,0.9,-1,-1,-1\n'
    """
    numbers = ",".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in (*xywh, confidence))
    return f"{frame},{tracker_id},{numbers},{class_id},-1,{1 if interpolated else -1}\n"


def _parse(path: Path) -> tuple[Floats, list[int]]:
    """Read the numbers, and the line number of each row."""
    text = read_text(path, "a MOT text file")
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not numbered:
        return np.empty((0, FEWEST_COLUMNS)), []
    delimiter = next((sign for sign in ",;" if sign in numbered[0][1]), None)
    numbered = [(number, line.rstrip().removesuffix(delimiter or "")) for number, line in numbered]
    lines = [line for _, line in numbered]
    try:
        table = np.loadtxt(lines, delimiter=delimiter, ndmin=2, comments=None)
    except ValueError as error:
        raise ValueError(_first_bad_line(path, numbered, delimiter)) from error
    if not FEWEST_COLUMNS <= table.shape[1] <= MOST_COLUMNS:
        raise ValueError(_wrong_columns(path, numbered[0][0], table.shape[1]))
    return table, [number for number, _ in numbered]


def _is_ours(table: Floats, interpolated: Bools) -> bool:
    """Whether ten columns are those of our results, where column 8 is a class and no place in space."""
    ends = interpolated | (table[:, 8:] == DETECTED).all(axis=1)
    classes = table[:, 7]
    return bool(ends.all() and (classes >= -1).all() and (classes % 1 == 0).all())


def _first_bad_line(path: Path, numbered: list[tuple[int, str]], delimiter: str | None) -> str:
    expected = len(numbered[0][1].split(delimiter))
    for number, line in numbered:
        fields = line.split(delimiter)
        if not FEWEST_COLUMNS <= len(fields) <= MOST_COLUMNS:
            return _wrong_columns(path, number, len(fields))
        if len(fields) != expected:
            return f"{path}, line {number}: {len(fields)} columns, but the first row has {expected}"
        for field in fields:
            try:
                float(field)
            except ValueError:
                return f"{path}, line {number}: {field.strip()!r} is not a number"
    return f"{path} cannot be read as MOT text"


def _wrong_columns(path: Path, line: int, columns: int) -> str:
    return (
        f"{path}, line {line}: {columns} columns; MOT text has {FEWEST_COLUMNS} to {MOST_COLUMNS}: "
        "frame, id, left, top, width, height, confidence, ..."
    )


def _check(path: Path, table: Floats, lines: list[int], last_frame: int | None) -> None:
    """Refuse rows that cannot be right, naming the first one."""
    bounded = (np.abs(table) < 2**53).all(axis=1)
    frames, ids = np.where(bounded, table[:, :2].T, 0.0)
    wrong = {
        "numbers must be finite and below 2^53": ~bounded,
        "frame numbers are whole and start at 1": (frames < 1) | (frames % 1 != 0),
        "ids are whole numbers": ids % 1 != 0,
    }
    if last_frame is not None:
        wrong[f"the sequence has {last_frame} frames only"] = frames > last_frame
    pairs = np.stack([frames, ids], axis=1)
    _, first = np.unique(pairs, axis=0, return_index=True)
    repeated = ids >= 0
    repeated[first] = False
    wrong["an id may occur once per frame"] = repeated
    for rule, rows in wrong.items():
        if rows.any():
            i = int(np.flatnonzero(rows)[0])
            raise ValueError(f"{path}, line {lines[i]}: {rule}, but got frame {table[i, 0]:g}, id {table[i, 1]:g}")
