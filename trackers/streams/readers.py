"""Threads that decode sources, and where their frames wait to be tracked."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from trackers.boxes import Image
from trackers.io import FrameSource, open_source
from trackers.io.frames import kind_of
from trackers.io.source import Timeline
from trackers.streams.counters import Counters

Source = str | Path | int | FrameSource
"""What `trackers.io.open_source` opens, or what it returned."""

logger = logging.getLogger(__name__)

WAITING = 2
"""Frames of one source that may wait: a live source drops its oldest then, a file is not read on."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds until a lost source is opened again; doubled after each attempt in vain."""

STILL = 0.05
"""Seconds after which a waiting thread wakes up, so that nothing blocks Ctrl-C."""


class Waiting(NamedTuple):
    """A decoded frame: its stream, number, time in seconds, image, and when it was decoded."""

    name: str
    number: int
    timestamp: float
    image: Image
    arrival: float


class SourceClock:
    """Times of the frames of a live source, over all its connections.

    The steps are the source's own. The first frame of each connection has the time of day, so that an outage counts.

    Args:
        frame_rate: Frames per second, where the source tells no times.

    Example:
        >>> times = SourceClock(25.0)
        >>> first = times.next(0.0, arrival=100.0)
        >>> times.broke_off()
        >>> [round(times.next(stated, arrival) - first, 2) for stated, arrival in ((0.0, 107.0), (0.04, 107.3))]
        [7.0, 7.04]
    """

    def __init__(self, frame_rate: float) -> None:
        """Start before the first frame."""
        self._timeline = Timeline(frame_rate)
        self._zero = 0.0  # of the timeline, in seconds since 1970
        self._epoch: float | None = None  # when the monotonic clock was at 0
        self._last, self._away = 0.0, False

    def next(self, stated: float, arrival: float) -> float:
        """Time of the next frame in seconds since 1970.

        Args:
            stated: What the source says, in seconds.
            arrival: When it was decoded, on the monotonic clock.
        """
        if self._epoch is None:
            self._epoch = time.time() - time.monotonic()
            self._zero = self._epoch + arrival - self._timeline.next(stated)
            self._last = self._epoch + arrival
        else:
            if self._away:
                self._timeline.bridge(self._epoch + arrival - self._last)
            self._last = self._zero + self._timeline.next(stated)
        self._away = False
        return self._last

    def broke_off(self) -> None:
        """Let the clock tell how long the source is away."""
        self._away = True


class Readers:
    """Opens and decodes every source on a thread of its own.

    Args:
        sources: The sources, by the name of their stream.
        live: Streams whose source is live, so that it drops frames, and is opened again when it ends; None takes those
            that are by themselves, see `FrameSource.live`.
        counters: Where frames are counted.
        patient: Whether an address that cannot be opened at the start is tried again as one that broke off.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        live: Collection[str] | None,
        counters: Counters,
        *,
        patient: bool = False,
    ) -> None:
        """Start to open and to read."""
        self.errors: dict[str, Exception] = {}
        self.live: dict[str, bool] = {}
        self._named_live, self._counters, self._patient = live, counters, patient
        self._frames: dict[str, deque[Waiting]] = {name: deque() for name in sources}
        self._reading, self._opening = set(sources), set(sources)
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(name, source), name=f"reader {name}", daemon=True)
            for name, source in sources.items()
        ]
        for thread in self._threads:
            thread.start()

    def wait_until_open(self) -> None:
        """Wait until every source has been opened, or has failed.

        Raises:
            OSError: If a source is not there, or cannot be read.
            ValueError: If a source cannot be opened.
        """
        with self._changed:
            while self._opening:
                self._changed.wait(STILL)
        failed = [name for name in self._frames if name not in self.live]
        for name in [] if self._patient else failed:
            error = self.errors[name]
            raise type(error)(f"the source of stream {name!r} cannot be opened: {error}") from error

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
        """Whether all sources have ended and all frames were taken, or nothing is read any more."""
        with self._changed:
            return self._stopped.is_set() or not (self._reading or self._count())

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

    def _read(self, name: str, source: Source) -> None:
        """Read a source to its end; open a live one again and again."""
        opened: FrameSource | None = None
        pause = FIRST_PAUSE
        try:
            while not self._stopped.is_set():
                before = self._counters[name].received
                try:
                    if opened is None:
                        opened = opened_for_good(source)
                        times = SourceClock(opened.frame_rate)
                        self.live[name] = bool(opened.live) if self._named_live is None else name in self._named_live
                        self._is_open(name)
                    self._decode(name, opened, times)
                except Exception as error:
                    self.errors[name] = error.with_traceback(None)  # a traceback would keep images
                    logger.warning("%s broke off: %s", name, str(error))
                    self._is_open(name)
                again = self.live[name] if opened else self._patient and is_address(source)
                pause = FIRST_PAUSE if self._counters[name].received > before else min(2.0 * pause, LONGEST_PAUSE)
                if not again or self._stopped.wait(pause):
                    return
                self._counters[name].reconnections += 1
        finally:
            with self._changed:
                self._reading.discard(name)
                self._changed.notify_all()

    def _is_open(self, name: str) -> None:
        """Note that a source is open, or could not be opened."""
        with self._changed:
            self._opening.discard(name)
            self._changed.notify_all()

    def _decode(self, name: str, source: FrameSource, times: SourceClock) -> None:
        """Put the frames of a source where they wait."""
        live, counters = self.live[name], self._counters[name]
        times.broke_off()
        for frame in source:
            arrival = time.monotonic()
            at = times.next(frame.time, arrival) if live else frame.time
            counters.received += 1
            number = counters.received if live else frame.number
            with self._changed:
                frames = self._frames[name]
                while not live and len(frames) >= WAITING and not self._stopped.is_set():
                    self._changed.wait(STILL)
                if self._stopped.is_set():
                    return
                if live and len(frames) >= WAITING:
                    frames.popleft()
                    counters.dropped += 1
                frames.append(Waiting(name, number, at, frame.image, arrival))
                self._changed.notify_all()
            self.errors.pop(name, None)


def opened_for_good(source: Source) -> FrameSource:
    """Open a source; a live one without attempts of its own to go on when it breaks off.

    Raises:
        OSError: If it is not there.
        ValueError: If it cannot be opened.
    """
    if isinstance(source, FrameSource):
        return source
    opened = open_source(source, retries=0)
    return open_source(source) if is_address(source) and not opened.live else opened


def is_address(source: Source) -> bool:
    """Whether a source is a camera or an address, which may be there later."""
    return not isinstance(source, FrameSource) and kind_of(source) in ("camera", "address")
