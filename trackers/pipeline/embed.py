"""Detections with their appearance vectors, computed frame by frame, to be kept in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from trackers.boxes import Image
from trackers.io import read_ahead
from trackers.pipeline.detectors import Detect

if TYPE_CHECKING:
    import supervision as sv


def observe(frames: Iterable[tuple[int, Image]], detect: Detect, extractor: Any = None) -> Iterator[sv.Detections]:
    """Detect on every frame and compute the vectors of what was found, while the next frame is read.

    Args:
        frames: Numbers, ascending from 1, and images.
        detect: Finds the detections of a frame.
        extractor: Object with `extract_features(frame, detections)`, or None for boxes alone.

    Yields:
        Detections of frame 1, 2, ..., with `data["embedding"]`, float32; none on a frame that was lost.
    """
    import supervision as sv

    expected = 1
    for number, image in read_ahead(frames):
        for _ in range(expected, number):
            yield sv.Detections.empty()
        expected = number + 1
        detections = detect(number, image)
        if extractor is not None and len(detections):
            detections.data["embedding"] = extractor.extract_features(image, detections)
        yield detections
