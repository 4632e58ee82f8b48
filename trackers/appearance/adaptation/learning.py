"""Learn a map, measure it on tracklets that had no say in it, and decline where it does not help.

The tracklets are dealt to two halves, by turns or by time. A map learned on either is measured on the other; the map
that is kept is learned on both, and its threshold comes from the two measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trackers.appearance.adaptation.projection import (
    Projection,
    coexisting,
    learn_projection,
    tracklet_means,
)
from trackers.appearance.adaptation.tracklets import Sample
from trackers.boxes import Floats

FEWEST_TRACKLETS = 10
"""Tracklets below which nothing is learned."""

GAIN = 0.9
"""The error at the best threshold and the pairs in the wrong order must both fall to this share on held-out tracks, or
the map is declined: a tracker uses the vectors at a threshold, and a better order alone does not help it."""


@dataclass(frozen=True)
class AdaptationReport:
    """What was learned from, what it brought on tracks that it was not learned from, and whether it is used.

    Attributes:
        adapted: Whether the map is used; if not, the vectors stay as they are.
        reason: Why, in words.
        tracks: Undisturbed tracks learned from.
        objects: Most of them on one frame: there are at least so many objects.
        pairs: Pairs of one object and of two on held-out tracks that the figures below rest on.
        separation_before: Chance that a pair of one object lies closer than a pair of two (area under the ROC curve).
        separation_after: The same with the map.
        error_before: Share of the pairs of each kind on the wrong side of the best threshold.
        error_after: The same with the map.
    """

    adapted: bool
    reason: str
    tracks: int
    objects: int
    pairs: int = 0
    separation_before: float = float("nan")
    separation_after: float = float("nan")
    error_before: float = float("nan")
    error_after: float = float("nan")

    def __str__(self) -> str:
        """The report in two lines."""
        return (
            f"{'adapted' if self.adapted else 'not adapted'}: {self.reason}\n"
            f"{self.tracks} tracks of at least {self.objects} objects; on held-out tracks ({self.pairs} pairs) "
            f"separation {self.separation_before:.3f} to {self.separation_after:.3f}, "
            f"error {self.error_before:.1%} to {self.error_after:.1%}"
        )


class Learned(NamedTuple):
    """A map, its threshold, and the report.

    Where the vectors are better left as they are the map is None and the threshold theirs, None where there was too
    little to measure one.
    """

    projection: Projection | None
    threshold: float | None
    report: AdaptationReport


class Distances(NamedTuple):
    """Cosine distances of pairs of one object, shape `(s,)`, and of two, shape `(k,)`."""

    same: Floats
    different: Floats


def learn(sample: Sample, limit: float | None = None, *, for_later: bool = False) -> Learned:
    """Learn a map from a sample of tracklets.

    Args:
        sample: Vectors of tracklets.
        limit: Threshold in use for the vectors as they are, or None. The new threshold is no stricter than it, nor than
            the best one for the vectors as they are: it lets at least as large a share of the pairs of two objects
            pass. Short tracklets ask for too strict a threshold: they miss what changes an object over a longer time.
        for_later: Whether the map is for what comes after the sample: its halves are then the earlier and the later
            tracklets, as tracklets by turns are of the same objects, and flatter a map for others.

    Returns:
        The map and its threshold.
    """
    together = coexisting(sample) if len(sample.vectors) else np.zeros((0, 0), np.bool_)
    tracks, objects = len(together), _most_at_once(sample)
    if tracks < FEWEST_TRACKLETS or objects < 2:
        reason = f"too little to learn from: {tracks} undisturbed tracks, at most {objects} at once"
        return Learned(None, None, AdaptationReport(False, reason, tracks, objects))
    _, row = np.unique(sample.tracklet, return_inverse=True)
    half = 2 * row // tracks if for_later else row % 2
    halves = [sample.where(half == one) for one in (0, 1)]
    if not all(coexisting(half).any() for half in halves):
        reason = "too little to learn from: no two tracks at once in one half of them"
        return Learned(None, None, AdaptationReport(False, reason, tracks, objects))
    before = [distances(half) for half in halves]
    after = [
        distances(held_out._replace(vectors=learn_projection(other)(held_out.vectors)))
        for held_out, other in zip(halves, reversed(halves), strict=True)
    ]
    was, now = _joined(before), _joined(after)
    (theirs, error_before), (threshold, error_after) = best_threshold(was), best_threshold(now)
    passing = max(error_before, 0.0 if limit is None else float((was.different <= limit).mean()))
    threshold = max(threshold, float(np.quantile(now.different, passing)))
    ordered, ordered_before = separation(now), separation(was)
    fewer_errors = error_before > 0.0 and error_after <= GAIN * error_before
    adapted = fewer_errors and 1.0 - ordered <= GAIN * (1.0 - ordered_before)
    report = AdaptationReport(
        adapted,
        "held-out tracks are separated better" if adapted else "held-out tracks are not separated better",
        tracks,
        objects,
        len(now.same) + len(now.different),
        ordered_before,
        ordered,
        error_before,
        error_after,
    )
    return Learned(learn_projection(sample), threshold, report) if adapted else Learned(None, theirs, report)


def distances(sample: Sample) -> Distances:
    """Distances of each vector from the mean of its own tracklet without it, and from those beside its own.

    A track is compared by the mean of its vectors, so this is what a threshold has to part.
    """
    means, row, count = tracklet_means(sample)
    sums = means * count[:, None]
    own = _unit(sums[row] - sample.vectors)
    same = 1.0 - np.einsum("ij,ij->i", own, sample.vectors)
    others = 1.0 - sample.vectors @ _unit(means).T
    return Distances(same.astype(np.float64), others[coexisting(sample)[row]].astype(np.float64))


def best_threshold(pairs: Distances) -> tuple[float, float]:
    """The threshold with equal shares of both kinds on the wrong side, and that share."""
    same, different = np.sort(pairs.same), np.sort(pairs.different)
    candidates = np.concatenate((same, different))
    missed = 1.0 - np.searchsorted(same, candidates, side="right") / len(same)
    mixed = np.searchsorted(different, candidates, side="right") / len(different)
    best = int(np.argmin(np.abs(missed - mixed)))
    return float(candidates[best]), float(max(missed[best], mixed[best]))


def separation(pairs: Distances) -> float:
    """Chance that a pair of one object lies closer than a pair of two; a tie counts half."""
    same = np.sort(pairs.same)
    below = np.searchsorted(same, pairs.different, side="left") + np.searchsorted(same, pairs.different, side="right")
    return float(below.mean() / (2.0 * len(same)))


def _joined(parts: list[Distances]) -> Distances:
    return Distances(*(np.concatenate(kind) for kind in zip(*parts, strict=True)))


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0.0))


def _most_at_once(sample: Sample) -> int:
    """Largest number of tracklets on one frame."""
    if len(sample.frame) == 0:
        return 0
    _, first, count = np.unique(sample.tracklet, return_index=True, return_counts=True)
    begin, end = sample.frame[first], sample.frame[first + count - 1]
    return int(((begin[:, None] <= begin) & (begin <= end[:, None])).sum(axis=0).max())
