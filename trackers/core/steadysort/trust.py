"""Whether looks tell people apart: what SteadySORT finds out about its vectors while it tracks, from motion alone.

Two boxes in one frame are two people. A track just seen and the only detection within its reach, which no other such
track can reach, are one. Where motion is so sure, looks are put to the test. Vectors that mean nothing fail it, and so
do good ones with a threshold that is not theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trackers.appearance.vectors import described
from trackers.association.assignment import NO_MATCH, Match, without_rival
from trackers.association.pairs import Pairs

if TYPE_CHECKING:
    from trackers.core.observations import Observations
    from trackers.core.steadysort.tracks import SteadySORTTracks

STRANGE = 1.5
"""In appearance thresholds: beyond, the looks are those of strangers, even to boxes that have half in common."""

MOST_STRANGE, MOST_MIXED = 0.05, 0.65
"""Largest shares of wrong answers. One taken for two loses the id at once; two taken for one have to meet first."""

RATE = 0.005
"""Weight of one person tested: about the last two hundred count."""

MOST = 32
"""Tracks tested on one frame, the oldest first, and of equal age the uppermost: the order of rows has no say."""


class Trust(NamedTuple):
    """How often looks are wrong about who is who, measured where motion is sure.

    Attributes:
        strange: Running share of wrong answers about one person: the looks are those of strangers. It starts near what
            is allowed, so that vectors without meaning are found out before they do harm.
        mixed: Running share of wrong answers about two people: the looks are within the appearance threshold.

    Example:
        >>> from trackers import SteadySORTTracker
        >>> SteadySORTTracker().trust.counts
        True
    """

    strange: float = 0.8 * MOST_STRANGE
    mixed: float = MOST_MIXED

    @property
    def counts(self) -> bool:
        """Whether what people look like counts; if not, the tracker goes by motion alone."""
        return self.strange <= MOST_STRANGE and self.mixed <= MOST_MIXED

    def tested(self, tracks: SteadySORTTracks, seen: Observations, pairs: Pairs, threshold: float) -> Trust:
        """The trust after the tests of one frame.

        Args:
            tracks: Predicted tracks.
            seen: The frame.
            pairs: Tracks, and the detections within their reach.
            threshold: Largest cosine distance of a match.
        """
        track, detection = sure_pairs(tracks, seen, pairs)
        if len(track) == 0:
            return self
        distance = 1.0 - tracks.look[track] @ seen.vectors[detection].T
        others = tracks.group[track, None] == tracks.group[track]
        np.fill_diagonal(others, False)
        weight = 1.0 - (1.0 - RATE) ** len(track)
        strange, mixed = distance.diagonal() > STRANGE * threshold, distance[others] <= threshold
        return Trust(
            self.strange + weight * (float(strange.mean()) - self.strange),
            self.mixed + weight * (float(mixed.mean()) - self.mixed) if len(mixed) else self.mixed,
        )


def sure_pairs(tracks: SteadySORTTracks, seen: Observations, pairs: Pairs) -> Match:
    """Tracks just seen with the detection that is theirs whatever it looks like, if both have a look."""
    recent = pairs.where(tracks.missed[pairs.track] == 0)
    if len(recent.track) == 0:
        return NO_MATCH
    track, detection, _ = recent.where(without_rival(recent))
    if len(track) > MOST:
        oldest = np.lexsort((*tracks.box[track].T, -tracks.age[track]))[:MOST]
        track, detection = track[oldest], detection[oldest]
    known = described(tracks.look[track]) & described(seen.vectors[detection])
    return Match(track[known], detection[known])
