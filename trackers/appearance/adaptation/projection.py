"""The linear map: directions in which tracklets differ from one another more than from themselves.

Fisher's linear discriminant with a shrunk within-class scatter (Friedman, "Regularized Discriminant Analysis", 1989),
where a class is a tracklet and only tracklets that exist at the same time count as two classes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.appearance.adaptation.tracklets import Sample
from trackers.boxes import Bools, Floats, Ints, Vectors

PRINCIPAL = 128
"""Principal components that the vectors are cut to first."""

OVERSAMPLING, ITERATIONS = 32, 3
"""Further directions that the search for principal components carries along, and its rounds."""

DIRECTIONS = 64
"""Largest number of directions that are kept."""

SHRINKAGE = 0.1
"""Share of its mean diagonal that is added to the within-tracklet scatter: directions nobody moved in are no proof."""

SMALLEST = 1e-9
"""Least that is added: vectors that never change have no scatter at all."""


class Projection(NamedTuple):
    """A learned map: `(x - mean) @ matrix`, scaled to unit length.

    Attributes:
        mean: Shape `(d,)`.
        matrix: Shape `(d, k)`.
    """

    mean: Vectors
    matrix: Vectors

    def __call__(self, vectors: Vectors) -> Vectors:
        """Map vectors.

        Args:
            vectors: Unit or zero vectors, shape `(n, d)`.

        Returns:
            Unit vectors, shape `(n, k)`; zero where the vector is zero.

        Example:
            >>> turned = Projection(np.zeros(2, np.float32), np.array([[0, 1], [1, 0]], np.float32))
            >>> turned(np.array([[1, 0], [0, 0]], np.float32)).tolist()
            [[0.0, 1.0], [0.0, 0.0]]
        """
        mapped = (vectors - self.mean) @ self.matrix
        mapped[~vectors.any(axis=1)] = 0.0
        length = np.sqrt(np.einsum("ij,ij->i", mapped, mapped))[:, None]
        return np.asarray(np.divide(mapped, length, out=np.zeros_like(mapped), where=length > 0.0))


def learn_projection(sample: Sample) -> Projection:
    """The map that separates the tracklets of a sample best.

    Args:
        sample: Vectors of at least two tracklets that exist at the same time.

    Returns:
        The map.
    """
    from scipy.linalg import eigh

    mean = sample.vectors.mean(axis=0)
    centred = sample.vectors - mean
    basis = principal_directions(centred, PRINCIPAL)
    reduced = (centred @ basis).astype(np.float64)
    means, row, count = tracklet_means(sample._replace(vectors=reduced))
    residual = reduced - means[row]
    within = residual.T @ residual / max(len(reduced) - len(means), 1)
    within += max(SHRINKAGE * np.trace(within) / len(within), SMALLEST) * np.eye(len(within))
    weight = coexisting(sample) * np.sqrt(np.outer(count, count))
    # The sum over pairs of w (a - b)(a - b)', without the pairs.
    between = (means.T * weight.sum(axis=1)) @ means - means.T @ weight @ means
    size = len(between)
    _, directions = eigh(between, within, subset_by_index=[max(0, size - DIRECTIONS), size - 1])
    return Projection(mean, (basis @ directions).astype(np.float32))


def principal_directions(centred: Vectors, count: int) -> Vectors:
    """The leading principal directions, by subspace iteration from a fixed start (Halko 2011, algorithm 4.4).

    Args:
        centred: Vectors with mean zero, shape `(n, d)`.
        count: Number of directions.

    Returns:
        Orthonormal columns, shape `(d, min(count, d))`.
    """
    width = centred.shape[1]
    if width <= count:
        return np.eye(width, dtype=np.float32)
    found = np.random.default_rng(0).standard_normal((width, min(count + OVERSAMPLING, width)), np.float32)
    for _ in range(ITERATIONS):
        found = np.linalg.qr(centred.T @ (centred @ found))[0]
    turn = np.linalg.svd(centred @ found, full_matrices=False)[2]
    return np.asarray(found @ turn[:count].T)


def tracklet_means(sample: Sample) -> tuple[Floats, Ints, Floats]:
    """Mean vector of each tracklet, `(t, d)`, the row in it of each vector, `(n,)`, and their numbers, `(t,)`."""
    _, row, count = np.unique(sample.tracklet, return_inverse=True, return_counts=True)
    first = np.concatenate(([0], np.cumsum(count)[:-1]))
    means = np.add.reduceat(sample.vectors, first, axis=0) / count[:, None]
    return means, row, count.astype(np.float64)


def coexisting(sample: Sample) -> Bools:
    """Pairs of tracklets that exist on one frame, shape `(t, t)`; none exists beside itself."""
    _, first, count = np.unique(sample.tracklet, return_index=True, return_counts=True)
    begin, end = sample.frame[first], sample.frame[first + count - 1]
    together: Bools = (begin[:, None] <= end) & (begin <= end[:, None])
    np.fill_diagonal(together, False)
    return together
