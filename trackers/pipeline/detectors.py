"""Where detections come from: a file, an Ultralytics model, or the detector of the embedded sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.appearance.vectors import EMBEDDING
from trackers.boxes import Image
from trackers.errors import require
from trackers.io import DetectionTable, open_source, read_detections, read_sequence
from trackers.io.detections import has_array
from trackers.io.frames import kind_of, place_of
from trackers.io.labels import Size, is_label_folder
from trackers.io.pictures import files_like, is_picture, picture_size, pictures_in
from trackers.io.sequences import is_sequence
from trackers.io.source import without_password

if TYPE_CHECKING:
    import supervision as sv

Detect = Callable[[int, "Image | None"], "sv.Detections"]
"""A detector: frame number (from 1) and image to the detections on it."""

FILE_SUFFIXES = (".txt", ".csv", ".npy", ".npz", ".json", ".jsonl")

SAMPLE = "sample"
"""Name of the embedded sample, as a source of frames and as a detector."""


def is_sample(name: str | Path) -> bool:
    """Whether a name stands for the embedded sample: what exists under that name goes first."""
    return str(name) == SAMPLE and not Path(name).exists()


def open_detector(
    name: str | Path,
    *,
    confidence: float | None = None,
    classes: Sequence[str] = (),
    last_frame: int | None = None,
    source: str | None = None,
) -> Detect:
    """Make a detector.

    Args:
        name: A detections file or a folder of labels, as `trackers.io.read_detections` reads them, `"sample"` for the
            detector of the embedded sample, or the name or path of an Ultralytics model.
        confidence: Lowest confidence that is kept; None keeps all of a file and those of at least 0.1 of a
            model.
        classes: Names or numbers of the classes that are kept; none keeps all.
        last_frame: Number of frames, where known; a file with detections beyond it is refused.
        source: Where the frames are, of which YOLO labels and COCO JSON tell the names and shares of the size.

    Returns:
        The detector.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file cannot be read, or a class does not exist.
        MissingDependencyError: If it is an Ultralytics model and Ultralytics is not installed.
    """
    if is_sample(name):
        return filtered(_sample_detector(), confidence, classes)
    table = stored_table(name, last_frame=last_frame, source=source)
    if table is not None:
        return filtered(from_table(table), confidence, classes)
    return _ultralytics(str(name), confidence, classes)


def stored_table(
    name: str | Path, *, last_frame: int | None = None, source: str | None = None
) -> DetectionTable | None:
    """Read detections that are in a file or a folder; None where a detector finds them.

    Args:
        name: As in `open_detector`.
        last_frame: As in `open_detector`.
        source: As in `open_detector`.
    """
    path = Path(name)
    if is_label_folder(path) or path.suffix.lower() == ".json":
        size, names = (None, ()) if source is None or str(name) == source else _size_and_names(source)
        return read_detections(path, last_frame=last_frame, size=size, names=names)
    return read_detections(name, last_frame=last_frame) if path.suffix.lower() in FILE_SUFFIXES else None


def brings_vectors(name: str | Path) -> bool:
    """Tell whether detections come with vectors: from the original's `.npy`, or a `.npz` with an array `embedding`."""
    path = Path(name)
    if path.suffix.lower() != ".npz" or not path.is_file():
        return path.suffix.lower() == ".npy"
    return has_array(path, EMBEDDING)


def default_detections(source: str) -> str:
    """Say where the detections of a source are when nobody says it.

    Args:
        source: A detections file (itself), `"sample"`, or a MOT sequence folder with `det/det.txt`.

    Returns:
        A name for `open_detector`.

    Raises:
        ValueError: For any other source.
    """
    if is_sample(source) or Path(source).suffix.lower() in FILE_SUFFIXES:
        return source
    if is_sequence(source):
        found = read_sequence(source).detections
        if found is not None:
            return str(found)
    if kind_of(source) == "pattern" and not files_like(source):
        raise FileNotFoundError(f"no such video or folder: {source}")
    raise ValueError(
        f"say where the detections of {without_password(source)} come from: a detections file, or an Ultralytics model "
        "such as yolo11n.pt"
    )


def sequence_length(source: str) -> int | None:
    """Number of frames of a MOT sequence folder by its `seqinfo.ini`; None for any other source."""
    return read_sequence(source).length if is_sequence(source) else None


def _size_and_names(source: str) -> tuple[Size | Sequence[Size] | None, Sequence[str]]:
    """Width and height of the frames of a source, and the names of its pictures where it is a folder."""
    kind = kind_of(source)
    folder = read_sequence(source).frames if is_sequence(source) else place_of(source)
    if folder is None or kind in ("camera", "pipe"):  # what goes by only once is not opened to measure it
        return None, ()
    pictures = [] if kind == "address" else pictures_in(folder) if folder.is_dir() else files_like(str(folder))
    if len(pictures) > 1:
        return [picture_size(path) for path in pictures], [path.stem for path in pictures]
    names = [path.stem for path in pictures if is_picture(path)]
    _, image = next(iter(open_source(source if kind == "address" else folder)))
    return (image.shape[1], image.shape[0]), names


def from_table(table: DetectionTable) -> Detect:
    """A detector that reads its boxes from a table."""
    return lambda number, _: table[number]


def filtered(detect: Detect, confidence: float | None, classes: Sequence[str]) -> Detect:
    """A detector that keeps only confident detections of some classes.

    Raises:
        ValueError: On a frame whose detections have no classes, if classes are asked for.
    """

    def keep(number: int, image: Image | None) -> sv.Detections:
        detections = detect(number, image)
        if detections.confidence is not None and confidence is not None:
            detections = _rows(detections, detections.confidence.astype(np.float32) >= np.float32(confidence))
        return _rows(detections, _of_classes(detections, classes)) if classes else detections

    return keep


def _rows(detections: sv.Detections, keep: Any) -> sv.Detections:
    return detections[np.asarray(keep, dtype=bool)]  # type: ignore[return-value]


def _of_classes(detections: sv.Detections, classes: Sequence[str]) -> Any:
    names = detections.data.get("class_name")
    if len(detections) and names is None and detections.class_id is None:
        raise ValueError(f"the detections have no classes to choose {', '.join(classes)} from")
    numbers = [int(name) for name in classes if name.lstrip("-").isdigit()]
    keep = np.zeros(len(detections), np.bool_)
    if detections.class_id is not None:
        keep = np.isin(detections.class_id, numbers)
    if names is not None and len(detections):
        keep = keep | np.isin(np.asarray(names, dtype=str), list(classes))
    return keep


def _sample_detector() -> Detect:
    from trackers.sample import FigureDetector, Scene

    scene = Scene()
    detector = FigureDetector().fit(scene.frame(i) for i in range(0, len(scene), len(scene) // 20))
    return lambda _, image: detector(_needed(image))


def _ultralytics(name: str, confidence: float | None, classes: Sequence[str]) -> Detect:
    if Path(name).suffix and Path(name).parent != Path() and not Path(name).is_file():
        raise FileNotFoundError(f"no such model: {name}")
    model = require("ultralytics", "ultralytics").YOLO(name)
    known = {str(label): number for number, label in model.names.items()}
    unknown = [label for label in classes if label not in known and not label.isdigit()]
    if unknown:
        raise ValueError(f"{name} has no class {unknown[0]!r}; it has {', '.join(known)}")
    numbers = [known[label] if label in known else int(label) for label in classes] or None

    def detect(_: int, image: Image | None) -> sv.Detections:
        import supervision as sv

        result = model(_needed(image), conf=0.1 if confidence is None else confidence, classes=numbers, verbose=False)[
            0
        ]
        return sv.Detections.from_ultralytics(result)

    return detect


def _needed(image: Image | None) -> Image:
    if image is None:
        raise ValueError("this detector needs frames, but there are none; give a video or a folder of images")
    return image
