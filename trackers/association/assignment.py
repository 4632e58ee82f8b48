"""Optimal assignment on a sparse list of pairs, and the matching cascade.

An unmatched row costs a constant, so the best assignment of the whole frame is the best assignment of each connected
component of the graph of admissible pairs. Most components are a single pair and need no solver.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trackers.association.pairs import Pairs
from trackers.boxes import Bools, Floats, Ints

FORBIDDEN_MARGIN = 1e-5
"""An inadmissible pair costs this much more than the dearest admissible one, as in the published implementation."""

SMALL_MATRIX = 256
"""Up to this many cells, one dense assignment is faster than finding the components."""


class Match(NamedTuple):
    """Track row `track[k]` is matched to detection row `detection[k]`; no row occurs twice."""

    track: Ints
    detection: Ints

    def __add__(self, other: object) -> Match:
        """Both matches, one after the other."""
        if not isinstance(other, Match):
            return NotImplemented
        if len(self.track) == 0 or len(other.track) == 0:
            return self if len(self.track) else other
        return Match(np.concatenate((self.track, other.track)), np.concatenate((self.detection, other.detection)))


NO_MATCH = Match(np.empty(0, np.int64), np.empty(0, np.int64))


def assign(pairs: Pairs, limit: float) -> Match:
    """Match tracks to detections one to one at the least total cost.

    Equal to the dense assignment in which every pair that is not listed costs `limit + FORBIDDEN_MARGIN` and is thrown
    out afterwards. Ties go to the smaller index.

    Args:
        pairs: Admissible pairs, no cost above `limit`.
        limit: Largest admissible cost.

    Returns:
        The matched pairs, sorted by nothing in particular but in the same order for the same input.

    Example:
        >>> pairs = Pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.1, 0.2, 0.2]))
        >>> match = assign(pairs, limit=0.5)
        >>> match.track.tolist(), match.detection.tolist()
        ([0, 1], [1, 0])
    """
    if len(pairs.track) == 0:
        return NO_MATCH
    alone = without_rival(pairs)
    matched = Match(*pairs.where(alone)[:2])
    if len(matched.track) == len(pairs.track):
        return matched
    return matched + _assign_contested(pairs.where(~alone), limit + FORBIDDEN_MARGIN)


def matching_cascade(pairs: Pairs, missed: Floats, limit: float) -> Match:
    """Match the most recently matched tracks first (Wojke 2017, section 2.3, listing 1).

    Args:
        pairs: Admissible pairs of confirmed tracks.
        missed: Frames each track has gone without a detection, shape `(n,)`, by track row.
        limit: Largest admissible cost.

    Returns:
        The matched pairs of all levels.

    Example:
        >>> pairs = Pairs(np.array([0, 1]), np.array([0, 0]), np.array([0.1, 0.2]))
        >>> matching_cascade(pairs, missed=np.array([4.0, 0.0]), limit=0.5).track.tolist()
        [1]
    """
    if len(pairs.track) == 0:
        return NO_MATCH
    # A pair with no rival on either side is matched whatever its level.
    alone = without_rival(pairs)
    match = Match(*pairs.where(alone)[:2])
    free = np.ones(pairs.detection.max() + 1, np.bool_)
    pairs = pairs.where(~alone)
    while len(pairs.track):
        age = missed[pairs.track]
        level = age == age.min()
        found = assign(pairs.where(level), limit)
        match += found
        free[found.detection] = False
        pairs = pairs.where(~level & free[pairs.detection])
    return match


def without_rival(pairs: Pairs) -> Bools:
    """Mask `(k,)` of the pairs whose track and whose detection occur in no other pair.

    Example:
        >>> without_rival(Pairs(np.array([0, 1, 1]), np.array([2, 0, 1]), np.zeros(3))).tolist()
        [True, False, False]
    """
    of_track = np.bincount(pairs.track).take(pairs.track)
    of_track *= np.bincount(pairs.detection).take(pairs.detection)
    return np.asarray(of_track == 1)


def unmatched(count: int, matched: Ints) -> Bools:
    """Mask of shape `(count,)` that is False on the matched rows.

    Example:
        >>> unmatched(3, np.array([1])).tolist()
        [True, False, True]
    """
    mask = np.empty(count, np.bool_)
    mask.fill(True)
    mask[matched] = False
    return mask


@functools.cache
def assignment_solver() -> Callable[[npt.NDArray[Any]], tuple[Ints, Ints]]:
    """SciPy's `linear_sum_assignment`, the dense solver.

    `scipy.optimize` takes longer to import than all the rest of this library. It is loaded when the first tracker is
    made, so that neither `import trackers` nor the first crowded frame waits for it.

    Example:
        >>> row, column = assignment_solver()(np.array([[3.0, 1.0], [1.0, 3.0]]))
        >>> row.tolist(), column.tolist()
        ([0, 1], [1, 0])
    """
    from scipy.optimize import linear_sum_assignment

    solver: Callable[[npt.NDArray[Any]], tuple[Ints, Ints]] = linear_sum_assignment
    return solver


def _assign_contested(pairs: Pairs, forbidden: float) -> Match:
    """Solve a small problem at once, a large one component by component of the graph of pairs."""
    if _cells(pairs) <= SMALL_MATRIX:
        return _solve(pairs, forbidden)
    match = NO_MATCH
    for side in (0, 1):
        won, pairs = _stars(pairs, side)
        match += won
    if len(pairs.track) == 0:
        return match
    if _cells(pairs) <= SMALL_MATRIX:
        return match + _solve(pairs, forbidden)
    tracks, row = _renumbered(pairs.track)
    detections, column = _renumbered(pairs.detection)
    label = _components(row, column, len(tracks), len(detections))
    order = np.argsort(label, kind="stable")
    bounds = np.flatnonzero(np.diff(label[order])) + 1
    parts = [match, *(_solve(pairs.where(part), forbidden) for part in np.split(order, bounds))]
    return Match(*(np.concatenate(side) for side in zip(*parts, strict=True)))


def _cells(pairs: Pairs) -> int:
    """Size of the matrix of all tracks and detections in the list."""
    return int(np.count_nonzero(np.bincount(pairs.track)) * np.count_nonzero(np.bincount(pairs.detection)))


def _stars(pairs: Pairs, side: int) -> tuple[Match, Pairs]:
    """Match those whose every candidate has no other choice to the cheapest, and return what is left of the pairs.

    With `side` 0 they are tracks, with 1 detections. In a busy scene with many lost tracks most of the graph is such.
    """
    centre, leaf = (pairs.track, pairs.detection) if side == 0 else (pairs.detection, pairs.track)
    alone = np.bincount(leaf).take(leaf) == 1
    settled = (np.bincount(centre, ~alone) == 0.0).take(centre)
    stars = pairs.where(settled)
    stars = stars.where(np.lexsort((stars[1 - side], stars.cost, stars[side])))
    first = np.ones(len(stars.track), np.bool_)
    first[1:] = stars[side][1:] != stars[side][:-1]
    return Match(*stars.where(first)[:2]), pairs.where(~settled)


def _solve(pairs: Pairs, forbidden: float) -> Match:
    """One assignment on the dense matrix of all tracks and detections in the list."""
    tracks, row = _renumbered(pairs.track)
    detections, column = _renumbered(pairs.detection)
    matrix = np.full((len(tracks), len(detections)), forbidden)
    matrix[row, column] = pairs.cost
    row, column = assignment_solver()(matrix)
    admissible = matrix[row, column] < forbidden
    return Match(tracks[row[admissible]], detections[column[admissible]])


def _renumbered(index: Ints) -> tuple[Ints, Ints]:
    """The different indices in ascending order, and the place of each entry among them."""
    occurs = np.bincount(index) > 0
    return occurs.nonzero()[0], (np.cumsum(occurs) - 1)[index]


def _components(row: Ints, column: Ints, rows: int, columns: int) -> Ints:
    """Label each pair with the smallest row of its connected component, by propagation with pointer jumping."""
    label = np.arange(rows)
    while True:
        of_column = np.full(columns, rows)
        np.minimum.at(of_column, column, label[row])
        smaller = label.copy()
        np.minimum.at(smaller, row, of_column[column])
        smaller = smaller[smaller]
        if np.array_equal(smaller, label):
            return np.asarray(label[row])
        label = smaller
