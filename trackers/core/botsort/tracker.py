"""BoT-SORT: ByteTrack with a box filter that fits, camera motion, and appearance.

Aharon, Orfaig, Bobrovsky: "BoT-SORT: Robust Associations Multi-Pedestrian Tracking", 2022, arXiv 2206.14651.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.average import cosine_distance, moving_average, with_width
from trackers.appearance.vectors import FeatureFunction, on_device, recommended_threshold
from trackers.association.assignment import NO_MATCH, Match, assign, unmatched
from trackers.association.classes import ClassGroups
from trackers.association.pairs import Pairs, cheapest
from trackers.association.selection import Selection
from trackers.boxes import Bools, Ints
from trackers.core.ambiguity import AppearanceTracker
from trackers.core.candidates import candidates_by_overlap, candidates_in_gate
from trackers.core.embeddings import TracksWithEmbedding
from trackers.core.observations import Observations
from trackers.core.parameters import arguments, between, fixed, one_of
from trackers.motion.camera import CameraMotion
from trackers.motion.models import MODELS, model_of

if TYPE_CHECKING:
    from trackers.appearance.protocol import FeatureExtractor

PAPER_THRESHOLD = 0.25
"""Largest cosine distance at which appearance counts, where the extractor recommends none."""


class BoTSORTTracker(AppearanceTracker[TracksWithEmbedding]):
    """BoT-SORT: the smaller of two distances decides, overlap or appearance; confident detections come first.

    Two stages as in ByteTrack. In the first, the cost of a pair is its IoU distance or half its appearance distance,
    whichever is smaller; a track's embedding is a moving average of the vectors of its confident detections. Without
    vectors it is BoT-SORT without ReID.

    Args:
        feature_extractor: Turns boxes into vectors: an object with `extract_features(frame, detections)` or a callable
            of that form. None uses the vectors in `detections.data["embedding"]`, or overlap alone.
        device: Device to move the extractor to; None leaves it where it is.
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
        frame_rate: Frames per second of the video; scales `lost_track_buffer`.
        track_activation_threshold: Lowest confidence that starts a track; only detections of high confidence do.
        minimum_consecutive_frames: Hits after which a track is confirmed and gets its id; 1 confirms at once.
        minimum_iou_threshold: Lowest IoU of a match by overlap with a detection of high confidence.
        appearance_threshold: Largest cosine distance at which appearance counts. It depends on the vectors; None takes
            the extractor's own `appearance_threshold`, or 0.25, the paper's.
        appearance_momentum: Share of the old average in the new one.
        appearance_gate: Where appearance counts. `"iou"`, the paper's way: between boxes that overlap well, where it
            has little left to decide. `"motion"`: inside the Mahalanobis gate of the filter, which grows while a track
            is lost, so that appearance can find a track again.
        appearance_iou_threshold: Lowest IoU at which appearance counts, for `appearance_gate="iou"`.
        high_confidence_threshold: A detection at or above is of high confidence.
        low_confidence_threshold: A detection at or above, and not of high confidence, is of low confidence; one below
            is ignored.
        low_confidence_iou_threshold: Lowest IoU of a match with a detection of low confidence.
        motion_model: How boxes move: `"xywh"` is the paper's filter; `"deformable"` lets objects turn and bend; also
            `"xyah"`, `"xysr"`.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part; None lets all.
        camera_motion: `"sparse_flow"`, `"orb"` or `"ecc"` estimate how the camera moves; a function or one matrix per
            frame tell it; None takes it to stand still.
        embed: Which boxes of high confidence the extractor is run on. `"always"`, the published algorithm, all of them;
            `"ambiguous"` those that motion does not settle, and each track once in 15 frames, in 6 where others are
            near. The others go to the track they were expected at. Vectors that come with the detections are all used
            either way.
        embed_budget: Most boxes of a frame that the extractor is run on, those in most doubt first; what is left is
            matched by overlap. None sets no limit.

    Raises:
        TypeError: If the extractor is neither an object with `extract_features` nor callable.
        ValueError: If a parameter is out of range.

    Example:
        >>> import numpy as np, supervision as sv
        >>> tracker = BoTSORTTracker(minimum_consecutive_frames=1)
        >>> detections = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
        >>> tracker.update(detections).tracker_id.tolist()
        [1]
    """

    track_activation_threshold: float = between(0.0, 1.0)
    minimum_iou_threshold: float = between(0.0, 1.0)
    appearance_threshold: float = between(0.0, 2.0)
    appearance_momentum: float = between(0.0, 1.0)
    appearance_gate: str = one_of("iou", "motion")
    appearance_iou_threshold: float = between(0.0, 1.0)
    high_confidence_threshold: float = between(0.0, 1.0, above="low_confidence_threshold")
    low_confidence_threshold: float = between(0.0, 1.0, below="high_confidence_threshold")
    low_confidence_iou_threshold: float = between(0.0, 1.0)
    motion_model: str = one_of(*MODELS, fixed=True)
    device: str | None = fixed()

    def __init__(
        self,
        feature_extractor: FeatureExtractor | FeatureFunction | None = None,
        device: str | None = None,
        lost_track_buffer: int = 30,
        frame_rate: float = 30.0,
        track_activation_threshold: float = 0.7,
        minimum_consecutive_frames: int = 2,
        minimum_iou_threshold: float = 0.2,
        appearance_threshold: float | None = None,
        *,
        appearance_momentum: float = 0.9,
        appearance_gate: str = "iou",
        appearance_iou_threshold: float = 0.5,
        high_confidence_threshold: float = 0.6,
        low_confidence_threshold: float = 0.1,
        low_confidence_iou_threshold: float = 0.5,
        motion_model: str = "xywh",
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
        embed: str = "always",
        embed_budget: int | None = None,
    ) -> None:
        """Check and store the parameters; nothing is loaded."""
        if appearance_threshold is None:
            appearance_threshold = recommended_threshold(feature_extractor, PAPER_THRESHOLD)
        feature_extractor = on_device(feature_extractor, device)
        super().__init__(model_of(motion_model), TracksWithEmbedding, **arguments(locals()))

    def _step(self, observations: Observations) -> Ints:
        tracks = self._predict(observations)
        tracks.embedding = with_width(tracks.embedding, observations.vectors.shape[1])
        high = observations.scores >= self.high_confidence_threshold
        low = ~high & (observations.scores >= self.low_confidence_threshold)
        active = tracks.confirmed & (tracks.missed == 0)

        match = observations.not_embedded
        match += self._match_by_overlap_and_appearance(observations, match, tracks.confirmed, high)
        match += self._match_by_overlap(observations, match, active, low, self.low_confidence_iou_threshold)
        match += self._match_by_overlap_and_appearance(observations, match, ~tracks.confirmed, high)

        self._correct(observations, match)
        # A vector stands for the frames since the last one, too.
        momentum = np.float64(self.appearance_momentum) ** (1.0 + tracks.frames_since_embedding[match.track])
        embeddings = observations.vectors[match.detection]
        tracks.embedding[match.track] = moving_average(tracks.embedding[match.track], embeddings, momentum)
        tracks.count_frames(match.track, observations.not_embedded.track)
        born = (
            high
            & (observations.scores >= self.track_activation_threshold)
            & unmatched(len(observations), match.detection)
        )
        return self._advance(observations, match, born, embedding=observations.vectors[born])

    def _match_by_overlap_and_appearance(
        self, observations: Observations, taken: Match, of_tracks: Bools, of_detections: Bools
    ) -> Match:
        """First stage: the smaller of IoU distance and half the cosine distance (section 3.3, equations 12 and 13)."""
        tracks = self._tracks
        rows, detections = self._left_over(observations, taken, of_tracks, of_detections)
        if len(rows) == 0 or len(detections) == 0:
            return NO_MATCH
        boxes = self.motion.boxes(tracks.state, rows)
        overlapping = candidates_by_overlap(boxes, tracks, rows, observations, detections, self.minimum_iou_threshold)
        if self.appearance_gate == "iou":
            near = overlapping.where(overlapping.cost <= 1.0 - self.appearance_iou_threshold)
        else:
            near = candidates_in_gate(self.motion, tracks, rows, observations)
            near = near.where(np.isin(near.detection, detections))
        embedding = cosine_distance(tracks.embedding, near.track, observations.vectors, near.detection)
        observations.record("cosine", near, embedding, self.appearance_threshold)
        similar = Pairs(near.track, near.detection, 0.5 * embedding).where(embedding <= self.appearance_threshold)
        limit = max(1.0 - self.minimum_iou_threshold, 0.5 * self.appearance_threshold)
        return assign(cheapest(overlapping, similar), limit)

    def _wants_vector(self, observations: Observations, extractable: bool) -> Bools:
        """Those of high confidence: one of low confidence is often half hidden, and would spoil an average."""
        high = observations.scores >= self.high_confidence_threshold
        return self._chosen(observations, high, extractable)
