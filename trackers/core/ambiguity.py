"""Which detections the feature extractor is run on: those whose identity motion leaves open.

Most boxes of a video lie where exactly one track was expected, frame after frame. An appearance vector decides nothing
there. It only updates the track's appearance, and neighbouring frames are so similar that one in a few is enough. More
are needed where others are near, as half hidden vectors separate objects that hid each other; and where
the detector is less confident, as a lost track is re-identified by its last embedding.
"""

from __future__ import annotations

from typing import ClassVar, TypeVar

import numpy as np

from trackers.appearance.vectors import has_embedding
from trackers.association.assignment import Match, unmatched
from trackers.association.classes import share_group
from trackers.association.pairs import Pairs, overlapping_pairs
from trackers.boxes import Bools, Floats, Ints
from trackers.core.base import Tracker
from trackers.core.embeddings import TracksWithEmbedding
from trackers.core.observations import Observations
from trackers.core.parameters import between, one_of

UNAMBIGUOUS_IOU = 0.5
"""Lowest IoU of the predicted box and the detection of an unambiguous pair."""

MARGIN = 0.1
"""By how much that IoU exceeds the IoU of either with any third."""

NEAR = 0.05
"""IoU from which a third is near; the lowest that counts."""

REFRESH_FADING, REFRESH_NEAR, REFRESH_ALONE = 2, 6, 15
"""Frames after which a track is embedded again: on a fading detection, with a third near, and otherwise."""

DUE, AMBIGUOUS = 1.0, 1e6
"""Doubt from which a track is due for a vector, and from which motion does not settle who is who."""

EmbeddedTracks = TypeVar("EmbeddedTracks", bound=TracksWithEmbedding)


class AppearanceTracker(Tracker[EmbeddedTracks]):
    """A tracker with a feature extractor, and a choice of the detections it is run on.

    Attributes:
        embed: `"always"` runs it on all detections that may have a vector, `"ambiguous"` on those in doubt.
        embed_budget: Most detections of a frame it is run on, those in most doubt first; None sets no limit.
    """

    fading: ClassVar[float] = 0.5
    """Confidence below which a detection may well be the last of its track for a while."""

    embed: str = one_of("always", "ambiguous")
    embed_budget: int | None = between(0, optional=True)

    def _chosen(self, observations: Observations, candidates: Bools, extractable: bool) -> Bools:
        """The detections in a mask that get a vector, shape `(n,)`; the others of unambiguous pairs are noted."""
        if not extractable or (self.embed == "always" and self.embed_budget is None):
            return candidates
        if observations.expired is not None:  # who is left is known on the frame itself
            return most_doubtful(candidates, np.zeros(len(candidates)), observations.scores, self.embed_budget)
        observations.predicted = self._predicted(observations)
        boxes = self.motion.boxes(observations.predicted)
        pairs, doubt = doubts(self._tracks, boxes, observations, candidates, self.fading)
        chosen = candidates & (doubt >= DUE) if self.embed == "ambiguous" else candidates
        chosen = most_doubtful(chosen, doubt, observations.scores, self.embed_budget)
        skipped = ~chosen[pairs.detection]
        observations.unambiguous = pairs
        observations.not_embedded = Match(pairs.track[skipped], pairs.detection[skipped])
        return chosen


def doubts(
    tracks: TracksWithEmbedding, predicted: Floats, observations: Observations, candidates: Bools, fading: float
) -> tuple[Match, Floats]:
    """Tracks and detections that motion alone matches, and how much each detection needs a vector.

    A pair is unambiguous if the track is confirmed, was matched on the previous frame and has an embedding, and the two
    overlap well, and clearly more than either overlaps any third.

    Args:
        tracks: Living tracks, as they were on the previous frame.
        predicted: Boxes of the tracks, predicted to this frame, shape `(n, 4)`.
        observations: The frame.
        candidates: Detections that may be in a pair, shape `(m,)`.
        fading: Confidence below which a detection is embedded more often.

    Returns:
        The unambiguous pairs, sorted by track, and the doubt of each detection, shape `(m,)`: in an unambiguous pair,
        the time since the track was embedded in units of the time after which it is to be embedded again; else
        `AMBIGUOUS` and more, the less the best pair stands out.
    """
    track, detection, cost = overlapping_pairs(predicted, observations.boxes, NEAR)
    pairs = Pairs(track, detection, cost).where(share_group(tracks.group[track], observations.group[detection]))
    third = np.minimum(_next_best(pairs.track, pairs.cost), _next_best(pairs.detection, pairs.cost))
    known = tracks.confirmed & (tracks.missed == 0) & has_embedding(tracks.embedding)
    unambiguous = known[pairs.track] & candidates[pairs.detection]
    unambiguous &= (pairs.cost <= 1.0 - UNAMBIGUOUS_IOU) & (third - pairs.cost >= MARGIN)

    doubt = np.full(len(observations), 2.0)
    np.minimum.at(doubt, pairs.detection, 1.0 - np.maximum(third - pairs.cost, 0.0))
    doubt += AMBIGUOUS
    found, third = pairs.where(unambiguous), third[unambiguous]
    observations.record("IoU", found, 1.0 - found.cost, UNAMBIGUOUS_IOU)
    period = np.where(third < 1.0, REFRESH_NEAR, REFRESH_ALONE)
    period[observations.scores[found.detection] < fading] = REFRESH_FADING
    doubt[found.detection] = np.rint((tracks.frames_since_embedding[found.track] + 1) * observations.elapsed) / period
    return Match(found.track, found.detection), doubt


def most_doubtful(chosen: Bools, doubt: Floats, scores: Floats, budget: int | None) -> Bools:
    """At most `budget` of the detections in a mask: those in most doubt, the more confident of equals.

    Example:
        >>> everything = np.ones(3, np.bool_)
        >>> most_doubtful(everything, np.array([1.0, 3.0, 2.0]), np.ones(3), 2).tolist()
        [False, True, True]
    """
    if budget is None or chosen.sum() <= budget:
        return chosen
    order = np.lexsort((-scores, -doubt, ~chosen))
    return chosen & unmatched(len(chosen), order[int(budget) :])


def _next_best(side: Ints, cost: Floats) -> Floats:
    """Lowest cost among the other pairs of the same row on one side, 1 where there is none, shape `(k,)`."""
    count = side.max(initial=-1) + 1
    best, second = np.ones(count), np.ones(count)
    np.minimum.at(best, side, cost)
    first = cost == best[side]
    np.minimum.at(second, side[~first], cost[~first])
    tied = np.bincount(side[first], minlength=count) > 1
    return np.where(first & ~tied[side], second[side], best[side])
