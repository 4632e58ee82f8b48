"""Rules that hold whatever the input: random tracks that vanish and come back, with vectors that say anything."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identity.drawn import GivenIds, frame_of, noisy, people
from trackers.identity import CameraLinks, Event, MultiCameraTracker

CAMERAS = ("a", "b", "c")
SHORTEST = {("a", "b"): 1.0, ("b", "c"): 2.0, ("a", "c"): 3.0}
"""Least seconds between the cameras of `links`; from a to c only through b."""


def links() -> CameraLinks:
    return CameraLinks({("a", "b"): (1.0, 5.0), ("b", "c"): (2.0, 9.0)})


Frames = list[tuple[str, float, sv.Detections]]


def random_frames(seed: int, noise: float, instants: int = 60) -> Frames:
    """Tracks that come, vanish for a while and come back with their id, wherever they like; vectors of four people."""
    rng = np.random.default_rng(seed)
    centres = people(seed, 4, 16)
    who = {(name, number): int(rng.integers(4)) for name in CAMERAS for number in range(1, 30)}
    there: dict[str, set[int]] = {name: set() for name in CAMERAS}
    frames: Frames = []
    for instant in range(instants):
        for name in CAMERAS:
            for number in range(1, 30):
                if number in there[name] and rng.random() < 0.08:
                    there[name].discard(number)
                elif number not in there[name] and rng.random() < 0.01:
                    there[name].add(number)
            ids = sorted(there[name])
            vectors = noisy(rng, centres[[who[name, number] for number in ids]].reshape(-1, 16), noise)
            frames.append((name, instant * 0.2, frame_of(np.array(ids, float) * 50.0, vectors, ids)))
    return frames


def played(frames: Frames, **options: Any) -> tuple[MultiCameraTracker, list[sv.Detections]]:
    cameras = MultiCameraTracker({name: GivenIds() for name in CAMERAS}, **options)
    return cameras, [cameras.update(name, found, timestamp=time) for name, time, found in frames]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), noise=st.sampled_from([0.1, 0.7, 3.0]), linked=st.booleans())
def test_hard_rules_hold_for_every_row(seed: int, noise: float, linked: bool) -> None:
    frames = random_frames(seed, noise)
    cameras, results = played(frames, links=links() if linked else None)
    last: dict[int, dict[str, float]] = defaultdict(dict)
    now: dict[tuple[str, int], int] = {}
    announced = {(event.camera, event.tracker_id) for event in cameras.events if event.kind in ("split", "named")}
    merged = {event.other: event.identity for event in cameras.events if event.kind == "merged"}
    assert all(old > kept for old, kept in merged.items())

    def final(identity: int) -> int:
        while identity in merged:
            identity = merged[identity]
        return identity

    for (name, time, given_frame), result in zip(frames, results, strict=True):
        identity, ids = np.asarray(result.data["identity"]), np.asarray(result.tracker_id)
        assert identity.dtype == np.int64
        known = identity[identity >= 0].tolist()
        assert len(set(known)) == len(known)
        np.testing.assert_array_equal(result.tracker_id, given_frame.data["track"])
        np.testing.assert_array_equal(result.xyxy, given_frame.xyxy)
        for number, one in zip(ids.tolist(), identity.tolist(), strict=True):
            if one < 0:
                continue
            before = now.get((name, number), one)
            assert before == one or final(before) == final(one) or (name, number) in announced
            now[name, number] = one
            for other, when in last[one].items():
                pair = (min(name, other), max(name, other))
                if linked and name != other:
                    assert time - when >= SHORTEST[pair] - 1e-9
            last[one][name] = time


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_calls_within_an_instant_has_no_say(seed: int) -> None:
    frames = random_frames(seed, 0.5, 40)
    shuffled: Frames = []
    rng = np.random.default_rng(seed)
    for start in range(0, len(frames), len(CAMERAS)):
        shuffled += [frames[start + k] for k in rng.permutation(len(CAMERAS))]
    one, results = played(frames, links=links())
    other, again = played(shuffled, links=links())
    key = {(name, time): found for (name, time, _), found in zip(shuffled, again, strict=True)}
    for (name, time, _), found in zip(frames, results, strict=True):
        np.testing.assert_array_equal(found.data["identity"], key[name, time].data["identity"])
    assert [event for event in one.events if event.kind != "split"] == [
        event for event in other.events if event.kind != "split"
    ]


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), noise=st.sampled_from([0.1, 1.0]))
def test_hindsight_keeps_the_rules(seed: int, noise: float) -> None:
    frames = random_frames(seed, noise, 40)
    cameras, _ = played(frames, links=links())
    found = cameras.link()
    assert set(found) == {(name, int(i)) for name, _, frame in frames for i in frame.data["track"]}
    for name, _, frame in frames:
        known = [found[name, int(i)] for i in frame.data["track"] if found[name, int(i)] >= 0]
        assert len(set(known)) == len(known)
    assert cameras.link() == found


def test_a_merge_keeps_the_older_number_and_says_so() -> None:
    vectors = people(3, 1)
    cameras = MultiCameraTracker({"a": GivenIds(), "b": GivenIds()})
    empty = np.empty((0, 64), np.float32)
    other = people(4, 1)
    for k in range(40):  # track 1 of b first has the vectors of somebody else, then those of track 1 of a
        vector = other if k < 8 else vectors
        cameras.update("a", frame_of([0.0], vectors, [1]), timestamp=0.1 * k)
        cameras.update("b", frame_of([0.0], vector, [1]) if k > 2 else frame_of([], empty, []), timestamp=0.1 * k)
    merges = [event for event in cameras.events if event.kind == "merged"]
    assert [(event.identity, event.other) for event in merges] == [(1, 2)]
    assert isinstance(merges[0], Event)


@pytest.mark.parametrize("gap", [0.5, 3.0])
def test_nobody_is_faster_than_the_way(gap: float) -> None:
    vector = people(5, 1)
    cameras = MultiCameraTracker({"a": GivenIds(), "b": GivenIds()}, links=CameraLinks({("a", "b"): (2, 20)}))
    for k in range(10):
        cameras.update("a", frame_of([0.0], vector, [1]), timestamp=0.1 * k)
    for k in range(10):
        result = cameras.update("b", frame_of([0.0], vector, [1]), timestamp=0.9 + gap + 0.1 * k)
    assert result.data["identity"].tolist() == [1 if gap >= 2.0 else 2]
