"""What DeepSORT does, in small scenes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from trackers import DeepSORTTracker

RED, BLUE = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


def at(
    *rows: tuple[float, float], embedding: Iterable[Any] | None = None, size: tuple[float, float] = (32, 80)
) -> sv.Detections:
    """Detections with their top left corners at the given places."""
    corner = np.array(rows, float).reshape(-1, 2)
    data: dict[str, Any] = {}
    if embedding is not None:
        data["embedding"] = np.array(list(embedding), float).reshape(len(rows), -1)
    return sv.Detections(np.hstack((corner, corner + size)), confidence=np.full(len(rows), 0.9), data=data)


def ids(detections: sv.Detections) -> list[int]:
    assert detections.tracker_id is not None
    return [int(number) for number in detections.tracker_id]


class TestLifecycle:
    @pytest.mark.parametrize("hits", [1, 2, 3, 5])
    def test_the_id_comes_with_the_last_hit_needed(self, hits: int) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=hits)
        given = [ids(tracker.update(at((10, 10))))[0] for _ in range(hits + 1)]
        assert given == [-1] * (hits - 1) + [1, 1]

    def test_one_miss_ends_a_tentative_track(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=3)
        frames = [at((10, 10)), at((10, 10)), at(), at((10, 10)), at((10, 10)), at((10, 10))]
        assert [ids(tracker.update(frame)) for frame in frames] == [[-1], [-1], [], [-1], [-1], [1]]

    @pytest.mark.parametrize("embedding", [None, [RED]])
    @pytest.mark.parametrize("buffer", [1, 3, 30])
    def test_survives_exactly_the_buffer(self, buffer: int, embedding: list[Any] | None) -> None:
        for missed, expected in ((buffer, 1), (buffer + 1, 2)):
            tracker = DeepSORTTracker(lost_track_buffer=buffer, minimum_consecutive_frames=1)
            tracker.update(at((10, 10), embedding=embedding))
            for _ in range(missed):
                tracker.update(at())
            assert ids(tracker.update(at((10, 10), embedding=embedding))) == [expected]

    def test_no_buffer_ends_a_track_on_its_first_miss(self) -> None:
        tracker = DeepSORTTracker(lost_track_buffer=0, minimum_consecutive_frames=1)
        assert [ids(tracker.update(frame)) for frame in (at((10, 10)), at(), at((10, 10)))] == [[1], [], [2]]

    @pytest.mark.parametrize(("frame_rate", "buffer", "frames"), [(5, 3, 1), (15, 3, 2), (60, 30, 60), (7, 30, 7)])
    def test_the_buffer_follows_the_frame_rate_and_rounds_up(self, frame_rate: float, buffer: int, frames: int) -> None:
        for missed, expected in ((frames, 1), (frames + 1, 2)):
            tracker = DeepSORTTracker(lost_track_buffer=buffer, frame_rate=frame_rate, minimum_consecutive_frames=1)
            for frame in [at((10, 10)), *[at()] * missed]:
                tracker.update(frame)
            assert ids(tracker.update(at((10, 10)))) == [expected]

    def test_a_weak_detection_keeps_a_track_but_starts_none(self) -> None:
        tracker = DeepSORTTracker(track_activation_threshold=0.5, minimum_consecutive_frames=1)
        weak, strong = at((10, 10)), at((10, 10))
        weak.confidence = np.array([0.49])
        strong.confidence = np.array([0.5])
        assert [ids(tracker.update(frame)) for frame in (weak, strong, weak)] == [[-1], [1], [1]]

    def test_false_alarms_use_up_no_ids(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=3)
        for frame in range(20):
            tracker.update(at((1000 * (frame % 2), 50 * frame)))
        last = [ids(tracker.update(at((3000, 3000)))) for _ in range(3)][-1]
        assert last == [1]
        assert tracker.total_confirmed == 1


class TestAssociation:
    def test_embeddings_decide_where_motion_cannot(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        tracker.update(at((100, 100), (112, 100), embedding=[RED, BLUE]))
        swapped = tracker.update(at((100, 100), (112, 100), embedding=[BLUE, RED]))
        assert ids(swapped) == [2, 1]

    def test_a_crossing_with_little_overlap_keeps_both_ids(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=2)
        outputs = []
        for frame in range(30):
            x = 16.0 * frame
            outputs.append(ids(tracker.update(at((x, 100), (464 - x, 104), embedding=[RED, BLUE]))))
        assert all(output == [1, 2] for output in outputs[1:])

    @pytest.mark.parametrize(("hidden", "reach"), [(1, 26), (3, 38), (5, 48), (10, 80), (20, 150), (28, 216)])
    def test_the_gate_opens_while_a_track_is_hidden(self, hidden: int, reach: float) -> None:
        def comes_back(aside: float) -> int:
            tracker = DeepSORTTracker()
            for _ in range(10):
                tracker.update(at((500, 100), embedding=[RED]))
            for _ in range(hidden):
                tracker.update(at())
            return ids(tracker.update(at((500 + aside, 100), embedding=[RED])))[0]

        assert comes_back(reach) == 1
        assert comes_back(2 * reach) == -1

    def test_a_walker_who_stops_while_hidden_is_lost_by_the_published_gate(self) -> None:
        tracker = DeepSORTTracker()
        for frame in range(20):
            tracker.update(at((8.0 * frame, 100), embedding=[RED], size=(40, 80)))
        for _ in range(10):
            tracker.update(at())
        assert ids(tracker.update(at((8.0 * 19, 100), embedding=[RED], size=(40, 80)))) == [-1]

    def test_the_most_recently_matched_track_is_served_first(self) -> None:
        def owner(cascade: bool) -> int:
            tracker = DeepSORTTracker(minimum_consecutive_frames=1, cascade=cascade, appearance_threshold=0.9)
            tracker.update(at((100, 100), (112, 100), embedding=[RED, BLUE]))
            for _ in range(4):
                tracker.update(at((112, 100), embedding=[BLUE]))
            return ids(tracker.update(at((106, 100), embedding=[0.9 * RED + 0.6 * BLUE])))[0]

        assert owner(cascade=False) == 1
        assert owner(cascade=True) == 2

    def test_another_embedding_in_the_same_place_is_not_taken_far_from_the_track(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        tracker.update(at((100, 100), embedding=[RED]))
        tracker.update(at())
        assert ids(tracker.update(at((100, 100), embedding=[BLUE]))) == [2]

    def test_the_threshold_is_inclusive(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1, appearance_threshold=1.0)
        tracker.update(at((100, 100), embedding=[RED]))
        tracker.update(at())
        assert ids(tracker.update(at((100, 100), embedding=[BLUE]))) == [1]

    def test_euclidean_distance_of_unit_vectors_is_another_unit_for_the_same_limit(self) -> None:
        for limit, expected in ((1.42, 1), (1.41, 2)):
            tracker = DeepSORTTracker(None, None, 30, 30, 0.25, 1, 0.3, limit, 1.0, "euclidean")
            tracker.update(at((100, 100), embedding=[RED]))
            tracker.update(at())
            assert ids(tracker.update(at((100, 100), embedding=[BLUE]))) == [expected]

    def test_motion_in_the_cost_outweighs_a_small_difference_in_embeddings(self) -> None:
        def owner(weight: float) -> list[int]:
            tracker = DeepSORTTracker(minimum_consecutive_frames=1, appearance_threshold=1.5, appearance_weight=weight)
            tracker.update(at((100, 100), (112, 100), embedding=[RED, BLUE]))
            return ids(tracker.update(at((100, 100), (112, 100), embedding=[BLUE, RED])))

        assert owner(1.0) == [2, 1]
        assert owner(0.0) == [1, 2]


class TestGallery:
    @staticmethod
    def after(vectors: npt.NDArray[Any], **options: Any) -> DeepSORTTracker:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1, appearance_threshold=2.0, **options)
        for vector in vectors:
            tracker.update(at((100, 100), embedding=[vector]))
        return tracker

    def test_an_old_embedding_is_kept_as_long_as_it_is_in_the_gallery(self) -> None:
        for size, expected in ((11, 1), (10, 2), (None, 1)):
            tracker = DeepSORTTracker(minimum_consecutive_frames=1, gallery_size=size)
            for embedding in [RED] + [BLUE] * 10:
                tracker.update(at((100, 100), embedding=[embedding]))
            tracker.update(at())
            assert ids(tracker.update(at((100, 100), embedding=[RED]))) == [expected]

    def test_the_newest_vector_is_the_embedding_of_the_track(self) -> None:
        vectors = np.eye(40)
        tracker = self.after(vectors, gallery_size=10)
        embedding = tracker.tracks[0].vector
        assert embedding is not None
        np.testing.assert_array_equal(embedding, vectors[-1])

    def test_vectors_gathered_while_tentative_count(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=3)
        for embedding in (RED, BLUE, BLUE, BLUE):
            tracker.update(at((100, 100), embedding=[embedding]))
        tracker.update(at())
        assert ids(tracker.update(at((100, 100), embedding=[RED]))) == [1]


class TestVectors:
    def test_a_given_vector_wins_over_the_extractor(self) -> None:
        def never(frame: Any, detections: sv.Detections) -> Any:
            raise AssertionError("the extractor was asked")

        tracker = DeepSORTTracker(never, minimum_consecutive_frames=1)
        assert ids(tracker.update(at((10, 10), embedding=[RED]), np.zeros((50, 50, 3), np.uint8))) == [1]

    def test_an_extractor_may_be_an_object_or_a_function(self) -> None:
        class Extractor:
            appearance_threshold = 0.35

            def extract_features(self, frame: Any, detections: sv.Detections) -> npt.NDArray[np.float32]:
                return np.tile(RED, (len(detections), 1)).astype(np.float32)

        frame = np.zeros((200, 200, 3), np.uint8)
        for extractor in (Extractor(), Extractor().extract_features):
            tracker = DeepSORTTracker(extractor, minimum_consecutive_frames=1)
            assert ids(tracker.update(at((10, 10)), frame)) == [1]
            assert tracker.tracks[0].vector is not None
        assert DeepSORTTracker(Extractor()).appearance_threshold == 0.35
        assert DeepSORTTracker(Extractor(), appearance_threshold=0.1).appearance_threshold == 0.1
        assert DeepSORTTracker().appearance_threshold == 0.2

    def test_only_boxes_are_shown_to_the_extractor(self) -> None:
        shown = []

        def count(frame: Any, detections: sv.Detections) -> Any:
            shown.append(len(detections))
            return np.ones((len(detections), 4))

        tracker = DeepSORTTracker(count)
        detections = at((10, 10), (50, 50))
        detections.xyxy[0, 0] = np.nan
        tracker.update(detections, np.zeros((100, 100, 3), np.uint8))
        tracker.update(at(), np.zeros((100, 100, 3), np.uint8))
        assert shown == [1]

    @pytest.mark.parametrize("bad", [np.zeros(3), np.full(3, np.nan), np.array([np.inf, 0, 0])])
    def test_a_row_without_an_embedding_is_matched_by_motion_and_spoils_nothing(self, bad: npt.NDArray[Any]) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        for embedding in ([RED, BLUE], [bad, BLUE], [RED, BLUE]):
            assert ids(tracker.update(at((100, 100), (300, 100), embedding=embedding))) == [1, 2]
        for _ in range(40):
            assert ids(tracker.update(at((100, 100), (300, 100), embedding=[RED, BLUE]))) == [1, 2]

    @pytest.mark.parametrize("scale", [1e-30, 1e30, 1e300])
    def test_the_length_of_a_vector_says_nothing(self, scale: float) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        tracker.update(at((100, 100), (112, 100), embedding=[RED * scale, BLUE]))
        assert ids(tracker.update(at((100, 100), (112, 100), embedding=[BLUE * scale, RED]))) == [2, 1]

    def test_without_any_vectors_it_tracks_by_motion(self) -> None:
        tracker = DeepSORTTracker()
        outputs = [ids(tracker.update(at((8.0 * frame, 100), (8.0 * frame, 300)))) for frame in range(10)]
        for _ in range(5):
            tracker.update(at())
        assert outputs[3:] == [[1, 2]] * 7
        assert ids(tracker.update(at((8.0 * 15, 100), (8.0 * 15, 300)))) == [1, 2]


class TestBadInput:
    def test_the_extractor_needs_a_frame(self) -> None:
        tracker = DeepSORTTracker(lambda frame, detections: np.ones((len(detections), 2)))
        with pytest.raises(ValueError, match="frame"):
            tracker.update(at((10, 10)))
        assert ids(tracker.update(at())) == []

    @pytest.mark.parametrize("rows", [0, 1, 3])
    def test_a_wrong_number_of_vectors_names_both_lengths(self, rows: int) -> None:
        tracker = DeepSORTTracker(lambda frame, detections: np.ones((rows, 8)))
        with pytest.raises(ValueError, match=rf"each of the 2 .*\({rows}, 8\)"):
            tracker.update(at((10, 10), (90, 10)), np.zeros((100, 200, 3), np.uint8))

    def test_vectors_of_another_length_are_refused_and_the_tracker_goes_on(self) -> None:
        tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        tracker.update(at((10, 10), embedding=[RED]))
        with pytest.raises(ValueError, match=r"of 3 numbers .* got 5"):
            tracker.update(at((10, 10), embedding=[np.ones(5)]))
        assert ids(tracker.update(at((10, 10), embedding=[RED]))) == [1]
        tracker.reset()
        assert ids(tracker.update(at((10, 10), embedding=[np.ones(5)]))) == [1]

    def test_words_are_not_vectors(self) -> None:
        detections = at((10, 10))
        detections.data["embedding"] = np.array([["a", "b"]])
        with pytest.raises(TypeError, match="numbers"):
            DeepSORTTracker().update(detections)

    def test_an_extractor_that_fails_leaves_the_tracker_as_it_was(self) -> None:
        def fail(frame: Any, detections: sv.Detections) -> Any:
            raise RuntimeError("out of memory")

        tracker, twin = DeepSORTTracker(fail, lost_track_buffer=2), DeepSORTTracker(lost_track_buffer=2)
        frames = [at((5.0 * frame, 10), embedding=[RED]) for frame in range(12)]
        for number, frame in enumerate(frames):
            if number == 6:
                for _ in range(3):
                    with pytest.raises(RuntimeError, match="out of memory"):
                        tracker.update(at((0, 0)), np.zeros((9, 9, 3), np.uint8))
            assert ids(tracker.update(frame)) == ids(twin.update(frame))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"lost_track_buffer": -1}, "lost_track_buffer must be at least 0, but got -1"),
            ({"frame_rate": 0}, "frame_rate"),
            ({"track_activation_threshold": 1.5}, "track_activation_threshold must be between 0.0 and 1.0"),
            ({"minimum_consecutive_frames": 0}, "minimum_consecutive_frames"),
            ({"minimum_iou_threshold": float("nan")}, "minimum_iou_threshold"),
            ({"appearance_threshold": 3}, "appearance_threshold"),
            ({"appearance_weight": -0.1}, "appearance_weight"),
            ({"distance_metric": "manhattan"}, "'cosine', 'euclidean'"),
            ({"gating": "both"}, "'state', 'position'"),
            ({"gallery_size": 0}, "gallery_size"),
            ({"device": "cpu", "feature_extractor": len}, "device"),
        ],
    )
    def test_a_parameter_out_of_range_is_named(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            DeepSORTTracker(**options)

    @pytest.mark.parametrize("options", [{"feature_extractor": 3}, {"lost_track_buffer": "30"}])
    def test_a_parameter_of_the_wrong_type_is_named(self, options: dict[str, Any]) -> None:
        with pytest.raises(TypeError, match=next(iter(options))):
            DeepSORTTracker(**options)
