"""How far SteadySORT goes where appearance confirms what motion says, and where motion is all there is."""

from __future__ import annotations

import math
from typing import NamedTuple


class Limits(NamedTuple):
    """Limits of association on one frame.

    Attributes:
        minimum_iou: Lowest IoU of a match by overlap.
        memory: Seconds that a confirmed track without appearance may be missed and be found by overlap.
        caution: How far on the way from `high_confidence_threshold` to `track_activation_threshold` the confidence lies
            from which on a detection may do more than prolong a track.
        low_iou: Lowest IoU of a match with a detection of less confidence.
        weaker_start: So much less confidence starts a track where no lost track is near.
    """

    minimum_iou: float
    memory: float
    caution: float
    low_iou: float
    weaker_start: float

    def confidence(self, high: float, start: float) -> float:
        """Confidence of a detection that may do more than prolong a track; see `caution`."""
        return high + self.caution * max(0.0, start - high)


WITH_APPEARANCE = Limits(minimum_iou=0.3, memory=3.0, caution=0.0, low_iou=0.6, weaker_start=0.1)
"""Appearance finds a lost track again, and shows that none is meant; overlap alone must be convincing."""

BY_MOTION = Limits(minimum_iou=0.2, memory=1.0, caution=0.5, low_iou=0.3, weaker_start=0.0)
"""Overlap is all there is: less is enough, but of clear detections, and no longer than motion can be predicted."""


def limits_of(described: bool, minimum_iou: float | None, lost_track_buffer: float | None) -> Limits:
    """What holds on a frame: the limits of appearance or those of motion alone, but for what the user set.

    Args:
        described: Whether appearance counts.
        minimum_iou: The user's lowest IoU of a match by overlap, None for ours.
        lost_track_buffer: The user's buffer, None for ours.

    Example:
        >>> limits_of(False, minimum_iou=None, lost_track_buffer=None) is BY_MOTION
        True
    """
    limits = WITH_APPEARANCE if described else BY_MOTION
    if minimum_iou is not None:
        limits = limits._replace(minimum_iou=minimum_iou)
    return limits if lost_track_buffer is None else limits._replace(memory=math.inf)
