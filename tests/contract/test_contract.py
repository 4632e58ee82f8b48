"""What every tracker promises, whatever its algorithm."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from trackers import DeepSORTTracker, StripeFeatureExtractor
from trackers.core.base import Tracker
from trackers.sample import Scene

Make = Callable[..., Tracker[Any]]
MakeStream = Callable[..., Iterator[sv.Detections]]

BAD_ROWS = {
    "NaN": [np.nan, 10, 50, 90],
    "infinite": [10, 10, np.inf, 90],
    "inside out": [50, 10, 10, 90],
    "upside down": [10, 90, 50, 10],
    "no area": [10, 10, 10, 90],
    "a point": [10, 10, 10, 10],
    "huge": [-1e38, -1e38, 1e38, 1e38],
    "thinner than any pixel": [10, 10, 10.0000001, 90],
}


def ids_of(tracker: Tracker[Any], frames: list[sv.Detections]) -> list[list[int]]:
    """The ids of all rows of all frames."""
    return [np.asarray(tracker.update(frame).tracker_id).tolist() for frame in frames]


def one(x: float, y: float = 100.0, *, confidence: float = 0.9, class_id: int = 0) -> sv.Detections:
    """A single detection, 40 wide and 90 high."""
    return sv.Detections(
        xyxy=np.array([[x, y, x + 40, y + 90]], np.float32),
        confidence=np.array([confidence], np.float32),
        class_id=np.array([class_id]),
    )


def check_rows(given: sv.Detections, tracked: sv.Detections) -> None:
    """The same rows in the same order, bit for bit, with int64 ids."""
    assert tracked is not given
    assert tracked.xyxy.dtype == given.xyxy.dtype
    assert tracked.xyxy.tobytes() == given.xyxy.tobytes()
    for field in ("confidence", "class_id", "mask"):
        np.testing.assert_array_equal(getattr(tracked, field), getattr(given, field))
    assert tracked.data.keys() == given.data.keys()
    for key, value in given.data.items():
        np.testing.assert_array_equal(tracked.data[key], value)
        assert type(tracked.data[key]) is type(value)
    assert tracked.metadata == given.metadata
    ids = tracked.tracker_id
    assert ids is not None
    assert ids.dtype == np.int64
    assert ids.shape == (len(given),)


def renumbered(ids: list[list[int]]) -> list[list[int]]:
    """The same ids, numbered by first appearance in row order of a sorted frame."""
    names: dict[int, int] = {-1: -1}
    return [[names.setdefault(number, len(names)) for number in frame] for frame in ids]


def test_same_rows_in_the_same_order_with_ids(make: Make, stream: list[sv.Detections]) -> None:
    tracker = make()
    for frame in stream:
        check_rows(frame, tracker.update(frame))
    assert tracker.total_confirmed >= 4


def test_the_input_is_not_changed(make: Make, stream: list[sv.Detections]) -> None:
    tracker = make()
    for frame in stream:
        before = copy.deepcopy(frame)
        tracker.update(frame)
        assert frame.tracker_id is None
        assert frame.xyxy.tobytes() == before.xyxy.tobytes()
        assert frame.data.keys() == before.data.keys()
        for key in frame.data:
            np.testing.assert_array_equal(frame.data[key], before.data[key])
        np.testing.assert_array_equal(frame.confidence, before.confidence)
        np.testing.assert_array_equal(frame.class_id, before.class_id)
        assert frame.metadata == before.metadata


def test_nothing_is_shared_with_the_input(make: Make, stream: list[sv.Detections]) -> None:
    """Whoever writes into an output changes neither the input nor the tracker."""
    tracker, untouched = make(), make()
    for frame in stream:
        tracked = tracker.update(frame)
        for mine, yours in ((tracked.xyxy, frame.xyxy), (tracked.confidence, frame.confidence)):
            assert not np.shares_memory(np.asarray(mine), np.asarray(yours))
        for key, value in frame.data.items():
            assert tracked.data[key] is not value
            if isinstance(value, np.ndarray):
                assert not np.shares_memory(np.asarray(tracked.data[key]), value)
        assert tracked.metadata is not frame.metadata
        expected = np.asarray(untouched.update(frame).tracker_id)
        np.testing.assert_array_equal(tracked.tracker_id, expected)
        tracked.xyxy[:] = -1
        assert tracked.confidence is not None
        tracked.confidence[:] = 0
        assert tracked.tracker_id is not None
        tracked.tracker_id[:] = 999
        if len(frame):
            assert isinstance(tracked.data["embedding"], np.ndarray)
            tracked.data["embedding"][:] = 0


def test_a_caller_who_reuses_its_arrays_changes_no_track(make: Make, stream: list[sv.Detections]) -> None:
    """Detectors overwrite their buffers; the tracker keeps nothing of them."""
    expected, tracker = ids_of(make(), stream), make()
    for frame, ids in zip(stream, expected, strict=True):
        own = copy.deepcopy(frame)
        assert np.asarray(tracker.update(own).tracker_id).tolist() == ids
        own.xyxy[:] = np.nan
        assert isinstance(own.data["embedding"], np.ndarray)
        own.data["embedding"][:] = np.nan


@pytest.mark.parametrize("position", [0, 12, 40])
@pytest.mark.parametrize("with_keys", [False, True])
def test_empty_frames(make: Make, stream: list[sv.Detections], position: int, with_keys: bool) -> None:
    empty = sv.Detections.empty()
    if with_keys:
        empty = sv.Detections(
            xyxy=np.empty((0, 4), np.float32),
            confidence=np.empty(0, np.float32),
            class_id=np.empty(0, np.int64),
            data={"embedding": np.empty((0, 8), np.float32), "object": np.empty(0, np.int64), "name": []},
            metadata={"camera": 3},
        )
    tracker = make()
    for frame in [*stream[:position], empty, empty, *stream[position:]]:
        check_rows(frame, tracker.update(frame))
    assert tracker.total_confirmed >= 4


def test_a_stream_of_nothing(make: Make) -> None:
    tracker = make()
    assert ids_of(tracker, [sv.Detections.empty()] * 5) == [[]] * 5
    assert tracker.total_confirmed == 0


def test_reset_equals_new(make: Make, stream: list[sv.Detections]) -> None:
    tracker = make()
    first = ids_of(tracker, stream)
    tracker.reset()
    assert ids_of(tracker, stream) == first


def test_interleaved_instances_equal_lone_ones(make: Make, make_stream: MakeStream) -> None:
    here, there = list(make_stream(seed=1)), list(make_stream(seed=2))
    first, second = make(), make()
    both = [(first.update(a), second.update(b)) for a, b in zip(here, there, strict=True)]
    assert [np.asarray(a.tracker_id).tolist() for a, _ in both] == ids_of(make(), here)
    assert [np.asarray(b.tracker_id).tolist() for _, b in both] == ids_of(make(), there)


def test_ids_start_at_one_have_no_holes_and_are_unique_within_a_frame(make: Make, stream: list[sv.Detections]) -> None:
    tracker, highest = make(), 0
    for frame in stream:
        ids = np.asarray(tracker.update(frame).tracker_id)
        given = ids[ids != -1]
        assert len(np.unique(given)) == len(given)
        fresh = np.unique(given[given > highest])
        assert fresh.tolist() == list(range(highest + 1, highest + 1 + len(fresh)))
        highest += len(fresh)
    assert tracker.total_confirmed == highest


def test_ids_are_never_used_twice(make: Make) -> None:
    """Whoever comes after all tracks have died gets a new number."""
    tracker = make(lost_track_buffer=3)
    for newcomer in range(1, 5):
        ids = ids_of(tracker, [one(100)] * 6 + [sv.Detections.empty()] * 5)
        assert ids[5] == [newcomer]


def test_an_id_is_given_at_confirmation(make: Make) -> None:
    assert ids_of(make(minimum_consecutive_frames=4), [one(100)] * 5) == [[-1], [-1], [-1], [1], [1]]
    assert ids_of(make(minimum_consecutive_frames=1), [one(100)] * 2) == [[1], [1]]


def test_a_confirmed_track_has_its_id_on_the_first_frame_it_is_matched_again(make: Make) -> None:
    ids = ids_of(make(), [one(100)] * 5 + [sv.Detections.empty()] * 4 + [one(100)])
    assert ids[-1] == ids[4] == [1]


def test_the_buffer_says_how_long_a_track_may_be_missed(make: Make) -> None:
    for missed, expected in ((3, [1]), (4, [-1])):
        tracker = make(lost_track_buffer=3, minimum_consecutive_frames=2)
        ids = ids_of(tracker, [one(100)] * 3 + [sv.Detections.empty()] * missed + [one(100)])
        assert ids[-1] == expected


def test_the_buffer_follows_the_frame_rate(make: Make) -> None:
    """30 frames at 30 per second are 5 at 5 per second; a buffer never rounds down to nothing."""
    for buffer, missed, expected in ((30, 5, [1]), (30, 6, [-1]), (3, 1, [1])):
        tracker = make(lost_track_buffer=buffer, frame_rate=5.0, minimum_consecutive_frames=2)
        ids = ids_of(tracker, [one(100)] * 3 + [sv.Detections.empty()] * missed + [one(100)])
        assert ids[-1] == expected


def test_permuted_rows_get_permuted_ids(make: Make, stream: list[sv.Detections]) -> None:
    rng = np.random.default_rng(5)
    orders = [rng.permutation(len(frame)) for frame in stream]
    shuffled = [frame[order] for frame, order in zip(stream, orders, strict=True)]
    plain, back = ids_of(make(), stream), []
    for ids, order in zip(ids_of(make(), shuffled), orders, strict=True):  # type: ignore[arg-type]
        put_back = np.empty(len(order), np.int64)
        put_back[order] = ids
        back.append(put_back.tolist())
    assert renumbered(back) == renumbered(plain)


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_gets_no_id_and_the_rest_is_tracked_as_if_it_were_absent(
    make: Make, stream: list[sv.Detections], bad: list[float]
) -> None:
    expected, tracker = ids_of(make(), stream), make()
    for number, (frame, ids) in enumerate(zip(stream, expected, strict=True)):
        place = number % (len(frame) + 1)
        rows = np.insert(np.arange(len(frame)), place, 0) if len(frame) else np.zeros(1, np.int64)
        spoiled = frame[rows]
        assert isinstance(spoiled, sv.Detections)
        spoiled.xyxy = spoiled.xyxy.copy()
        spoiled.xyxy[place] = bad
        tracked = tracker.update(spoiled)
        check_rows(spoiled, tracked)
        found = np.asarray(tracked.tracker_id).tolist()
        assert found.pop(place) == -1
        assert found == ids


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_confidence_that_is_no_number_is_a_bad_row(make: Make, bad: float) -> None:
    tracker = make(minimum_consecutive_frames=1)
    for _ in range(3):
        frame = sv.Detections.merge([one(100), one(400)])
        frame.confidence = np.array([bad, 0.9])
        tracked = tracker.update(frame)
        check_rows(frame, tracked)
        assert np.asarray(tracked.tracker_id).tolist() == [-1, 1]
        assert tracker.coasting.confidence is None or np.isfinite(tracker.coasting.confidence).all()


def test_bad_vectors_are_no_appearance(make: Make, stream: list[sv.Detections]) -> None:
    tracker = make()
    for frame, spoiled in zip(stream, (np.nan, np.inf, 0.0, 1e38) * 10, strict=True):
        own = copy.deepcopy(frame)
        assert isinstance(own.data["embedding"], np.ndarray)
        own.data["embedding"][0] = spoiled
        check_rows(own, tracker.update(own))
    assert tracker.total_confirmed >= 4


def test_detections_without_confidence_and_class(make: Make, stream: list[sv.Detections]) -> None:
    bare = [sv.Detections(xyxy=frame.xyxy) for frame in stream]
    tracker = make()
    for frame in bare:
        check_rows(frame, tracker.update(frame))
    assert tracker.total_confirmed >= 4


def test_masks_and_odd_columns_come_through(make: Make) -> None:
    tracker = make(minimum_consecutive_frames=1)
    frame = one(10)
    frame.mask = np.zeros((1, 200, 200), np.bool_)
    frame.data = {"xyxyxyxy": np.arange(8.0).reshape(1, 4, 2), "names": np.array(["a"]), "list": [{"deep": [1]}]}
    tracked = tracker.update(frame)
    check_rows(frame, tracked)
    assert tracked.tracker_id is not None
    assert tracked.tracker_id.tolist() == [1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_boxes_of_any_number_type(make: Make, dtype: npt.DTypeLike) -> None:
    frame = sv.Detections(xyxy=np.array([[10, 10, 50, 90]], dtype), confidence=np.array([0.9]))
    tracked = make(minimum_consecutive_frames=1).update(frame)
    check_rows(frame, tracked)
    assert np.asarray(tracked.tracker_id).tolist() == [1]


def test_classes_keep_apart_unless_set_otherwise(make: Make) -> None:
    """Two classes in turn at one place are one track, two, or one, as the user says."""
    frames = [one(100, class_id=class_id) for class_id in (2, 7) * 6]
    options: dict[str, Any] = {"minimum_consecutive_frames": 1}
    assert ids_of(make(**options), frames) == [[1]] * 12
    assert ids_of(make(class_agnostic=False, **options), frames) == [[1], [2]] * 6
    assert ids_of(make(class_agnostic=[{2, 7}], **options), frames) == [[1]] * 12
    assert ids_of(make(class_agnostic=[{2, 5}, {7, 9}], **options), frames) == [[1], [2]] * 6


def test_classes_share_one_row_of_ids(make: Make, make_stream: MakeStream) -> None:
    tracker = make(class_agnostic=False)
    kinds: dict[int, int] = {}
    for frame in make_stream(classes=3):
        tracked = tracker.update(frame)
        assert tracked.tracker_id is not None
        assert tracked.class_id is not None
        for number, kind in zip(tracked.tracker_id.tolist(), tracked.class_id.tolist(), strict=True):
            if number != -1:
                assert kinds.setdefault(number, kind) == kind
    assert len(set(kinds.values())) == 3


@pytest.mark.parametrize("frame_rate", [7.0, 25.0, 30.0, 29.97])
def test_even_timestamps_change_nothing(make: Make, make_stream: MakeStream, frame_rate: float) -> None:
    frames = list(make_stream(80, missed=0.4))
    timed = make(frame_rate=frame_rate)
    ids = [timed.update(frame, timestamp=9.0 + k / frame_rate).tracker_id for k, frame in enumerate(frames)]
    assert [np.asarray(row).tolist() for row in ids] == ids_of(make(frame_rate=frame_rate), frames)


def test_timestamps_tell_how_far_a_track_has_moved(make: Make) -> None:
    """At a steady pace an object is followed over irregular frames; counted in frames its pace would be erratic."""
    tracker = make(frame_rate=30.0, minimum_consecutive_frames=1)
    frames = np.cumsum([1] * 8 + [3, 1, 2, 4, 1, 5, 1, 1, 6])
    ids = [tracker.update(one(100 + 8.0 * now), timestamp=now / 30.0).tracker_id for now in frames.tolist()]
    assert [np.asarray(row).tolist() for row in ids] == [[1]] * len(frames)


def test_time_must_not_run_backwards(make: Make) -> None:
    tracker = make()
    tracker.update(one(100), timestamp=2.0)
    with pytest.raises(ValueError, match="timestamps must grow"):
        tracker.update(one(100), timestamp=1.0)
    tracker.reset()
    tracker.update(one(100), timestamp=1.0)


def test_skipped_frames_count_no_miss(make: Make) -> None:
    tracker = make(lost_track_buffer=2, minimum_consecutive_frames=1)
    assert ids_of(tracker, [one(100)] * 3) == [[1]] * 3
    for _ in range(6):
        tracker.skip()
        assert len(tracker.update(None)) == 0
    assert ids_of(tracker, [one(100)]) == [[1]]


def test_a_skipped_frame_still_moves_the_tracks(make: Make) -> None:
    tracker = make(minimum_consecutive_frames=1)
    ids_of(tracker, [one(100 + 10 * frame) for frame in range(10)])
    for _ in range(5):
        tracker.skip()
    assert ids_of(tracker, [one(100 + 10 * 15)]) == [[1]]


def test_a_camera_that_stands_still_changes_nothing(make: Make, stream: list[sv.Detections]) -> None:
    still = np.tile(np.eye(2, 3), (len(stream), 1, 1))
    assert ids_of(make(camera_motion=still), stream) == ids_of(make(), stream)


def test_a_moving_camera_is_made_up_for(make: Make) -> None:
    """A camera jerks by eight box widths: who stands still keeps the id if that is known, and not otherwise."""
    jerks = 4 * np.array([0.0, 80, -90, 85, 100, -95, 80, -80, 90, 85, -100, -85])
    places = np.cumsum(jerks) + 400
    frames = [one(place) for place in places.tolist()]
    matrices = np.tile(np.eye(3), (len(jerks), 1, 1))
    matrices[:, 0, 2] = jerks
    options: dict[str, Any] = {"minimum_consecutive_frames": 1}
    assert ids_of(make(camera_motion=matrices, **options), frames) == [[1]] * len(frames)
    assert ids_of(make(camera_motion=lambda frame, boxes: None, **options), frames) == ids_of(make(**options), frames)
    assert ids_of(make(**options), frames) != [[1]] * len(frames)


def test_detections_must_be_detections(make: Make) -> None:
    with pytest.raises(TypeError, match=r"detections must be sv\.Detections, but got list"):
        make().update([[1, 2, 3, 4]])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_rate": 0},
        {"lost_track_buffer": -1},
        {"minimum_consecutive_frames": 0},
        {"minimum_consecutive_frames": "3"},
        {"class_agnostic": [{1}, {1}]},
        {"class_agnostic": 7},
        {"camera_motion": "gyroscope"},
    ],
    ids=str,
)
def test_wrong_parameters_are_refused_by_name(make: Make, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises((ValueError, TypeError), match=name):
        make(**wrong)


SCRIPT = """
import json
import numpy as np
from tests.contract.conftest import ALL_TRACKERS, walkers
wide = np.random.default_rng(0).standard_normal((8, 1024))  # long enough for more than one thread to multiply
frames = list(walkers(classes=3, objects=12))
for frame in frames:
    frame.data["embedding"] = frame.data["embedding"] @ wide
for name, make in ALL_TRACKERS.items():
    tracker = make(class_agnostic=[{0, 1}])
    print(name, json.dumps([tracker.update(frame).tracker_id.tolist() for frame in frames]))
"""


def test_two_processes_with_different_hash_seeds_and_thread_counts_agree() -> None:
    """Nothing depends on the order of a set, on the address of an object or on how work is split."""
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "4"))
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("\n") >= 5


def test_two_threads_may_share_an_extractor() -> None:
    extractor = StripeFeatureExtractor()
    scenes = [Scene(size=(320, 180), length=25, figures=6, seed=seed) for seed in (1, 2)]
    videos = [[(scene.detections(index), scene.frame(index)) for index in range(len(scene))] for scene in scenes]
    for video in videos:
        for detections, _ in video:
            detections.data.pop("embedding", None)

    def ids(video: list[tuple[sv.Detections, Any]]) -> list[list[int]]:
        tracker = DeepSORTTracker(extractor, minimum_consecutive_frames=1)
        return [np.asarray(tracker.update(detections, frame).tracker_id).tolist() for detections, frame in video]

    alone = [ids(video) for video in videos]
    assert alone[0] != alone[1]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(ids, videos * 4)) == alone * 4


coordinates = st.floats(0, 300, width=32)
sizes = st.floats(1, 120, width=32)
good_rows = st.builds(lambda x, y, w, h: [x, y, x + w, y + h], coordinates, coordinates, sizes, sizes)
any_rows = st.one_of(good_rows, good_rows, good_rows, st.sampled_from(list(BAD_ROWS.values())))
anything = st.floats(allow_nan=True, allow_infinity=True, width=32)
any_boxes = st.lists(st.one_of(any_rows, st.lists(anything, min_size=4, max_size=4)), max_size=6)


@st.composite
def frames_of_anything(draw: st.DrawFn) -> list[sv.Detections]:
    """Frames with boxes, classes, vectors and confidences of all kinds, or without."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    with_confidence, with_class, with_vectors = (draw(st.booleans()) for _ in range(3))
    frames = []
    for boxes in draw(st.lists(any_boxes, min_size=1, max_size=5)):
        n = len(boxes)
        vectors = rng.standard_normal((n, 3)).astype(np.float32) * rng.integers(0, 2, (n, 1))
        frame = sv.Detections(
            xyxy=np.zeros((n, 4), np.float32),
            confidence=rng.choice([0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 1.0], n) if with_confidence else None,
            class_id=rng.integers(0, 3, n) if with_class else None,
            data={"embedding": vectors} if with_vectors else {},
        )
        frame.xyxy = np.array(boxes, np.float32).reshape(n, 4)  # later: supervision refuses bad boxes at birth
        frames.append(frame)
    return frames


@settings(deadline=None, max_examples=25)
@given(frames=frames_of_anything(), class_agnostic=st.sampled_from([True, False, [{0, 1}]]))
def test_invariants_hold_after_every_frame(make: Make, frames: list[sv.Detections], class_agnostic: Any) -> None:
    tracker = make(minimum_consecutive_frames=1, lost_track_buffer=2, class_agnostic=class_agnostic)
    for frame in frames * 2:
        before = tracker.total_confirmed
        tracked = tracker.update(frame)
        check_rows(frame, tracked)
        assert tracked.tracker_id is not None
        given = tracked.tracker_id[tracked.tracker_id != -1]
        assert len(np.unique(given)) == len(given)
        assert (given >= 1).all()
        assert sorted(given[given > before].tolist()) == list(range(before + 1, tracker.total_confirmed + 1))
        for track in tracker.tracks:
            assert np.isfinite(track.xyxy).all()
            assert np.isfinite(track.velocity).all()
