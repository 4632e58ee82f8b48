"""Detections of a whole sequence in one file, with their appearance vectors.

Boxes with vectors come from two kinds of file: the array of the original DeepSORT (`.npy`: ten
columns of MOT text followed by the vector, 128 numbers there), and our own `.npz`: arrays `frame` (n,), `xyxy` (n,
4), `confidence` (n,), `class_id` (n,) and `last_frame`, and any further array of n rows, such as `embedding`
(n, d). None of them needs pickle. Boxes alone come from MOT text, from results, and from what other programs write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Ints
from trackers.io.detection_table import DetectionTable
from trackers.io.labels import is_label_folder, read_coco, read_yolo
from trackers.io.mot import MOST_COLUMNS, read_mot
from trackers.io.result_reader import ResultRow, has_fields, read_rows
from trackers.io.whole import whole_file

if TYPE_CHECKING:
    import supervision as sv


NO_CLASS, NO_SCORE = -1, -1.0
"""What MOT text writes where there is none."""


def read_detections(
    path: str | Path,
    *,
    embedding: str = "embedding",
    last_frame: int | None = None,
    size: tuple[int, int] | Sequence[tuple[int, int]] | None = None,
    names: Sequence[str] = (),
) -> DetectionTable:
    """Read detections: MOT text, `.npy` or `.npz`, `.csv` or `.jsonl` as `trackers track` writes them, YOLO, COCO JSON.

    Args:
        path: The file, or a folder of YOLO labels (boxes, polygons or poses, one `.txt` for each frame).
        embedding: Array of a `.npz` to use as appearance vectors, where it holds several.
        last_frame: Number of frames of the sequence, where known; a row beyond it is an error.
        size: Width and height of the frames, or of each frame where they differ; YOLO labels are shares of it.
        names: Names of the pictures without their endings, in the order of frames, where files or COCO images are named
            after them. Without names the last number in a name tells the frame.

    Returns:
        The detections; vectors become float32 under `data["embedding"]`.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the content cannot be right; the message names the file and the row.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    labels = is_label_folder(path)
    if not (path.is_file() or labels):
        raise FileNotFoundError(f"no such file: {path}")
    if labels or suffix in (".npz", ".npy", ".json"):
        if labels or suffix == ".json":
            table = read_yolo(path, size=size, names=names) if labels else read_coco(path, names=names)
        else:
            table = _read_npz(path, embedding) if suffix == ".npz" else _read_npy(path)
        if last_frame is not None and table.frame.max(initial=0) > last_frame:
            raise ValueError(f"{path} goes to frame {table.frame.max()}, but the sequence has {last_frame} frames")
        return table
    if has_fields(path):
        return _from_rows(path, read_rows(path, last_frame=last_frame))
    rows = read_mot(path, last_frame=last_frame)
    return DetectionTable(
        frame=rows.frame,
        xyxy=rows.xyxy,
        confidence=_scores(rows.confidence),
        class_id=None if (rows.class_id == NO_CLASS).all() else rows.class_id,
        last_frame=int(rows.frame.max(initial=0)),
    )


def _from_rows(path: Path, rows: list[ResultRow]) -> DetectionTable:
    """Detections of a file with named fields; ids are left out."""
    frame = np.array([row.frame for row in rows], np.int64)
    classes = np.array([NO_CLASS if row.class_id is None else row.class_id for row in rows], np.int64)
    scores = np.array([NO_SCORE if row.confidence is None else row.confidence for row in rows])
    names = np.array([row.class_name or "" for row in rows])
    columns = {
        "xyxy": np.array([row.xyxy for row in rows]).reshape(-1, 4),
        "confidence": _scores(scores),
        "class_id": None if (classes == NO_CLASS).all() else classes,
        "class_name": None if (names == "").all() else names,
    }
    return _table(path, frame, columns, int(frame.max(initial=0)))


def write_detections(path: str | Path, frames: Iterable[sv.Detections], *, overwrite: bool = False) -> DetectionTable:
    """Write detections and what they carry in `data` to a `.npz` file.

    Args:
        path: File to write; it appears only when it is complete.
        frames: Detections of frame 1, 2, ...
        overwrite: Replace an existing file.

    Returns:
        What was written.

    Raises:
        FileExistsError: If the file exists and `overwrite` is not set.
        ValueError: If the ending is not `.npz`, a column is missing on some frames or holds Python objects.

    Example:
        >>> import supervision as sv, tempfile
        >>> frame = sv.Detections(
        ...     xyxy=np.array([[1.0, 2.0, 11.0, 22.0]]), data={"embedding": np.ones((1, 4), np.float32)}
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_detections(Path(folder) / "boxes.npz", [sv.Detections.empty(), frame])
        ...     table = read_detections(Path(folder) / "boxes.npz")
        >>> len(table), table[2].data["embedding"].shape
        (2, (1, 4))
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise ValueError(f"detections are written to a .npz file, but got {path.name!r}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or allow overwriting")
    table = DetectionTable.from_detections(frames)
    arrays: dict[str, Any] = {
        "frame": table.frame,
        "xyxy": table.xyxy,
        "last_frame": np.array(table.last_frame),
        **table.data,
    }
    optional = {"confidence": table.confidence, "class_id": table.class_id}
    arrays |= {name: column for name, column in optional.items() if column is not None}
    if objects := sorted(name for name, column in arrays.items() if column.dtype == object):
        raise ValueError(f"only numbers and text are written, but {', '.join(objects)} holds Python objects")
    with whole_file(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return table


def has_array(path: Path, name: str) -> bool:
    """Whether a `.npz` holds an array of that name.

    Raises:
        ValueError: If it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return name in arrays.files
    except Exception as error:  # as in `_load`
        raise ValueError(f"{path} cannot be read as a .npz of plain arrays: {error}") from error


def _load(path: Path, kind: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file by their names; the one of a `.npy` goes by its ending."""
    try:
        with path.open("rb") as file:
            content = np.load(file, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return {"npy": content}
            return {name: content[name] for name in content.files}
    except Exception as error:  # there is no end to what a damaged archive can raise
        raise ValueError(f"{path} cannot be read as {kind}: {error}") from error


def _read_npz(path: Path, embedding: str) -> DetectionTable:
    arrays = _load(path, "a .npz of plain arrays")
    missing = {"frame", "xyxy"} - arrays.keys()
    if missing:
        raise ValueError(f"{path} has no array {', '.join(sorted(missing))}; it holds {', '.join(sorted(arrays))}")
    frame = _whole(path, "frame", arrays.pop("frame"))
    last_frame = _whole(path, "last_frame", np.atleast_1d(arrays.pop("last_frame", frame.max(initial=0))))
    if len(last_frame) != 1:
        raise ValueError(f"{path}: array last_frame must be one number, but has {len(last_frame)}")
    if embedding not in ("embedding", *arrays):
        raise ValueError(f"{path} has no array {embedding!r}; it holds {', '.join(sorted(arrays))}")
    if embedding in arrays:
        arrays["embedding"] = arrays.pop(embedding)
    for name, column in arrays.items():
        if column.shape[:1] != frame.shape:
            raise ValueError(f"{path}: array {name} must have {len(frame)} rows like frame, but is {column.shape}")
    for name, dimensions in (("xyxy", 2), ("confidence", 1), ("embedding", 2)):
        if name in arrays:
            _check_numbers(path, name, arrays[name], dimensions)
    if "class_id" in arrays:
        arrays["class_id"] = _whole(path, "class_id", arrays["class_id"])
    return _table(path, frame, arrays, int(last_frame[0]))


def _read_npy(path: Path) -> DetectionTable:
    arrays = _load(path, "a plain .npy array")
    rows = arrays.get("npy", np.empty(0))
    if rows.ndim != 2 or rows.shape[1] <= MOST_COLUMNS:
        raise ValueError(
            f"{path} must have {MOST_COLUMNS} columns of MOT text and then the vector (138 in the original "
            f"DeepSORT), but has shape {rows.shape}"
        )
    _check_numbers(path, "of the file", rows, 2)
    frame = _whole(path, "of frames, column 1,", rows[:, 0])
    columns = {
        "xyxy": np.hstack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]),
        "confidence": _scores(rows[:, 6]),
        "embedding": rows[:, MOST_COLUMNS:],
    }
    return _table(path, frame, columns, int(frame.max(initial=0)))


def _table(path: Path, frame: Ints, found: Mapping[str, npt.NDArray[Any] | None], last_frame: int) -> DetectionTable:
    """The columns that there are, in ascending order of frames."""
    columns = {name: column for name, column in found.items() if column is not None}
    order = np.argsort(frame, kind="stable")
    frame = frame[order]
    if len(frame) and not 1 <= frame[0] <= frame[-1] <= last_frame:
        raise ValueError(f"{path}: frames must lie in 1 to {last_frame}, but are {frame[0]} to {frame[-1]}")
    if columns["xyxy"].shape[1] != 4:
        raise ValueError(f"{path}: boxes must have shape (n, 4), but have {columns['xyxy'].shape}")
    bad = ~np.isfinite(columns["xyxy"]).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{path}: boxes must be finite, but row {row} is {columns['xyxy'][row].tolist()}")
    data = {name: column[order] for name, column in columns.items()}
    if "embedding" in data:
        with np.errstate(over="ignore"):
            data["embedding"] = data["embedding"].astype(np.float32)
    return DetectionTable(
        frame=frame,
        xyxy=data.pop("xyxy"),
        confidence=data.pop("confidence", None),
        class_id=data.pop("class_id", None),
        data=data,
        last_frame=last_frame,
    )


def _scores(column: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The column of scores; -1 means that there is none, which is 1 where other rows have one."""
    none = column == NO_SCORE
    return None if len(none) and none.all() else np.where(none, 1.0, column)


def _check_numbers(path: Path, name: str, array: npt.NDArray[Any], dimensions: int) -> None:
    if array.dtype.kind not in "biuf" or array.ndim != dimensions:
        raise ValueError(
            f"{path}: array {name} must hold numbers in {dimensions} dimensions, "
            f"but holds {array.dtype} in shape {array.shape}"
        )


def _whole(path: Path, name: str, array: npt.NDArray[Any]) -> Ints:
    """Numbers that count something, which may be kept as floats."""
    _check_numbers(path, name, array, 1)
    if array.dtype.kind == "f":
        array = array.astype(np.float64)
        if not ((np.abs(array) < 2**53) & (np.floor(array) == array)).all():
            raise ValueError(f"{path}: array {name} must hold whole numbers")
    return array.astype(np.int64)
