"""What every tracker shares: `sv.Detections` in, the same rows with ids out.

`sv.Detections` appears only here; a tracker works on plain arrays.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from trackers.association.assignment import Match
from trackers.association.classes import ClassGroups, ClassRule
from trackers.boxes import Bools, Floats, Ints, Vectors, trackable
from trackers.errors import check_range
from trackers.lifecycle import NO_ID, Lifecycle, Tracks, buffer_in_frames
from trackers.motion.models import MotionModel

if TYPE_CHECKING:
    import supervision as sv

TracksType = TypeVar("TracksType", bound=Tracks)


@dataclass(frozen=True)
class Observations:
    """The rows of one frame that can be tracked.

    Attributes:
        boxes: Boxes in pixels, shape `(n, 4)`.
        scores: Confidences, 1 where the detector gave none, shape `(n,)`.
        vectors: Unit appearance vectors, zero where unknown, shape `(n, d)`; `(n, 0)` without appearance.
        group: Group of classes each detection may match in, shape `(n,)`.
        elapsed: Frames since the previous update, 1 unless frames carry timestamps.
    """

    boxes: Floats
    scores: Floats
    vectors: Vectors
    group: Ints
    elapsed: float = 1.0

    def __len__(self) -> int:
        """Number of detections."""
        return len(self.boxes)


class Tracker(ABC, Generic[TracksType]):
    """A multi-object tracker: call `update` once per frame, also on frames without detections.

    A tracker implements `_step`, one frame on plain arrays, and may say which columns its tracks have (`tracks`) and
    where its vectors come from (`_vectors`).

    Args:
        motion: How its tracks move.
        tracks: The columns of its tracks.
        minimum_consecutive_frames: Hits after which a track is confirmed; 1 confirms at once.
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
        frame_rate: Frames per second of the video.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
    """

    def __init__(
        self,
        motion: MotionModel,
        tracks: type[TracksType],
        *,
        minimum_consecutive_frames: int,
        lost_track_buffer: float,
        frame_rate: float,
        class_agnostic: ClassGroups = True,
    ) -> None:
        """Check the parameters all trackers have, and start without tracks."""
        check_range("minimum_consecutive_frames", minimum_consecutive_frames, 1)
        self.motion = motion
        self.frame_rate = frame_rate
        self._classes = ClassRule(class_agnostic)
        self._lifecycle = Lifecycle(minimum_consecutive_frames, buffer_in_frames(lost_track_buffer, frame_rate))
        self._new_tracks = tracks
        self.reset()

    def reset(self) -> None:
        """Forget everything; the tracker is as new, and ids start at 1 again."""
        self._lifecycle.total_confirmed = 0
        self._tracks = self._new_tracks()
        self._timestamp: float | None = None

    @property
    def total_confirmed(self) -> int:
        """Number of tracks confirmed so far, which is also the highest id given."""
        return self._lifecycle.total_confirmed

    def update(
        self,
        detections: sv.Detections,
        frame: npt.NDArray[Any] | None = None,
        *,
        timestamp: float | None = None,
    ) -> sv.Detections:
        """Track the detections of the next frame.

        Args:
            detections: Detections of one frame, possibly empty. Never changed.
            frame: The image they were found on, uint8, BGR, shape `(height, width, 3)`; only trackers that look at
                pixels need it.
            timestamp: Time of the frame in seconds, for streams of varying rate; without it frames are
                `1 / frame_rate` apart.

        Returns:
            New detections: the same rows in the same order with all their fields, and `tracker_id`, int64 of shape
            `(n,)`: the id of the row's confirmed track, or -1. Arrays are copies, except masks, which are shared.

        Raises:
            TypeError: If `detections` is not `sv.Detections`.
            ValueError: If the boxes are not of shape `(n, 4)`, or time runs backwards.
        """
        boxes = _boxes(detections)
        usable = trackable(boxes)
        kept = detections if usable.all() else detections[usable]
        seen = Observations(
            boxes=boxes[usable],
            scores=_scores(kept),
            vectors=self._vectors(kept, frame),
            group=self._classes.groups(kept.class_id, len(kept)),
            elapsed=self._frames_since(timestamp),
        )
        self._timestamp = timestamp
        ids = np.full(len(boxes), NO_ID)
        ids[usable] = self._step(seen)
        return _with_ids(detections, ids)

    @abstractmethod
    def _step(self, seen: Observations) -> Ints:
        """Track one frame and return the id of each detection, -1 without a confirmed track, shape `(n,)`."""

    def _vectors(self, detections: sv.Detections, frame: npt.NDArray[Any] | None) -> Vectors:
        """Appearance vectors of the detections; none unless the tracker uses appearance."""
        return np.empty((len(detections), 0), np.float32)

    def _predict(self, seen: Observations) -> TracksType:
        """Move every track to the time of the frame, and return the tracks."""
        self._tracks.state = self.motion.predict(self._tracks.state, seen.elapsed)
        return self._tracks

    def _correct(self, seen: Observations, match: Match) -> None:
        """Condition every matched track on its detection."""
        state = self._tracks.state
        state[match.track] = self.motion.correct(state[match.track], seen.boxes[match.detection])

    def _advance(self, seen: Observations, match: Match, born: Bools, **columns: npt.NDArray[Any]) -> Ints:
        """Close the frame: hits, misses, ids, deaths, and a new track for each detection in the mask `born`."""
        self._tracks.score[match.track] = seen.scores[match.detection]
        columns = {
            "state": self.motion.initiate(seen.boxes[born]),
            "group": seen.group[born],
            "score": seen.scores[born],
            **columns,
        }
        return self._lifecycle.advance(self._tracks, match, born, seen.elapsed, **columns)

    def _frames_since(self, timestamp: float | None) -> float:
        """Frames between the previous update and this one."""
        if timestamp is None or self._timestamp is None:
            return 1.0
        if not timestamp > self._timestamp:
            raise ValueError(
                f"timestamps must grow, but got {timestamp} s after {self._timestamp} s; "
                "call reset() before another video"
            )
        return (timestamp - self._timestamp) * self.frame_rate


def _boxes(detections: sv.Detections) -> Floats:
    xyxy = getattr(detections, "xyxy", None)
    if xyxy is None or not hasattr(detections, "tracker_id"):
        raise TypeError(
            f"detections must be sv.Detections, but got {type(detections).__name__}; "
            "make them with sv.Detections.from_ultralytics(result), another from_... method, "
            "or sv.Detections(xyxy=..., confidence=...)"
        )
    boxes = np.array(xyxy, np.float64)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must be corners x1, y1, x2, y2 of shape (n, 4), but got shape {boxes.shape}")
    return boxes


def _scores(detections: sv.Detections) -> Floats:
    if detections.confidence is None:
        return np.ones(len(detections))
    return np.asarray(detections.confidence, np.float64)


def _with_ids(detections: sv.Detections, ids: Ints) -> sv.Detections:
    """A copy of the detections with `tracker_id`; nothing but masks is shared with the original."""
    tracked = copy.copy(detections)
    tracked.xyxy = detections.xyxy.copy()
    tracked.confidence = None if detections.confidence is None else detections.confidence.copy()
    tracked.class_id = None if detections.class_id is None else detections.class_id.copy()
    tracked.tracker_id = ids
    tracked.data = {key: copy.copy(value) for key, value in detections.data.items()}
    if hasattr(detections, "metadata"):
        tracked.metadata = copy.copy(detections.metadata)
    return tracked
