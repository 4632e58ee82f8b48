"""Whether embeddings separate the objects of this video: error rates that SteadySORT measures while it tracks.

Two boxes in one frame are two objects. A track matched on the previous frame and the only detection in its gate, which
is in the gate of no other such track, are one object. These pairs, known from motion alone, measure how often the
appearance threshold rejects the same object and accepts another. Embeddings without meaning fail, and so do good ones
with a threshold that is not theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trackers.appearance.vectors import has_embedding
from trackers.association.assignment import NO_MATCH, Match, without_rival
from trackers.association.pairs import Pairs
from trackers.deprecation import warn_renamed

if TYPE_CHECKING:
    from trackers.core.observations import Observations
    from trackers.core.steadysort.tracks import SteadySORTTracks

FALSE_REJECT = 1.5
"""In appearance thresholds: a cosine distance beyond rejects a match, even of boxes with an IoU of one half."""

LARGEST_FALSE_REJECT_RATE, LARGEST_FALSE_ACCEPT_RATE = 0.05, 0.65
"""Largest error rates at which appearance is used: a false reject loses an id, a false accept only where two meet."""

RATE = 0.005
"""Weight of one tested track: about the last two hundred count."""

MOST = 32
"""Tracks tested on one frame, the oldest first, and of equal age the uppermost: the order of rows has no say."""


class Trust(NamedTuple):
    """Error rates of the embeddings at the appearance threshold, measured on pairs that motion alone settles.

    Attributes:
        false_reject_rate: Running share of pairs of one object that appearance rejects. It starts just below the
            largest allowed: two rejects in the first two tests are too many, two in the first three are not.
        false_accept_rate: Running share of pairs of two objects within the appearance threshold.

    Example:
        >>> from trackers import SteadySORTTracker
        >>> SteadySORTTracker().trust.reliable
        True
    """

    false_reject_rate: float = 0.81 * LARGEST_FALSE_REJECT_RATE
    false_accept_rate: float = LARGEST_FALSE_ACCEPT_RATE

    @property
    def reliable(self) -> bool:
        """Whether the tracker uses appearance; if not, it associates by motion alone."""
        return (
            self.false_reject_rate <= LARGEST_FALSE_REJECT_RATE and self.false_accept_rate <= LARGEST_FALSE_ACCEPT_RATE
        )

    @property
    def counts(self) -> bool:
        """The old name of `reliable`."""
        warn_renamed("trust.counts", "trust.reliable")
        return self.reliable

    @property
    def strange(self) -> float:
        """The old name of `false_reject_rate`."""
        warn_renamed("trust.strange", "trust.false_reject_rate")
        return self.false_reject_rate

    @property
    def mixed(self) -> float:
        """The old name of `false_accept_rate`."""
        warn_renamed("trust.mixed", "trust.false_accept_rate")
        return self.false_accept_rate

    def tested(self, tracks: SteadySORTTracks, observations: Observations, pairs: Pairs, threshold: float) -> Trust:
        """The error rates after one more frame.

        Args:
            tracks: Predicted tracks.
            observations: The frame.
            pairs: Tracks and the detections in their gates.
            threshold: Largest cosine distance of a match.
        """
        track, detection = unambiguous_pairs(tracks, observations, pairs)
        if len(track) == 0:
            return self
        tested, group = len(track), tracks.group.take(track)
        distance = 1.0 - tracks.embedding.take(track, axis=0) @ observations.vectors.take(detection, axis=0).T
        comparable = group[:, None] == group
        accepted = comparable & (distance <= threshold)
        others = np.count_nonzero(comparable) - tested
        false_rejects = np.count_nonzero(distance.diagonal() > FALSE_REJECT * threshold) / tested
        false_accepts = self.false_accept_rate
        if others:
            false_accepts = (np.count_nonzero(accepted) - np.count_nonzero(accepted.diagonal())) / others
        weight = 1.0 - (1.0 - RATE) ** tested
        return Trust(
            self.false_reject_rate + weight * (false_rejects - self.false_reject_rate),
            self.false_accept_rate + weight * (false_accepts - self.false_accept_rate),
        )


def unambiguous_pairs(tracks: SteadySORTTracks, observations: Observations, pairs: Pairs) -> Match:
    """Tracks matched on the previous frame and their only possible detection, where both have an embedding."""
    active = pairs.where(tracks.missed.take(pairs.track) == 0)
    if len(active.track) == 0:
        return NO_MATCH
    track, detection, _ = active.where(without_rival(active))
    if len(track) > MOST:
        oldest = np.lexsort((*tracks.box[track].T, -tracks.age[track]))[:MOST]
        track, detection = track[oldest], detection[oldest]
    known = has_embedding(tracks.embedding.take(track, axis=0)) & observations.embedded.take(detection)
    if known.all():
        return Match(track, detection)
    return Match(track[known], detection[known])
