"""Whose identity motion alone settles, so that nobody need look: not part of the published algorithm.

Most boxes of a video lie where exactly one track was expected, frame after frame. An appearance vector decides nothing
there. Its only use is to be remembered, and neighbouring frames look alike, so that one in a few is enough. More are
needed where others are near, as what tells people apart after they hid each other is how they looked half hidden; and
where the detector is no longer sure, as what finds a track again is how it looked before it was lost. The frames
between two looks are remembered as a straight line from one to the other, so that galleries fill as fast as ever.
"""

from __future__ import annotations

import numpy as np

from trackers.appearance.vectors import has_embedding
from trackers.association.assignment import Match
from trackers.association.classes import share_group
from trackers.association.pairs import Pairs, overlapping_pairs
from trackers.boxes import Floats, Ints
from trackers.core.deepsort.tracks import DeepSORTTracks
from trackers.core.observations import Observations

UNAMBIGUOUS_IOU = 0.5
"""Lowest IoU of the predicted box and the detection of a pair that is sure."""

MARGIN = 0.1
"""By how much that IoU exceeds the IoU of either with any third."""

NEAR = 0.05
"""IoU from which a third is near; the lowest that is looked for."""

FADING = 0.5
"""Confidence below which a detection may well be the last of its track for a while."""

REFRESH_FADING, REFRESH_NEAR, REFRESH_ALONE = 2, 6, 15
"""Frames after which a sure track is looked at again: on a fading detection, with a third near, and otherwise."""


def unambiguous_pairs(tracks: DeepSORTTracks, predicted: Floats, observations: Observations) -> tuple[Match, Match]:
    """Tracks and detections that belong together, whatever they look like, and those of them that nobody need look at.

    The track is confirmed, was seen on the previous frame and has a look; the two overlap well, and clearly more than
    either overlaps any third.

    Args:
        tracks: Living tracks, as they were on the previous frame.
        predicted: Boxes of the tracks, predicted to this frame, shape `(n, 4)`.
        observations: The frame.

    Returns:
        The sure pairs, and those of them whose track is not due for a look; both sorted by track.
    """
    track, detection, cost = overlapping_pairs(predicted, observations.boxes, NEAR)
    pairs = Pairs(track, detection, cost).where(share_group(tracks.group[track], observations.group[detection]))
    third = np.minimum(_next_best(pairs.track, pairs.cost), _next_best(pairs.detection, pairs.cost))
    known = tracks.confirmed & (tracks.missed == 0) & has_embedding(tracks.embedding)
    unambiguous = known[pairs.track] & (pairs.cost <= 1.0 - UNAMBIGUOUS_IOU) & (third - pairs.cost >= MARGIN)
    found, third = pairs.where(unambiguous), third[unambiguous]
    observations.record("IoU", found, 1.0 - found.cost, UNAMBIGUOUS_IOU)
    period = np.where(third < 1.0, REFRESH_NEAR, REFRESH_ALONE)
    period[observations.scores[found.detection] < FADING] = REFRESH_FADING
    early = np.rint((tracks.frames_since_embedding[found.track] + 1) * observations.elapsed) < period
    return Match(found.track, found.detection), Match(found.track[early], found.detection[early])


def _next_best(side: Ints, cost: Floats) -> Floats:
    """Lowest cost among the other pairs of the same row on one side, 1 where there is none, shape `(k,)`."""
    count = side.max(initial=-1) + 1
    best, second = np.ones(count), np.ones(count)
    np.minimum.at(best, side, cost)
    first = cost == best[side]
    np.minimum.at(second, side[~first], cost[~first])
    tied = np.bincount(side[first], minlength=count) > 1
    return np.where(first & ~tied[side], second[side], best[side])
