"""Whose identity motion alone settles, so that nobody need look: not part of the published algorithm.

Most boxes of a video lie where exactly one track was expected, frame after frame. An appearance vector decides nothing
there. Its only use is to be remembered, and neighbouring frames look alike, so that one in a few is enough.
"""

from __future__ import annotations

import numpy as np

from trackers.appearance.vectors import described
from trackers.association.assignment import Match
from trackers.association.pairs import Pairs, overlapping_pairs
from trackers.boxes import Bools, Floats, Ints
from trackers.core.journal import note
from trackers.core.looks import TracksWithLook
from trackers.core.observations import Observations

SURE = 0.5
"""Lowest IoU of the predicted box and the detection of a pair that is sure."""

RIVAL = 0.7
"""IoU at which another track or another detection is a possible partner too."""

REFRESH = 8
"""Frames after which a track is looked at again, sure or not."""


def beyond_doubt(tracks: TracksWithLook, predicted: Floats, seen: Observations) -> Match:
    """Tracks and detections that belong together, whatever they look like.

    The track is confirmed, was seen on the previous frame and has a look that is not out of date; each of the two
    overlaps the other best, and well; and neither could as well belong to a third.

    Args:
        tracks: Living tracks, as they were on the previous frame.
        predicted: Boxes of the tracks, predicted to this frame, shape `(n, 4)`.
        seen: The frame.

    Returns:
        The sure pairs, sorted by track.
    """
    track, detection, cost = overlapping_pairs(predicted, seen.boxes, SURE)
    pairs = Pairs(track, detection, cost).where(tracks.group[track] == seen.group[detection])
    near = pairs.cost <= 1.0 - RIVAL
    settled = _settled(tracks, seen.elapsed)[pairs.track]
    sure = settled & _alone(pairs.track, pairs.cost, near) & _alone(pairs.detection, pairs.cost, near)
    found = pairs.where(sure)
    note(seen, "IoU", found, 1.0 - found.cost, SURE)
    return Match(found.track, found.detection)


def _settled(tracks: TracksWithLook, elapsed: float) -> Bools:
    """Mask `(n,)` of the tracks that need no look now; each is looked at once in `REFRESH` frames of its age."""
    fresh = tracks.age // REFRESH == (tracks.age + elapsed) // REFRESH
    return np.asarray(tracks.confirmed & (tracks.missed == 0) & described(tracks.look) & fresh)


def _alone(side: Ints, cost: Floats, near: Bools) -> Bools:
    """Pairs that are the cheapest of their row on one side, where no other pair of that row is near, shape `(k,)`."""
    count = np.zeros(side.max(initial=-1) + 1, np.int64)
    best = np.full(len(count), np.inf)
    np.minimum.at(best, side, cost)
    np.add.at(count, side, near)
    return np.asarray((cost == best[side]) & (count[side] <= near))
