"""Defects of older packages, each asked of the native tracker and of the stand-in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.compat.subjects import Compat, Native, Subject
from trackers import DeepSORTTracker, StripeFeatureExtractor
from trackers.compat.deep_sort_realtime import DeepSort

EMBEDDINGS = np.eye(64)
HERE, THERE = [100.0, 100.0, 40.0, 80.0], [400.0, 100.0, 40.0, 80.0]

both = pytest.mark.parametrize("make", [Native, Compat], ids=["native", "compat"])


def shown(subject: Subject, embedding: Any) -> str | None:
    """Name of an object at one place with an embedding, after a frame without it: overlap alone would not do."""
    subject.names([])
    (name,) = subject.names([HERE], [embedding])
    return name


def kept(make: type[Subject], frames: int, pause: int = 0, **options: Any) -> list[int]:
    """Which of the embeddings of an object, a new one each frame, are still kept afterwards."""
    known = []
    for embedding in range(frames):
        subject = make(n_init=1, **options)
        for newest in range(frames):
            subject.names([HERE], [EMBEDDINGS[newest]])
        for _ in range(pause):
            subject.names([])
        known += [embedding] if shown(subject, EMBEDDINGS[embedding]) == "1" else []
    return known


def test_row_1_vectors_and_payload_stay_with_their_row() -> None:
    tracker = DeepSort(n_init=1, embedder=None)
    raw = [([10, 10, 0, 50], 0.9, "none"), (HERE, 0.8, "left"), (THERE, 0.7, "right")]
    tracks = tracker.update_tracks(raw, embeds=EMBEDDINGS[:3], others=["zero", "a", "b"])
    assert [track.get_det_supplementary() for track in tracks] == ["a", "b"]
    assert [track.get_det_class() for track in tracks] == ["left", "right"]
    assert [int(np.argmax(track.get_feature())) for track in tracks] == [1, 2]  # type: ignore[arg-type]


@both
def test_row_1_vectors_stay_with_their_row(make: type[Subject]) -> None:
    subject = make(n_init=1)
    assert subject.names([[10, 10, 0, 50], HERE, THERE], EMBEDDINGS[:3]) == [None, "1", "2"]
    subject.names([])
    # Both have moved into the reach of both: only appearance distinguishes them.
    near = [[x + d, y, w, h] for (x, y, w, h), d in ((HERE, 0.0), (HERE, 6.0))]
    assert subject.names(near, [EMBEDDINGS[0], EMBEDDINGS[1]]) == ["3", "1"]


@both
def test_row_2_one_entry_per_matched_frame(make: type[Subject]) -> None:
    # If vectors were stored twice, a budget of 20 would hold only 10 of these.
    assert kept(make, 20, nn_budget=20) == list(range(20))


@both
def test_row_3_the_budget_keeps_exactly_the_newest(make: type[Subject]) -> None:
    assert kept(make, 40, nn_budget=10) == list(range(30, 40))


@both
def test_row_4_no_state_survives_a_reset(make: type[Subject]) -> None:
    subject = make(n_init=1)
    subject.names([HERE, THERE], EMBEDDINGS[:2])
    subject.reset()
    assert subject.names([]) == []
    # Had the old gallery survived under the new id 1, this embedding would match.
    assert subject.names([THERE], EMBEDDINGS[5:6]) == ["1"]
    subject.names([])
    assert subject.names([THERE], EMBEDDINGS[0:1]) == ["2"]


@pytest.mark.parametrize("box", [[-30, -30, 20, 20], [120, 10, 20, 20], [10, 130, 20, 20], [50, 50, 0.4, 20]])
def test_rows_5_and_6_a_box_that_is_not_visible_is_tracked_by_motion(box: list[float]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    corners = np.array([[*box[:2], box[0] + box[2], box[1] + box[3]], [10.0, 20.0, 30.0, 60.0]])
    tracker = DeepSORTTracker(StripeFeatureExtractor(), minimum_consecutive_frames=1)
    for _ in range(3):
        assert np.asarray(tracker.update(sv.Detections(xyxy=corners), frame).tracker_id).tolist() == [1, 2]
    ghost, person = tracker.tracks
    assert ghost.vector is None
    assert person.vector is not None


@both
@pytest.mark.parametrize("worthless", [np.zeros(64), np.full(64, np.nan)], ids=["zero", "nan"])
def test_row_7_a_vector_that_says_nothing_is_no_appearance(make: type[Subject], worthless: Any) -> None:
    subject = make(n_init=1)
    for _ in range(3):
        assert subject.names([HERE, THERE], [worthless, EMBEDDINGS[1]]) == ["1", "2"]


@both
@pytest.mark.parametrize(
    "broken", [[50, 50, 40, 0], [50, 50, 0, 40], [np.nan, 50, 40, 40], [50, 50, np.inf, 40], [50, 50, -3, 40]]
)
def test_row_8_a_box_that_is_none_does_not_stop_the_others(make: type[Subject], broken: list[float]) -> None:
    subject = make(n_init=1)
    for _ in range(3):
        assert subject.names([broken, HERE], EMBEDDINGS[:2]) == [None, "1"]


@both
def test_row_9_too_few_vectors_are_refused_naming_both_lengths(make: type[Subject]) -> None:
    with pytest.raises(ValueError, match=r"3 detections.*2"):
        make(n_init=1).names([HERE, THERE, [0, 0, 9, 9]], EMBEDDINGS[:2])


@pytest.mark.parametrize("extra", ["others", "instance_masks"])
def test_row_9_too_few_companions_are_refused_naming_both_lengths(extra: str) -> None:
    with pytest.raises(ValueError, match=rf"{extra}.*2 detections.*1"):
        DeepSort(embedder=None).update_tracks([(HERE, 0.9, 0), (THERE, 0.9, 0)], **{extra: [None]})  # type: ignore[arg-type]


def test_row_9_a_refused_frame_changes_nothing() -> None:
    tracker = DeepSort(n_init=1, embedder=None)
    tracker.update_tracks([(HERE, 0.9, 0)])
    with pytest.raises(ValueError, match="others"):
        tracker.update_tracks([(HERE, 0.9, 0)], others=[])
    assert [(track.track_id, track.age) for track in tracker.update_tracks([(HERE, 0.9, 0)])] == [("1", 2)]


@both
def test_row_10_a_small_box_inside_a_large_one_is_kept(make: type[Subject]) -> None:
    subject = make(n_init=1, nms_max_overlap=0.5)
    assert subject.names([[0, 0, 100, 100], [40, 40, 10, 10], [1, 0, 100, 100]]) == ["1", "2", None]


@both
def test_row_11_one_hit_can_be_enough(make: type[Subject]) -> None:
    assert make(n_init=1).names([HERE]) == ["1"]
    assert make(n_init=2).names([HERE]) == [None]


@both
@pytest.mark.parametrize(("misses", "expected"), [(3, "1"), (4, "2")])
def test_row_12_exactly_max_age_misses_are_survived(make: type[Subject], misses: int, expected: str) -> None:
    subject = make(n_init=1, max_age=3)
    subject.names([HERE], EMBEDDINGS[:1])
    for _ in range(misses):
        subject.names([])
    assert subject.names([HERE], EMBEDDINGS[:1]) == [expected]


@both
def test_row_31_one_zero_vector_does_not_poison_a_gallery(make: type[Subject]) -> None:
    subject = make(n_init=1)
    places = [[200.0 * i, 100.0, 40.0, 80.0] for i in range(5)]
    embeddings = EMBEDDINGS[:5].copy()
    names = subject.names(places, embeddings)
    embeddings[2] = 0.0
    assert subject.names(places, embeddings) == names
    for frame in range(30):
        assert subject.names(places, EMBEDDINGS[:5]) == names, f"frame {frame}"


@both
def test_row_33_a_gallery_does_not_grow_while_its_track_is_lost(make: type[Subject]) -> None:
    assert kept(make, 4, pause=10, nn_budget=2) == [2, 3]
