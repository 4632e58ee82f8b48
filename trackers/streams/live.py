"""Many sources at once: decoded on threads, detected and embedded in batches, tracked one by one."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from trackers.boxes import Image
from trackers.errors import check_range
from trackers.io import FrameSource, open_source
from trackers.streams.counters import Counters, StreamCounters
from trackers.streams.readers import Readers, Waiting

if TYPE_CHECKING:
    import supervision as sv

Source = str | Path | int | FrameSource
"""What `trackers.io.open_source` opens, or what it returned."""

ENDING = 1.0
"""Seconds in which threads must end."""


class Streams(Protocol):
    """The trackers of all streams, as a `MultiStreamTracker` has them."""

    trackers: dict[str, Any]
    errors: dict[str, Exception]

    def update(
        self,
        frames: Mapping[str, Any],
        *,
        timestamps: Mapping[str, float] | float | None = None,
        on_error: str | None = None,
    ) -> dict[str, sv.Detections]:
        """Track one frame of some of the streams."""
        ...


class StreamResult(NamedTuple):
    """A tracked frame of a stream.

    Attributes:
        name: The stream.
        number: Number of the frame, from 1.
        timestamp: Its time in seconds: since 1970 for a live source, since the start of the video for a file.
        image: The image.
        detections: What the tracker returned.
    """

    name: str
    number: int
    timestamp: float
    image: Image
    detections: sv.Detections


def run(
    streams: Streams,
    sources: Mapping[str, Source],
    detector: Any,
    sink: Callable[[StreamResult], Any] | None = None,
    *,
    live: Collection[str] | None = None,
    batch_size: int | None = None,
    wait: float = 0.01,
    stop: threading.Event | None = None,
    counters: Counters | None = None,
) -> Counters:
    """Track sources until all have ended; see `MultiStreamTracker.run`."""
    if not sources:
        raise ValueError("expected at least one source, such as {'door': 'rtsp://192.168.0.7/stream'}, but got none")
    check_range("wait", wait, 0.0)
    check_range("batch_size", 1 if batch_size is None else batch_size, 1)
    unknown = [name for name in live or () if name not in sources]
    if unknown:
        raise ValueError(f"live names {unknown[0]!r}, but the sources are {', '.join(map(repr, sources))}")
    opened = {name: _opened(name, source) for name, source in sources.items()}
    alive = {name: _is_live(sources[name]) if live is None else name in live for name in sources}
    detect = batched(detector)
    for name, tracker in streams.trackers.items():
        if not alive.get(name, True):
            tracker.reset()
    counters = Counters() if counters is None else counters
    counters |= {name: StreamCounters() for name in sources}
    readers = Readers(opened, alive, counters)
    try:
        while not readers.finished and not (stop is not None and stop.is_set()):
            batch = readers.take(batch_size or len(sources), wait)
            if batch:
                _track(streams, batch, detect, sink, counters)
    except KeyboardInterrupt:
        pass  # whoever presses Ctrl-C wants what there is
    finally:
        readers.stop(ENDING)
    streams.errors = dict(readers.errors)
    return counters


def _track(
    streams: Streams,
    batch: Sequence[Waiting],
    detect: Callable[[list[Image]], list[sv.Detections]],
    sink: Callable[[StreamResult], Any] | None,
    counters: Counters,
) -> None:
    """Detect on a batch in one call, track it, and hand every frame to the sink."""
    found = detect([one.image for one in batch])
    if len(found) != len(batch):
        raise ValueError(f"the detector must return detections for each of {len(batch)} frames, but got {len(found)}")
    tracked = streams.update(
        {one.name: (detections, one.image) for one, detections in zip(batch, found, strict=True)},
        timestamps={one.name: one.timestamp for one in batch},
        on_error="skip",
    )
    for one in batch:
        if one.name not in tracked:
            counters[one.name].failed += 1
            continue
        if sink is not None:
            sink(StreamResult(one.name, one.number, one.timestamp, one.image, tracked[one.name]))
        counters[one.name].took(time.monotonic() - one.arrival)


def batched(detector: Any) -> Callable[[list[Image]], list[sv.Detections]]:
    """A detector of many frames in one call.

    Args:
        detector: An Ultralytics model; an object with `detect_batch(frames)` that returns a list; or a callable from a
            frame to its detections.

    Returns:
        A function from frames to the detections of each.

    Raises:
        TypeError: If it is none of these.
    """
    if hasattr(detector, "predict") and hasattr(detector, "names"):

        def predict(frames: list[Image]) -> list[sv.Detections]:
            import supervision as sv

            return [sv.Detections.from_ultralytics(one) for one in detector(frames, verbose=False)]

        return predict
    if hasattr(detector, "detect_batch"):
        return lambda frames: list(detector.detect_batch(frames))
    if not callable(detector):
        raise TypeError(
            "expected an Ultralytics model, an object with detect_batch(frames), or a function from a frame to "
            f"sv.Detections as detector, but got {type(detector).__name__}"
        )
    return lambda frames: [detector(frame) for frame in frames]


def _opened(name: str, source: Source) -> FrameSource:
    if isinstance(source, FrameSource):
        return source
    try:
        return open_source(source, retries=0)
    except (OSError, ValueError) as error:
        raise type(error)(f"the source of stream {name!r} cannot be opened: {error}") from error


def _is_live(source: Source) -> bool:
    """Whether a source gives frames at its own pace: a camera, an address, a source without a known end."""
    if isinstance(source, FrameSource):
        return source.frame_count is None
    return str(source).isdigit() or re.match(r"[A-Za-z]+://", str(source)) is not None
