"""A tracker goes to another process, or is copied, on any frame, and goes on as if it had stayed."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import ALL_TRACKERS, walkers
from trackers import BoTSORTTracker, DeepSORTTracker, SORTTracker, SteadySORTTracker, StripeFeatureExtractor
from trackers.core.base import Tracker
from trackers.sample import Scene

Make = Callable[..., Tracker[Any]]
MakeStream = Callable[..., Iterator[sv.Detections]]
FRAMES = 40


def by_value(tracker: Any) -> Any:
    return pickle.loads(pickle.dumps(tracker))


def out_of_band(tracker: Any) -> Any:
    """As a cluster's object store does it: the arrays arrive as views of memory that is read-only."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(tracker, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(content, buffers=[bytes(buffer.raw()) for buffer in buffers])


WAYS: Mapping[str, Callable[[Any], Any]] = {
    "pickle": by_value,
    "read-only buffers": out_of_band,
    "deep copy": copy.deepcopy,
}
IMPORTABLE = {name: make for name, make in ALL_TRACKERS.items() if name != "nearest"}


def ids(tracker: Tracker[Any], frames: list[sv.Detections]) -> list[list[int]]:
    return [np.asarray(tracker.update(frame).tracker_id).tolist() for frame in frames]


def frozen(detections: sv.Detections) -> sv.Detections:
    """The same detections in arrays that are read-only."""
    for array in (detections.xyxy, detections.confidence, detections.class_id, *detections.data.values()):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return detections


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("make", IMPORTABLE.values(), ids=list(IMPORTABLE))
@settings(deadline=None, max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stop=st.integers(0, FRAMES), vectors=st.booleans())
def test_the_ids_are_those_of_a_tracker_that_stayed(
    make: Make, way: Callable[[Any], Any], stop: int, vectors: bool
) -> None:
    frames = list(walkers(FRAMES, missed=0.25, classes=2, vectors=vectors))
    stayed, sent = make(class_agnostic=False), make(class_agnostic=False)
    expected = ids(stayed, frames)
    before = ids(sent, frames[:stop])
    arrived = way(sent)
    assert before + ids(arrived, frames[stop:]) == expected
    assert ids(sent, frames[stop:]) == expected[stop:], "the one that was sent goes on, too"


def test_a_tracker_of_ones_own_is_copied(make: Make, make_stream: MakeStream) -> None:
    frames = list(make_stream(FRAMES))
    tracker = make()
    ids(tracker, frames[:20])
    assert ids(copy.deepcopy(tracker), frames[20:]) == ids(tracker, frames[20:])


def test_detections_in_read_only_arrays_are_tracked(make: Make, make_stream: MakeStream) -> None:
    assert ids(make(), [frozen(one) for one in make_stream(FRAMES)]) == ids(make(), list(make_stream(FRAMES)))


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize(
    "make",
    [
        partial(DeepSORTTracker, StripeFeatureExtractor()),
        partial(SteadySORTTracker, feature_extractor=StripeFeatureExtractor()),
        partial(BoTSORTTracker, feature_extractor=StripeFeatureExtractor(), camera_motion="sparse_flow"),
        partial(SORTTracker, camera_motion=np.tile(np.eye(3)[:2], (12, 1, 1))),
    ],
    ids=["deepsort", "steadysort", "botsort with a camera", "sort with given motion"],
)
def test_what_is_kept_of_the_frames_goes_along(make: Make, way: Callable[[Any], Any]) -> None:
    scene = Scene(size=(320, 180), length=12, figures=4)
    frames = list(enumerate(scene.frames()))

    def run(tracker: Tracker[Any], some: list[Any]) -> list[list[int]]:
        found = []
        for i, frame in some:
            frame.flags.writeable = False
            found.append(np.asarray(tracker.update(scene.detections(i), frame).tracker_id).tolist())
        return found

    expected = run(make(), frames)
    tracker = make()
    assert run(tracker, frames[:6]) + run(way(tracker), frames[6:]) == expected


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_listeners_stay_behind(way: Callable[[Any], Any], stream: list[sv.Detections]) -> None:
    heard: list[int] = []
    tracker = SORTTracker()
    tracker.on("confirmed", lambda track: heard.append(track.id))
    arrived = way(tracker)
    ids(arrived, stream)
    assert arrived.total_confirmed > 0
    assert not heard
    ids(tracker, stream)
    assert heard == list(range(1, tracker.total_confirmed + 1))


def test_a_spawned_process_goes_on(stream: list[sv.Detections]) -> None:
    tracker = DeepSORTTracker()
    ids(tracker, stream[:15])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(ids, (tracker, stream[15:]))
    assert there == ids(tracker, stream[15:])


def _go_on(tracker: Tracker[Any], part: list[sv.Detections]) -> list[list[int]]:
    return ids(tracker, part)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_takes_trackers_along(backend: str) -> None:
    """A process of loky takes them by value with cloudpickle, and maps large arrays into memory that is read-only."""
    joblib = pytest.importorskip("joblib")
    parts = list(walkers(FRAMES, missed=0.25))
    trackers = [make() for make in (SORTTracker, DeepSORTTracker, SteadySORTTracker, BoTSORTTracker)]
    expected = [ids(copy.deepcopy(tracker), parts) for tracker in trackers]
    for tracker in trackers:
        ids(tracker, parts[:20])
    jobs = (joblib.delayed(_go_on)(tracker, parts[20:]) for tracker in trackers)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        found = joblib.Parallel(max_nbytes=100)(jobs)
    assert found == [one[20:] for one in expected]
