"""Detections as other programs keep them: a folder of YOLO labels, and COCO JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, Ints
from trackers.io.detection_table import DetectionTable
from trackers.io.text import read_text

Size = tuple[int, int]

BOX_NUMBERS = 5
"""Numbers of a label of a box: its class, its centre, its width and height."""


def is_label_folder(path: Path) -> bool:
    """Whether a folder holds text files that are named like frames; `path/labels` of Ultralytics is one."""
    return path.is_dir() and any(labels_in(path))


def read_yolo(folder: Path, *, size: Size | Sequence[Size] | None, names: Sequence[str] = ()) -> DetectionTable:
    """Read a folder of YOLO labels, shares of the frame, one file for each frame.

    A line is `class cx cy w h [confidence] [id]`, a polygon `class x1 y1 x2 y2 x3 y3 ... [confidence]`, or a pose
    `class cx cy w h` and keypoints of three numbers each `[confidence]`. Of a polygon its bounding box is read; ids are
    left out. A folder holds poses where all its lines have the length of one and all keypoints lie in their boxes.

    Args:
        folder: The folder.
        size: Width and height of the frames; of each, where they differ.
        names: Names of the pictures without their endings, in the order of frames; where given they say which frame a
            file belongs to, else the last number in its name does, counted from 1.

    Raises:
        ValueError: If the size is not known, or a line cannot be right; the message names file and line.
    """
    if size is None:
        raise ValueError(f"{folder} holds boxes as shares of the frame; give a video file or pictures as the source")
    paths = labels_in(folder)
    numbers = _frame_numbers(folder, [path.stem for path in paths], names)
    labels: list[list[float]] = []
    frames: list[int] = []
    for path, number in zip(paths, numbers, strict=True):
        for line, text in enumerate(read_text(path, "a file of YOLO labels").splitlines(), start=1):
            if text.strip():
                labels.append(_yolo_label(path, line, text))
                frames.append(number)
    poses = _are_poses(labels)
    table = np.array([_yolo_box(label, poses) for label in labels], np.float64).reshape(-1, 6)
    sizes = np.atleast_2d(np.asarray(size, np.float64))
    if len(sizes) > 1 and max(frames, default=1) > len(sizes):
        raise ValueError(f"{folder} has labels of frame {max(frames)}, but the source has {len(sizes)} frames")
    scale = sizes[np.array(frames, np.int64) - 1] if len(sizes) > 1 else sizes
    centre, half = table[:, 1:3] * scale, table[:, 3:5] * scale / 2
    return _table(np.array(frames, np.int64), np.hstack([centre - half, centre + half]), table[:, 5], table[:, 0])


def read_coco(path: Path, *, names: Sequence[str] = ()) -> DetectionTable:
    """Read COCO JSON: a list of results, or a file with `images`, `annotations` and `categories`.

    The frame of an image is that of the picture of its name in `names`, else its `frame_id` (from 0 where a file counts
    so), else the last number of its file name; of a list of results it is `image_id`.

    Args:
        path: The file.
        names: Names of the pictures without their endings, in the order of frames.

    Raises:
        ValueError: If a box cannot be right; the message names the file and the box.
    """
    try:
        content = json.loads(read_text(path, "COCO JSON"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not COCO JSON: {error}") from error
    images = content.get("images", []) if isinstance(content, dict) else []
    boxes = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(boxes, list) or not isinstance(images, list):
        raise ValueError(f"{path} is not COCO JSON: expected a list of results, or images and annotations")
    try:
        frame_of = _coco_frames(path, images, boxes, names)
        categories = content.get("categories", []) if isinstance(content, dict) else []
        labels = {int(one["id"]): str(one["name"]) for one in categories}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not COCO JSON: an image or a category has no {error}") from error
    frames, rows = [], []
    for place, one in enumerate(boxes):
        try:
            left, top, width, height = map(float, one["bbox"])
            numbers = [left, top, left + width, top + height, float(one.get("score", -1)), int(one["category_id"])]
            frames.append(frame_of[one["image_id"]])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ValueError(f"{path}: box {place} cannot be read: {type(error).__name__} {error}") from error
        if not (np.isfinite(numbers).all() and abs(numbers[5]) < 2**53):
            raise ValueError(f"{path}: numbers must be finite, but box {place} is {one['bbox']}")
        rows.append(numbers)
    table = np.array(rows, np.float64).reshape(-1, 6)
    classes = table[:, 5].astype(np.int64)
    data = {"class_name": np.array([labels.get(one, "") for one in classes.tolist()])} if labels else {}
    return _table(np.array(frames, np.int64), table[:, :4], table[:, 4], classes, data)


def labels_in(folder: Path) -> list[Path]:
    """Text files of a folder, or of `labels` in it, that are named like frames."""
    place = folder / "labels" if (folder / "labels").is_dir() else folder
    skipped = ("classes", "readme", "licen", ".")
    files = sorted(place.iterdir())
    return [one for one in files if one.suffix.lower() == ".txt" and not one.name.lower().startswith(skipped)]


def _frame_numbers(path: Path, stems: Sequence[str], names: Sequence[str]) -> list[int]:
    """The frame of each stem: that of its picture, or the last number in it."""
    places = {name: number for number, name in enumerate(names, start=1)}
    if places:
        if unknown := [stem for stem in stems if stem not in places]:
            raise ValueError(f"{path}: no picture of the source is named {unknown[0]!r}; the first is {names[0]!r}")
        return [places[stem] for stem in stems]
    found = [re.findall(r"\d+", stem) for stem in stems]
    if nameless := [stem for stem, digits in zip(stems, found, strict=True) if not digits]:
        raise ValueError(f"{path}: {nameless[0]!r} has no number that tells its frame; give the pictures as the source")
    return _from_one([int(digits[-1]) for digits in found])


def _from_one(numbers: list[int]) -> list[int]:
    """Frame numbers counted from 1; those that count from 0 hold a 0."""
    return [number + 1 for number in numbers] if 0 in numbers else numbers


def _coco_frames(path: Path, images: Sequence[Any], boxes: Sequence[Any], names: Sequence[str]) -> Mapping[Any, int]:
    if not images:
        found = list(dict.fromkeys(one["image_id"] for one in boxes))
        if all(isinstance(one, int) for one in found):
            return dict(zip(found, _from_one(found), strict=True))
        return dict(
            zip(found, _frame_numbers(path, [PurePosixPath(str(one)).stem for one in found], names), strict=True)
        )
    ids = [one["id"] for one in images]
    if not names and all("frame_id" in one for one in images):
        return dict(zip(ids, _from_one([int(one["frame_id"]) for one in images]), strict=True))
    stems = [PurePosixPath(str(one["file_name"])).stem for one in images]
    return dict(zip(ids, _frame_numbers(path, stems, names), strict=True))


def _yolo_label(path: Path, line: int, text: str) -> list[float]:
    """The numbers of a line."""
    try:
        row = [float(field) for field in text.split()]
    except ValueError as error:
        raise ValueError(f"{path}, line {line}: {error}") from error
    if len(row) < BOX_NUMBERS:
        raise ValueError(
            f"{path}, line {line}: {len(row)} numbers; a label has at least 5: class, cx, cy, w, h, or a polygon"
        )
    if not (np.isfinite(row).all() and row[0] == int(row[0]) and 0 <= row[0] < 2**53):
        raise ValueError(
            f"{path}, line {line}: a class is a whole number from 0, and all are finite; got {text.strip()!r}"
        )
    if not all(-1.0 <= one <= 2.0 for one in row[1:BOX_NUMBERS]):
        raise ValueError(f"{path}, line {line}: boxes are shares of the frame, but got {text.strip()!r}")
    return row


def _yolo_box(label: Sequence[float], poses: bool) -> list[float]:
    """Class, centre, width, height and confidence (-1 for none) of a label."""
    rest = label[BOX_NUMBERS:]
    if poses:
        return [*label[:BOX_NUMBERS], rest[-1] if len(rest) % 3 else -1.0]
    if len(rest) <= 2:
        score, *_ = [one for one in rest if one <= 1.0] or [-1.0]  # what is above 1 is an id
        if len(rest) < 2 or (rest[1] >= 1.0 and rest[1] == int(rest[1])):
            return [*label[:BOX_NUMBERS], score]
    score = -1.0 if len(label) % 2 else label[-1]
    points = np.reshape(label[1 : len(label) - (score >= 0)], (-1, 2))
    low, high = points.min(axis=0), points.max(axis=0)
    return [label[0], *(low + high) / 2, *(high - low), score]


def _are_poses(labels: Sequence[Sequence[float]]) -> bool:
    """Whether labels are boxes with keypoints of three numbers each, and no polygons.

    In all labels boxes lie in the frame, visible keypoints in the boxes, and how visible they are is no coordinate:
    a whole number everywhere, or mostly beyond all numbers that are coordinates.
    """
    count, left = divmod(len(labels[0]) - BOX_NUMBERS, 3) if labels else (0, 0)
    if len({len(label) for label in labels}) != 1 or count < 1 or left > 1:
        return False
    table = np.array(labels)
    boxes, points = table[:, 1:5], table[:, BOX_NUMBERS : BOX_NUMBERS + 3 * count].reshape(len(table), count, 3)
    centre, half, where, clear = boxes[:, :2], boxes[:, 2:] / 2, points[:, :, :2], points[:, :, 2]
    visible = (clear > 0.5) & (where != 0).any(axis=2)
    inside = (np.abs(where - centre[:, None]) <= half[:, None] + 0.02).all(axis=2)
    in_frame = (centre - half >= -0.02).all() and (centre + half <= 1.02).all()
    if not (in_frame and visible.any() and inside[visible].mean() > 0.95):
        return False
    highest = np.concatenate([boxes, where.reshape(len(table), -1)], axis=1).max(axis=1)
    beyond = (clear > highest[:, None] + 0.02)[visible].mean()
    return bool(np.isin(clear, (0, 1, 2)).all() or (count > 3 and beyond > 0.6))


def _table(
    frame: Ints,
    xyxy: Floats,
    score: Floats,
    classes: npt.NDArray[Any],
    data: Mapping[str, npt.NDArray[Any]] | None = None,
) -> DetectionTable:
    order = np.argsort(frame, kind="stable")
    none = score == -1
    return DetectionTable(
        frame=frame[order],
        xyxy=xyxy[order],
        confidence=None if none.all() else np.where(none, 1.0, score)[order],
        class_id=classes.astype(np.int64)[order],
        data={name: column[order] for name, column in (data or {}).items()},
        last_frame=int(frame.max(initial=0)),
    )
