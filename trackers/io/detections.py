"""Detections of a whole sequence in one file, with their appearance vectors.

Three kinds of file are read: MOT text (`det.txt`), the array of the original DeepSORT (`.npy`: ten columns
of MOT text followed by the vector, 128 numbers there), and our own `.npz`: arrays `frame` (n,), `xyxy` (n,
4), `confidence` (n,), `class_id` (n,) and `last_frame`, and any further array of n rows, such as `embedding`
(n, d). None of them needs pickle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, Ints
from trackers.io.detection_table import DetectionTable
from trackers.io.mot import MOST_COLUMNS, read_mot

if TYPE_CHECKING:
    import supervision as sv


def read_detections(path: str | Path, *, embedding: str = "embedding", last_frame: int | None = None) -> DetectionTable:
    """Read detections from a file: MOT text, the original DeepSORT's `.npy`, or our `.npz`.

    Args:
        path: The file.
        embedding: Array of a `.npz` to use as appearance vectors, where it holds several.
        last_frame: Number of frames of the sequence, where known; a row beyond it is an error.

    Returns:
        The detections; vectors become float32 under `data["embedding"]`.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the content cannot be right; the message names the file and the row.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    if path.suffix in (".npz", ".npy"):
        table = _read_npz(path, embedding) if path.suffix == ".npz" else _read_npy(path)
        if last_frame is not None and table.frame.max(initial=0) > last_frame:
            raise ValueError(f"{path} goes to frame {table.frame.max()}, but the sequence has {last_frame} frames")
        return table
    rows = read_mot(path, last_frame=last_frame)
    return DetectionTable(
        frame=rows.frame,
        xyxy=rows.xyxy,
        confidence=rows.confidence,
        last_frame=int(rows.frame.max(initial=0)),
    )


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
    if path.suffix != ".npz":
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
    partial = path.with_suffix(".npz.part")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, **arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return table


def _read_npz(path: Path, embedding: str) -> DetectionTable:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as a .npz of plain arrays: {error}") from error
    missing = {"frame", "xyxy"} - arrays.keys()
    if missing:
        raise ValueError(f"{path} has no array {', '.join(sorted(missing))}; it holds {', '.join(sorted(arrays))}")
    frame = arrays.pop("frame").astype(np.int64)
    order = np.argsort(frame, kind="stable")
    frame = frame[order]
    last_frame = int(arrays.pop("last_frame", frame.max(initial=0)))
    _check_frames(path, frame, last_frame)
    for name, column in arrays.items():
        if column.shape[:1] != frame.shape:
            raise ValueError(f"{path}: array {name} must have {len(frame)} rows like frame, but is {column.shape}")
        arrays[name] = column[order]
    if embedding not in ("embedding", *arrays):
        raise ValueError(f"{path} has no array {embedding!r}; it holds {', '.join(sorted(arrays))}")
    if embedding in arrays:
        arrays["embedding"] = arrays.pop(embedding).astype(np.float32)
    class_id = arrays.pop("class_id", None)
    return DetectionTable(
        frame=frame,
        xyxy=_boxes(path, arrays.pop("xyxy")),
        confidence=arrays.pop("confidence", None),
        class_id=None if class_id is None else class_id.astype(np.int64),
        data=arrays,
        last_frame=last_frame,
    )


def _read_npy(path: Path) -> DetectionTable:
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a plain .npy array: {error}") from error
    if rows.ndim != 2 or rows.shape[1] <= MOST_COLUMNS:
        raise ValueError(
            f"{path} must have {MOST_COLUMNS} columns of MOT text and then the vector (138 in the original "
            f"DeepSORT), but has shape {rows.shape}"
        )
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    frame = rows[:, 0].astype(np.int64)
    _check_frames(path, frame, int(frame.max(initial=0)))
    return DetectionTable(
        frame=frame,
        xyxy=_boxes(path, np.hstack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])),
        confidence=rows[:, 6],
        data={"embedding": rows[:, MOST_COLUMNS:].astype(np.float32)},
        last_frame=int(frame.max(initial=0)),
    )


def _boxes(path: Path, xyxy: npt.NDArray[Any]) -> Floats:
    if xyxy.ndim != 2 or xyxy.shape[1] != 4:
        raise ValueError(f"{path}: boxes must have shape (n, 4), but have {xyxy.shape}")
    return xyxy


def _check_frames(path: Path, frame: Ints, last_frame: int) -> None:
    if len(frame) and not 1 <= frame[0] <= frame[-1] <= last_frame:
        raise ValueError(f"{path}: frames must lie in 1 to {last_frame}, but are {frame[0]} to {frame[-1]}")
