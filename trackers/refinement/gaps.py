"""Gaps of a track, filled where the link across them is credible."""

from __future__ import annotations

import numpy as np

from trackers.boxes import Bools, Ints
from trackers.motion.models import centre_size
from trackers.refinement.rows import TrackRows

LONGEST_GAP = 3.0
"""Seconds of the longest gap that is filled."""

FARTHEST = 1.0
"""Box heights between the two ends of a gap."""

GROWTH = 1.35
"""Largest ratio of the heights at the two ends of a gap, either way."""

KNOWN = 0.5
"""Seconds that a track is known on either side of a gap that is longer; of a shorter gap, its own length."""


def fill_gaps(rows: TrackRows, frame_rate: float, longest_gap: float) -> TrackRows:
    """Add rows on a straight line across every credible gap; confidence is the mean of the two ends.

    Args:
        rows: The tracks.
        frame_rate: Frames per second.
        longest_gap: Seconds of the longest gap that is filled; 0 fills none.

    Returns:
        The tracks with `interpolated` rows.
    """
    missing = np.zeros(len(rows), np.int64)  # frames to fill in after each row
    missing[:-1] = np.where(credible_gaps(rows, frame_rate, longest_gap), np.diff(rows.frame) - 1, 0)
    before = np.repeat(np.arange(len(rows)), missing + 1)
    after = np.minimum(before + 1, len(rows) - 1)
    step = np.arange(len(before)) - np.repeat(np.cumsum(missing + 1) - missing - 1, missing + 1)
    share = step / (missing[before] + 1)
    added = step > 0
    boxes = rows.boxes[before]
    boxes += share[:, None] * np.where(added[:, None], rows.boxes[after] - boxes, 0.0)
    ends = 0.5 * (rows.confidence[before] + rows.confidence[after])
    return TrackRows(
        frame=rows.frame[before] + step,
        track=rows.track[before],
        boxes=boxes,
        confidence=np.where(added, ends, rows.confidence[before]),
        source=rows.source[np.where(share <= 0.5, before, after)],
        interpolated=rows.interpolated[before] | added,
        added=added,
    )


def credible_gaps(rows: TrackRows, frame_rate: float, longest_gap: float) -> Bools:
    """Whether frames are missing between each row and the next, and both are surely one object, shape `(n - 1,)`."""
    seconds = np.diff(rows.frame) / frame_rate
    at = centre_size(rows.boxes)
    height = at[:, 3]
    far = np.linalg.norm(np.diff(at[:, :2], axis=0), axis=1) / (0.5 * (height[1:] + height[:-1]))
    growth = np.abs(np.diff(np.log(height)))
    earlier, later = _known(rows)
    known = np.minimum(earlier[:-1], later[1:]) / frame_rate
    credible = (seconds <= longest_gap) & (far <= FARTHEST) & (growth <= np.log(GROWTH))
    return np.asarray(rows.follows & (np.diff(rows.frame) > 1) & credible & (known >= np.minimum(KNOWN, seconds)))


def _known(rows: TrackRows) -> tuple[Ints, Ints]:
    """Rows of each row's track up to it, and from it on, shape `(n,)` each."""
    starts = np.flatnonzero(np.append(True, ~rows.follows)[: len(rows)])
    count = np.diff(np.append(starts, len(rows)))
    place = np.arange(len(rows)) - np.repeat(starts, count)
    return place + 1, np.repeat(count, count) - place
