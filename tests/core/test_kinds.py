"""Cars that turn, fish that bend and what a drone sees: every tracker keeps their ids, at 10 and 60 frames a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.contract.conftest import ALL_TRACKERS
from trackers import DeepSORTTracker, SteadySORTTracker
from trackers.core.base import Tracker
from trackers.sample import ObjectScene

Make = Callable[..., Tracker[Any]]


@lru_cache
def scene(kind: str, rate: float) -> list[sv.Detections]:
    """Five seconds in which cars turn, fish bend and people walk below a drone."""
    whole: ObjectScene = getattr(ObjectScene, kind)(frame_rate=rate, size=(480, 270))
    return [whole.detections(index) for index in range(round(3 * rate), round(8 * rate))]


def without_vectors(frames: list[sv.Detections]) -> Iterator[sv.Detections]:
    for frame in frames:
        data = {name: column for name, column in frame.data.items() if name != "embedding"}
        yield sv.Detections(frame.xyxy, confidence=frame.confidence, class_id=frame.class_id, data=data)


def pairs(tracker: Tracker[Any], frames: list[sv.Detections]) -> list[tuple[int, int]]:
    """Identity and id of every row that has an id, in order."""
    found = []
    for frame in without_vectors(frames):
        output = tracker.update(frame)
        assert np.array_equal(output.xyxy, frame.xyxy)
        assert np.array_equal(np.asarray(output.data["xyxyxyxy"]), np.asarray(frame.data["xyxyxyxy"]))
        ids = np.asarray(output.tracker_id)
        identities = np.asarray(frame.data["object"])
        found += [(int(a), int(b)) for a, b in zip(identities, ids, strict=True) if a > 0 and b > 0]
    return found


def kept(found: list[tuple[int, int]]) -> float:
    """Share of the rows that carry the id that their object has most often."""
    often: dict[int, Counter[int]] = {}
    for identity, number in found:
        often.setdefault(identity, Counter())[number] += 1
    return sum(max(counter.values()) for counter in often.values()) / len(found)


@pytest.mark.parametrize("rate", [10.0, 60.0])
@pytest.mark.parametrize("kind", ["cars", "drone"])
def test_every_tracker_keeps_ids(kind: str, rate: float, make: Make) -> None:
    """Boxes alone; rows, boxes and oriented boxes come back as they were."""
    assert kept(pairs(make(frame_rate=rate), scene(kind, rate))) >= 0.9


def test_fish_that_bend(make: Make) -> None:
    """At 60 frames per second boxes of a fish overlap from frame to frame, however it turns; not DeepSORT."""
    tracker = make(frame_rate=60.0)
    least = 0.5 if isinstance(tracker, DeepSORTTracker) else 0.95
    assert kept(pairs(tracker, scene("fish", 60.0))) >= least


@pytest.mark.parametrize("rate", [10.0, 60.0])
def test_cars_that_turn_keep_their_ids_all_the_way(rate: float) -> None:
    """SteadySORT gives each car one id, at either rate."""
    assert kept(pairs(SteadySORTTracker(frame_rate=rate), scene("cars", rate))) == 1.0


@pytest.fixture(params=ALL_TRACKERS.values(), ids=list(ALL_TRACKERS))
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made
