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
        extractor: Gives the vectors, also of detections that bring some.

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
    return adapt_videos([zip(frames, detections, strict=True)], extractor)


def adapt_vectors(
    detections: Iterable[sv.Detections],
    extractor: FeatureExtractor | None = None,
    *,
    appearance_threshold: float | None = None,
) -> AdaptedExtractor:
    """Learn from vectors that are stored already, in `detections.data["embedding"]`.

    Args:
        detections: Detections of consecutive frames with their vectors; those below a confidence of 0.3 take no part.
        extractor: The extractor that gave them; None where the map is for stored vectors alone (`transform`).
        appearance_threshold: Cosine distance in use for the vectors as they are; the learned threshold is no stricter.
            None takes the extractor's own, where it has one.

    Returns:
        As `adapt`.

    Raises:
        ValueError: If detections have no vectors.
    """
    return adapt_videos([((None, found) for found in detections)], extractor, appearance_threshold=appearance_threshold)


def adapt_videos(
    videos: Iterable[Iterable[tuple[npt.NDArray[Any] | None, sv.Detections]]],
    extractor: FeatureExtractor | None,
    *,
    appearance_threshold: float | None = None,
) -> AdaptedExtractor:
    """Learn from several videos of the same kind of place.

    Args:
        videos: Of each video its consecutive frames, with the detections on them. A frame of None leaves the vectors
            in `detections.data["embedding"]`.
        extractor: As in `adapt`, or None where all vectors are stored.
        appearance_threshold: As in `adapt_vectors`.

    Returns:
        As `adapt`.

    Raises:
        ValueError: If there is no way to vectors.
    """
    extract: Any = getattr(extractor, "extract_features", extractor)
    tracklets = Tracklets()
    for video in videos:
        elapsed = np.inf
        for frame, found in video:
            kept = _confident(found)
            vectors: Any = np.empty((0, 0), np.float32)
            if frame is not None and extract is not None and len(kept):
                vectors = extract(frame, kept)
            elif len(kept):
                vectors = _stored(kept)
            unit = unit_vectors(vectors, len(kept), "the vectors to learn from")
            tracklets.add(kept.xyxy.astype(np.float64).reshape(-1, 4), unit, elapsed)
            elapsed = 1.0
    own = getattr(extractor, "appearance_threshold", None) if appearance_threshold is None else appearance_threshold
    learned = learn(tracklets.sample(), own)
    return AdaptedExtractor(extractor, learned.projection, learned.threshold, learned.report)


def _stored(detections: sv.Detections) -> Any:
    if EMBEDDING not in detections.data:
        raise ValueError(
            f'expected frames and an extractor, or vectors in detections.data["{EMBEDDING}"], but there are neither'
        )
    return detections.data[EMBEDDING]


def _confident(detections: sv.Detections) -> sv.Detections:
    usable = trackable(detections.xyxy.astype(np.float64).reshape(-1, 4))
    if detections.confidence is not None:
        usable &= detections.confidence >= np.float32(LOWEST_CONFIDENCE)
    kept = detections[usable]
    if TYPE_CHECKING:
        assert isinstance(kept, sv.Detections)
    return kept
