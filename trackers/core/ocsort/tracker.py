"""OC-SORT: trust what was observed over what the filter extrapolated.

Cao, Pang, Weng, Khirodkar, Kitani: "Observation-Centric SORT: Rethinking SORT for Robust Multi-Object Tracking", 2023,
arXiv 2203.14360.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from trackers.association.assignment import Match, assign, unmatched
from trackers.association.classes import ClassGroups
from trackers.association.pairs import Pairs
from trackers.association.selection import Selection
from trackers.boxes import Bools, Floats, Ints
from trackers.core.base import Tracker
from trackers.core.candidates import candidates_by_overlap
from trackers.core.observations import Observations
from trackers.core.parameters import arguments, between, one_of
from trackers.lifecycle import Tracks, column, in_rows
from trackers.motion.camera import CameraMotion
from trackers.motion.models import MODELS, model_of
from trackers.motion.warp import local_motion, warp_boxes


@dataclass
class OCSORTTracks(Tracks):
    """Tracks with their last observations.

    Attributes:
        observed: Box of the last observation, shape `(n, 4)`.
        anchor: State right after the last observation, shape `(n, 5, 4)`.
        trail: Boxes observed 1, 2, ... frames ago, NaN where there was none, shape `(n, t, 4)`.
        direction: Unit vector of the motion between observations, zero while unknown, shape `(n, 2)`.
    """

    observed: Floats = column(4, dtype=np.float64)
    anchor: Floats = column(5, 4, dtype=np.float64)
    trail: Floats = column(0, 4, dtype=np.float64)
    direction: Floats = column(2, dtype=np.float64)


class OCSORTTracker(Tracker[OCSORTTracks]):
    """OC-SORT: SORT made robust to gaps and to sudden turns by three uses of past observations.

    Momentum: a match that keeps the direction of motion is cheaper. Recovery: what is left is matched with the last
    observation instead of the prediction. Re-update: a track found again is corrected along a straight virtual path
    over the gap, so that the error built up in the meantime is gone.

    Args:
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
        frame_rate: Frames per second of the video; scales `lost_track_buffer`.
        track_activation_threshold: Lowest confidence that starts a track; only detections of high confidence do.
        minimum_consecutive_frames: Hits after which a track is confirmed and gets its id; 1 confirms at once.
        minimum_iou_threshold: Lowest IoU of a match.
        high_confidence_threshold: Detections at or above take part in the first stage and in recovery.
        low_confidence_threshold: Detections at or above, and not of high confidence, may prolong a track that found
            none of high confidence, as in ByteTrack; None leaves that stage out.
        direction_weight: Weight of the direction in the cost, lambda in the paper's equation 4; 0 ignores it.
        direction_frames: Frames between the observations that give a direction, delta t in the paper.
        motion_model: How boxes move: `"xysr"` is SORT's filter, as published; `"deformable"` lets objects turn and
            bend; also `"xyah"`, `"xywh"`.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part; None lets all.
        camera_motion: `"sparse_flow"`, `"orb"` or `"ecc"` estimate how the camera moves; a function or one matrix per
            frame tell it; None takes it to stand still.

    Raises:
        ValueError: If a parameter is out of range.

    Example:
        >>> import numpy as np, supervision as sv
        >>> tracker = OCSORTTracker(minimum_consecutive_frames=1)
        >>> detections = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
        >>> tracker.update(detections).tracker_id.tolist()
        [1]
    """

    track_activation_threshold: float = between(0.0, 1.0)
    minimum_iou_threshold: float = between(0.0, 1.0)
    high_confidence_threshold: float = between(0.0, 1.0, above="low_confidence_threshold")
    low_confidence_threshold: float | None = between(0.0, 1.0, below="high_confidence_threshold", optional=True)
    direction_weight: float = between(0.0)
    direction_frames: int = between(1, fixed=True)
    motion_model: str = one_of(*MODELS, fixed=True)

    def __init__(
        self,
        lost_track_buffer: int = 30,
        frame_rate: float = 30.0,
        track_activation_threshold: float = 0.5,
        minimum_consecutive_frames: int = 3,
        minimum_iou_threshold: float = 0.3,
        *,
        high_confidence_threshold: float = 0.5,
        low_confidence_threshold: float | None = None,
        direction_weight: float = 0.2,
        direction_frames: int = 3,
        motion_model: str = "xysr",
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
    ) -> None:
        """Check and store the parameters."""
        super().__init__(model_of(motion_model), partial(empty_tracks, direction_frames), **arguments(locals()))

    def _step(self, observations: Observations) -> Ints:
        tracks = self._predict(observations)
        high = observations.scores >= self.high_confidence_threshold

        match = self._match_with_momentum(observations, high)
        everyone = np.ones(len(tracks), np.bool_)
        if self.low_confidence_threshold is not None:
            low = ~high & (observations.scores >= self.low_confidence_threshold)
            match += self._match_by_overlap(observations, match, everyone, low, self.minimum_iou_threshold)
        match += self._match_by_overlap(
            observations, match, everyone, high, self.minimum_iou_threshold, tracks.observed
        )

        self._re_update(observations, match)
        self._correct(observations, match)
        self._observe(observations, match)
        new = (
            high
            & (observations.scores >= self.track_activation_threshold)
            & unmatched(len(observations), match.detection)
        )
        boxes = observations.boxes[new]
        trail = np.concatenate((boxes[:, None], np.full((len(boxes), self.direction_frames - 1, 4), np.nan)), axis=1)
        return self._advance(observations, match, new, observed=boxes, anchor=self.motion.initiate(boxes), trail=trail)

    def _predict(self, observations: Observations) -> OCSORTTracks:
        """Move every track; what was observed before moves with the camera alone."""
        tracks = super()._predict(observations)
        if observations.camera is not None:
            tracks.anchor = self.motion.warp(tracks.anchor, observations.camera)
            turned = local_motion(observations.camera, tracks.observed[:, :2]).jacobian @ tracks.direction[:, :, None]
            tracks.direction = unit(turned[:, :, 0])
            tracks.observed = warp_boxes(tracks.observed, observations.camera)
            trail = tracks.trail.reshape(-1, 4)
            tracks.trail = warp_boxes(trail, observations.camera).reshape(tracks.trail.shape)
        return tracks

    def _match_with_momentum(self, observations: Observations, high: Bools) -> Match:
        """First stage: overlap, and how little the match would turn the track (section 4.2)."""
        tracks, boxes = self._tracks, self.motion.boxes(self._tracks.state)
        rows, detections = np.arange(len(tracks)), np.flatnonzero(high)
        pairs = candidates_by_overlap(boxes, tracks, rows, observations, detections, self.minimum_iou_threshold)
        intention = direction_between(earlier_observation(tracks, pairs.track), observations.boxes[pairs.detection])
        cosine = np.clip((tracks.direction[pairs.track] * intention).sum(axis=1), -1.0, 1.0)
        turn = np.arccos(cosine) / np.pi - 0.5  # from -1/2, straight on, to 1/2, back; 0 where a direction is unknown
        pairs = Pairs(pairs.track, pairs.detection, pairs.cost + self.direction_weight * turn)
        limit = 1.0 - self.minimum_iou_threshold
        return assign(pairs.where(pairs.cost <= limit), limit)

    def _re_update(self, observations: Observations, match: Match) -> None:
        """Lead the tracks found again from their last observation along a straight path (section 4.1, equation 3)."""
        tracks = self._tracks
        missed = tracks.missed[match.track]
        if not missed.any():
            return
        found_again = np.argsort(-missed)[: np.count_nonzero(missed)]  # longest gap first
        rows, boxes = match.track[found_again], observations.boxes[match.detection[found_again]]
        start, gap = tracks.observed[rows], tracks.missed[rows] + observations.elapsed
        steps = np.maximum(np.rint(gap), 1.0)
        share = np.arange(1.0, steps.max())[:, None] / steps  # of the way, after each step
        virtual, between = start + share[:, :, None] * (boxes - start), share < 1.0
        dt = (gap / steps)[:, None]
        tracks.state[rows] = self.motion.follow(tracks.anchor[rows], virtual[between], between.sum(axis=1), dt)

    def _observe(self, observations: Observations, match: Match) -> None:
        """Store the observations of this frame."""
        tracks, boxes = self._tracks, observations.boxes[match.detection]
        tracks.direction[match.track] = direction_between(earlier_observation(tracks, match.track), boxes)
        tracks.observed[match.track] = boxes
        tracks.anchor[match.track] = tracks.state[match.track]
        tracks.trail = np.roll(tracks.trail, 1, axis=1)
        tracks.trail[:, 0] = np.nan
        tracks.trail[match.track, 0] = boxes


def empty_tracks(direction_frames: int) -> OCSORTTracks:
    """No tracks, with a trail of so many frames."""
    return OCSORTTracks(trail=np.empty((0, direction_frames, 4)))


def earlier_observation(tracks: OCSORTTracks, rows: Ints) -> Floats:
    """The oldest observation on the trail of some tracks, or the last one where it is empty, shape `(k, 4)`."""
    observed: Floats = tracks.observed.take(rows, axis=0)
    for box in in_rows(tracks.trail, rows).swapaxes(0, 1):
        known = ~np.isnan(box[:, 0])
        observed[known] = box[known]
    return observed


def direction_between(first: Floats, second: Floats) -> Floats:
    """Unit vector from the centre of box i of `first` to that of `second`, zero where they agree, shape `(n, 2)`.

    Example:
        >>> direction_between(np.array([[0.0, 0, 2, 2]]), np.array([[3.0, 4, 5, 6]])).tolist()
        [[0.6, 0.8]]
    """
    return unit(second[:, :2] + second[:, 2:] - first[:, :2] - first[:, 2:])


def unit(vectors: Floats) -> Floats:
    """Vectors `(n, 2)` at length 1; zero stays zero."""
    length = np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0.0))
