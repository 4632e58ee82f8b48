"""Trackers that learn on the way: `adapt=True`."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.appearance.test_adaptation import OBJECTS, footage
from trackers import DeepSORTTracker, SteadySORTTracker
from trackers.appearance.adaptation.running import GROWTH, RunningAdaptation
from trackers.core.base import Tracker

Make = Callable[[], Tracker[Any]]

# Two seconds of five frames: the first map is learned after 10 frames and adopted on frame 20.
LEARNING: dict[str, Make] = {
    "steadysort": partial(SteadySORTTracker, frame_rate=5, appearance_threshold=0.3, adapt=True),
    "deepsort": partial(DeepSORTTracker, frame_rate=5, appearance_threshold=0.3, adapt=True),
    "deepsort with all its options": partial(
        DeepSORTTracker, frame_rate=5, adapt=True, gallery_size=5, occlusion_limit=0.5, reid_memory=2.0
    ),
}


@pytest.fixture(params=LEARNING.values(), ids=list(LEARNING))
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def ids(tracker: Tracker[Any], frames: Sequence[sv.Detections]) -> list[list[int]]:
    return [np.asarray(tracker.update(frame).tracker_id).tolist() for frame in frames]


def test_a_map_is_learned_and_reported(make: Make) -> None:
    tracker = make()
    ids(tracker, footage(90))
    report = tracker.adaptation
    assert report is not None
    assert report.adapted
    assert report.separation_after > report.separation_before


def test_a_reset_drops_the_map(make: Make) -> None:
    tracker = make()
    expected = ids(tracker, footage(60))
    tracker.reset()
    assert tracker.adaptation is None
    assert ids(tracker, footage(60)) == expected


def test_equal_input_gives_equal_ids(make: Make) -> None:
    assert ids(make(), footage(70)) == ids(make(), footage(70))


@pytest.mark.parametrize("cut", [25, 45])
@pytest.mark.parametrize("through", ["state", "file", "copy", "pickle"])
def test_a_state_goes_on_alike_also_while_a_map_is_being_learned(
    make: Make, cut: int, through: str, tmp_path: Path
) -> None:
    frames = footage(60)
    whole, first = make(), make()
    expected = ids(whole, frames)
    assert ids(first, frames[:cut]) == expected[:cut]
    second = make()
    if through == "state":
        second.load_state_dict(first.state_dict())
    elif through == "file":
        first.save(tmp_path / "state.npz")
        second = type(first).load(tmp_path / "state.npz")
    elif through == "copy":
        second = copy.deepcopy(first)
    else:
        second = pickle.loads(pickle.dumps(first))
    assert ids(second, frames[cut:]) == expected[cut:]
    assert second.adaptation == whole.adaptation


def test_the_order_of_rows_has_no_say(make: Make) -> None:
    frames = footage(60)
    order = np.random.default_rng(1).permutation(OBJECTS)
    shuffled = [frame[order] for frame in frames]
    numbers = [dict(zip(order.tolist(), row, strict=True)) for row in ids(make(), shuffled)]  # type: ignore[arg-type]
    for row, number in zip(ids(make(), frames), numbers, strict=True):
        known = [(one, number[place]) for place, one in enumerate(row)]
        assert len(set(known)) == len({one for one, _ in known}) == len({two for _, two in known})


def test_without_anything_learned_all_is_as_without() -> None:
    frames = footage(19)
    for kind in (SteadySORTTracker, DeepSORTTracker):
        assert ids(kind(frame_rate=5, adapt=True), frames) == ids(kind(frame_rate=5), frames)


def test_frames_without_boxes_and_without_vectors_are_no_trouble(make: Make) -> None:
    tracker = make()
    frames = footage(60)
    for number, frame in enumerate(frames):
        if number % 7 == 3:
            tracker.update(sv.Detections.empty())
        elif number % 7 == 5:
            tracker.skip()
        elif number % 7 == 6:
            tracker.update(sv.Detections(frame.xyxy, confidence=frame.confidence))
        else:
            tracker.update(frame)
    assert tracker.total_confirmed >= OBJECTS


def test_vectors_that_are_all_the_same_teach_nothing() -> None:
    tracker = SteadySORTTracker(frame_rate=5, adapt=True)
    for frame in footage(40):
        frame.data["embedding"] = np.ones((OBJECTS, 8), np.float32)
        tracker.update(frame)
    assert tracker.adaptation is not None
    assert not tracker.adaptation.adapted


def test_learning_grows_rarer_and_the_past_alone_is_learned_from() -> None:
    adaptation = RunningAdaptation(frame_rate=5.0)
    adopted: list[int] = []
    frames = footage(200)
    for number, frame in enumerate(frames):
        vectors = np.asarray(frame.data["embedding"], np.float32)
        if adaptation.advance(frame.xyxy.astype(np.float64), vectors, 1.0, limit=0.3):
            adopted.append(number)
    # Begun on frames 10 (too few tracks yet), 20, 30, 45, 68, 102, 153; adopted a quarter later, after 10 at least.
    assert adopted == [30, 40, 56, 85, 128, 191]
    assert math.isclose(153 / 102, GROWTH, rel_tol=0.01)


def test_mapped_distances_are_parted_by_the_limit_of_the_tracker() -> None:
    adaptation = RunningAdaptation(frame_rate=5.0)
    frames = footage(60)
    for frame in frames:
        vectors = np.asarray(frame.data["embedding"], np.float32)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        adaptation.advance(frame.xyxy.astype(np.float64), unit, 1.0, limit=0.3)
    mapped = adaptation.project(unit, limit=0.3)
    np.testing.assert_allclose(np.linalg.norm(mapped, axis=1), 1.0, atol=1e-5)
    narrow = adaptation.project(unit, limit=0.15)
    np.testing.assert_allclose(1.0 - narrow @ narrow.T, (1.0 - mapped @ mapped.T) / 2.0, atol=1e-5)


def test_a_state_of_before_has_learned_nothing() -> None:
    state = SteadySORTTracker().state_dict()
    del state["parameters"]["adapt"], state["adaptation"], state["tracks"]["raw"]
    SteadySORTTracker().load_state_dict(state)
    with pytest.raises(ValueError, match="adapt"):
        SteadySORTTracker(adapt=True).load_state_dict(state)


def test_what_the_extractor_gave_is_kept_beside() -> None:
    tracker = SteadySORTTracker(frame_rate=5, adapt=True)
    frames = footage(60)
    ids(tracker, frames)
    assert tracker._tracks.raw.shape[1] == frames[0].data["embedding"].shape[1]  # type: ignore[union-attr]
    assert tracker._tracks.embedding.shape[1] != tracker._tracks.raw.shape[1]
