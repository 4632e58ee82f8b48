"""Re-identifying a lost track by appearance alone, wherever it comes back; not part of the published algorithm."""

from __future__ import annotations

import numpy as np

from trackers.appearance.gallery import Galleries, Gallery
from trackers.appearance.vectors import has_embedding
from trackers.association.assignment import Match, assign
from trackers.association.classes import share_group
from trackers.association.pairs import Pairs
from trackers.boxes import Ints, Vectors
from trackers.core.association_log import all_pairs
from trackers.core.observations import Observations
from trackers.lifecycle import Tracks

SAME = 0.8
"""In units of the appearance threshold: how near every vector of a newcomer must be to the lost track's gallery."""


def reidentified(
    tracks: Tracks, galleries: Galleries, observations: Observations, lost: Ints, newcomers: Match, threshold: float
) -> Match:
    """Lost tracks that newcomers turn out to be.

    All vectors of the newcomer must be near the gallery of the lost track, and the two must never have been detected
    together: the newcomer was first detected after the lost track was last.

    Args:
        tracks: Living tracks.
        galleries: Gallery of each track, shape `(n,)`.
        observations: The frame.
        lost: Confirmed tracks without a detection on this frame.
        newcomers: Tentative tracks about to be confirmed, and their detections.
        threshold: The appearance threshold, a cosine distance.

    Returns:
        Lost tracks and the detections of the newcomers they are.
    """
    pairs = all_pairs(lost, np.arange(len(newcomers.track)), np.zeros((len(lost), len(newcomers.track))))
    newcomer = newcomers.track[pairs.detection]
    apart = tracks.missed[pairs.track] >= tracks.age[newcomer]
    pairs = pairs.where(apart & share_group(tracks.group[pairs.track], tracks.group[newcomer]))
    embeddings = [
        np.vstack(
            (galleries[row].unordered.reshape(-1, observations.vectors.shape[1]), observations.vectors[detection])
        )
        for row, detection in zip(newcomers.track.tolist(), newcomers.detection.tolist(), strict=True)
    ]
    distance = np.array(
        [
            _farthest(galleries[row], embeddings[new])
            for row, new in zip(*map(np.ndarray.tolist, pairs[:2]), strict=True)
        ],
        np.float64,
    )
    limit = SAME * threshold
    by_detection = Pairs(pairs.track, newcomers.detection[pairs.detection], distance)
    observations.record("cosine", by_detection, distance, limit)
    return assign(by_detection.where(distance <= limit), limit)


def _farthest(gallery: Gallery, embeddings: Vectors) -> float:
    """Largest of the smallest distances of some embeddings to a gallery; infinite where one is unknown."""
    if len(gallery) == 0 or not has_embedding(embeddings).all():
        return np.inf
    return float(1.0 - (embeddings @ gallery.unordered.T).max(axis=1).min())
