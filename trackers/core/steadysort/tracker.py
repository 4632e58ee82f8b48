"""SteadySORT: DeepSORT's parts, put together so that people keep their ids.

What is DeepSORT's (Wojke 2017, arXiv 1703.07402) stays: the filter, the gate, the appearance distance. The low stage is
ByteTrack's (Zhang 2022, arXiv 2110.06864), the averaged embedding BoT-SORT's (Aharon 2022, arXiv 2206.14651).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.average import cosine_distance, with_width
from trackers.appearance.vectors import FeatureFunction, has_embedding, on_device, recommended_threshold
from trackers.association.assignment import NO_MATCH, Match, assign, unmatched
from trackers.association.classes import ClassGroups
from trackers.association.pairs import Pairs
from trackers.association.selection import Selection
from trackers.boxes import Bools, Floats, Ints, Vectors
from trackers.core.ambiguity import AppearanceTracker
from trackers.core.candidates import candidates_by_overlap, candidates_in_gate
from trackers.core.observations import Observations
from trackers.core.parameters import arguments, between, fixed, one_of
from trackers.core.steadysort.limits import Limits, limits_of
from trackers.core.steadysort.tracks import SteadySORTTracks, centres, every_pair, heights, perhaps_similar, reachable
from trackers.core.steadysort.trust import Trust
from trackers.motion.camera import CameraMotion
from trackers.motion.models import MODELS, model_of
from trackers.motion.warp import warp_boxes

if TYPE_CHECKING:
    from trackers.appearance.protocol import FeatureExtractor

DEFAULT_THRESHOLD = 0.3
"""Largest cosine distance of a match where the extractor recommends none."""

VETO_RELIEF = 1.0
"""How much a perfect overlap relieves the veto, which begins at `1 + VETO_RELIEF * IoU` thresholds."""

AVERAGED = 1.0
"""Seconds that an embedding is averaged over."""

STRAY = 0.8
"""Heights of the box that a detection may lie off the predicted centre."""

SAME = 5 / 6
"""A lost track and a new one are one person up to this many appearance thresholds."""


class SteadySORTTracker(AppearanceTracker[SteadySORTTracks]):
    """SteadySORT: appearance matches, vetoes and re-identifies.

    Each frame has four steps. Confirmed tracks take the detection in their gate nearest in appearance, all in one
    assignment. What is left is matched by overlap, unless the embeddings are too far apart; tracks without an id or an
    embedding come last. Detections of low confidence prolong tracks that were matched on the previous frame. A new
    track takes over the id of a lost one of the same appearance, if the two were never in one frame and the way between
    them can be walked.

    All limits of appearance follow from one number, `appearance_threshold`. Without vectors overlap alone decides, and
    with vectors that do not tell people apart, too: see `trust`.

    Args:
        feature_extractor: Turns boxes into vectors: an object with `extract_features(frame, detections)` or a callable
            of that form. None uses the vectors in `detections.data["embedding"]`, or overlap alone.
        device: Device to move the extractor to; None leaves it where it is.
        lost_track_buffer: Frames, at 30 frames per second, that a confirmed track may be missed and be found again.
            None is a time: three seconds, and one second while no appearance counts.
        frame_rate: Frames per second of the video. It matters: memory is a time, not a number of frames.
        track_activation_threshold: Lowest confidence that starts a track.
        minimum_consecutive_frames: Hits after which a track is confirmed and gets its id; 1 confirms at once. None is
            a time, a tenth of a second, and two hits at least.
        minimum_iou_threshold: Lowest IoU of a match by overlap with a detection of high confidence; None is 0.3, and
            0.2 while no appearance counts.
        appearance_threshold: Largest cosine distance of a match. It depends on the vectors; None takes the extractor's
            own `appearance_threshold`, or 0.3.
        high_confidence_threshold: A detection at or above is of high confidence: it may start a track, and its vector
            counts.
        low_confidence_threshold: A detection at or above, and not of high confidence, may prolong a track that was
            matched on the previous frame; one below is ignored.
        motion_model: How boxes move: `"deformable"` lets objects turn and bend, `"xyah"` is DeepSORT's filter; also
            `"xywh"`, `"xysr"`.
        class_agnostic: True lets a track match detections of any class, False only of its own; groups of class ids,
            such as `[{2, 7}]`, let the classes of a group share tracks.
        selection: Which detections take part; None lets all.
        camera_motion: `"sparse_flow"`, `"orb"` or `"ecc"` estimate how the camera moves; a function or one matrix per
            frame tell it; None takes it to stand still.
        adapt: Learn on the way, from undisturbed tracks, what tells the objects of this video apart; see `adaptation`.
        embed: Which boxes of high confidence the extractor is run on. `"always"` all of them; `"ambiguous"` those that
            motion does not settle, and each track once in 15 frames, in 6 where others are near, in 2 where the
            confidence is below 0.7. The others go to the track they were expected at. Vectors that come with the
            detections are all used either way.
        embed_budget: Most boxes of a frame that the extractor is run on, those in most doubt first; what is left is
            matched by overlap. None sets no limit.

    Raises:
        TypeError: If the extractor is neither an object with `extract_features` nor callable.
        ValueError: If a parameter is out of range.

    Example:
        >>> import numpy as np, supervision as sv
        >>> tracker = SteadySORTTracker(minimum_consecutive_frames=1)
        >>> detections = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]))
        >>> tracker.update(detections).tracker_id.tolist()
        [1]
    """

    fading = 0.7

    track_activation_threshold: float = between(0.0, 1.0)
    minimum_consecutive_frames: int | None = between(1, optional=True)
    lost_track_buffer: float | None = between(0, optional=True)
    minimum_iou_threshold: float | None = between(0.0, 1.0, optional=True)
    appearance_threshold: float = between(0.0, 2.0)
    high_confidence_threshold: float = between(0.0, 1.0, above="low_confidence_threshold")
    low_confidence_threshold: float = between(0.0, 1.0, below="high_confidence_threshold")
    motion_model: str = one_of(*MODELS, fixed=True)
    adapt: bool = one_of(True, False, fixed=True)
    device: str | None = fixed()

    def __init__(
        self,
        feature_extractor: FeatureExtractor | FeatureFunction | None = None,
        device: str | None = None,
        lost_track_buffer: int | None = None,
        frame_rate: float = 30.0,
        track_activation_threshold: float = 0.7,
        minimum_consecutive_frames: int | None = None,
        minimum_iou_threshold: float | None = None,
        appearance_threshold: float | None = None,
        *,
        high_confidence_threshold: float = 0.5,
        low_confidence_threshold: float = 0.1,
        motion_model: str = "deformable",
        class_agnostic: ClassGroups = True,
        selection: Selection | None = None,
        camera_motion: CameraMotion = None,
        adapt: bool = False,
        embed: str = "always",
        embed_budget: int | None = None,
    ) -> None:
        """Check and store the parameters; nothing is loaded."""
        if appearance_threshold is None:
            appearance_threshold = recommended_threshold(feature_extractor, DEFAULT_THRESHOLD)
        feature_extractor = on_device(feature_extractor, device)
        super().__init__(model_of(motion_model), SteadySORTTracks, **arguments(locals()))

    def _step(self, observations: Observations) -> Ints:
        tracks = self._predict(observations)
        tracks.embedding = with_width(tracks.embedding, observations.vectors.shape[1])
        high = observations.scores >= self.high_confidence_threshold
        match = observations.not_embedded
        match += self._match_by_appearance(tracks, observations, match, high)
        embedded = has_embedding(tracks.embedding)
        reliable = self._statistics.reliable
        described = reliable and bool(np.count_nonzero(embedded) or np.count_nonzero(observations.embedded))
        known = tracks.confirmed & embedded & reliable
        limits = limits_of(described, self.minimum_iou_threshold, self.lost_track_buffer)
        high &= observations.scores >= limits.confidence(
            self.high_confidence_threshold, self.track_activation_threshold
        )
        if len(match.detection) < len(observations):
            match = self._match_what_is_left(observations, match, known, high, limits)
        match, born = self._reidentify(tracks, observations, match, high, limits)

        self._correct(observations, match)
        tracks.update_embeddings(match, observations, longest=AVERAGED * self.frame_rate)
        if not np.count_nonzero(born):
            return self._advance(observations, match, born)
        embedding = observations.vectors[born]
        return self._advance(
            observations,
            match,
            born,
            embedding=embedding,
            embedding_count=1 * has_embedding(embedding),
            raw=observations.raw[born],
            box=observations.boxes[born],
        )

    def _match_what_is_left(
        self, observations: Observations, match: Match, known: Bools, high: Bools, limits: Limits
    ) -> Match:
        """Second stage, by overlap: tracks with an embedding, those without, new ones; at last uncertain detections."""
        tracks = self._tracks
        low, active = ~high & (observations.scores >= self.low_confidence_threshold), tracks.missed == 0
        match += self._match_by_overlap_with_veto(tracks, observations, match, known & active, high, limits)
        unknown = high & ~observations.embedded
        match += self._match_by_overlap(observations, match, known, unknown, limits.minimum_iou)
        recent = tracks.confirmed & ~known & (tracks.missed < limits.memory * self.frame_rate + 0.5)
        match += self._match_by_overlap(observations, match, recent, high, limits.minimum_iou)
        match += self._match_by_overlap(observations, match, ~tracks.confirmed, high, limits.minimum_iou)
        return match + self._match_by_overlap(observations, match, active & tracks.confirmed, low, limits.low_iou)

    @property
    def trust(self) -> Trust:
        """What the tracker has found out about its vectors: how often they were wrong, and whether they count."""
        return self._statistics

    def _clear(self) -> None:
        super()._clear()
        self._statistics: Trust = Trust()

    def _predict(self, observations: Observations) -> SteadySORTTracks:
        """Move every track; the place of its last detection moves with the camera alone."""
        tracks = super()._predict(observations)
        if observations.camera is not None:
            tracks.box = warp_boxes(tracks.box, observations.camera)
        return tracks

    def _match_by_appearance(
        self, tracks: SteadySORTTracks, observations: Observations, taken: Match, high: Bools
    ) -> Match:
        """First stage: confirmed tracks, however long lost, against what is in their gate, near by and similar.

        Where the gate alone makes it certain who is who, embeddings are tested before they are used.
        """
        confirmed, astray = tracks.confirmed.nonzero()[0], STRAY * heights(tracks.box)
        pairs = candidates_in_gate(self.motion, tracks, confirmed, observations, within=astray.take(confirmed))
        u, v = observations.measured.T[:2].take(pairs.detection, axis=1) - centres(tracks, pairs.track)
        near = np.sqrt(u * u + v * v) <= astray.take(pairs.track)
        pairs = pairs.where(near & high.take(pairs.detection))
        self._statistics = self._statistics.tested(tracks, observations, pairs, self.appearance_threshold)
        if len(taken.track):
            free = unmatched(len(tracks), taken.track)[pairs.track]
            pairs = pairs.where(free & unmatched(len(observations), taken.detection)[pairs.detection])
        embedding = self._appearance_distance(tracks, pairs, observations.vectors)
        observations.record("cosine", pairs, embedding, self.appearance_threshold)
        similar = Pairs(pairs.track, pairs.detection, embedding).where(embedding <= self.appearance_threshold)
        return assign(similar, self.appearance_threshold)

    def _match_by_overlap_with_veto(
        self,
        tracks: SteadySORTTracks,
        observations: Observations,
        taken: Match,
        known: Bools,
        high: Bools,
        limits: Limits,
    ) -> Match:
        """Tracks with an embedding, by overlap; appearance may veto."""
        rows, detections = self._left_over(observations, taken, known, high)
        if len(rows) == 0 or len(detections) == 0:
            return NO_MATCH
        boxes = self.motion.boxes(tracks.state, rows)
        pairs = candidates_by_overlap(boxes, tracks, rows, observations, detections, limits.minimum_iou)
        embedding = self._appearance_distance(tracks, pairs, observations.vectors)
        relative_distance = embedding / (1.0 + VETO_RELIEF * (1.0 - pairs.cost))
        observations.record("cosine / (1 + IoU)", pairs, relative_distance, self.appearance_threshold)
        return assign(pairs.where(~(relative_distance > self.appearance_threshold)), limit=1.0 - limits.minimum_iou)

    def _reidentify(
        self, tracks: SteadySORTTracks, observations: Observations, match: Match, high: Bools, limits: Limits
    ) -> tuple[Match, Bools]:
        """Last stage: a track about to begin, or to get its id, may be a lost one of the same appearance.

        The lost track takes the detection, and the tentative one ends. Returns which detections start a track, too.
        """
        ready = high & (observations.scores >= self.track_activation_threshold - limits.weaker_start)
        lost = tracks.confirmed & unmatched(len(tracks), match.track)
        if not lost.any():
            ready[match.detection] = False
            return match, ready
        hits, age = tracks.hits[match.track] + 1, tracks.age[match.track] + observations.elapsed
        last_hit = self._lifecycle.confirms(hits, age)
        ready[match.detection] = ~tracks.confirmed[match.track] & last_hit
        if not ready.any():
            ready[match.detection] = False
            return match, ready

        embedding, age = observations.vectors.copy(), np.full(len(observations), -1.0)
        embedding[match.detection], age[match.detection] = tracks.embedding[match.track], tracks.age[match.track]
        limit = SAME * self.appearance_threshold
        similar = perhaps_similar(tracks, lost, observations, ready, embedding, limit)
        pairs = reachable(tracks, similar, observations, age, self.frame_rate)
        weak = ready & (observations.scores < self.track_activation_threshold)
        beside_lost = reachable(tracks, every_pair(lost, weak), observations, age, self.frame_rate)
        distance = self._appearance_distance(tracks, pairs, embedding)
        observations.record("cosine", pairs, distance, limit)
        found = assign(Pairs(pairs.track, pairs.detection, distance).where(distance <= limit), limit)

        born = ready & unmatched(len(observations), beside_lost.detection)
        born[match.detection] = born[found.detection] = False
        return self._restart(observations, match, found), born

    def _appearance_distance(self, tracks: SteadySORTTracks, pairs: Pairs, vectors: Vectors) -> Floats:
        """Cosine distance of each pair; NaN without an embedding, and while embeddings are not reliable."""
        if not self._statistics.reliable:
            return np.full(len(pairs.track), np.nan)
        return cosine_distance(tracks.embedding, pairs.track, vectors, pairs.detection)

    @property
    def _cosine_threshold(self) -> float:
        return self.appearance_threshold

    def _wants_vector(self, observations: Observations, extractable: bool) -> Bools:
        """Those of high confidence: one of low confidence is often half hidden, and would spoil an average."""
        high = observations.scores >= self.high_confidence_threshold
        return self._chosen(observations, high, extractable)
