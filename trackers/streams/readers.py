"""Threads that decode sources, and where their frames wait to be tracked."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from trackers.boxes import Image
from trackers.io import FrameSource
from trackers.streams.counters import Counters

logger = logging.getLogger(__name__)

WAITING = 2
"""Frames of one source that may wait: a live source drops its oldest then, a file is not read on."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds until a lost source is opened again; doubled after each attempt in vain."""

STILL = 0.05
"""Seconds after which a waiting thread looks up, so that nothing blocks Ctrl-C."""


class Waiting(NamedTuple):
    """A decoded frame: its stream, number, time in seconds, image, and when it was decoded."""

    name: str
    number: int
    timestamp: float
    image: Image
    arrival: float


class Readers:
    """Decodes every source on a thread of its own.

    Args:
        sources: The sources, by the name of their stream.
        live: Whether each gives frames at its own pace, and is opened again when it ends.
        counters: Where frames are counted.
    """

    def __init__(self, sources: Mapping[str, FrameSource], live: Mapping[str, bool], counters: Counters) -> None:
        """Start to read."""
        self.errors: dict[str, Exception] = {}
        self._live, self._counters = live, counters
        self._frames: dict[str, deque[Waiting]] = {name: deque() for name in sources}
        self._reading = set(sources)
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(name, source), name=f"reader {name}", daemon=True)
            for name, source in sources.items()
        ]
        for thread in self._threads:
            thread.start()

    def take(self, most: int, wait: float) -> list[Waiting]:
        """The next batch, at most one frame of each stream: when it is full, or so long after its first frame.

        Args:
            most: Frames in a full batch.
            wait: Seconds.

        Returns:
            The frames, first come first; none where nothing came for a moment.
        """
        with self._changed:
            first = self._first()
            if first is None:
                self._changed.wait(STILL)
                first = self._first()
            if first is None:
                return []
            while self._count() < min(most, max(1, len(self._reading | self._with_frames()))):
                left = first + wait - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            ready = sorted((frames[0] for frames in self._frames.values() if frames), key=lambda one: one.arrival)
            batch = ready[:most]
            for one in batch:
                self._frames[one.name].popleft()
            self._changed.notify_all()
            return batch

    @property
    def finished(self) -> bool:
        """Whether all sources have ended and all frames were taken."""
        with self._changed:
            return not self._reading and not self._count()

    def stop(self, timeout: float) -> None:
        """End all threads; one that hangs in a decoder is left behind after so many seconds."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _first(self) -> float | None:
        """When the first waiting frame came."""
        return min((frames[0].arrival for frames in self._frames.values() if frames), default=None)

    def _with_frames(self) -> set[str]:
        return {name for name, frames in self._frames.items() if frames}

    def _count(self) -> int:
        """Streams that have a frame waiting."""
        return sum(1 for frames in self._frames.values() if frames)

    def _read(self, name: str, source: FrameSource) -> None:
        """Read a source to its end; open a live one again and again."""
        start, pause = time.time() - time.monotonic(), FIRST_PAUSE
        try:
            while not self._stopped.is_set():
                before = self._counters[name].received
                try:
                    self._decode(name, source, start)
                except Exception as error:
                    self.errors[name] = error.with_traceback(None)  # a traceback would keep images
                    logger.warning("%s broke off: %s", name, str(error))
                if not self._live[name] or self._stopped.is_set():
                    return
                pause = FIRST_PAUSE if self._counters[name].received > before else min(2.0 * pause, LONGEST_PAUSE)
                if self._stopped.wait(pause):
                    return
                self._counters[name].reconnections += 1
        finally:
            with self._changed:
                self._reading.discard(name)
                self._changed.notify_all()

    def _decode(self, name: str, source: FrameSource, start: float) -> None:
        """Put the frames of a source where they wait."""
        live, counters = self._live[name], self._counters[name]
        for number, image in source.read(source.faults):
            arrival = time.monotonic()
            at = start + arrival if live else (number - 1) / source.frame_rate
            counters.received += 1
            with self._changed:
                frames = self._frames[name]
                while not live and len(frames) >= WAITING and not self._stopped.is_set():
                    self._changed.wait(STILL)
                if self._stopped.is_set():
                    return
                if live and len(frames) >= WAITING:
                    frames.popleft()
                    counters.dropped += 1
                frames.append(Waiting(name, counters.received if live else number, at, image, arrival))
                self._changed.notify_all()
            self.errors.pop(name, None)
