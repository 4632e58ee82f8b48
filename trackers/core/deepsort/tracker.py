"""DeepSORT: simple online and realtime tracking with a deep association metric.

Wojke, Bewley, Paulus: "Simple Online and Realtime Tracking with a Deep Association Metric", 2017, arXiv 1703.07402.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.average import cosine_distance, with_width
from trackers.appearance.gallery import new_galleries, smallest_cosine_distance
from trackers.appearance.vectors import FeatureFunction, on_device, recommended_threshold
from trackers.association.assignment import (
    FORBIDDEN_MARGIN,
    NO_MATCH,
    Match,
    assign,
    matching_cascade,
    unmatched,
    without_rival,
)
from trackers.association.classes import ClassGroups
from trackers.association.pairs import GATE, Pairs
from trackers.association.selection import Selection
from trackers.boxes import Bools, Floats, Ints, Vectors, covered, overlap
from trackers.core.ambiguity import AppearanceTracker
from trackers.core.candidates import candidates_in_gate
from trackers.core.deepsort.reidentification import reidentified
from trackers.core.deepsort.tracks import DeepSORTTracks
from trackers.core.observations import Observations
from trackers.core.parameters import arguments, between, fixed, one_of
from trackers.motion.camera import CameraMotion
from trackers.motion.models import XYAH

if TYPE_CHECKING:
    from trackers.appearance.protocol import FeatureExtractor

FEW_PAIRS = 12
"""Up to this many pairs, asking all galleries at once is faster than finding out which."""

PAPER_THRESHOLD = 0.2
"""Largest cosine distance of a match where the extractor recommends none."""


class DeepSORTTracker(AppearanceTracker[DeepSORTTracks]):
    """DeepSORT: motion decides who may match, appearance decides who does.

    Each frame, confirmed tracks meet the detections inside their Mahalanobis gate, most recently matched tracks first,
    and take those nearest in appearance to one of their last vectors. What is left is matched by overlap. A detection
    without a vector is matched by motion alone, and without any vectors so is everything.

    Args:
        feature_extractor: Turns boxes into vectors: an object with `extract_features(frame, detections)` or a callable
            of that form. None uses the vectors in `detections.data["embedding"]`, or motion alone.
        device: Device to move the extractor to; None leaves it where it is.
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
        frame_rate: Frames per second of the video; scales `lost_track_buffer`.
        track_activation_threshold: Lowest confidence that starts a track.
        minimum_consecutive_frames: Hits after which a track is confirmed and gets its id; 1 confirms at once.
        minimum_iou_threshold: Lowest IoU of a match in the last stage.
        appearance_threshold: Largest appearance distance of a match. It depends on the vectors more than on anything
            else; None takes the extractor's own `appearance_threshold`, or 0.2, the paper's.
        appearance_weight: Share of appearance in the cost, 1 - lambda in the paper's equation 5; the rest is the
            squared Mahalanobis distance. The default is the paper's own setting.
        distance_metric: `"cosine"`, or `"euclidean"` between unit vectors.
        gallery_size: Vectors kept per track; None keeps all.
        gating: `"state"` gates on centre, aspect ratio and height, `"position"` on the centre alone.
        cascade: Match recently matched tracks first; False solves one assignment over all confirmed tracks.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part, such as `Selection(minimum_confidence=0.3, maximum_overlap=0.7)`; the
            others get id -1. None lets all take part.
        camera_motion: `"sparse_flow"`, `"orb"` or `"ecc"` estimate how the camera moves; a function or one matrix per
            frame tell it; None takes it to stand still.
        reid_memory: Seconds in which a lost track is re-identified by appearance alone, wherever it returns: a track
            about to be confirmed takes its id if all its vectors are near the old ones, under a stricter threshold.
            None, the published algorithm, does not.
        occlusion_limit: Share of a box that a nearer box may cover before its vector is kept out of the gallery. None,
            the published algorithm, keeps all.
        embed: Which boxes the extractor is asked about. `"always"`, the published algorithm, all of them;
            `"ambiguous"` those whose identity is in doubt: a new box, two that could belong to one track, a track that
            comes back from a gap; and for the memory, each track once in 15 frames, in 6 where others are near, and in
            2 where the confidence is below 0.5. The others, about three in four, go to the track they were expected
            at. Vectors that come with the detections are all used either way.
        adapt: Learn on the way, from undisturbed tracks, what tells the objects of this video apart; see `adaptation`.
            Not part of the published algorithm.
        embed_budget: Most boxes of a frame that the extractor is run on, those in most doubt first; what is left is
            matched by motion. None sets no limit.

    Raises:
        TypeError: If the extractor is neither an object with `extract_features` nor callable.
        ValueError: If a parameter is out of range.

    Example:
        >>> import numpy as np, supervision as sv
        >>> tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        >>> detections = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
        >>> tracker.update(detections).tracker_id.tolist()
        [1]
    """

    detection_confidence = 0.5

    track_activation_threshold: float = between(0.0, 1.0)
    minimum_iou_threshold: float = between(0.0, 1.0)
    appearance_weight: float = between(0.0, 1.0)
    distance_metric: str = one_of("cosine", "euclidean")
    cascade: bool = one_of(True, False)
    adapt: bool = one_of(True, False, fixed=True)
    device: str | None = fixed()
    gating: str = one_of("state", "position")
    gallery_size: int | None = between(1, optional=True)
    appearance_threshold: float = between(0.0, 2.0)
    reid_memory: float | None = between(0.0, optional=True)
    occlusion_limit: float | None = between(0.0, 1.0, optional=True)

    def __init__(
        self,
        feature_extractor: FeatureExtractor | FeatureFunction | None = None,
        device: str | None = None,
        lost_track_buffer: int = 30,
        frame_rate: float = 30.0,
        track_activation_threshold: float = 0.25,
        minimum_consecutive_frames: int = 3,
        minimum_iou_threshold: float = 0.3,
        appearance_threshold: float | None = None,
        appearance_weight: float = 1.0,
        distance_metric: str = "cosine",
        *,
        gallery_size: int | None = 100,
        gating: str = "state",
        cascade: bool = True,
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
        reid_memory: float | None = None,
        occlusion_limit: float | None = None,
        embed: str = "always",
        adapt: bool = False,
        embed_budget: int | None = None,
    ) -> None:
        """Check and store the parameters; nothing is loaded."""
        if appearance_threshold is None:
            appearance_threshold = recommended_threshold(feature_extractor, PAPER_THRESHOLD)
        feature_extractor = on_device(feature_extractor, device)
        super().__init__(XYAH, DeepSORTTracks, **arguments(locals()))

    def _buffer(self) -> int:
        """Frames a confirmed track may be missed: by its motion alone, or as long as its gallery is kept."""
        self._motion_buffer = super()._buffer()
        if self.reid_memory is None:
            return self._motion_buffer
        return max(self._motion_buffer, math.ceil(self.reid_memory * self.frame_rate))

    def _step(self, observations: Observations) -> Ints:
        tracks = self._predict(observations)
        tracks.embedding = with_width(tracks.embedding, observations.vectors.shape[1])
        if self.reid_memory is not None:
            tracks.centre = with_width(tracks.centre, observations.vectors.shape[1])
        match = observations.unambiguous + self._match_confirmed(tracks, observations)
        if len(match.detection) < len(observations):
            # Last stage: tentative tracks, and confirmed ones matched on the previous frame, by overlap.
            active, left = ~tracks.confirmed | (tracks.missed == 0), unmatched(len(observations), match.detection)
            match += self._match_by_overlap(observations, match, active, left, self.minimum_iou_threshold)
        match = self._match_by_memory(tracks, observations, match)

        self._correct(observations, match)
        embeddings, raw = self._unoccluded_vectors(observations)
        tracks.update_embeddings(
            match.track,
            embeddings.take(match.detection, axis=0),
            observations.not_embedded.track,
            raw.take(match.detection, axis=0),
        )
        born = unmatched(len(observations), match.detection) & (observations.scores >= self.track_activation_threshold)
        if not np.count_nonzero(born):
            return self._advance(observations, match, born)
        first = embeddings[born]
        return self._advance(
            observations,
            match,
            born,
            gallery=new_galleries(first, self.gallery_size),
            embedding=first,
            raw_gallery=new_galleries(raw[born], self.gallery_size),
            raw=raw[born],
        )

    def _match_confirmed(self, tracks: DeepSORTTracks, observations: Observations) -> Match:
        """First stage: confirmed tracks against what their gate and their appearance admit."""
        free = unmatched(len(tracks), observations.unambiguous.track)
        trusted = (free & tracks.confirmed & (tracks.missed <= self._motion_buffer)).nonzero()[0]
        gated = candidates_in_gate(self.motion, tracks, trusted, observations, self.gating)
        if len(observations.unambiguous.detection):
            gated = gated.where(unmatched(len(observations), observations.unambiguous.detection)[gated.detection])
        limit = self.appearance_weight * self.appearance_threshold + (1.0 - self.appearance_weight) * GATE[self.gating]
        if not self.cascade:
            return assign(self._admissible(tracks, observations, gated), limit)
        # Most detections go to a track of the previous frame, and need no comparison with the galleries of those lost.
        lost = tracks.missed.take(gated.track) > 0
        match = assign(self._admissible(tracks, observations, gated.where(~lost)), limit)
        if not np.count_nonzero(lost):
            return match
        left = gated.where(lost & unmatched(len(observations), match.detection)[gated.detection])
        return match + matching_cascade(self._admissible(tracks, observations, left), tracks.missed, limit)

    def _admissible(self, tracks: DeepSORTTracks, observations: Observations, gated: Pairs) -> Pairs:
        """The gated pairs near in appearance, at the cost of the paper's equation 5."""
        if len(gated.track) == 0:
            return gated
        embedding = self._distance(tracks, observations, gated)
        observations.record(self.distance_metric, gated, embedding, self.appearance_threshold)
        unknown = np.isnan(embedding)
        if np.count_nonzero(unknown):
            embedding[unknown] = self._without_appearance(tracks, observations, gated.where(unknown))
        cost = self.appearance_weight * embedding + (1.0 - self.appearance_weight) * gated.cost
        return Pairs(gated.track, gated.detection, cost).where(embedding <= self.appearance_threshold)

    def _distance(self, tracks: DeepSORTTracks, observations: Observations, pairs: Pairs) -> Floats:
        """Smallest distance between the detection and the gallery of each pair, NaN without appearance.

        Of many pairs, whole galleries are asked only where the newest vector is too far, and where a pair that is near
        has a rival; for one without, near enough is all that counts.
        """

        def compare_galleries(rows: Ints) -> Floats:
            return smallest_cosine_distance(
                tracks.gallery, pairs.track[rows], observations.vectors, pairs.detection[rows]
            )

        if len(pairs.track) <= FEW_PAIRS or observations.association_log is not None:
            embedding = smallest_cosine_distance(tracks.gallery, pairs.track, observations.vectors, pairs.detection)
        else:
            embedding = cosine_distance(tracks.embedding, pairs.track, observations.vectors, pairs.detection)
            near = embedding <= self._cosine_threshold
            far = (~near).nonzero()[0]
            if self.reid_memory is not None:
                far = far[self._within_spread(tracks, observations, pairs.where(far))]
            if len(far):
                embedding[far] = compare_galleries(far)
            possible = (~(embedding > self._cosine_threshold)).nonzero()[0]
            rivals = possible[~without_rival(pairs.where(possible))]
            rivals = rivals[near[rivals]]
            if len(rivals):
                embedding[rivals] = compare_galleries(rivals)
        return np.sqrt(np.maximum(2.0 * embedding, 0.0)) if self.distance_metric == "euclidean" else embedding

    def _within_spread(self, tracks: DeepSORTTracks, observations: Observations, pairs: Pairs) -> Bools:
        """Mask of the pairs whose galleries must be asked: not those of lost tracks that are all too far."""
        lost = (tracks.missed.take(pairs.track) > 0).nonzero()[0]
        track, detection = pairs.track.take(lost), pairs.detection.take(lost)
        lowest = tracks.lowest_similarity(track, self._cosine_threshold)
        distance = cosine_distance(tracks.centre, track, observations.vectors, detection)
        return unmatched(len(pairs.track), lost[1.0 - distance < lowest])

    def _without_appearance(self, tracks: DeepSORTTracks, observations: Observations, pairs: Pairs) -> Floats:
        """What stands in for the distance where there is no appearance: how little the boxes overlap.

        Scaled so that the smallest admissible overlap is the largest admissible distance.
        """
        iou = overlap(self.motion.boxes(tracks.state[pairs.track]), observations.boxes[pairs.detection])
        observations.record("IoU", pairs, iou, self.minimum_iou_threshold)
        scale = self.appearance_threshold / max(1.0 - self.minimum_iou_threshold, FORBIDDEN_MARGIN)
        return scale * (1.0 - iou)

    def _match_by_memory(self, tracks: DeepSORTTracks, observations: Observations, match: Match) -> Match:
        """Optional stage: a track about to be confirmed may be a lost one; the lost one takes its detection over."""
        if self.reid_memory is None or observations.vectors.shape[1] == 0:
            return match
        last_hit = tracks.hits[match.track] + 1 >= self._lifecycle.minimum_consecutive_frames
        ready = last_hit & ~tracks.confirmed[match.track]
        newcomers = Match(match.track[ready], match.detection[ready])
        lost = np.flatnonzero(tracks.confirmed & unmatched(len(tracks), match.track))
        found = reidentified(tracks, observations, lost, newcomers, self._cosine_threshold)
        return self._restart(observations, match, found)

    def _unoccluded_vectors(self, observations: Observations) -> tuple[Vectors, Vectors]:
        """The vectors of the frame, mapped and raw, zero where a nearer box covers too much."""
        if self.occlusion_limit is None:
            return observations.vectors, observations.raw
        in_sight = np.float32(covered(observations.boxes) <= self.occlusion_limit)[:, None]
        return observations.vectors * in_sight, observations.raw * in_sight

    @property
    def _cosine_threshold(self) -> float:
        """The appearance threshold as a cosine distance."""
        return self.appearance_threshold**2 / 2.0 if self.distance_metric == "euclidean" else self.appearance_threshold

    def _wants_vector(self, observations: Observations, extractable: bool) -> Bools:
        """All of them, as far as the extractor may be run on them."""
        return self._chosen(observations, unmatched(len(observations), NO_MATCH.detection), extractable)
