"""Appearance vectors of stored detections, computed once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from trackers.io import DetectionTable, read_ahead
from trackers.pipeline.track import open_frames

Progress = Callable[[Iterator[Any], "int | None"], Iterator[Any]]


def embedded(
    table: DetectionTable, source: str | Path, extractor: Any, *, progress: Progress | None = None
) -> DetectionTable:
    """Compute the appearance vector of every detection.

    Args:
        table: The detections.
        source: The frames they were found on, as in `trackers.pipeline.track.open_frames`.
        extractor: Object with `extract_features(frame, detections)`.
        progress: Wraps the frames, given their number, to show how far they are.

    Returns:
        The same detections with `data["embedding"]`, float32; rows on frames that cannot be read are zero.

    Raises:
        ValueError: If there are no frames.
    """
    frames = open_frames(source)
    if frames is None:
        raise ValueError(f"{source} has no frames to compute vectors of")
    numbered = read_ahead(frames)
    if progress is not None:
        numbered = progress(numbered, frames.frame_count)
    vectors: np.typing.NDArray[np.float32] | None = None
    for number, image in numbered:
        rows = slice(*np.searchsorted(table.frame, [number, number + 1]))
        if rows.start == rows.stop:
            continue
        found = extractor.extract_features(image, table[number])
        if vectors is None:
            vectors = np.zeros((len(table.frame), found.shape[1]), np.float32)
        vectors[rows] = found
    if vectors is None:
        vectors = np.zeros((len(table.frame), 0), np.float32)
    return replace(table, data={**table.data, "embedding": vectors})
