"""What a tracker tells about its tracks: snapshots, coasting boxes, events, classes, time, and reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import DeepSORTTracker
from trackers.core.track import Track

RED, BLUE = [1.0, 0.0], [0.0, 1.0]


def walker(frame: float, *, speed: float = 4.0, embedding: list[float] | None = None) -> sv.Detections:
    """One object that walks to the right, on the given frame."""
    box = np.array([[100.0, 50.0, 140.0, 150.0]]) + np.array([speed * frame, 0, speed * frame, 0])
    data: dict[str, Any] = {} if embedding is None else {"embedding": np.array([embedding])}
    return sv.Detections(box, confidence=np.array([0.8]), class_id=np.array([3]), data=data)


def first_id(detections: sv.Detections) -> int:
    assert detections.tracker_id is not None
    return int(detections.tracker_id[0])


class TestTracks:
    def test_a_snapshot_tells_state_box_velocity_and_counts(self) -> None:
        tracker = DeepSORTTracker()
        tracker.update(walker(0))
        (track,) = tracker.tracks
        assert (track.id, track.state, track.age, track.hits, track.class_id) == (-1, "tentative", 0.0, 1, 3)
        for frame in range(1, 30):
            tracker.update(walker(frame))
        (track,) = tracker.tracks
        assert (track.id, track.state, track.hits, track.missed, track.confidence) == (1, "confirmed", 30, 0.0, 0.8)
        assert track.velocity == pytest.approx([4.0, 0.0], abs=0.05)
        assert track.xyxy == pytest.approx(walker(29).xyxy[0], abs=1.0)
        tracker.update(sv.Detections.empty())
        assert (tracker.tracks[0].state, tracker.tracks[0].missed) == ("lost", 1.0)

    def test_changing_a_snapshot_changes_nothing(self) -> None:
        tracker, twin = DeepSORTTracker(), DeepSORTTracker()
        for frame in range(6):
            for track in tracker.tracks:
                track.xyxy[:] = 0.0
                track.velocity[:] = 99.0
                if track.vector is not None:
                    track.vector[:] = 0.0
            assert first_id(tracker.update(walker(frame, embedding=RED))) == first_id(
                twin.update(walker(frame, embedding=RED))
            )
        assert tracker.tracks[0].xyxy == pytest.approx(twin.tracks[0].xyxy)
        assert tracker.tracks[0].vector == pytest.approx(RED)

    def test_coasting_boxes_move_on_and_fade_and_can_be_drawn(self) -> None:
        tracker = DeepSORTTracker(lost_track_buffer=9)
        for frame in range(20):
            tracker.update(walker(frame))
        assert len(tracker.coasting) == 0
        confidences = []
        for frame in range(20, 29):
            tracker.update(sv.Detections.empty())
            coasting = tracker.coasting
            assert first_id(coasting) == 1
            assert coasting.xyxy[0] == pytest.approx(walker(frame).xyxy[0], abs=2.0)
            assert coasting.class_id is not None
            assert coasting.class_id.tolist() == [3]
            assert coasting.data["missed"] == pytest.approx([frame - 19])
            assert coasting.confidence is not None
            confidences.append(float(coasting.confidence[0]))
        assert confidences == sorted(confidences, reverse=True)
        assert confidences[-1] == pytest.approx(0.8 * 0.1)
        image = np.zeros((300, 400, 3), np.uint8)
        for annotator in (sv.BoxAnnotator(), sv.LabelAnnotator(), sv.TraceAnnotator()):
            assert annotator.annotate(image.copy(), coasting).shape == image.shape
        tracker.update(sv.Detections.empty())
        assert len(tracker.coasting) == 0

    def test_filtered_boxes_are_given_on_request_and_leave_the_result_alone(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        random = np.random.default_rng(0)
        for frame in range(40):
            noisy = walker(frame)
            noisy.xyxy = noisy.xyxy + random.normal(0, 2, (1, 4))
            result = tracker.update(noisy)
        filtered = tracker.filtered(result)
        np.testing.assert_array_equal(result.xyxy, noisy.xyxy)
        assert np.abs(filtered.xyxy - walker(39).xyxy).max() < np.abs(noisy.xyxy - walker(39).xyxy).max()


class TestEvents:
    def test_every_turn_in_a_life_is_an_event_once_and_in_order(self) -> None:
        events: list[tuple[str, int]] = []
        tracker = DeepSORTTracker(lost_track_buffer=2, minimum_consecutive_frames=2)
        for event in ("born", "confirmed", "lost", "recovered", "removed"):
            tracker.on(event, lambda track, event=event: events.append((event, track.id)))  # type: ignore[misc]
        nothing = sv.Detections.empty()
        for frame in (0, 1, None, 3, None, None, None):
            tracker.update(nothing if frame is None else walker(frame))
        assert events == [("born", -1), ("confirmed", 1), ("lost", 1), ("recovered", 1), ("lost", 1), ("removed", 1)]

    def test_a_tentative_track_that_dies_is_removed_without_an_id(self) -> None:
        removed: list[Track] = []
        tracker = DeepSORTTracker()
        tracker.on("removed", removed.append)
        tracker.update(walker(0))
        tracker.update(sv.Detections.empty())
        assert [(track.id, track.state) for track in removed] == [(-1, "tentative")]

    def test_lost_lists_the_tracks_lost_on_this_frame_only(self) -> None:
        tracker = DeepSORTTracker()
        for frame in range(4):
            tracker.update(walker(frame))
        assert tracker.lost == []
        tracker.update(sv.Detections.empty())
        assert [track.id for track in tracker.lost] == [1]
        tracker.update(sv.Detections.empty())
        assert tracker.lost == []

    def test_an_unknown_event_is_refused_with_the_known_ones(self) -> None:
        with pytest.raises(ValueError, match="'born', 'confirmed', 'lost', 'recovered', 'removed'"):
            DeepSORTTracker().on("died", print)  # type: ignore[arg-type]


class TestTime:
    def test_a_skipped_frame_moves_tracks_and_counts_no_miss(self) -> None:
        tracker = DeepSORTTracker(lost_track_buffer=2)
        for frame in range(10):
            tracker.update(walker(frame))
        for _ in range(10):
            skipped = tracker.update(None)
            assert len(skipped) == 0
            assert skipped.tracker_id is not None
            assert skipped.tracker_id.dtype == np.int64
        (track,) = tracker.tracks
        assert (track.state, track.missed, track.age) == ("confirmed", 0.0, 19.0)
        assert track.xyxy[0] == pytest.approx(100 + 4 * 19, abs=4.0)
        assert first_id(tracker.update(walker(20))) == 1

    def test_skip_and_update_with_none_are_the_same(self) -> None:
        first, second = DeepSORTTracker(), DeepSORTTracker()
        for frame in range(8):
            first.update(walker(2 * frame))
            second.update(walker(2 * frame))
            first.skip()
            second.update(None)
        assert first.tracks[0].xyxy == pytest.approx(second.tracks[0].xyxy)

    def test_timestamps_tell_how_far_a_track_has_moved(self) -> None:
        tracker = DeepSORTTracker(frame_rate=10.0)
        for frame in range(20):
            tracker.update(walker(frame), timestamp=frame / 10)
        gap = 8
        tracker.update(sv.Detections.empty(), timestamp=(19 + gap) / 10)
        (track,) = tracker.tracks
        assert track.missed == pytest.approx(gap)
        assert track.xyxy[0] == pytest.approx(100 + 4 * (19 + gap), abs=3.0)

    def test_timestamps_at_the_frame_rate_change_nothing(self) -> None:
        timed, plain = DeepSORTTracker(frame_rate=25.0), DeepSORTTracker(frame_rate=25.0)
        for frame in range(30):
            detections = walker(frame) if frame % 7 else sv.Detections.empty()
            assert timed.update(detections, timestamp=frame * 0.04) == plain.update(detections)

    def test_the_buffer_is_a_time_where_frames_have_one(self) -> None:
        for seconds, expected in ((0.9, 1), (1.2, 2)):
            tracker = DeepSORTTracker(lost_track_buffer=30, frame_rate=30.0, minimum_consecutive_frames=1)
            tracker.update(walker(0, speed=0), timestamp=0.0)
            tracker.update(sv.Detections.empty(), timestamp=seconds)
            assert first_id(tracker.update(walker(0, speed=0), timestamp=seconds + 0.01)) == expected

    def test_time_does_not_run_backwards(self) -> None:
        tracker = DeepSORTTracker()
        tracker.update(walker(0), timestamp=1.0)
        for wrong in (1.0, 0.5):
            with pytest.raises(ValueError, match="timestamps must grow"):
                tracker.update(walker(1), timestamp=wrong)
        tracker.reset()
        assert first_id(tracker.update(walker(0), timestamp=0.0)) == -1


class TestClasses:
    @staticmethod
    def flickering(class_agnostic: object) -> list[int]:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1, class_agnostic=class_agnostic)  # type: ignore[arg-type]
        given = []
        for frame, number in enumerate([2, 7, 2, 0]):
            detections = walker(frame)
            detections.class_id = np.array([number])
            given.append(first_id(tracker.update(detections)))
        return given

    def test_classes_keep_their_tracks_apart_as_far_as_asked(self) -> None:
        assert self.flickering(True) == [1, 1, 1, 1]
        assert self.flickering(False) == [1, 2, 1, 3]
        assert self.flickering([{2, 7}]) == [1, 1, 1, 2]

    @pytest.mark.parametrize("wrong", [None, 3, [2, 7]])
    def test_something_else_is_refused(self, wrong: object) -> None:
        with pytest.raises(TypeError, match="class_agnostic must be True, False, or groups"):
            DeepSORTTracker(class_agnostic=wrong)  # type: ignore[arg-type]

    def test_a_class_in_two_groups_is_refused(self) -> None:
        with pytest.raises(ValueError, match="class 2 in two groups"):
            DeepSORTTracker(class_agnostic=[{2, 7}, {2, 3}])

    def test_the_class_of_a_track_is_voted_by_confidence_and_rows_keep_their_own(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        for frame, (number, confidence) in enumerate([(5, 0.9), (1, 0.3), (1, 0.3), (8, 0.5)]):
            detections = walker(frame)
            detections.class_id, detections.confidence = np.array([number]), np.array([confidence])
            result = tracker.update(detections)
            assert result.class_id is not None
            assert result.class_id.tolist() == [number]
            assert tracker.tracks[0].class_id == 5
        for frame in range(4, 8):
            detections = walker(frame)
            detections.class_id = np.array([1])
            tracker.update(detections)
        assert tracker.tracks[0].class_id == 1


class TestDecisions:
    def test_every_row_gets_its_number(self) -> None:
        tracker = DeepSORTTracker(appearance_threshold=0.2, minimum_consecutive_frames=2)
        tracker.explain = True
        for frame in range(6):
            tracker.update(walker(frame, embedding=RED))
        (decision,) = tracker.decisions
        assert (decision.row, decision.tracker_id, decision.outcome) == (0, 1, "matched")
        assert [(c.measure, c.passed, c.track_id) for c in decision.comparisons] == [
            ("gate", True, 1),
            ("cosine", True, 1),
        ]

        tracker.update(walker(60, embedding=RED))
        (decision,) = tracker.decisions
        gate, iou = decision.comparisons
        assert decision.outcome == "started a track"
        assert (gate.measure, gate.passed) == ("gate", False)
        assert gate.value > gate.limit == pytest.approx(9.4877, abs=1e-4)
        assert (iou.measure, iou.value, iou.passed) == ("IoU", 0.0, False)

    def test_an_embedding_too_different_is_named(self) -> None:
        tracker = DeepSORTTracker(appearance_threshold=0.2, minimum_consecutive_frames=1)
        tracker.explain = True
        tracker.update(walker(0, embedding=RED))
        tracker.update(sv.Detections.empty())
        tracker.update(walker(1, embedding=[0.7, 0.7]))
        assert "cosine 0.29 > 0.20 (track 1)" in str(tracker.decisions[0])

    def test_the_best_of_several_candidates_is_named(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        tracker.explain = True
        two = sv.Detections.merge([walker(0, embedding=RED), walker(1, embedding=BLUE)])
        tracker.update(two)
        tracker.update(two)
        assert [d.tracker_id for d in tracker.decisions] == [1, 2]
        assert [d.comparisons[-1].value for d in tracker.decisions] == [0.0, 0.0]

    def test_rows_that_are_no_boxes_or_too_weak_are_reported(self) -> None:
        tracker = DeepSORTTracker()
        tracker.explain = True
        detections = sv.Detections.merge([walker(0), walker(50)])
        detections.xyxy[0, 2] = np.nan
        detections.confidence = np.array([0.9, 0.1])
        tracker.update(detections)
        assert [d.outcome for d in tracker.decisions] == ["left out", "started no track"]

    def test_asking_why_changes_nothing(self) -> None:
        asked, silent = DeepSORTTracker(), DeepSORTTracker()
        asked.explain = True
        random = np.random.default_rng(1)
        for _ in range(30):
            corner = random.uniform(0, 300, (6, 2))
            detections = sv.Detections(
                np.hstack((corner, corner + 60)), confidence=random.random(6), data={"embedding": random.random((6, 4))}
            )
            assert asked.update(detections) == silent.update(detections)
            assert len(asked.decisions) == 6
        assert silent.decisions == []
