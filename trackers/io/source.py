"""A place frames come from, and what went wrong while reading it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trackers.boxes import Image

logger = logging.getLogger(__name__)

NumberedFrames = Iterator[tuple[int, Image]]
"""Frame numbers, ascending from 1, and BGR images."""


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
    """A place frames come from; iterating gives `(number, image)`, numbers starting at 1.

    A number is missing where a frame could not be decoded.

    Attributes:
        name: What people call it.
        frame_rate: Frames per second.
        frame_count: Number of frames as the source announces it, else None.
        read: Starts reading from the beginning; counts faults as it goes.
        faults: What went wrong so far.
    """

    name: str
    frame_rate: float
    frame_count: int | None
    read: Callable[[Faults], NumberedFrames] = field(repr=False)
    faults: Faults = field(default_factory=Faults)

    def __iter__(self) -> NumberedFrames:
        """Read from the beginning (a camera or a live stream: from now).

        Raises:
            ValueError: If there is not a single frame.
        """
        number = 0
        for number, image in self.read(self.faults):
            yield number, image
        if number == 0:
            raise ValueError(f"{self.name} has no frame that can be decoded")
        if number < (self.frame_count or 0):
            logger.warning("%s ended with frame %d of %d", self.name, number, self.frame_count)
