"""When the frames of a predictor's source were taken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from trackers.core.base import Tracker
from trackers.io.source import Timeline
from trackers.io.streams import presentation_times

TICK = 1e-3
"""Seconds that the times of common containers are rounded to."""

EVEN = 1e-6
"""Seconds by which a step may differ from one of the frame rate."""


class Clock:
    """Times of the frames of one stream, from a video file, as far as they are needed.

    While frames come at the frame rate there is nothing to tell. From the first that does not, every frame has a time;
    where the file says nothing it is a frame later.

    Args:
        frame_rate: Frames per second as they are tracked.
        stride: Every how many frames of a file one is tracked.

    Attributes:
        before: Time of the frame before.
        uneven: Whether frames have times from here on.
    """

    def __init__(self, frame_rate: float, stride: int = 1) -> None:
        """Start before the first frame."""
        self._timeline, self._stride, self._step = Timeline(frame_rate, TICK), stride, 1.0 / frame_rate
        self._now: float | None = None
        self.before: float | None = None
        self.uneven = False
        self.rewind()

    def rewind(self) -> None:
        """Expect the first frame of a source."""
        self._file: str | None = None
        self._stated: Iterator[float] = iter(())

    def next(self, file: str | None) -> float | None:
        """Time of the next frame in seconds; None while there is nothing to tell.

        Args:
            file: The video file that it is of; None where it is of none.
        """
        if file != self._file:
            stated = iter(()) if file is None else presentation_times(file)
            self._file, self._stated = file, itertools.islice(stated, self._stride - 1, None, self._stride)
        self.before, self._now = self._now, self._timeline.next(next(self._stated, None))
        if self.before is not None and abs(self._now - self.before - self._step) > EVEN:
            self.uneven = True
        return self._now if self.uneven else None


def begin_to_tell(tracker: Tracker[Any], last: float) -> None:
    """Let a tracker that has counted frames go on by their times.

    Args:
        tracker: The tracker; its last frame is the one before.
        last: Time of that frame in seconds.
    """
    tracker.load_state_dict({**tracker.state_dict(), "timed": True, "timestamp": last})


def stride_of(dataset: Any) -> int:
    """Every how many frames of a video one is tracked."""
    return max(1, int(getattr(dataset, "vid_stride", 1) or 1))
