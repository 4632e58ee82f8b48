"""A place frames come from, the times they have, and what went wrong while reading it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from trackers.boxes import Image
from trackers.errors import check_range

logger = logging.getLogger(__name__)


def check_rate(frame_rate: float | None) -> None:
    """Refuse a number that is no rate; None, which leaves it to the source, is one.

    Raises:
        TypeError: If it is not a number.
        ValueError: If it is not positive and finite.

    Example:
        >>> check_rate(29.97)
        >>> check_rate(0)
        Traceback (most recent call last):
        ...
        ValueError: frame_rate must be between 1e-06 and 1000000.0, but got 0
    """
    if frame_rate is not None:
        check_range("frame_rate", frame_rate, 1e-6, 1e6)


def without_password(name: str) -> str:
    """An address as it may be shown and kept.

    Example:
        >>> without_password("rtsp://user:secr@et@camera/1?x=1"), without_password("a:b@c.mp4")
        ('rtsp://user:***@camera/1?x=1', 'a:b@c.mp4')
    """
    return re.sub(r"(?<=://)([^/:@]*):[^/]*@", r"\1:***@", name)


class _Numbered(NamedTuple):
    number: int
    image: Image


class SourceFrame(_Numbered):
    """A frame of a source: unpacks to its number and its BGR image, and has a time.

    Attributes:
        number: 1 for the first frame of the source.
        image: uint8, BGR, shape `(h, w, 3)`.
        time: Seconds, ascending.

    Example:
        >>> import numpy as np
        >>> frame = SourceFrame.at(2.5, 7, np.zeros((2, 2, 3), np.uint8))
        >>> number, image = frame
        >>> number, frame.time
        (7, 2.5)
    """

    time: float

    @classmethod
    def at(cls, time: float, number: int, image: Image) -> SourceFrame:
        """A frame with its time."""
        frame = cls(number, image)
        frame.time = time
        return frame


NumberedFrames = Iterator[SourceFrame]
"""Frames, numbers ascending from 1."""


STILL = 1e-6
"""Seconds: less than the finest time base in use; a step below it is none."""


class Timeline:
    """Times of frames, ascending, from what a source tells of them.

    Args:
        frame_rate: Frames per second; the step where the source tells none.
        tick: Seconds its times are rounded to: a step within one of a frame is exactly a frame.

    Example:
        >>> timeline = Timeline(30.0, tick=0.001)
        >>> [round(timeline.next(time), 4) for time in (0.0, 0.033, 0.067, None, 0.6)]
        [0.0, 0.0333, 0.0667, 0.1, 0.5997]
    """

    def __init__(self, frame_rate: float, tick: float = 0.0) -> None:
        """Start before the first frame."""
        self._step, self.tick = 1.0 / frame_rate, tick
        self._now: float | None = None
        self._stated: float | None = None
        self._then = 0.0
        self._back: float | None = None

    def next(self, stated: float | None) -> float:
        """Time of the next frame; `stated` is what the source says, None where it says nothing.

        A time that stands still or jumps back says nothing, until the one after goes on from there: the source has
        begun to count anew.
        """
        if self._now is None:
            self._now = 0.0 if stated is None else stated
        else:
            stated = self._in_order(stated)
            step = 0.0 if stated is None or self._stated is None else stated - self._stated - (self._now - self._then)
            self._now += self._step if step <= STILL or abs(step - self._step) <= 1.001 * self.tick else step
        if stated is not None:
            self._stated, self._then, self._back = stated, self._now, None
        return self._now

    def _in_order(self, stated: float | None) -> float | None:
        """The time, or None for one that says nothing."""
        if stated is None or self._stated is None or stated > self._stated:
            return stated
        if self._back is not None and stated > self._back:
            self._stated, self._then = self._back, self._now or 0.0
            return stated
        self._back = stated
        return None

    def bridge(self, seconds: float) -> None:
        """Let time pass between two frames of which the source cannot tell: it was away."""
        if self._now is not None:
            self._now += max(0.0, seconds - self._step)
            self._stated = self._back = None


@dataclass
class Faults:
    """What went wrong while reading, and was survived.

    Attributes:
        broken_frames: Frames that could not be decoded and were left out, or were decoded with damage.
        reconnections: How often a stream was opened again.
    """

    broken_frames: int = 0
    reconnections: int = 0


@dataclass
class FrameSource:
    """A place frames come from; iterating gives `SourceFrame`s, which unpack to `(number, image)`.

    A number is missing where a frame could not be decoded.

    Attributes:
        name: What people call it.
        frame_rate: Frames per second.
        frame_count: Number of frames as the source announces it, else None.
        read: Starts reading from the beginning; counts faults as it goes. Frames without a time get that of the rate,
            those of a live source that of the clock.
        faults: What went wrong so far.
        live: Whether frames come at the source's own pace, as from a camera; None where it has no known end.
    """

    name: str
    frame_rate: float
    frame_count: int | None
    read: Callable[[Faults], Iterator[tuple[int, Image]]] = field(repr=False)
    faults: Faults = field(default_factory=Faults)
    live: bool | None = None

    def __post_init__(self) -> None:
        """Decide whether it is live where nobody says so."""
        self.live = self.frame_count is None if self.live is None else self.live

    def __iter__(self) -> NumberedFrames:
        """Read from the beginning (a camera or a live stream: from now).

        Raises:
            ValueError: If there is not a single frame.
        """
        number, start = 0, time.monotonic()
        for frame in self.read(self.faults):
            number, image = frame
            if isinstance(frame, SourceFrame):
                yield frame
            else:
                stated = time.monotonic() - start if self.live else (number - 1) / self.frame_rate
                yield SourceFrame.at(stated, number, image)
        if number == 0:
            raise ValueError(f"{self.name} has no frame that can be decoded")
        if number < (self.frame_count or 0):
            logger.warning("%s ended with frame %d of %d", self.name, number, self.frame_count)
