"""On stored boxes and vectors the stand-in and the native tracker give the same tracks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.compat.subjects import Compat, Native

SETS: dict[str, dict[str, Any]] = {
    "paper": {"max_cosine_distance": 0.2, "nn_budget": 100, "max_age": 30, "n_init": 3},
    "tight": {"max_cosine_distance": 0.1, "nn_budget": 5, "max_age": 10, "n_init": 5},
    "loose": {"max_cosine_distance": 0.5, "nn_budget": None, "max_age": 70, "n_init": 3},
}


def same_partition(first: list[Any], second: list[Any]) -> bool:
    """Whether two lists of names are the same up to renaming, None staying None."""
    pairs = set(zip(first, second, strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) and all(
        (a is None) == (b is None) for a, b in pairs
    )


def test_partitions_are_distinguished() -> None:
    assert same_partition(["1", None, "2"], ["5", None, "4"])
    assert not same_partition(["1", "1"], ["5", "4"])
    assert not same_partition(["1", "2"], ["5", "5"])
    assert not same_partition(["1", None], ["5", "6"])


def frames_of(folder: Path) -> Iterator[tuple[Any, Any, list[int]]]:
    """Boxes as left, top, width, height, vectors, and numbers of the rows, frame by frame."""
    with np.load(folder / "detections.npz") as stored:
        frame, xyxy, confidence, vectors = (stored[name] for name in ("frame", "xyxy", "confidence", "osnet"))
    for number in range(1, int(frame.max()) + 1):
        rows = np.flatnonzero((frame == number) & (confidence >= np.float32(0.3)))
        boxes = xyxy[rows].astype(np.float64)
        boxes[:, 2:] -= boxes[:, :2]
        yield boxes.tolist(), vectors[rows].astype(np.float32), rows.tolist()


@pytest.mark.data
@pytest.mark.parametrize("options", SETS)
@pytest.mark.parametrize("sequence", ["KITTI-17", "TUD-Stadtmitte", "MOT16-11a"])
def test_same_tracks(data_dir: Path, sequence: str, options: str) -> None:
    native, compat = Native(**SETS[options]), Compat(**SETS[options])
    outputs: dict[Any, list[Any]] = {native: [], compat: []}
    for boxes, vectors, _ in frames_of(data_dir / "golden" / sequence):
        for subject, names in outputs.items():
            names += subject.names(boxes, vectors)
    assert len(outputs[native]) > 500
    assert sum(name is not None for name in outputs[native]) > 400
    assert same_partition(outputs[native], outputs[compat])


@pytest.mark.data
def test_same_tracks_as_the_published_implementation(data_dir: Path) -> None:
    folder = data_dir / "golden" / "KITTI-17"
    published = dict(np.loadtxt(folder / "reference_paper.csv", delimiter=",", skiprows=1, dtype=int)[:, 1:].tolist())
    # There, a track of max_age 30 can be found again after at most 29 missed frames.
    compat = Compat(**{**SETS["paper"], "max_age": 29})
    outputs: list[Any] = []
    references: list[Any] = []
    for boxes, vectors, rows in frames_of(folder):
        outputs += compat.names(boxes, vectors)
        references += [published.get(row) for row in rows]
    assert same_partition(outputs, references)
