"""What every tracker promises holds with a feature extractor, too, however rarely it is asked."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.appearance.test_adaptation import OBJECTS, footage
from tests.contract.conftest import walkers
from tests.contract.test_contract import check_rows, renumbered
from trackers import BoTSORTTracker, DeepSORTTracker, SteadySORTTracker
from trackers.core.base import Tracker

Make = Callable[..., Tracker[Any]]
PICTURE = np.zeros((4, 4, 3), np.uint8)


class Stored:
    """Hands out the vectors that lie beside the boxes, and counts them."""

    def __init__(self) -> None:
        self.crops: list[int] = []

    def extract_features(self, frame: Any, detections: sv.Detections) -> Any:
        self.crops.append(len(detections))
        return np.asarray(detections.data["stored"])


def with_stored(frames: Iterator[sv.Detections] | list[sv.Detections]) -> list[sv.Detections]:
    """The same detections, whose vectors only the extractor gives."""
    found = list(frames)
    for one in found:
        one.data["stored"] = one.data.pop("embedding")
    return found


KINDS = {"deepsort": DeepSORTTracker, "steadysort": SteadySORTTracker, "botsort": BoTSORTTracker}
WAYS: Mapping[str, Mapping[str, Any]] = {
    "where in doubt": {"embed": "ambiguous"},
    "two a frame": {"embed_budget": 2},
    "none": {"embed": "ambiguous", "embed_budget": 0},
}
MAKERS: dict[str, Make] = {
    f"{name}, {way}": partial(kind, **options) for name, kind in KINDS.items() for way, options in WAYS.items()
}
# Five frames a second: the first map is learned after 10 frames and adopted on frame 20.
LEARNING: dict[str, Make] = {
    f"{name} that learns, {way}": partial(KINDS[name], adapt=True, frame_rate=5, **WAYS[way])
    for name in ("deepsort", "steadysort")
    for way in ("where in doubt", "two a frame")
}
ALL = {**MAKERS, **LEARNING}
FRAMES = 36


@pytest.fixture(params=ALL.values(), ids=list(ALL))
def maker(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


@pytest.fixture
def frames() -> list[sv.Detections]:
    return with_stored(walkers(FRAMES, missed=0.2, classes=2))


def ids(tracker: Tracker[Any], frames: list[sv.Detections]) -> list[list[int]]:
    return [np.asarray(tracker.update(frame, PICTURE).tracker_id).tolist() for frame in frames]


def test_rows_come_back_and_the_budget_is_kept(maker: Make, frames: list[sv.Detections]) -> None:
    extractor = Stored()
    tracker = maker(extractor)
    for frame in frames:
        before = copy.deepcopy(frame)
        check_rows(before, tracker.update(frame, PICTURE))
    assert tracker.total_confirmed >= 4
    budget = getattr(tracker, "embed_budget", None)
    assert budget is None or max(extractor.crops, default=0) <= budget
    assert bool(extractor.crops) == (budget != 0)


def test_equal_input_gives_equal_ids_after_a_reset_and_beside_another(maker: Make, frames: list[sv.Detections]) -> None:
    tracker, other = maker(Stored()), maker(Stored())
    expected = ids(tracker, frames)
    tracker.reset()
    again = []
    for frame, elsewhere in zip(frames, reversed(frames), strict=True):
        again += ids(tracker, [frame])
        ids(other, [elsewhere])
    assert again == expected


def test_permuted_rows_get_permuted_ids(maker: Make, frames: list[sv.Detections]) -> None:
    rng = np.random.default_rng(3)
    orders = [rng.permutation(len(frame)) for frame in frames]
    back = []
    for frame_ids, order in zip(
        ids(maker(Stored()), [frame[order] for frame, order in zip(frames, orders, strict=True)]),  # type: ignore[misc]
        orders,
        strict=True,
    ):
        put_back = np.empty(len(order), np.int64)
        put_back[order] = frame_ids
        back.append(put_back.tolist())
    assert renumbered(back) == renumbered(ids(maker(Stored()), frames))


@pytest.mark.parametrize("stop", [7, 24])
def test_stopped_and_sent_the_ids_go_on(maker: Make, frames: list[sv.Detections], stop: int, tmp_path: Path) -> None:
    expected, stopped = ids(maker(Stored()), frames), maker(Stored())
    assert ids(stopped, frames[:stop]) == expected[:stop]
    stopped.save(tmp_path / "state.npz")
    for arrived in (
        type(stopped).load(tmp_path / "state.npz", feature_extractor=Stored()),
        pickle.loads(pickle.dumps(stopped)),
        copy.deepcopy(stopped),
    ):
        assert ids(arrived, frames[stop:]) == expected[stop:]
    assert ids(stopped, frames[stop:]) == expected[stop:]


def test_frames_with_vectors_of_their_own_gaps_and_refused_frames_are_no_trouble(
    maker: Make, frames: list[sv.Detections]
) -> None:
    tracker, undisturbed = maker(Stored()), maker(Stored())
    for number, frame in enumerate(frames):
        if number % 5 == 1:
            prepared = tracker.prepare(frame, PICTURE)
            with pytest.raises(ValueError, match="one vector for each"):
                tracker.complete(prepared, np.ones((len(frame) + 1, 8)))
        elif number % 5 == 2:
            frame.data["embedding"] = frame.data["stored"]
        elif number % 5 == 3:
            frame = sv.Detections.empty()
        elif number % 5 == 4:
            tracker.skip()
            undisturbed.skip()
        tracked = tracker.update(frame, PICTURE)
        check_rows(frame, tracked)
        np.testing.assert_array_equal(tracked.tracker_id, undisturbed.update(frame, PICTURE).tracker_id)
    assert tracker.total_confirmed >= 4


def test_a_bad_row_is_as_if_it_were_absent(maker: Make, frames: list[sv.Detections]) -> None:
    expected, tracker = ids(maker(Stored()), frames), maker(Stored())
    for number, (frame, row) in enumerate(zip(frames, expected, strict=True)):
        place = number % len(frame)
        spoiled: Any = frame[np.insert(np.arange(len(frame)), place, 0)]
        spoiled.xyxy = spoiled.xyxy.copy()
        spoiled.xyxy[place] = np.nan
        found = ids(tracker, [spoiled])[0]
        assert found.pop(place) == -1
        assert found == row


@pytest.mark.parametrize(
    ("way", "learns"), [({"embed": "ambiguous"}, True), ({"embed_budget": 2}, True), ({"embed_budget": 1}, False)]
)
@pytest.mark.parametrize("kind", ["deepsort", "steadysort"])
def test_a_map_is_learned_from_the_boxes_that_were_embedded(kind: str, way: dict[str, Any], learns: bool) -> None:
    """Two of eight boxes a frame are enough to learn from; one is not, which is reported."""
    frames = with_stored(footage(240))
    tracker = KINDS[kind](Stored(), adapt=True, frame_rate=5, appearance_threshold=0.3, **way)
    found = ids(tracker, frames)
    assert tracker.adaptation is not None
    assert tracker.adaptation.adapted == learns
    for first in range(15, len(frames), 15):  # objects are replaced every 15 frames
        assert all(len(set(row)) == OBJECTS for row in found[first + 5 : first + 15])
