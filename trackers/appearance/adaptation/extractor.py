"""An extractor whose vectors pass through a learned map, and its file."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.adaptation.learning import AdaptationReport
from trackers.appearance.adaptation.projection import Projection
from trackers.appearance.registry import EXTRACTORS, find
from trackers.appearance.vectors import on_device, unit_vectors
from trackers.boxes import Vectors

if TYPE_CHECKING:
    import supervision as sv

    from trackers.appearance.protocol import FeatureExtractor

FORMAT = "adapted extractor 1"
"""What a file says that it is."""

LIKE = 0.99
"""Least cosine between the vectors of one picture by the extractor of a file and by the one it is used with."""


class AdaptedExtractor:
    """An extractor like any other, whose vectors pass through a map learned from a video; `adapt` makes one.

    Args:
        extractor: The extractor whose vectors are mapped; None for vectors that are stored already.
        projection: The map; None leaves the vectors as they are.
        appearance_threshold: Cosine distance beyond which two mapped vectors are taken for two objects. None takes the
            extractor's own, and so does a map of None where the extractor has one.
        report: What the map was learned from, and what it brought.

    Attributes:
        extractor: The extractor.
        projection: The map, or None.
        appearance_threshold: The threshold, or None where there is no map and the extractor has none.
        report: The report.

    Example:
        >>> from trackers.appearance.stripes import StripeFeatureExtractor
        >>> report = AdaptationReport(False, "for example", tracks=0, objects=0)
        >>> AdaptedExtractor(StripeFeatureExtractor(), None, None, report).appearance_threshold
        0.2
    """

    def __init__(
        self,
        extractor: FeatureExtractor | None,
        projection: Projection | None,
        appearance_threshold: float | None,
        report: AdaptationReport,
    ) -> None:
        """Keep the parts."""
        self.extractor = on_device(extractor, None)
        self.projection = projection
        own = getattr(extractor, "appearance_threshold", None)
        known = own is not None and (projection is None or appearance_threshold is None)
        self.appearance_threshold = own if known else appearance_threshold
        self.report = report

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Vectors:
        """Mapped vectors of the boxes of a frame.

        Args:
            frame: The image, as the extractor wants it.
            detections: n boxes; never changed.

        Returns:
            Unit vectors, float32, shape `(n, k)`; a row of zeros where the extractor gives none.

        Raises:
            ValueError: If there is no extractor, or it gives vectors of another length than those learned from.
        """
        if self.extractor is None:
            raise ValueError(
                "expected an extractor, but this map was learned on stored vectors; use transform(vectors)"
            )
        extract: Any = getattr(self.extractor, "extract_features", self.extractor)
        return self.transform(extract(frame, detections))

    def transform(self, vectors: Any) -> Vectors:
        """Map vectors that the extractor gave.

        Args:
            vectors: Shape `(n, d)`, of any length.

        Returns:
            Unit vectors, float32, shape `(n, k)`; zero rows stay zero.

        Raises:
            ValueError: If they have not the length of those that were learned from.
        """
        unit = unit_vectors(vectors, len(vectors), "the vectors to map")
        if self.projection is None or not len(unit):
            return unit
        expected = len(self.projection.mean)
        if unit.shape[1] != expected:
            raise ValueError(
                f"expected vectors of {expected} numbers, as those that were learned from, but got {unit.shape[1]}; "
                "use the extractor that was adapted"
            )
        return self.projection(unit)

    def to(self, device: Any) -> AdaptedExtractor:
        """Move the extractor to another device, in place.

        Args:
            device: As the extractor takes it.

        Returns:
            This extractor.

        Raises:
            ValueError: If the extractor cannot be moved.
        """
        if self.extractor is not None:
            self.extractor = on_device(self.extractor, device)
        return self

    def save(self, path: str | Path) -> None:
        """Write map, threshold, report and the name of the extractor to a `.npz` of plain arrays, without weights.

        Args:
            path: File to write or replace.

        Raises:
            ValueError: If the ending is not `.npz`.
            OSError: If it cannot be written.
        """
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"an adapted extractor is written to a .npz file, but got {path.name!r}")
        header = {
            "format": FORMAT,
            "extractor": _recipe(self.extractor),
            "appearance_threshold": None if self.appearance_threshold is None else float(self.appearance_threshold),
            "report": asdict(self.report),
        }
        arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
        if self.projection is not None:
            arrays |= {"mean": self.projection.mean, "matrix": self.projection.matrix}
        if (found := fingerprint(self.extractor)) is not None:
            arrays["fingerprint"] = found
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with beside.open("xb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path, extractor: FeatureExtractor | None = None) -> AdaptedExtractor:
        """Read what `save` wrote.

        Args:
            path: The file. It is data alone: nothing in it is run.
            extractor: The extractor that was adapted; None makes the one that the file names.

        Returns:
            The adapted extractor.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is something else or damaged, names no extractor and none is given, or the
                extractor gives other vectors than the one that was adapted.
        """
        header, arrays = _read(Path(path))
        if extractor is None and header["extractor"] is not None:
            name, options = header["extractor"]["name"], header["extractor"]["options"]
            if name not in EXTRACTORS:
                raise ValueError(f"{path} names an extractor {name!r}, but known are {', '.join(EXTRACTORS)}")
            extractor = find(EXTRACTORS, name)(**options)
        stored = arrays.get("fingerprint")
        if extractor is None and stored is not None:
            raise ValueError(f"{path} does not say how its extractor is made; call load(path, extractor)")
        if extractor is not None and stored is not None:
            _check_like(stored, fingerprint(extractor), path)
        projection = Projection(arrays["mean"], arrays["matrix"]) if "mean" in arrays else None
        return cls(extractor, projection, header["appearance_threshold"], AdaptationReport(**header["report"]))


def fingerprint(extractor: Any) -> Vectors | None:
    """The vectors an extractor gives for a fixed picture, shape `(4, d)`; None where it cannot be asked about one."""
    import supervision as sv

    if extractor is None:
        return None
    coarse = np.random.default_rng(0).integers(0, 256, (8, 16, 3), np.uint8)
    picture = np.kron(coarse, np.ones((32, 32, 1), np.uint8))
    boxes = np.array([[8, 8, 120, 248], [136, 8, 248, 248], [264, 8, 376, 248], [392, 8, 504, 248]], np.float64)
    extract: Any = getattr(extractor, "extract_features", extractor)
    try:
        return unit_vectors(extract(picture, sv.Detections(xyxy=boxes)), len(boxes), "the extractor's result")
    except (ValueError, RuntimeError):  # such as one that reads the maps of a detector at work
        return None


def _recipe(extractor: Any) -> dict[str, Any] | None:
    """Name and options that make an equal extractor; None where they are no plain data."""
    recipe = getattr(extractor, "recipe", None)
    if recipe is None:
        return None
    name, options = recipe
    try:
        return {"name": name, "options": json.loads(json.dumps(options, default=_path))}
    except TypeError:
        return None


def _path(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError


def _check_like(stored: Vectors, found: Vectors | None, path: Any) -> None:
    if found is None or found.shape != stored.shape:
        got = "none" if found is None else str(found.shape[1])
        raise ValueError(f"{path} was learned on vectors of {stored.shape[1]} numbers, but the extractor gives {got}")
    if float(np.einsum("ij,ij->i", stored, found).min()) < LIKE:
        raise ValueError(f"{path} was learned on another extractor: this one gives other vectors for the same picture")


def _read(path: Path) -> tuple[Mapping[str, Any], dict[str, npt.NDArray[Any]]]:
    content = io.BytesIO(path.read_bytes())
    try:
        with np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        right = header["format"] == FORMAT and {"extractor", "appearance_threshold", "report"} <= header.keys()
        if "mean" in arrays or "matrix" in arrays:
            mean, matrix = arrays["mean"], arrays["matrix"]
            right = right and mean.ndim == 1 and matrix.ndim == 2 and len(mean) == len(matrix)
            right = right and bool(np.isfinite(matrix).all() and np.isfinite(mean).all())
    except Exception as error:  # there is no end to what a damaged archive can raise
        raise ValueError(f"{path} is damaged or holds no adapted extractor: {error}") from error
    if not right:
        raise ValueError(f"{path} is damaged or holds no adapted extractor")
    return header, arrays
