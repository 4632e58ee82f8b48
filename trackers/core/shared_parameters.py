"""The parameters that all trackers share; set on a living tracker, they act from its next frame on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trackers.association.classes import NO_CLASS, ClassGroups, ClassRule
from trackers.association.selection import Selection, check_selection
from trackers.core.inspection import TracksType
from trackers.core.parameters import between
from trackers.core.steps import Steps
from trackers.lifecycle import Lifecycle, buffer_in_frames, confirmation
from trackers.motion.camera import CameraMotion, camera_of
from trackers.motion.models import MotionModel


class SharedParameters(Steps[TracksType]):
    """Tracks, the steps of a frame, and what both go by; `Tracker` says what each parameter means."""

    minimum_consecutive_frames: int | None = between(1)
    lost_track_buffer: float | None = between(0)
    frame_rate: float = between(1e-6, 1e6)

    def __init__(
        self,
        motion: MotionModel,
        tracks: Callable[[], TracksType],
        *,
        minimum_consecutive_frames: int | None,
        lost_track_buffer: float | None,
        frame_rate: float,
        class_agnostic: ClassGroups,
        selection: Selection | None,
        camera_motion: CameraMotion,
    ) -> None:
        """Check and store the parameters, and start without tracks."""
        self.minimum_consecutive_frames = minimum_consecutive_frames
        self.lost_track_buffer = lost_track_buffer
        self.frame_rate = frame_rate
        self.selection = selection
        self._classes = ClassRule(class_agnostic)
        self._camera_motion, self._camera = camera_motion, camera_of(camera_motion)
        hits, age = confirmation(minimum_consecutive_frames, frame_rate)
        super().__init__(motion, Lifecycle(hits, self._buffer(), age, listened=False), tracks)

    @property
    def selection(self) -> Selection | None:
        """Which detections take part; None lets all."""
        return self._selection

    @selection.setter
    def selection(self, selection: Selection | None) -> None:
        check_selection(selection)
        self._selection = selection

    @property
    def class_agnostic(self) -> bool | list[list[int]]:
        """Which classes may share a track; setting it puts the living tracks into the groups of their classes."""
        return self._classes.rule

    @class_agnostic.setter
    def class_agnostic(self, rule: ClassGroups) -> None:
        self._classes = ClassRule(rule)
        votes = self._tracks.votes
        known = votes.any(axis=1)
        class_id = np.full(len(votes), NO_CLASS)
        class_id[known] = np.array(self._class_ids, np.int64)[votes[known].argmax(axis=1)] if known.any() else NO_CLASS
        self._tracks.group = self._classes.groups(class_id, len(votes))

    @property
    def camera_motion(self) -> CameraMotion:
        """Where the motion of the camera comes from; setting it starts over with the next frame."""
        return self._camera_motion

    @camera_motion.setter
    def camera_motion(self, motion: CameraMotion) -> None:
        self._camera_motion, self._camera = motion, camera_of(motion)

    @property
    def camera_failures(self) -> int:
        """Frames whose camera motion could not be found; the camera was taken to stand still there."""
        return 0 if self._camera is None else self._camera.failures

    def _buffer(self) -> int:
        """Frames a confirmed track may be missed and still be found again."""
        return buffer_in_frames(self.lost_track_buffer, self.frame_rate)

    def _follow_parameters(self) -> None:
        """Give the lifecycle its parameters as they are now; they may be set between two frames."""
        hits, age = confirmation(self.minimum_consecutive_frames, self.frame_rate)
        self._lifecycle.minimum_consecutive_frames, self._lifecycle.minimum_age = hits, age
        self._lifecycle.buffer = self._buffer()
