"""Where every figure of one frame is."""

from __future__ import annotations

from typing import NamedTuple

from trackers.sample import body, sight
from trackers.sample.paths import Floats


class Snapshot(NamedTuple):
    """All ``n`` figures in one frame, in pixels of that frame; kept for those out of the picture too."""

    feet: Floats  # (n, 2)
    heights: Floats  # (n,)
    boxes: Floats  # (n, 4) xyxy around the whole body
    pose: body.Pose
    sight: sight.Sight
