"""What is particular to each tracker beside DeepSORT: the mechanism its paper is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import BoTSORTTracker, ByteTrackTracker, OCSORTTracker, SORTTracker
from trackers.core.base import Tracker

RED, BLUE = np.eye(2, dtype=np.float32)


def frame(*rows: Sequence[float], confidence: float | Sequence[float] = 0.9, embeddings: Any = None) -> sv.Detections:
    """Detections at given corners (x, y), 40 wide and 90 high, or with four numbers as boxes."""
    boxes = [[*row, row[0] + 40, row[1] + 90] if len(row) == 2 else row for row in rows]
    return sv.Detections(
        xyxy=np.array(boxes, np.float64).reshape(-1, 4),
        confidence=np.broadcast_to(np.array(confidence, np.float64), len(rows)).copy(),
        data={} if embeddings is None else {"embedding": np.array(embeddings)},
    )


def ids(tracker: Tracker[Any], *frames: sv.Detections) -> list[int]:
    """The ids of the last of some frames."""
    for detections in frames:
        tracked = tracker.update(detections)
    found: list[int] = np.asarray(tracked.tracker_id).tolist()
    return found


class TestSORT:
    def test_follows_a_box_that_grows(self) -> None:
        """The area has a velocity: an object that comes nearer is predicted larger."""
        tracker = SORTTracker(minimum_consecutive_frames=1)
        sizes = [40 + 4 * step for step in range(12)]
        for size in sizes:
            tracker.update(frame([100, 100, 100 + size, 100 + 2 * size]))
        tracker.skip()
        x1, y1, x2, y2 = tracker.tracks[0].xyxy
        assert x2 - x1 > sizes[-1] + 1
        assert (y2 - y1) / (x2 - x1) == pytest.approx(2.0)

    def test_a_box_that_shrinks_to_nothing_is_no_error(self) -> None:
        tracker = SORTTracker(minimum_consecutive_frames=1)
        for size in (90, 60, 40, 25, 15):
            tracker.update(frame([100, 100, 100 + size, 100 + size]))
        for _ in range(20):
            tracker.update(frame())
            assert np.isfinite(tracker.tracks[0].xyxy).all()

    @pytest.mark.parametrize(("step", "same"), [(19, True), (23, False)])
    def test_matches_down_to_the_threshold(self, step: int, same: bool) -> None:
        """Boxes 40 wide, shifted by 19: IoU 0.36; by 23: 0.27."""
        assert (ids(SORTTracker(minimum_consecutive_frames=1), frame([0, 0]), frame([step, 0])) == [1]) is same


class TestByteTrack:
    def test_a_weak_detection_prolongs_a_track(self) -> None:
        tracker = ByteTrackTracker()
        frames = [frame([100 + 3 * step, 100]) for step in range(6)]
        frames += [frame([100 + 3 * step, 100], confidence=0.2) for step in range(6, 40)]
        for detections in frames[:6]:
            tracker.update(detections)
        for detections in frames[6:]:  # longer than the buffer, so only matches keep it alive
            assert ids(tracker, detections) == [1]

    def test_a_weak_detection_starts_nothing(self) -> None:
        assert ids(ByteTrackTracker(), *[frame([100, 100], confidence=0.59)] * 9) == [-1]
        assert ids(ByteTrackTracker(), *[frame([100, 100], confidence=0.69)] * 9) == [-1]

    def test_a_strong_detection_is_preferred_to_a_weak_one_that_fits_better(self) -> None:
        before = [frame([100, 100])] * 4
        assert ids(ByteTrackTracker(), *before, frame([100, 100], [112, 100], confidence=[0.5, 0.9])) == [-1, 1]

    def test_a_weak_detection_must_overlap_well(self) -> None:
        before = [frame([100, 100])] * 4
        assert ids(ByteTrackTracker(), *before, frame([116, 100], confidence=0.5)) == [-1]  # IoU 0.43
        assert ids(ByteTrackTracker(), *before, frame([116, 100], confidence=0.9)) == [1]

    def test_a_weak_detection_does_not_find_a_lost_track_again(self) -> None:
        before = [frame([100, 100])] * 4 + [frame()]
        assert ids(ByteTrackTracker(), *before, frame([100, 100], confidence=0.5)) == [-1]
        assert ids(ByteTrackTracker(), *before, frame([100, 100], confidence=0.9)) == [1]

    @pytest.mark.parametrize(
        ("score", "first", "later"),
        [(0.7, True, True), (0.6, False, True), (0.59, False, True), (0.1, False, True), (0.09, False, False)],
    )
    def test_a_score_equal_to_a_threshold_is_in_one_group(self, score: float, first: bool, later: bool) -> None:
        at_score = frame([100, 100], confidence=score)
        assert (ids(ByteTrackTracker(), *[at_score] * 4) == [1]) is first
        assert (ids(ByteTrackTracker(), *[frame([100, 100])] * 4, at_score) == [1]) is later

    def test_confirmed_tracks_choose_first(self) -> None:
        """A tentative track that fits better does not take the detection of a confirmed one."""
        tracker = ByteTrackTracker(minimum_consecutive_frames=3)
        before = [frame([100, 100])] * 4 + [frame([100, 100], [108, 100])]
        assert ids(tracker, *before, frame([106, 100])) == [1]


class TestOCSORT:
    def test_re_update_equals_having_had_the_straight_path(self) -> None:
        """After gaps, the filters are where they would be, had they got the virtual boxes on the missed frames."""
        last_hit = np.array([8, 4, 7, 2, 4, 0])  # all are found again on frame 9; the first was not lost
        corners = np.arange(10)[:, None, None] * [5, 1] + np.arange(6)[:, None] * [0, 200]  # of frame and track
        walk = np.concatenate((corners, corners + np.array([40, 90])), axis=2)
        start, end = walk[last_hit, range(6)], walk[last_hit, range(6)] + [12, -9, 17, -12]
        share = (np.arange(10)[:, None] - last_hit) / (9 - last_hit)
        boxes = np.where(share[:, :, None] > 0, start + share[:, :, None] * (end - start), walk)
        hidden, shown = (OCSORTTracker(minimum_consecutive_frames=1) for _ in range(2))
        for number, now in enumerate(boxes):
            hidden.update(frame(*now[(number <= last_hit) | (number == 9)]))
            shown.update(frame(*now))
        for found, followed in zip(hidden.tracks, shown.tracks, strict=True):
            assert (found.id, found.missed) == (followed.id, 0)
            np.testing.assert_allclose(found.xyxy, followed.xyxy)
            np.testing.assert_allclose(found.velocity, followed.velocity)

    def test_recovery_finds_who_stopped_while_hidden(self) -> None:
        """The prediction has walked on; the last observation has not."""
        walk = [frame([100 + 8 * step, 100]) for step in range(12)]
        hidden = [frame()] * 8
        stopped = frame([100 + 8 * 12, 100])
        assert ids(OCSORTTracker(), *walk, *hidden, stopped) == [1]
        assert ids(SORTTracker(), *walk, *hidden, stopped) == [-1]

    def test_momentum_prefers_the_match_that_keeps_the_direction(self) -> None:
        """Of two detections, the one behind overlaps a little more."""
        walk = [frame([100 + 4 * step, 100]) for step in range(12)]
        both = frame([148 - 18, 100], [148 + 18.1, 100])  # predicted at 148
        assert ids(OCSORTTracker(direction_weight=0), *walk, both) == [1, -1]
        assert ids(OCSORTTracker(direction_weight=0.2), *walk, both) == [-1, 1]

    def test_the_low_stage_is_an_option(self) -> None:
        before, weak = [frame([100, 100])] * 4, frame([100, 100], confidence=0.2)
        assert ids(OCSORTTracker(), *before, weak) == [-1]
        assert ids(OCSORTTracker(low_confidence_threshold=0.2), *before, weak) == [1]
        assert ids(OCSORTTracker(low_confidence_threshold=0.2), *[weak] * 9) == [-1]

    def test_direction_frames_bound_how_far_back_a_direction_goes(self) -> None:
        """After a turn, a short memory goes by the new direction."""
        turn = [frame([100 + 5 * step, 100]) for step in range(8)] + [frame([135, 100 + 5 * k]) for k in (1, 2)]
        tracker = OCSORTTracker(direction_frames=1, minimum_consecutive_frames=1)
        ids(tracker, *turn)
        np.testing.assert_allclose(tracker._tracks.direction, [[0.0, 1.0]])


class TestBoTSORT:
    def test_the_embedding_is_a_moving_average_of_unit_length(self) -> None:
        tracker = BoTSORTTracker(appearance_momentum=0.9, minimum_consecutive_frames=1)
        tracker.update(frame([100, 100], embeddings=[RED]))
        tracker.update(frame([100, 100], embeddings=[5 * BLUE]))
        expected = 0.9 * RED + 0.1 * BLUE
        np.testing.assert_allclose(np.asarray(tracker.tracks[0].vector), expected / np.linalg.norm(expected), rtol=1e-6)

    def test_weak_detections_leave_the_embedding_alone(self) -> None:
        tracker = BoTSORTTracker(minimum_consecutive_frames=1)
        tracker.update(frame([100, 100], embeddings=[RED]))
        assert ids(tracker, frame([100, 100], confidence=0.3, embeddings=[BLUE])) == [1]
        np.testing.assert_array_equal(np.asarray(tracker.tracks[0].vector), RED)

    def test_only_confident_detections_count(self) -> None:
        asked = []

        def extractor(image: Any, detections: sv.Detections) -> Any:
            asked.append(len(detections))
            return np.ones((len(detections), 4))

        BoTSORTTracker(extractor).update(
            frame([0, 0], [200, 0], [400, 0], confidence=[0.9, 0.3, 0.6]), np.zeros((9, 9, 3))
        )
        assert asked == [2]

    def test_embeddings_decide_between_boxes_that_overlap(self) -> None:
        """Two people side by side; the boxes alone say they swapped, the embeddings say they did not."""
        before = [frame([100, 100], [112, 100], embeddings=[RED, BLUE])] * 4
        swapped = frame([111, 100], [101, 100], embeddings=[RED, BLUE])
        assert ids(BoTSORTTracker(), *before, swapped) == [1, 2]
        without = [frame([100, 100], [112, 100])] * 4
        assert ids(BoTSORTTracker(), *without, frame([111, 100], [101, 100])) == [2, 1]

    def test_where_embeddings_count(self) -> None:
        """Someone who comes back beside the prediction is out of reach of overlap, and within that of motion."""
        before = [frame([100, 100], embeddings=[RED])] * 6 + [frame()] * 12
        back, someone_else = frame([150, 100], embeddings=[RED]), frame([150, 100], embeddings=[BLUE])
        assert ids(BoTSORTTracker(), *before, back) == [-1]
        assert ids(BoTSORTTracker(appearance_gate="motion"), *before, back) == [1]
        assert ids(BoTSORTTracker(appearance_gate="motion"), *before, someone_else) == [-1]

    def test_a_stream_may_have_vectors_now_and_then(self) -> None:
        tracker = BoTSORTTracker(minimum_consecutive_frames=1)
        for embeddings in (None, [RED], None, [RED]):
            assert ids(tracker, frame([100, 100], embeddings=embeddings)) == [1]
        assert ids(tracker, frame([100, 100], [300, 100])) == [1, 2]
        assert [track.vector is None for track in tracker.tracks] == [False, True]

    def test_vectors_keep_their_length(self) -> None:
        tracker = BoTSORTTracker(minimum_consecutive_frames=1)
        tracker.update(frame([100, 100], embeddings=[RED]))
        with pytest.raises(ValueError, match="2 numbers as on earlier frames"):
            tracker.update(frame([100, 100], embeddings=[[1.0, 2.0, 3.0]]))

    def test_takes_the_threshold_its_extractor_recommends(self) -> None:
        class Extractor:
            appearance_threshold = 0.4

            def extract_features(self, image: Any, detections: sv.Detections) -> Any:
                return np.ones((len(detections), 2))

        assert BoTSORTTracker(Extractor()).appearance_threshold == 0.4
        assert BoTSORTTracker(Extractor(), appearance_threshold=0.1).appearance_threshold == 0.1
        assert BoTSORTTracker().appearance_threshold == 0.25


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: SORTTracker(minimum_iou_threshold=1.1), "minimum_iou_threshold"),
        (lambda: ByteTrackTracker(high_confidence_threshold=0.5, low_confidence_threshold=0.6), "low_confidence"),
        (lambda: OCSORTTracker(direction_weight=-1), "direction_weight"),
        (lambda: OCSORTTracker(direction_frames=0), "direction_frames"),
        (lambda: OCSORTTracker(low_confidence_threshold=0.9), "low_confidence_threshold"),
        (lambda: BoTSORTTracker(appearance_gate="both"), "appearance_gate"),
        (lambda: BoTSORTTracker(appearance_momentum=2), "appearance_momentum"),
        (lambda: BoTSORTTracker(7), "feature_extractor"),  # type: ignore[arg-type]
    ],
)
def test_wrong_parameters_are_refused_by_name(make: Any, name: str) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        make()
