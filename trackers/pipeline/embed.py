"""Detections with their appearance vectors, computed frame by frame, to be kept in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from trackers.boxes import Image
from trackers.io import overlapped
from trackers.pipeline.detectors import Detect

if TYPE_CHECKING:
    import supervision as sv


def observe(frames: Iterable[tuple[int, Image]], detect: Detect, extractor: Any = None) -> Iterator[sv.Detections]:
    """Detect on every frame and compute the vectors of what was found, while the next frames are read and detected.

    Args:
        frames: Numbers, ascending from 1, and images.
        detect: Finds the detections of a frame.
        extractor: Object with `extract_features(frame, detections)`, or None for boxes alone.

    Yields:
        Detections of frame 1, 2, ..., with `data["embedding"]`, float32; none on a frame that was lost.
    """
    import supervision as sv

    def detected(frame: tuple[int, Image]) -> tuple[int, Image, sv.Detections]:
        return *frame, detect(*frame)

    expected = 1
    for number, image, detections in overlapped(frames, detected):
        for _ in range(expected, number):
            yield sv.Detections.empty()
        expected = number + 1
        if extractor is not None and len(detections):
            detections.data["embedding"] = extractor.extract_features(image, detections)
        yield detections
