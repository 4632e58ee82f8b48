"""What every tracker shares: `sv.Detections` in, the same rows with ids out.

A tracker works on plain arrays; `trackers.core.rows` is where detections become arrays.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from trackers.appearance.adaptation import AdaptationReport
from trackers.appearance.adaptation.running import RunningAdaptation
from trackers.appearance.vectors import EMBEDDING, extracted, unit_vectors
from trackers.association.assignment import assignment_solver
from trackers.association.classes import ClassGroups
from trackers.association.selection import Selection
from trackers.boxes import Bools, Ints, trackable
from trackers.core.adapting import map_vectors
from trackers.core.association_log import AssociationLog
from trackers.core.hints import Hints
from trackers.core.inspection import TracksType
from trackers.core.observations import Observations
from trackers.core.prepared import PreparedFrame
from trackers.core.resumable import Resumable
from trackers.core.rows import boxes_of, classes_of, detections_of, rows_of, scores_of, with_ids
from trackers.core.shared_parameters import SharedParameters
from trackers.core.time import Time
from trackers.lifecycle import NO_ID
from trackers.motion.camera import CameraMotion, trial_motion
from trackers.motion.models import MotionModel

if TYPE_CHECKING:
    import supervision as sv


class Tracker(Hints, SharedParameters[TracksType], Resumable):
    """A multi-object tracker: call `update` once per frame, also on frames without detections.

    A tracker implements `_step`, one frame on plain arrays, and may say which columns its tracks have (`tracks`) and
    which detections want an appearance vector (`_wants_vector`).

    Args:
        motion: How its tracks move.
        tracks: Makes the empty table of its tracks, such as the class of the table.
        minimum_consecutive_frames: Hits after which a track is confirmed; 1 confirms at once, None after two hits and
            a tenth of a second.
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again;
            None for 90, three seconds.
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

    detection_confidence: ClassVar[float] = 0.1
    """Lowest confidence of the detections it is good with; the command line asks models for these."""

    feature_extractor: Any = None
    """Turns boxes into vectors, where the tracker uses appearance and has one."""

    adapt: bool = False
    """Whether the tracker learns on the way what tells its objects apart."""

    def __init__(
        self,
        motion: MotionModel,
        tracks: Callable[[], TracksType],
        *,
        minimum_consecutive_frames: int | None,
        lost_track_buffer: float | None,
        frame_rate: float,
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
        **own: Any,
    ) -> None:
        """Check and store the parameters, and start without tracks."""
        for name, value in own.items():
            setattr(self, name, value)
        self._time = Time()
        self._vector_length: int | None = None
        self._prepared: PreparedFrame | None = None
        super().__init__(
            motion,
            tracks,
            minimum_consecutive_frames=minimum_consecutive_frames,
            lost_track_buffer=lost_track_buffer,
            frame_rate=frame_rate,
            class_agnostic=class_agnostic,
            selection=selection,
            camera_motion=camera_motion,
        )
        self._adaptation = RunningAdaptation(frame_rate) if self.adapt else None
        assignment_solver()  # loaded now, not within an update

    def reset(self) -> None:
        """Remove all tracks; the tracker is as new, and ids start at 1 again."""
        self._clear()
        self._time, self._vector_length, self._prepared = Time(), None, None
        if self._camera is not None:
            self._camera.reset()
        if self._adaptation is not None:
            self._adaptation.reset()

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
            frame: The image they were found on, uint8, BGR, shape `(height, width, 3)`; only trackers that use
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
        prepared = self.prepare(detections, frame, timestamp=timestamp)
        return self.complete(prepared, extracted(prepared.to_embed, frame, self.feature_extractor))

    def prepare(
        self,
        detections: sv.Detections,
        frame: npt.NDArray[Any] | None = None,
        *,
        timestamp: float | None = None,
    ) -> PreparedFrame:
        """First half of `update`: all that comes before vectors, and which rows want one.

        `update` is `prepare`, the feature extractor on `to_embed`, and `complete`. Call the halves yourself to compute
        the vectors elsewhere, such as those of many cameras in one batch. Nothing changes until `complete`: a frame
        that is given up, for whatever reason, leaves the tracker as it was, its camera included.

        Args:
            detections: As in `update`, but not None.
            frame: As in `update`.
            timestamp: As in `update`.

        Returns:
            The frame, for `complete`; preparing another takes its place.

        Raises:
            TypeError: If `detections` is not `sv.Detections`.
            ValueError: If boxes, vectors in `detections.data` or the time are refused, as in `update`.

        Example:
            >>> import numpy as np, supervision as sv
            >>> from trackers import DeepSORTTracker, StripeFeatureExtractor
            >>> tracker = DeepSORTTracker(StripeFeatureExtractor(), minimum_consecutive_frames=1)
            >>> box = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
            >>> prepared = tracker.prepare(box, np.zeros((100, 100, 3), np.uint8))
            >>> len(prepared.to_embed)
            1
            >>> tracker.complete(prepared, np.ones((1, 4))).tracker_id.tolist()
            [1]
        """
        time, elapsed = self._time.after(timestamp, self.frame_rate)
        self._follow_parameters()
        boxes, scores = boxes_of(detections), scores_of(detections)
        usable = trackable(boxes) & np.isfinite(scores)
        objects = None if self._camera is None else boxes[usable]
        if self.selection is not None:
            usable[usable] = self.selection.keep(boxes[usable], scores[usable])
        kept = rows_of(detections, usable)
        if kept is not detections:
            boxes, scores = boxes[usable], scores[usable]
        classes = classes_of(kept)
        observations = Observations(
            boxes=boxes,
            measured=self.motion.coordinates(boxes),
            scores=scores,
            vectors=np.empty((len(kept), 0), np.float32),
            group=self._classes.groups(classes, len(kept)),
            class_id=classes,
            elapsed=elapsed,
            expired=self._lifecycle.expired(self._tracks, elapsed),
            association_log=AssociationLog() if self.explain else None,
        )
        camera = None
        if self._camera is not None and objects is not None:
            observations.camera, camera = trial_motion(self._camera, frame, objects)
        at_hand = EMBEDDING in kept.data
        extractable = not at_hand and frame is not None and self.feature_extractor is not None
        wanted = self._wants_vector(observations, extractable)
        prepared = PreparedFrame(detections, frame, time, usable, observations, wanted, camera)
        if wanted is not None and at_hand:
            prepared.vectors = unit_vectors(kept.data[EMBEDDING], len(kept), f'detections.data["{EMBEDDING}"]')
        elif wanted is not None and self.feature_extractor is not None and wanted.any():
            prepared.to_embed = rows_of(kept, wanted)
        self._prepared = prepared
        return prepared

    def complete(self, prepared: PreparedFrame, vectors: Any = None) -> sv.Detections:
        """Second half of `update`: go on with the vectors, and track the frame.

        Args:
            prepared: What the last call of `prepare` returned.
            vectors: One vector for each row of `prepared.to_embed`, shape `(k, d)`, of any length; None where there
                are none, as for a `to_embed` of None.

        Returns:
            As `update`.

        Raises:
            ValueError: If the frame is not the one prepared last, or the vectors do not fit it or earlier ones; the
                tracker is as it was then.
            TypeError: If the vectors are not numbers.
        """
        if prepared is not self._prepared:
            raise ValueError(
                "expected the frame that this tracker prepared last, and that once; prepare the frame again with "
                "prepare(detections, frame)"
            )
        observations = prepared.observations
        observations.vectors = prepared.described_by(vectors, self._vector_length)
        # Nothing has changed so far: a frame that was refused above leaves the tracker as it was.
        self._prepared = None
        self._vector_length = observations.vectors.shape[1] or self._vector_length
        self._time = prepared.time
        if observations.expired is not None:
            self._lifecycle.expire(self._tracks, observations.expired)
        if self._camera is not None and prepared.camera is not None:
            self._camera.load_state_dict(prepared.camera)
        observations.raw = observations.vectors[:, :0]
        if self._adaptation is not None:
            map_vectors(self._adaptation, self._tracks, observations, self._cosine_threshold)
        ids = np.asarray(self._step(observations), np.int64)
        if len(ids) < len(prepared.usable):
            ids, of_usable = np.full(len(prepared.usable), NO_ID), ids
            ids[prepared.usable] = of_usable
        log = observations.association_log
        self._decisions = [] if log is None else log.decisions(prepared.usable, ids)
        self._emit_events()
        return with_ids(prepared.detections, ids)

    def skip(self, *, timestamp: float | None = None) -> None:
        """Pass over a frame on which no detector was run: tracks move on, and none counts a miss.

        Different from `update` with empty detections, which says that nothing was found.

        Args:
            timestamp: Time of the frame in seconds, as in `update`.
        """
        self._time, elapsed = self._time.after(timestamp, self.frame_rate)
        self._prepared = None
        no_box, no_score, no_vector = np.empty((0, 4)), np.empty(0), np.empty((0, 0), np.float32)
        camera = None if self._camera is None else self._camera.skip()
        nobody = np.empty(0, np.int64)
        nothing = Observations(no_box, no_box, no_score, no_vector, nobody, elapsed=elapsed, camera=camera)
        tracks = self._predict(nothing)
        tracks.age += elapsed

    @property
    def adaptation(self) -> AdaptationReport | None:
        """What the newest map learned on the way rests on and brought; None before the first, and without `adapt`."""
        return None if self._adaptation is None else self._adaptation.report

    @property
    def _cosine_threshold(self) -> float:
        """Largest cosine distance of a match, for trackers that compare vectors."""
        raise NotImplementedError

    @abstractmethod
    def _step(self, observations: Observations) -> Ints:
        """Track one frame and return the id of each detection, -1 without a confirmed track, shape `(n,)`."""

    def _wants_vector(self, observations: Observations, extractable: bool) -> Bools | None:
        """Which detections of the frame have a say by their appearance, mask `(n,)`; None without appearance.

        The tracks are still where they were on the previous frame. `extractable` tells that each vector costs a run of
        the extractor; otherwise vectors are at hand, or there is nobody to ask.
        """
        return None
