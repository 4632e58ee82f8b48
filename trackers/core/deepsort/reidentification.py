"""Re-identifying a lost track by appearance alone, wherever it comes back; not part of the published algorithm.

Thousands of tracks may be lost, each with a gallery. One matrix product with the centres of these rules out most, see
`DeepSORTTracks.lowest_similarity`; the galleries of the others are compared in a few products more.
"""

from __future__ import annotations

import numpy as np

from trackers.appearance.vectors import has_embedding
from trackers.association.assignment import NO_MATCH, Match, assign
from trackers.association.classes import share_group
from trackers.association.pairs import Pairs
from trackers.boxes import Floats, Ints, Vectors
from trackers.core.deepsort.tracks import DeepSORTTracks
from trackers.core.observations import Observations

SAME = 0.8
"""In units of the appearance threshold: how near every vector of a newcomer must be to the lost track's gallery."""

AT_ONCE = 1 << 15
"""Vectors of galleries in one matrix product; more would only cost memory."""


def reidentified(
    tracks: DeepSORTTracks, observations: Observations, lost: Ints, newcomers: Match, threshold: float
) -> Match:
    """Lost tracks that newcomers turn out to be.

    All vectors of the newcomer must be near the gallery of the lost track, and the two must never have been detected
    together: the newcomer was first detected after the lost track was last.

    Args:
        tracks: Living tracks.
        observations: The frame.
        lost: Confirmed tracks without a detection on this frame, ascending.
        newcomers: Tentative tracks about to be confirmed, and their detections.
        threshold: The appearance threshold, a cosine distance.

    Returns:
        Lost tracks and the detections of the newcomers they are.
    """
    if len(lost) == 0 or len(newcomers.track) == 0:
        return NO_MATCH
    limit = SAME * threshold
    vectors = observations.vectors.take(newcomers.detection, axis=0)
    possible = tracks.missed.take(lost)[:, None] >= tracks.age.take(newcomers.track)
    if observations.association_log is None:
        lowest = tracks.lowest_similarity(lost, limit)
        possible &= (tracks.centre @ vectors.T).take(lost, axis=0) >= lowest[:, None]
    row, which = possible.nonzero()
    same = share_group(tracks.group.take(lost.take(row)), tracks.group.take(newcomers.track.take(which)))
    row, which = row[same], which[same]
    own = [_vectors_of(tracks, one, vector) for one, vector in zip(newcomers.track.tolist(), vectors, strict=True)]
    distance = _farthest(tracks, lost, row, own)[row, which]
    pairs = Pairs(lost.take(row), newcomers.detection.take(which), distance)
    observations.record("cosine", pairs, distance, limit)
    return assign(pairs.where(distance <= limit), limit)


def _vectors_of(tracks: DeepSORTTracks, row: int, vector: Vectors) -> Vectors:
    """The gallery of a track and one vector more, shape `(k, d)`."""
    return np.vstack((tracks.gallery[row].unordered.reshape(-1, len(vector)), vector))


def _farthest(tracks: DeepSORTTracks, lost: Ints, wanted: Ints, own: list[Vectors]) -> Floats:
    """Largest of the smallest distances of a newcomer's vectors to the gallery of a lost track, shape `(lost, new)`.

    Infinite where a vector is unknown, and in the rows that are not wanted.
    """
    found = np.full((len(lost), len(own)), np.inf)
    stacked, known = np.concatenate(own).T, np.array([has_embedding(one).all() for one in own])
    starts = np.cumsum([0, *map(len, own)])[:-1]
    wanted = np.unique(wanted)
    galleries = [gallery.unordered for gallery in tracks.gallery.take(lost.take(wanted)).tolist()]
    sizes = np.array([len(gallery) for gallery in galleries], np.int64)
    filled = sizes.nonzero()[0]
    block = np.cumsum(sizes.take(filled)) // AT_ONCE
    for number in np.unique(block).tolist():
        part = filled[block == number]
        first = np.cumsum(sizes.take(part)) - sizes.take(part)
        similarity = np.concatenate([galleries[one] for one in part.tolist()]) @ stacked
        nearest = np.minimum.reduceat(np.maximum.reduceat(similarity, first, axis=0), starts, axis=1)
        found[wanted.take(part)] = np.where(known, 1.0 - nearest, np.inf)
    return found
