"""What a tracker asks of an appearance model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

from trackers.boxes import Vectors

if TYPE_CHECKING:
    import supervision as sv


class FeatureExtractor(Protocol):
    """Anything that turns the boxes of a frame into vectors; no base class is needed.

    An extractor may carry `appearance_threshold`, the cosine distance beyond which two of its vectors are taken for
    two objects. A tracker without a threshold of its own uses that one.

    It may also have `extract_batch(frames, detections)`, which returns the vectors of several frames as a list. Where
    the crops of many cameras come together, that is what runs them in one batch.
    """

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Vectors:
        """Vectors of shape `(n, d)`, row i for box i; a zero row for a box that cannot be seen in the frame."""
        ...
