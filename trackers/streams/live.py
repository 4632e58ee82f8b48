"""Many sources at once: decoded on threads, detected and embedded in batches, tracked one by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from trackers.appearance.detector_features import DetectorFeatures
from trackers.boxes import Image
from trackers.errors import check_range
from trackers.io import read_ahead
from trackers.streams.counters import Counters, StreamCounters
from trackers.streams.readers import Readers, Source, Waiting

if TYPE_CHECKING:
    import supervision as sv

ENDING = 1.0
"""Seconds in which threads must end."""

Batch = tuple[list[Waiting], "list[sv.Detections]"]
"""Frames of different streams, and the detections of each."""


class Streams(Protocol):
    """What is run: the trackers of all streams, as a `MultiStreamTracker` has them."""

    on_error: str
    errors: dict[str, Exception]

    def tracker(self, name: str) -> Any:
        """See `MultiStreamTracker.tracker`."""
        ...

    def update(
        self, frames: Mapping[str, Any], *, timestamps: Mapping[str, float], on_error: str
    ) -> dict[str, sv.Detections]:
        """See `MultiStreamTracker.update`."""
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
    """Track sources until all have ended: what `MultiStreamTracker.run` does."""
    if not isinstance(sources, Mapping):
        raise TypeError(
            "expected sources by the name of their stream, such as {'door': 'rtsp://192.168.0.7/stream'}, but got "
            f"{type(sources).__name__}"
        )
    if not sources:
        raise ValueError("expected at least one source, such as {'door': 'rtsp://192.168.0.7/stream'}, but got none")
    check_range("wait", wait, 0.0)
    check_range("batch_size", 1 if batch_size is None else batch_size, 1)
    unknown = [name for name in live or () if name not in sources]
    if unknown:
        raise ValueError(f"live names {unknown[0]!r}, but the sources are {', '.join(map(repr, sources))}")
    detect = batched(detector)
    trackers = {name: streams.tracker(name) for name in sources}
    counters = Counters() if counters is None else counters
    counters |= {name: StreamCounters() for name in sources}
    stop = threading.Event() if stop is None else stop
    refused: dict[str, Exception] = {}
    readers = Readers(sources, live, counters, patient=streams.on_error == "skip")
    try:
        readers.wait_until_open()
        for name, tracker in trackers.items():
            if not readers.live.get(name, True):
                tracker.reset()
        batches = _detected(readers, detect, batch_size or len(sources), wait, stop)
        # Vectors that are read off the detector must be taken before its next call.
        if not any(isinstance(one.feature_extractor, DetectorFeatures) for one in trackers.values()):
            batches = read_ahead(batches, size=1)
        for batch, found in batches:
            _track(streams, batch, found, sink, counters)
            refused |= streams.errors if batch else {}
            if stop.is_set():
                break
    except KeyboardInterrupt:
        pass  # whoever presses Ctrl-C wants what there is
    finally:
        readers.stop(ENDING)
    streams.errors = {**refused, **readers.errors}
    return counters


def _detected(
    readers: Readers,
    detect: Callable[[list[Image]], list[sv.Detections]],
    size: int,
    wait: float,
    stop: threading.Event,
) -> Iterator[Batch]:
    """Batches, each detected on in one call; an empty one where nothing came for a moment."""
    while not readers.finished and not stop.is_set():
        batch = readers.take(size, wait)
        found = detect([one.image for one in batch]) if batch else []
        if len(found) != len(batch):
            raise ValueError(
                f"the detector must return detections for each of {len(batch)} frames, but got {len(found)}"
            )
        yield batch, found


def _track(
    streams: Streams,
    batch: Sequence[Waiting],
    found: Sequence[sv.Detections],
    sink: Callable[[StreamResult], Any] | None,
    counters: Counters,
) -> None:
    """Track a batch, and give every frame to the sink."""
    if not batch:
        return
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
