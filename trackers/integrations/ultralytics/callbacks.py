"""Callbacks of an Ultralytics predictor that give the boxes of every batch their ids.

A tracker follows one stream. Boxes without a confirmed track are left out of the results, as users of `model.track`
expect; where no box has an id, `boxes.id` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, NamedTuple

import numpy as np

from trackers.core.base import Tracker
from trackers.core.track import Track
from trackers.errors import require
from trackers.integrations.ultralytics.results import detections_of, with_ids
from trackers.integrations.ultralytics.settings import Settings, read_settings
from trackers.integrations.ultralytics.times import Clock, begin_to_tell, stride_of
from trackers.lifecycle import NO_ID
from trackers.streams.together import StreamFrame, update_together

START, RESULTS = "on_predict_start", "on_predict_postprocess_end"
"""Events of a predictor: its source is open and its model loaded; the results of a batch are there."""

TASKS = ("detect", "segment", "pose", "obb")


class Removed(NamedTuple):
    """A track that is gone, as `ultralytics.solutions` asks for it to let its history go."""

    track_id: int


class Streams(list[Tracker[Any]]):
    """One tracker for each stream of a predictor's source; a file, a folder or an array is one stream.

    Args:
        trackers: The trackers.
        settings: What they were built from, if from a YAML file.
    """

    def __init__(self, trackers: list[Tracker[Any]], settings: Settings | None = None) -> None:
        """Begin with new sources."""
        super().__init__(trackers)
        self.settings = settings
        self.sources: list[str | None] = [None] * len(trackers)
        self.clocks: list[Clock] | None = None
        for tracker in trackers if settings is not None else ():
            tracker.on("removed", partial(_note_removed, tracker))

    def restart(self) -> None:
        """Remove all tracks."""
        for tracker in self:
            tracker.reset()
        self.sources = [None] * len(self)

    def begin(self, dataset: Any) -> None:
        """Begin with a source: its video files tell times, which trackers follow unless somebody set their rate."""
        own = self.settings is not None and "frame_rate" not in self.settings.tracker.options
        if own and dataset.mode == "video" and not any(self.sources):
            self.clocks = [Clock(tracker.frame_rate, stride_of(dataset)) for tracker in self]
        for clock in self.clocks or ():
            clock.rewind()

    def give_ids(self, predictor: Any, *, across_files: bool) -> None:
        """Track every result of the batch, and put results with ids in their place.

        Args:
            predictor: The predictor.
            across_files: Whether the next video file goes on where the last one ended.
        """
        live, video = predictor.dataset.mode == "stream", predictor.dataset.mode == "video"
        for tracker in self:
            _clear_removed(tracker)
        frames: list[StreamFrame] = []
        for index, result in enumerate(predictor.results):
            stream = index if live else 0
            if video and not across_files and self.sources[stream] not in (None, result.path):
                _track(frames)
                self._begin_file(stream, predictor.dataset)
            self.sources[stream] = result.path
            time = self._time(stream, result.path if video else None, frames)
            frames.append(StreamFrame(self[stream], detections_of(result), result.orig_img, timestamp=time))
        _track(frames)
        for index, (result, one) in enumerate(zip(predictor.results, frames, strict=True)):
            assert one.tracked is not None
            predictor.results[index] = with_ids(result, np.asarray(one.tracked.tracker_id))

    def _time(self, stream: int, file: str | None, waiting: list[StreamFrame]) -> float | None:
        """Time of the next frame; None while frames come at the frame rate of the tracker."""
        if self.clocks is None:
            return None
        clock = self.clocks[stream]
        was_uneven, time = clock.uneven, clock.next(file)
        if clock.uneven and not was_uneven and clock.before is not None:
            _track(waiting)
            begin_to_tell(self[stream], clock.before)
        return time

    def _begin_file(self, stream: int, dataset: Any) -> None:
        """Remove the tracks of the last file, and follow the frame rate of the next."""
        self[stream].reset()
        if self.clocks is not None:
            (self[stream].frame_rate,) = _frame_rates(dataset, 1)
            self.clocks[stream] = Clock(self[stream].frame_rate, stride_of(dataset))


def _clear_removed(tracker: Any) -> None:
    """Begin a batch: under both names that solutions read, a tracker keeps the tracks that went since the last."""
    tracker.removed_stracks_frame = tracker.removed_stracks = []


def _note_removed(tracker: Any, track: Track) -> None:
    if track.id != NO_ID:
        tracker.removed_stracks_frame.append(Removed(track.id))


def _track(frames: list[StreamFrame]) -> None:
    """Track those frames that are not yet, their boxes embedded in one batch."""
    update_together([one for one in frames if one.tracked is None])
    for one in frames:
        if one.error is not None:
            raise one.error


def attach(model: Any, tracker: Tracker[Any] | Callable[[], Tracker[Any]]) -> Callable[[], None]:
    """Give the boxes of `model.predict` (or `model(...)`) their ids, from the next call on.

    Single images and frames follow one another over many calls; a video file or a stream starts anew. Attaching
    another tracker takes the place of this one.

    Args:
        model: An `ultralytics.YOLO` model.
        tracker: The tracker; for several streams at once, something that makes one when called, such as its class.

    Returns:
        A function that detaches the tracker.

    Raises:
        TypeError: If `tracker` is neither a tracker nor callable.
    """
    if not isinstance(tracker, Tracker) and not callable(tracker):
        raise TypeError(f"expected a tracker, or a callable that makes one, but got {type(tracker).__name__}")
    for callbacks in model.callbacks.values():
        callbacks[:] = [old for old in callbacks if not isinstance(getattr(old, "__self__", None), Attachment)]
    attachment = Attachment(tracker)
    model.add_callback(START, attachment.start)
    model.add_callback(RESULTS, attachment.results)

    def detach() -> None:
        for event, callback in ((START, attachment.start), (RESULTS, attachment.results)):
            if callback in model.callbacks[event]:
                model.callbacks[event].remove(callback)

    return detach


class Attachment:
    """What `attach` adds to a model.

    Args:
        tracker: The tracker, or what makes one for each stream.
    """

    def __init__(self, tracker: Tracker[Any] | Callable[[], Tracker[Any]]) -> None:
        """Wait for the first source."""
        self.tracker = tracker
        self.streams = Streams([])

    def start(self, predictor: Any) -> None:
        """See to it that every stream of a new source has its tracker."""
        if predictor.args.mode == "track":
            raise ValueError(
                "a tracker is attached, and model.track brings another; use model.predict, or detach it first"
            )
        count = _stream_count(predictor)
        if len(self.streams) != count:
            self.streams = Streams(self._make(count))
        if predictor.dataset.mode != "image":
            self.streams.restart()

    def results(self, predictor: Any) -> None:
        """Give the results of a batch their ids."""
        self.streams.give_ids(predictor, across_files=False)

    def _make(self, count: int) -> list[Tracker[Any]]:
        if not isinstance(self.tracker, Tracker):
            return [self.tracker() for _ in range(count)]
        if count > 1:
            name = type(self.tracker).__name__
            raise ValueError(
                f"expected a callable that makes one tracker for each of the {count} streams, but got one {name}; "
                f"as in attach(model, {name})"
            )
        return [self.tracker]


def register() -> None:
    """Let `model.track(source, tracker="deepsort.yaml")` run our trackers.

    Names of Ultralytics' own trackers and files keep their meaning. Models that have tracked before find our trackers
    from their next `model.track` on; calling it again does nothing. It holds for this process; on the command line,
    `python -m trackers.integrations.ultralytics` takes the place of `yolo`.

    Raises:
        MissingDependencyError: If ultralytics is not installed.
    """
    package: Any = require("ultralytics.trackers", extra="ultralytics")
    track: Any = require("ultralytics.trackers.track", extra="ultralytics")
    theirs = package.register_tracker
    if getattr(theirs, "of_trackers", False):
        return
    their_start, their_results = track.on_predict_start, track.on_predict_postprocess_end

    @wraps(their_start)
    def start(predictor: Any, persist: bool = False) -> None:
        if _is_plain_prediction(predictor):
            return
        settings = read_settings(predictor.args.tracker, track.TRACKER_MAP)
        if settings is not None:
            _start(predictor, settings, persist)
            return
        if isinstance(getattr(predictor, "trackers", None), Streams):
            del predictor.trackers
        their_start(predictor, persist)

    @wraps(their_results)
    def results(predictor: Any, persist: bool = False) -> None:
        if _is_plain_prediction(predictor):
            return
        if isinstance(predictor.trackers, Streams):
            predictor.trackers.give_ids(predictor, across_files=persist)
        else:
            their_results(predictor, persist)

    # Ultralytics recognises its own callbacks by their functions, so those stay in place while it renews them.
    ours = {their_start: start, their_results: results}
    back = {own: their for their, own in ours.items()}

    @wraps(theirs)
    def register_tracker(model: Any, persist: bool) -> None:
        _exchange(model, back)
        theirs(model, persist)
        _exchange(model, ours)

    register_tracker.of_trackers = True  # type: ignore[attr-defined]
    package.register_tracker = track.register_tracker = register_tracker


def _exchange(model: Any, functions: Mapping[Any, Any]) -> None:
    """Put other functions in the place of those that a model calls back for tracking."""
    for event in (START, RESULTS):
        model.callbacks[event] = [
            partial(functions[one.func], *one.args, **one.keywords)
            if isinstance(one, partial) and one.func in functions
            else one
            for one in model.callbacks[event]
        ]


def _is_plain_prediction(predictor: Any) -> bool:
    """Whether a model that has tracked with one of our trackers is asked to predict: its callbacks are still there."""
    return predictor.args.mode == "predict" and isinstance(getattr(predictor, "trackers", None), Streams)


def _start(predictor: Any, settings: Settings, persist: bool) -> None:
    """Give a predictor one tracker for each stream, or leave it those it has."""
    count = _stream_count(predictor)
    current = getattr(predictor, "trackers", None)
    same = isinstance(current, Streams) and current.settings == settings and len(current) == count
    if not (persist and same):
        rates = _frame_rates(predictor.dataset, count)
        predictor.trackers = Streams(settings.build(predictor, rates), settings)
    predictor.trackers.begin(predictor.dataset)


def _stream_count(predictor: Any) -> int:
    """Number of streams, after a check that there can be boxes to track."""
    if predictor.args.task not in TASKS:
        raise ValueError(
            f"expected a model for one of {', '.join(TASKS)}, but got one for {predictor.args.task}: it finds no boxes"
        )
    return int(predictor.dataset.bs) if predictor.dataset.mode == "stream" else 1


def _frame_rates(dataset: Any, count: int) -> list[float]:
    """Frames per second of each stream as they are tracked, 30 read a second where the source does not tell."""
    stride = stride_of(dataset) if dataset.mode != "image" else 1
    stated = getattr(dataset, "fps", None)
    rates = list(stated) if isinstance(stated, (list, tuple)) else [stated] * count
    return [(float(rate) if rate and 0 < rate < float("inf") else 30.0) / stride for rate in rates]
