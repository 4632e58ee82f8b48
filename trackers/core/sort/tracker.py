"""SORT: simple online and realtime tracking.

Bewley, Ge, Ott, Ramos, Upcroft: "Simple Online and Realtime Tracking", 2016, arXiv 1602.00763.
"""

from __future__ import annotations

import numpy as np

from trackers.association.assignment import NO_MATCH, unmatched
from trackers.association.classes import ClassGroups
from trackers.association.selection import Selection
from trackers.boxes import Ints
from trackers.core.base import Tracker
from trackers.core.observations import Observations
from trackers.core.parameters import arguments, between
from trackers.lifecycle import Tracks
from trackers.motion.camera import CameraMotion
from trackers.motion.models import XYSR


class SORTTracker(Tracker[Tracks]):
    """SORT: a Kalman filter per track and one assignment by overlap per frame.

    Args:
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
            The paper keeps a track for one frame only; 30 keeps many more identities.
        frame_rate: Frames per second of the video; scales `lost_track_buffer`.
        track_activation_threshold: Lowest confidence that starts a track.
        minimum_consecutive_frames: Hits after which a track is confirmed and gets its id; 1 confirms at once.
        minimum_iou_threshold: Lowest IoU of a match.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part; None lets all.
        camera_motion: `"sparse_flow"`, `"orb"` or `"ecc"` estimate how the camera moves; a function or one matrix per
            frame tell it; None takes it to stand still.

    Raises:
        ValueError: If a parameter is out of range.

    Example:
        >>> import numpy as np, supervision as sv
        >>> tracker = SORTTracker(minimum_consecutive_frames=1)
        >>> detections = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
        >>> tracker.update(detections).tracker_id.tolist()
        [1]
    """

    detection_confidence = 0.5

    track_activation_threshold: float = between(0.0, 1.0)
    minimum_iou_threshold: float = between(0.0, 1.0)

    def __init__(
        self,
        lost_track_buffer: int = 30,
        frame_rate: float = 30.0,
        track_activation_threshold: float = 0.25,
        minimum_consecutive_frames: int = 3,
        minimum_iou_threshold: float = 0.3,
        *,
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
    ) -> None:
        """Check and store the parameters."""
        super().__init__(XYSR, Tracks, **arguments(locals()))

    def _step(self, observations: Observations) -> Ints:
        tracks = self._predict(observations)
        everyone, everything = np.ones(len(tracks), np.bool_), np.ones(len(observations), np.bool_)
        match = self._match_by_overlap(observations, NO_MATCH, everyone, everything, self.minimum_iou_threshold)
        self._correct(observations, match)
        born = unmatched(len(observations), match.detection) & (observations.scores >= self.track_activation_threshold)
        return self._advance(observations, match, born)
