"""A tracker for each stream, by name; what they share goes through networks once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackers.core.base import Tracker
from trackers.core.parameters import one_of
from trackers.core.state import check_origin
from trackers.core.state_file import Saved, read_state
from trackers.errors import check_choice
from trackers.streams.together import StreamFrame, update_together

if TYPE_CHECKING:
    import supervision as sv

    from trackers.streams.counters import Counters
    from trackers.streams.live import StreamResult
    from trackers.streams.readers import Source

    Frame = sv.Detections | tuple[sv.Detections | None, Any] | None

ON_ERROR = ("raise", "skip")
VERSION = 1
"""Version of the format of states."""


class MultiStreamTracker(Saved):
    """Tracks many streams: `update` takes one frame of each of any of them.

    Each stream has a tracker of its own, with its own parameters, and ids that start at 1. Trackers that share a
    feature extractor, the very same object, share its batches: the boxes of all their frames go through the network
    together, so that one GPU serves many cameras. The ids of a stream are those of its tracker used alone.

    Args:
        make_tracker: Makes the tracker of a stream when its name comes up first.
        on_error: What becomes of an error in one stream's frame, such as a broken image. The other streams are tracked
            either way, and the stream's own tracker is left as it was. `"raise"` raises the first error at the end of
            `update`, `"skip"` only keeps it in `errors`.

    Attributes:
        trackers: The tracker of each stream.
        errors: Errors of the last `update`, by stream.
        tracked: What the last `update` returned, also where it raised.

    Example:
        >>> import numpy as np, supervision as sv
        >>> from trackers import SteadySORTTracker, StripeFeatureExtractor
        >>> extractor = StripeFeatureExtractor()
        >>> streams = MultiStreamTracker(lambda name: SteadySORTTracker(extractor, minimum_consecutive_frames=1))
        >>> frame = np.zeros((100, 100, 3), np.uint8)
        >>> person = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
        >>> tracked = streams.update({"door": (person, frame), "yard": (person, frame)})
        >>> {name: detections.tracker_id.tolist() for name, detections in tracked.items()}
        {'door': [1], 'yard': [1]}
    """

    on_error: str = one_of(*ON_ERROR)

    def __init__(self, make_tracker: Callable[[str], Tracker[Any]], *, on_error: str = "raise") -> None:
        """Start without streams."""
        if not callable(make_tracker):
            raise TypeError(
                "expected a function from a stream's name to a new tracker, such as "
                f"lambda name: SteadySORTTracker(extractor), but got {type(make_tracker).__name__}"
            )
        self.on_error = on_error
        self.trackers: dict[str, Tracker[Any]] = {}
        self.errors: dict[str, Exception] = {}
        self.tracked: dict[str, sv.Detections] = {}
        self._make_tracker = make_tracker

    def update(
        self,
        frames: Mapping[str, Frame],
        *,
        timestamps: Mapping[str, float] | float | None = None,
        on_error: str | None = None,
    ) -> dict[str, sv.Detections]:
        """Track the next frame of some or all of the streams.

        Args:
            frames: By stream, its detections and its image, `(detections, frame)`; the detections alone where no image
                is needed; None for the detections where no detector was run.
            timestamps: Time of each frame in seconds, by stream; one number for all.
            on_error: As in the constructor, for this call.

        Returns:
            By stream, in the order given, what its tracker returned; streams with an error are left out.

        Raises:
            ValueError: If `timestamps` names a stream without a frame; nothing is tracked then.
            Exception: The first error of a stream, unless `on_error` is `"skip"`.
        """
        on_error = self.on_error if on_error is None else on_error
        check_choice("on_error", on_error, ON_ERROR)
        times = dict(timestamps) if isinstance(timestamps, Mapping) else dict.fromkeys(frames, timestamps)
        unknown = [name for name in times if name not in frames]
        if unknown:
            raise ValueError(f"timestamps has the stream {unknown[0]!r}, but frames has {', '.join(map(repr, frames))}")
        self.errors, work = {}, {}
        for name, given in frames.items():
            try:
                work[name] = StreamFrame(self.tracker(name), *_halves(given), timestamp=times.get(name))
            except Exception as error:
                self.errors[name] = error
        update_together(list(work.values()))
        self.errors |= {name: one.error for name, one in work.items() if one.error is not None}
        self.tracked = {name: one.tracked for name, one in work.items() if one.tracked is not None}
        if self.errors and on_error == "raise":
            raise next(self.errors[name] for name in frames if name in self.errors)
        return dict(self.tracked)

    def run(
        self,
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
        """Read, detect and track sources until all have ended, or Ctrl-C; one call of the detector per batch.

        Each source is decoded on a thread of its own, and the next batch is detected on while this one is tracked. A
        live source whose frames are not taken in time drops its own oldest, and is opened again when it breaks off,
        while the others go on. Its frames have the steps the source tells, on the clock of this machine, so that an
        outage counts. A file waits, ends, and starts its stream anew. Frames of one stream stay in order.

        Args:
            sources: By stream, what `trackers.io.open_source` opens (a file, a folder, an address, the index of a
                camera), or what it returned.
            detector: An Ultralytics model; an object with `detect_batch(frames)` that returns a list of detections; or
                a function from a frame to its detections. It is called on a thread of its own.
            sink: Called with every tracked frame, a `StreamResult`.
            live: Streams whose source is live; None takes those that are by themselves, see
                `trackers.io.FrameSource.live`.
            batch_size: Frames of different streams in a full batch; None takes one of each.
            wait: Seconds after its first frame that a batch goes, full or not.
            stop: Set it, from another thread or from the sink, to end the run.
            counters: Where to count, to be read from another thread meanwhile.

        Returns:
            What was counted, by stream. Why a source broke off last, or a frame was refused last, is in `errors`.

        Raises:
            ValueError: If there is no source, or one cannot be opened. With `on_error="skip"` a camera or an address
                that cannot be opened is tried again while the others run.
            TypeError: If the sources have no names, the detector is none, or `make_tracker` gives no tracker.

        Example:
            >>> import numpy as np, supervision as sv
            >>> from trackers import SORTTracker
            >>> from trackers.io import FrameSource
            >>> grey = lambda _: ((number, np.zeros((40, 40, 3), np.uint8)) for number in (1, 2, 3))
            >>> clips = {name: FrameSource(name, 25.0, 3, grey) for name in ("door", "yard")}
            >>> streams = MultiStreamTracker(lambda name: SORTTracker())
            >>> counted = streams.run(clips, lambda frame: sv.Detections.empty())
            >>> {name: counters["tracked"] for name, counters in counted.as_dict().items()}
            {'door': 3, 'yard': 3}
        """
        from trackers.streams.live import run

        return run(
            self,
            sources,
            detector,
            sink,
            live=live,
            batch_size=batch_size,
            wait=wait,
            stop=stop,
            counters=counters,
        )

    def tracker(self, name: str) -> Tracker[Any]:
        """The tracker of a stream, made if its name is new.

        Args:
            name: The stream.

        Returns:
            Its tracker.

        Raises:
            TypeError: If `make_tracker` gives no tracker.
            ValueError: If it gives that of another stream.
        """
        if name not in self.trackers:
            tracker = self._make_tracker(name)
            if not isinstance(tracker, Tracker):
                raise TypeError(
                    f"make_tracker must return a tracker, but returned {type(tracker).__name__} for {name!r}"
                )
            shared = [other for other, theirs in self.trackers.items() if theirs is tracker]
            if shared:
                raise ValueError(
                    f"make_tracker must return a new tracker for each stream, but {name!r} got that of {shared[0]!r}"
                )
            self.trackers[name] = tracker
        return self.trackers[name]

    def remove(self, name: str) -> Tracker[Any]:
        """Let a stream go; if its name comes up again it starts anew.

        Args:
            name: The stream.

        Returns:
            Its tracker.

        Raises:
            ValueError: If there is no such stream.
        """
        if name not in self.trackers:
            raise ValueError(f"there is no stream {name!r}; there are {', '.join(map(repr, self.trackers)) or 'none'}")
        return self.trackers.pop(name)

    def reset(self) -> None:
        """Let all streams go."""
        self.trackers.clear()
        self.errors, self.tracked = {}, {}

    def state_dict(self) -> dict[str, Any]:
        """Everything all trackers go on from; see `Tracker.state_dict`.

        Returns:
            Names, numbers and arrays, copied.
        """
        names = list(self.trackers)
        states = {str(index): self.trackers[name].state_dict() for index, name in enumerate(names)}
        return {"version": VERSION, "tracker": type(self).__name__, "names": names, "states": states}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; the trackers of its streams are made anew, and take the place of those there are.

        Args:
            state: What `state_dict` gave, of trackers with the parameters that `make_tracker` gives them.

        Raises:
            TypeError: If it is no dict.
            ValueError: If it is no state of this class, or does not fit a tracker; nothing is changed then.
        """
        check_origin(type(self), state, (VERSION,))
        trackers = {}
        for index, name in enumerate(state["names"]):
            trackers[name] = self._make_tracker(name)
            trackers[name].load_state_dict(state["states"][str(index)])
        self.trackers, self.errors, self.tracked = trackers, {}, {}

    @classmethod
    def load(cls, path: str | Path, make_tracker: Callable[[str], Tracker[Any]], **options: Any) -> MultiStreamTracker:
        """All streams, as they were in a file that `save` wrote.

        Args:
            path: The file.
            make_tracker: As in the constructor.
            **options: As in the constructor.

        Returns:
            A tracker that goes on where the other was.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, or does not fit the trackers.
        """
        streams = cls(make_tracker, **options)
        streams.load_state_dict(read_state(path))
        return streams


def _halves(given: Frame) -> tuple[sv.Detections | None, Any]:
    """Detections and image of a frame."""
    if not isinstance(given, tuple):
        return given, None
    if len(given) != 2:
        raise ValueError(f"expected (detections, frame) for each stream, but got {len(given)} values")
    return given
