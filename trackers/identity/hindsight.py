"""Identities of all tracklets at once, when everything is known: clustering under the same hard limits.

Tracklets that stood on one spot come first, then those with enough good vectors are clustered by average linkage, then
all are, and at last single ones move to where they fit better. Two that cannot be one are never in one cluster.
"""

from __future__ import annotations

import numpy as np

from trackers.boxes import Bools, Floats, Ints, Vectors
from trackers.identity.rearranging import rearranged
from trackers.identity.store import BEST_PAIRS

ANCHOR_SAMPLES = 30
"""Good vectors from which on a tracklet is clustered first; the others join when those are settled."""

ENOUGH = 20
"""Pairs that cannot be one from which on the limit is measured."""

UNMEASURED = 0.5
"""The limit where there are too few pairs to measure it."""

MOST_SAMPLES = 5000
"""A tracklet of more good vectors has the say of so many."""

CUT = 0.08
"""Share of pairs that cannot be one which would be taken for one at the limit."""


def pair_distances(views: list[Vectors]) -> Floats:
    """Distance of all pairs of tracklets, `1 - cosine`, halfway between best pairs and means; 1 without vectors.

    Args:
        views: Centred unit vectors of each tracklet, shape `(k, d)` each; `(0, d)` where there are none.

    Returns:
        Shape `(n, n)`.
    """
    count = len(views)
    counts = np.array([len(one) for one in views])
    length = max((one.shape[1] for one in views), default=0)
    stack = np.zeros((count, max(int(counts.max(initial=0)), 1), length), np.float32)
    for row, one in enumerate(views):
        stack[row, : len(one)] = one
    means = stack.sum(axis=1)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    similarity = means @ means.T
    flat = stack.reshape(count * stack.shape[1], length)
    there = np.arange(stack.shape[1]) < counts[:, None]
    best = np.zeros((count, count))
    for row, one in enumerate(views):
        if len(one):
            pairs = np.where(there, (one @ flat.T).reshape(len(one), *there.shape), -np.inf).max(axis=2)
            top = min(BEST_PAIRS, len(one))
            best[row] = np.partition(pairs, len(one) - top, axis=0)[-top:].mean(axis=0)
    known = (counts > 0)[:, None] & (counts > 0)
    best = np.where(known, np.where(np.isfinite(best), best, 0.0), 0.0)
    distance = 1.0 - 0.5 * (similarity + 0.5 * (best + best.T))
    return np.asarray(np.where(known, distance, 1.0), np.float64)


def mean_distances(views: list[Vectors]) -> Floats:
    """Distance of all pairs of tracklets by their mean vectors, `1 - cosine`; each has at least one vector.

    Args:
        views: Centred unit vectors of each tracklet, shape `(k, d)` each.

    Returns:
        Shape `(n, n)`.
    """
    means = np.array([one.sum(axis=0) for one in views])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return np.asarray(1.0 - means @ means.T, np.float64)


def cluster(
    distance: Floats,
    possible: Bools,
    together: Ints,
    samples: Ints,
    fixed: Ints | None = None,
    limit: float | None = None,
) -> Ints:
    """Cluster tracklets.

    Args:
        distance: Of all pairs, shape `(n, n)`.
        possible: Which pairs may be one, shape `(n, n)`, symmetric.
        together: Pairs that stood on one spot, shape `(k, 2)`.
        samples: Good vectors of each tracklet, shape `(n,)`.
        fixed: Number that some tracklets are bound to (by a name), -1 for the others; different numbers never join.
        limit: Largest mean distance of two clusters; None measures it on pairs that cannot be one.

    Returns:
        Number of the cluster of each, shape `(n,)`: the row of its first tracklet.

    Example:
        >>> distance = np.array([[0.0, 0.1, 0.9], [0.1, 0.0, 0.9], [0.9, 0.9, 0.0]])
        >>> possible = np.ones((3, 3), bool)
        >>> cluster(distance, possible, np.empty((0, 2), int), np.full(3, 50)).tolist()
        [0, 0, 2]
    """
    possible = possible | np.eye(len(distance), dtype=np.bool_)
    possible = possible if fixed is None else possible & _agreeing(fixed)
    groups = _Groups(possible)
    for one, other in together.tolist():
        groups.join(int(groups.label[one]), int(groups.label[other]))
    units, unit = np.unique(groups.label, return_inverse=True)
    limit = measured_limit(distance, possible, samples) if limit is None else limit
    weight = np.minimum(samples, MOST_SAMPLES).astype(np.float64)
    _agglomerate(groups, distance, np.where(samples >= ANCHOR_SAMPLES, weight, 0.0), limit)
    _agglomerate(groups, distance, weight, limit)
    member = (unit == np.arange(len(units))[:, None]).astype(np.float64)
    gain = (member * weight) @ (limit - distance) @ (member * weight).T
    apart = member @ ~possible @ member.T > 0.0
    label = units[rearranged(np.searchsorted(units, groups.label[units]), gain, ~apart)][unit]
    groups = _Groups(possible)
    for one in np.unique(label).tolist():
        rows = np.flatnonzero(label == one).tolist()
        for row in rows[1:]:
            groups.join(rows[0], row)
    _agglomerate(groups, distance, weight, limit)
    return groups.label


class _Groups:
    """Clusters under construction: the label of each row is the first row of its cluster."""

    def __init__(self, allowed: Bools) -> None:
        self.label: Ints = np.arange(len(allowed))
        self.allowed = allowed.copy()

    def join(self, one: int, other: int) -> bool:
        """Make two clusters one, if all of their rows may be; tells whether it did."""
        if one == other or not self.allowed[one, other]:
            return False
        kept, gone = min(one, other), max(one, other)
        self.label[self.label == gone] = kept
        self.allowed[kept] &= self.allowed[gone]
        self.allowed[:, kept] = self.allowed[kept]
        self.allowed[gone], self.allowed[:, gone] = False, False
        return True


def _agreeing(fixed: Ints) -> Bools:
    """Pairs that are not bound to different numbers."""
    return np.asarray((fixed[:, None] == fixed) | (fixed[:, None] < 0) | (fixed < 0))


def _agglomerate(groups: _Groups, distance: Floats, weight: Floats, limit: float) -> None:
    """Join the two nearest clusters, by the weighted mean over all pairs, until none are near enough."""
    count = len(distance)
    member = np.zeros((count, count))
    member[groups.label, np.arange(count)] = weight
    total, mass = member @ distance @ member.T, member.sum(axis=1)
    while True:
        norm = mass[:, None] * mass
        linkage = np.where(groups.allowed & (norm > 0.0), total / np.maximum(norm, 1e-9), np.inf)
        np.fill_diagonal(linkage, np.inf)
        one, other = sorted(int(i) for i in np.unravel_index(linkage.argmin(), linkage.shape))
        if not linkage[one, other] <= limit:
            return
        groups.join(one, other)
        total[one] += total[other]
        total[:, one] += total[:, other]
        mass[one] += mass[other]
        mass[other] = 0.0


def measured_limit(distance: Floats, possible: Bools, samples: Ints, share: float = CUT) -> float:
    """The distance that so small a share of the pairs that cannot be one stay below.

    Args:
        distance: Of all pairs, shape `(n, n)`.
        possible: Which pairs may be one, shape `(n, n)`.
        samples: Good vectors of each tracklet, shape `(n,)`; those without any are left out.
        share: The share.
    """
    known = (samples > 0)[:, None] & (samples > 0)
    impossible = np.triu(~possible & known, 1)
    return float(np.quantile(distance[impossible], share)) if impossible.sum() >= ENOUGH else UNMEASURED
