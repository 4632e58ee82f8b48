"""What every tracker shares: `sv.Detections` in, the same rows with ids out.

A tracker works on plain arrays; `trackers.core.rows` is where detections become arrays.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.average import with_width
from trackers.association.assignment import NO_MATCH, Match, assign, unmatched
from trackers.association.classes import ClassGroups, ClassRule
from trackers.association.selection import Selection
from trackers.boxes import Bools, Floats, Ints, Vectors, trackable
from trackers.core.association_log import AssociationLog
from trackers.core.candidates import candidates_by_overlap
from trackers.core.inspection import Inspection, TracksType
from trackers.core.observations import Observations
from trackers.core.parameters import between
from trackers.core.rows import boxes_of, detections_of, rows_of, scores_of, with_ids
from trackers.core.state import read_state, recreate, restore, state_of, write_state
from trackers.lifecycle import NO_ID, Lifecycle, buffer_in_frames
from trackers.motion.camera import CameraMotion, camera_of
from trackers.motion.models import MotionModel

if TYPE_CHECKING:
    import supervision as sv
    from typing_extensions import Self


class Tracker(Inspection[TracksType]):
    """A multi-object tracker: call `update` once per frame, also on frames without detections.

    A tracker implements `_step`, one frame on plain arrays, and may say which columns its tracks have (`tracks`) and
    where its vectors come from (`_vectors`).

    Args:
        motion: How its tracks move.
        tracks: Makes the empty table of its tracks, such as the class of the table.
        minimum_consecutive_frames: Hits after which a track is confirmed; 1 confirms at once.
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
        frame_rate: Frames per second of the video.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part; the others get id -1. None lets all take part.
        camera_motion: How the camera moves: None, it stands still; `"sparse_flow"`, `"orb"` or `"ecc"`, estimated from
            the frames (extra `opencv`); a function `(frame, boxes)` to a matrix or None; or one matrix per frame, shape
            `(frames, 2, 3)` or `(frames, 3, 3)`. A matrix takes points of the background from the last frame to this.
        **own: Further parameters of the subclass: each becomes an attribute of its name, checked where the class
            declares it with `trackers.core.parameters`.
    """

    minimum_consecutive_frames: int = between(1)
    lost_track_buffer: float = between(0)
    frame_rate: float = between(1e-6, 1e6)

    def __init__(
        self,
        motion: MotionModel,
        tracks: Callable[[], TracksType],
        *,
        minimum_consecutive_frames: int,
        lost_track_buffer: float,
        frame_rate: float,
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
        **own: Any,
    ) -> None:
        """Check and store the parameters, and start without tracks."""
        for name, value in own.items():
            setattr(self, name, value)
        self.minimum_consecutive_frames = minimum_consecutive_frames
        self.lost_track_buffer = lost_track_buffer
        self.frame_rate = frame_rate
        self.selection = selection
        self.camera_motion = camera_motion
        self._classes = ClassRule(class_agnostic)
        self.class_agnostic = self._classes.rule
        self._camera = camera_of(camera_motion)
        self._timestamp: float | None = None
        self._vector_length: int | None = None
        buffer = buffer_in_frames(lost_track_buffer, frame_rate)
        super().__init__(motion, Lifecycle(minimum_consecutive_frames, buffer), tracks)

    def reset(self) -> None:
        """Forget everything; the tracker is as new, and ids start at 1 again."""
        self._clear()
        self._timestamp = self._vector_length = None
        if self._camera is not None:
            self._camera.reset()

    def update(
        self,
        detections: sv.Detections | None,
        frame: npt.NDArray[Any] | None = None,
        *,
        timestamp: float | None = None,
    ) -> sv.Detections:
        """Track the detections of the next frame.

        Args:
            detections: Detections of one frame, possibly empty; never changed. None is `skip`. A row that is no box, or
                whose confidence is no finite number, gets id -1; the rest is tracked as if it were not there.
            frame: The image they were found on, uint8, BGR, shape `(height, width, 3)`; only trackers that look at
                pixels need it.
            timestamp: Time of the frame in seconds, for streams of varying rate; without it frames are
                `1 / frame_rate` apart.

        Returns:
            New detections: the same rows in the same order with all their fields, and `tracker_id`, int64 of shape
            `(n,)`: the id of the row's confirmed track, or -1. Arrays are copies, except masks, which are shared.

        Raises:
            TypeError: If `detections` is not `sv.Detections`.
            ValueError: If the boxes are not of shape `(n, 4)`, vectors change their length, or time runs backwards.
        """
        if detections is None:
            self.skip(timestamp=timestamp)
            return detections_of(np.empty((0, 4)), np.empty(0), [], np.empty(0, np.int64))
        boxes = boxes_of(detections)
        usable = trackable(boxes) & np.isfinite(scores_of(detections))
        objects = boxes[usable]
        if self.selection is not None:
            usable[usable] = self.selection.keep(boxes[usable], scores_of(detections)[usable])
        kept = rows_of(detections, usable)
        camera_before = None if self._camera is None else self._camera.state_dict()
        observations = Observations(
            boxes=boxes[usable],
            scores=scores_of(kept),
            vectors=np.empty((len(kept), 0), np.float32),
            group=self._classes.groups(kept.class_id, len(kept)),
            class_id=None if kept.class_id is None else kept.class_id.astype(np.int64),
            elapsed=self._frames_since(timestamp),
            association_log=AssociationLog() if self.explain else None,
            camera=None if self._camera is None else self._camera.motion(frame, objects),
        )
        try:
            self._embed(observations, kept, frame)
        except BaseException:
            if self._camera is not None and camera_before is not None:
                self._camera.load_state_dict(camera_before)
            raise
        # Nothing has changed so far: a frame that was refused above leaves the tracker as it was.
        self._vector_length = observations.vectors.shape[1] or self._vector_length
        self._timestamp = timestamp
        ids = np.full(len(boxes), NO_ID)
        ids[usable] = self._step(observations)
        self._decisions = (
            [] if observations.association_log is None else observations.association_log.decisions(usable, ids)
        )
        self._emit_events()
        return with_ids(detections, ids)

    def skip(self, *, timestamp: float | None = None) -> None:
        """Pass over a frame on which no detector was run: tracks move on, and none counts a miss.

        Different from `update` with empty detections, which says that nothing was found.

        Args:
            timestamp: Time of the frame in seconds, as in `update`.
        """
        elapsed = self._frames_since(timestamp)
        self._timestamp = timestamp
        no_box, no_score, no_vector = np.empty((0, 4)), np.empty(0), np.empty((0, 0), np.float32)
        camera = None if self._camera is None else self._camera.skip()
        nothing = Observations(no_box, no_score, no_vector, np.empty(0, np.int64), elapsed=elapsed, camera=camera)
        tracks = self._predict(nothing)
        tracks.age += elapsed

    @property
    def camera_failures(self) -> int:
        """Frames whose camera motion could not be found; the camera was taken to stand still there."""
        return 0 if self._camera is None else self._camera.failures

    def state_dict(self) -> dict[str, Any]:
        """Everything the tracker goes on from: parameters, tracks, ids given, time, camera. See `load_state_dict`.

        Returns:
            Numbers, names and arrays, copied. What is not data is not part of it: feature extractor, camera function
            or matrices, listeners.

        Raises:
            ValueError: If a tracker of your own does not keep a parameter as an attribute of the same name.
        """
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state: from here on, the ids are those of the tracker it was taken from.

        Args:
            state: What `state_dict` gave, of a tracker of this class with equal parameters. A feature extractor or a
                camera function cannot be compared; that they are the same is up to you. Listeners stay as they are.

        Raises:
            TypeError: If it is no dict.
            ValueError: If it is the state of another class, format or parameters, or damaged; nothing is changed then.

        Example:
            >>> from trackers import DeepSORTTracker
            >>> first, second = DeepSORTTracker(), DeepSORTTracker()
            >>> second.load_state_dict(first.state_dict())
        """
        restore(self, state)

    def save(self, path: str | Path) -> None:
        """Write the state to a file, which at no time is half written.

        Args:
            path: File to write or replace.

        Raises:
            OSError: If it cannot be written; an older file at `path` is still there then.
        """
        write_state(path, self.state_dict())

    @classmethod
    def load(cls, path: str | Path, **given: Any) -> Self:
        """A new tracker with the parameters and the state in a file that `save` wrote.

        Args:
            path: The file. It is data alone: nothing in it is run.
            **given: Parameters that are no data, passed again: a `feature_extractor`, and a `camera_motion` that is a
                function or an array; also the `device`.

        Returns:
            A tracker that goes on where the other was.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged or of another class or format, or a parameter must be passed again.

        Example:
            >>> import tempfile
            >>> from trackers import DeepSORTTracker
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     DeepSORTTracker(lost_track_buffer=60).save(f"{folder}/tracker.npz")
            ...     DeepSORTTracker.load(f"{folder}/tracker.npz").lost_track_buffer
            60
        """
        return recreate(cls, read_state(path), given)

    @abstractmethod
    def _step(self, observations: Observations) -> Ints:
        """Track one frame and return the id of each detection, -1 without a confirmed track, shape `(n,)`."""

    def _embed(self, observations: Observations, detections: sv.Detections, frame: npt.NDArray[Any] | None) -> None:
        """Give the frame the vectors of its detections; the tracks are still where they were on the previous frame."""
        vectors = self._vectors(detections, frame)
        self._check_length(vectors)
        observations.vectors = with_width(vectors, self._vector_length or 0)

    def _vectors(self, detections: sv.Detections, frame: npt.NDArray[Any] | None) -> Vectors:
        """Appearance vectors of the detections; none unless the tracker uses appearance."""
        return np.empty((len(detections), 0), np.float32)

    def _check_length(self, vectors: Vectors) -> None:
        """Refuse vectors of another length than before: no distance is defined between the two."""
        length = vectors.shape[1]
        if length and self._vector_length not in (None, length):
            raise ValueError(
                f"expected vectors of {self._vector_length} numbers as on earlier frames, but got {length}; "
                "call reset() before changing the feature extractor"
            )

    def _predict(self, observations: Observations) -> TracksType:
        """Move every track to the time of the frame and with the camera, and return the tracks."""
        self._tracks.state = self._predicted(observations) if observations.predicted is None else observations.predicted
        return self._tracks

    def _predicted(self, observations: Observations) -> Floats:
        """State of every track at the time of the frame and after the camera's motion, shape `(n, 5, 4)`."""
        state = self.motion.predict(self._tracks.state, observations.elapsed)
        return state if observations.camera is None else self.motion.warp(state, observations.camera)

    def _left_over(
        self, observations: Observations, taken: Match, of_tracks: Bools, of_detections: Bools
    ) -> tuple[Ints, Ints]:
        """Rows of the tracks and of the detections in two masks that `taken` leaves over, ascending."""
        rows = (of_tracks & unmatched(len(self._tracks), taken.track)).nonzero()[0]
        return rows, (of_detections & unmatched(len(observations), taken.detection)).nonzero()[0]

    def _match_by_overlap(
        self,
        observations: Observations,
        taken: Match,
        of_tracks: Bools,
        of_detections: Bools,
        minimum_iou: float,
        boxes: Floats | None = None,
    ) -> Match:
        """One stage: match by IoU what `taken` leaves over of the tracks and the detections in two masks.

        `boxes` is where each track is thought to be, shape `(n, 4)`; None takes the predicted boxes.
        """
        tracks = self._tracks
        rows, detections = self._left_over(observations, taken, of_tracks, of_detections)
        if len(rows) == 0 or len(detections) == 0:
            return NO_MATCH
        if boxes is None:
            boxes = self.motion.boxes(tracks.state)
        pairs = candidates_by_overlap(boxes, tracks, rows, observations, detections, minimum_iou)
        return assign(pairs, limit=1.0 - minimum_iou)

    def _restart(self, observations: Observations, match: Match, found: Match) -> Match:
        """Give detections to lost tracks that were recognised; whoever had them ends, unless another is left to it.

        `found` joins lost tracks to their detections; the lost tracks start again at rest where they are seen.
        """
        self._tracks.state[found.track] = self.motion.initiate(observations.boxes[found.detection])
        kept = ~np.isin(match.detection, found.detection)
        return Match(match.track[kept], match.detection[kept]) + found

    def _correct(self, observations: Observations, match: Match) -> None:
        """Condition every matched track on its detection."""
        state = self._tracks.state
        predicted, boxes = state.take(match.track, axis=0), observations.boxes.take(match.detection, axis=0)
        state[match.track] = self.motion.correct(predicted, boxes)

    def _advance(self, observations: Observations, match: Match, born: Bools, **columns: npt.NDArray[Any]) -> Ints:
        """Close the frame: hits, misses, ids, deaths, and a new track for each detection in the mask `born`."""
        tracks = self._tracks
        tracks.score[match.track] = observations.scores[match.detection]
        votes = self._votes(observations)
        if self._class_ids:
            tracks.votes[match.track] += votes[match.detection]
        if observations.association_log is not None:
            observations.association_log.close(match, born, tracks.id.copy())
        if born.any():
            columns |= {
                "state": self.motion.initiate(observations.boxes[born]),
                "group": observations.group[born],
                "score": observations.scores[born],
                "votes": votes[born],
            }
        return self._lifecycle.advance(tracks, match, born, observations.elapsed, **columns)

    def _votes(self, observations: Observations) -> Floats:
        """Confidence of each detection in the column of its class, shape `(n, classes)`; new classes get columns."""
        if observations.class_id is None:
            return np.zeros((len(observations), len(self._class_ids)))
        fresh = sorted(set(observations.class_id.tolist()) - set(self._class_ids))
        if fresh:
            self._class_ids.extend(fresh)
            self._tracks.votes = np.pad(self._tracks.votes, ((0, 0), (0, len(fresh))))
        return np.where(observations.class_id[:, None] == np.array(self._class_ids), observations.scores[:, None], 0.0)

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
