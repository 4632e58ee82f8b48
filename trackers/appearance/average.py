"""Moving averages: one vector per track that follows its embeddings (Aharon 2022, section 3.3)."""

from __future__ import annotations

import numpy as np

from trackers.appearance.vectors import has_embedding
from trackers.boxes import Floats, Ints, Vectors


def with_width(average: Vectors, width: int) -> Vectors:
    """The averages with room for vectors of the given length, once the first vector tells it.

    Args:
        average: Unit or zero vectors, shape `(n, d)`; `(n, 0)` before the first vector.
        width: Length of the vectors of this frame, 0 if it has none.

    Returns:
        Shape `(n, width)`, zero before its first vector; the averages themselves if they have room.

    Example:
        >>> with_width(np.empty((1, 0), np.float32), 2).tolist()
        [[0.0, 0.0]]
    """
    if width in (0, average.shape[1]):
        return average
    return np.zeros((len(average), width), np.float32)


def moving_average(average: Vectors, vectors: Vectors, momentum: float | Floats) -> Vectors:
    """`e' = a e + (1 - a) f`, scaled to unit length (Aharon 2022, equation 11).

    Args:
        average: Unit vectors e, zero before the first vector, shape `(n, d)`.
        vectors: Unit vectors f of this frame, zero where unknown, shape `(n, d)`.
        momentum: Share a of the old average, one for all or shape `(n,)`.

    Returns:
        New averages, shape `(n, d)`: the first vector where there was no average, the old one where there is no vector.

    Example:
        >>> old, new = np.array([[1.0, 0], [0, 0]], np.float32), np.array([[0, 1.0], [0, 1]], np.float32)
        >>> moving_average(old, new, 0.5).round(2).tolist()
        [[0.7099999785423279, 0.7099999785423279], [0.0, 1.0]]
    """
    share = np.where(has_embedding(average), momentum, 0.0)
    share = np.where(has_embedding(vectors), share, 1.0).astype(np.float32)[:, None]
    blended = share * average
    blended += (1.0 - share) * vectors
    length = np.sqrt(np.einsum("ij,ij->i", blended, blended))
    if np.count_nonzero(length) < len(length):
        length[length == 0.0] = 1.0
    blended /= length[:, None]
    return np.asarray(blended)


ROUNDING = 1e-4
"""More than two ways to compute one cosine distance in single precision differ by."""


def alike_pairs(average: Vectors, rows: Ints, vectors: Vectors, detections: Ints, limit: float) -> tuple[Ints, Ints]:
    """Pairs whose cosine distance may be within a limit, found by one matrix product.

    Args:
        average: Unit or zero vectors of the tracks, shape `(n, d)`.
        rows: Tracks to compare, ascending.
        vectors: Unit or zero vectors of the detections, shape `(m, d)`.
        detections: Detections to compare, ascending.
        limit: Largest distance; pairs beyond it by no more than `ROUNDING` are among the pairs.

    Returns:
        Track and detection of each pair, sorted by track, then detection.

    Example:
        >>> unit = np.eye(2, dtype=np.float32)
        >>> both = np.arange(2)
        >>> [side.tolist() for side in alike_pairs(unit, both, unit, both, 0.5)]
        [[0, 1], [0, 1]]
    """
    if average.shape[1] == 0 or vectors.shape[1] == 0:
        return rows[:0], detections[:0]
    similarity = average.take(rows, axis=0) @ vectors.take(detections, axis=0).T
    row, column = (similarity >= np.float32(1.0 - limit - ROUNDING)).nonzero()
    return rows[row], detections[column]


def cosine_distance(average: Vectors, track: Ints, vectors: Vectors, detection: Ints) -> Floats:
    """Cosine distance of each pair of a track and a detection.

    Args:
        average: Unit or zero vectors of the tracks, shape `(n, d)`.
        track: Track of each pair, shape `(k,)`.
        vectors: Unit or zero vectors of the detections, shape `(m, d)`.
        detection: Detection of each pair, shape `(k,)`.

    Returns:
        Shape `(k,)`; NaN where one side has no appearance.

    Example:
        >>> unit = np.array([[1.0, 0.0]], np.float32)
        >>> cosine_distance(unit, np.array([0]), unit, np.array([0])).tolist()
        [0.0]
    """
    if average.shape[1] == 0 or vectors.shape[1] == 0:
        return np.full(len(track), np.nan)
    ours, theirs = average.take(track, axis=0), vectors.take(detection, axis=0)
    similarity = np.einsum("ij,ij->i", ours, theirs)
    distance: Floats = 1.0 - similarity.astype(np.float64)
    if np.count_nonzero(similarity) < len(similarity):  # a right angle, or no vector
        distance[~(has_embedding(ours) & has_embedding(theirs))] = np.nan
    return distance
