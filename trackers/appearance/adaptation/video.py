"""Learn from a video, or from vectors that are stored already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.adaptation.extractor import AdaptedExtractor
from trackers.appearance.adaptation.learning import learn
from trackers.appearance.adaptation.tracklets import Tracklets
from trackers.appearance.vectors import EMBEDDING, unit_vectors
from trackers.boxes import trackable

if TYPE_CHECKING:
    import supervision as sv

    from trackers.appearance.protocol import FeatureExtractor

LOWEST_CONFIDENCE = 0.3
"""Detections below take no part: many of them are no objects."""


def adapt(
    frames: Iterable[npt.NDArray[Any]], detections: Iterable[sv.Detections], extractor: FeatureExtractor
) -> AdaptedExtractor:
    """Learn from a video, without labels, what tells its objects apart.

    A linear map of the extractor's vectors is learned on undisturbed tracks, and measured on tracks that had no say in
    it. Where it does not help there, it is declined: the vectors stay as they are, and `report` says why.

    Args:
        frames: Consecutive frames, uint8, BGR, of any number; memory is bounded.
        detections: Detections of each frame; those below a confidence of 0.3 take no part.
        extractor: Gives the vectors.

    Returns:
        An extractor for any tracker, with a threshold calibrated on tracks that had no say in the map.

    Raises:
        ValueError: If frames and detections differ in number.

    Example:
        >>> from trackers import SteadySORTTracker, StripeFeatureExtractor
        >>> from trackers.sample import Scene
        >>> scene = Scene(size=(320, 180), length=40, figures=4)
        >>> found = [scene.detections(number) for number in range(len(scene))]
        >>> adapted = adapt(scene.frames(), found, StripeFeatureExtractor())
        >>> tracker = SteadySORTTracker(adapted)
    """
    extract: Any = getattr(extractor, "extract_features", extractor)
    tracklets = Tracklets()
    for frame, found in zip(frames, detections, strict=True):
        kept = _confident(found)
        _add(tracklets, kept, extract(frame, kept) if len(kept) else np.empty((0, 0), np.float32))
    return _adapted(tracklets, extractor)


def adapt_vectors(detections: Iterable[sv.Detections], extractor: FeatureExtractor | None = None) -> AdaptedExtractor:
    """Learn from vectors that are stored already, in `detections.data["embedding"]`.

    Args:
        detections: Detections of consecutive frames with their vectors; those below a confidence of 0.3 take no part.
        extractor: The extractor that gave them; None where the map is for stored vectors alone (`transform`).

    Returns:
        As `adapt`.

    Raises:
        ValueError: If detections have no vectors.
    """
    tracklets = Tracklets()
    for found in detections:
        kept = _confident(found)
        if len(kept) and EMBEDDING not in kept.data:
            raise ValueError(f'expected vectors in detections.data["{EMBEDDING}"], but there are none')
        _add(tracklets, kept, kept.data.get(EMBEDDING, np.empty((0, 0), np.float32)))
    return _adapted(tracklets, extractor)


def _confident(detections: sv.Detections) -> sv.Detections:
    usable = trackable(detections.xyxy.astype(np.float64).reshape(-1, 4))
    if detections.confidence is not None:
        usable &= detections.confidence >= np.float32(LOWEST_CONFIDENCE)
    kept = detections[usable]
    if TYPE_CHECKING:
        assert isinstance(kept, sv.Detections)
    return kept


def _add(tracklets: Tracklets, found: sv.Detections, vectors: Any) -> None:
    unit = unit_vectors(vectors, len(found), "the vectors to learn from")
    tracklets.add(found.xyxy.astype(np.float64).reshape(-1, 4), unit)


def _adapted(tracklets: Tracklets, extractor: FeatureExtractor | None) -> AdaptedExtractor:
    learned = learn(tracklets.sample())
    return AdaptedExtractor(extractor, learned.projection, learned.threshold, learned.report)
