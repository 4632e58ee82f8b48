"""ByteTrack: associate every detection box, also the uncertain ones.

Zhang, Sun, Jiang, Yu, Weng, Yuan, Luo, Liu, Wang: "ByteTrack: Multi-Object Tracking by Associating Every Detection
Box", 2022, arXiv 2110.06864.
"""

from __future__ import annotations

from trackers.association.assignment import NO_MATCH, unmatched
from trackers.association.classes import ClassGroups
from trackers.association.selection import Selection
from trackers.boxes import Ints
from trackers.core.base import Tracker
from trackers.core.observations import Observations
from trackers.core.parameters import arguments, between, one_of
from trackers.lifecycle import Tracks
from trackers.motion.camera import CameraMotion
from trackers.motion.models import MODELS, model_of


class ByteTrackTracker(Tracker[Tracks]):
    """ByteTrack: what a confident detection cannot explain, an uncertain one may.

    Each frame, tracks meet the detections of high confidence by overlap; tracks that found none meet those of low
    confidence, which are often people half hidden. A low detection prolongs a track and never starts one.

    Args:
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
        frame_rate: Frames per second of the video; scales `lost_track_buffer`.
        track_activation_threshold: Lowest confidence that starts a track; only detections of high confidence do.
        minimum_consecutive_frames: Hits after which a track is confirmed and gets its id; 1 confirms at once.
        minimum_iou_threshold: Lowest IoU of a match with a detection of high confidence.
        high_confidence_threshold: A detection at or above is of high confidence.
        low_confidence_threshold: A detection at or above, and not of high confidence, is of low confidence; one below
            is ignored.
        low_confidence_iou_threshold: Lowest IoU of a match with a detection of low confidence.
        motion_model: How boxes move: `"xyah"` is DeepSORT's filter, as published; `"deformable"` lets objects turn and
            bend; also `"xywh"`, `"xysr"`.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part; None lets all.
        camera_motion: `"sparse_flow"`, `"orb"` or `"ecc"` estimate how the camera moves; a function or one matrix per
            frame tell it; None takes it to stand still.

    Raises:
        ValueError: If a parameter is out of range.

    Example:
        >>> import numpy as np, supervision as sv
        >>> tracker = ByteTrackTracker(minimum_consecutive_frames=1)
        >>> box = np.array([[10.0, 10.0, 50.0, 90.0]])
        >>> for confidence in (0.9, 0.2):
        ...     print(tracker.update(sv.Detections(xyxy=box, confidence=np.array([confidence]))).tracker_id)
        [1]
        [1]
    """

    track_activation_threshold: float = between(0.0, 1.0)
    minimum_iou_threshold: float = between(0.0, 1.0)
    high_confidence_threshold: float = between(0.0, 1.0, above="low_confidence_threshold")
    low_confidence_threshold: float = between(0.0, 1.0, below="high_confidence_threshold")
    low_confidence_iou_threshold: float = between(0.0, 1.0)
    motion_model: str = one_of(*MODELS, fixed=True)

    def __init__(
        self,
        lost_track_buffer: int = 30,
        frame_rate: float = 30.0,
        track_activation_threshold: float = 0.7,
        minimum_consecutive_frames: int = 2,
        minimum_iou_threshold: float = 0.2,
        *,
        high_confidence_threshold: float = 0.6,
        low_confidence_threshold: float = 0.1,
        low_confidence_iou_threshold: float = 0.5,
        motion_model: str = "xyah",
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
    ) -> None:
        """Check and store the parameters."""
        super().__init__(model_of(motion_model), Tracks, **arguments(locals()))

    def _step(self, observations: Observations) -> Ints:
        tracks = self._predict(observations)
        high = observations.scores >= self.high_confidence_threshold
        low = ~high & (observations.scores >= self.low_confidence_threshold)
        active = tracks.confirmed & (tracks.missed == 0)

        match = self._match_by_overlap(observations, NO_MATCH, tracks.confirmed, high, self.minimum_iou_threshold)
        match += self._match_by_overlap(observations, match, active, low, self.low_confidence_iou_threshold)
        match += self._match_by_overlap(observations, match, ~tracks.confirmed, high, self.minimum_iou_threshold)

        self._correct(observations, match)
        new = high & (observations.scores >= self.track_activation_threshold)
        return self._advance(observations, match, new & unmatched(len(observations), match.detection))
