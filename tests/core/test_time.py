"""Time is one idea: how far two frames lie apart, what runs out in between, and what is no time at all."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import ALL_TRACKERS, same, walkers
from trackers import DeepSORTTracker, FixedLag, MultiStreamTracker, SORTTracker
from trackers.core.base import Tracker
from trackers.core.time import TICK
from trackers.identity import MultiCameraTracker

Make = Callable[..., Tracker[Any]]
RATES = [5, 12.5, 15, 24000 / 1001, 25, 30000 / 1001, 30, 50, 60, 120, 240]
BASES = [Fraction(1, 1000), Fraction(1, 90000), Fraction(1, 15360), Fraction(1, 12800)]
ONE = sv.Detections(xyxy=np.array([[10.0, 20, 50, 120]]), confidence=np.array([0.9]))
NOTHING = sv.Detections.empty()


@pytest.fixture(params=ALL_TRACKERS.values(), ids=list(ALL_TRACKERS))
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def ids(tracker: Tracker[Any], detections: sv.Detections, **time: Any) -> list[int]:
    found: list[int] = np.asarray(tracker.update(detections, **time).tracker_id).tolist()
    return found


@settings(deadline=None, max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.sampled_from(RATES), base=st.sampled_from(BASES), start=st.floats(0, 1e5))
def test_a_constant_rate_is_no_timestamp_at_all(make: Make, rate: float, base: Fraction, start: float) -> None:
    frames = list(walkers(30, missed=0.3))
    plain, timed = make(frame_rate=rate), make(frame_rate=rate)
    for i, frame in enumerate(frames):
        timestamp = float(round((start + i / rate) / base) * base)
        assert ids(timed, frame, timestamp=timestamp) == ids(plain, frame)
    assert same(timed.state_dict()["tracks"], plain.state_dict()["tracks"])


@pytest.mark.parametrize("seconds", [1.5, 60.0, 3600.0])
def test_a_buffer_that_ran_out_in_silence_has_run_out(make: Make, seconds: float) -> None:
    """Silence is what empty frames are."""
    silent, empty = make(lost_track_buffer=30), make(lost_track_buffer=30)
    for i in range(20):
        assert ids(silent, ONE, timestamp=i / 30) == ids(empty, ONE)
    known = ids(silent, ONE, timestamp=20 / 30)
    ids(empty, ONE)
    for _ in range(round(30 * min(seconds, 10.0)) - 1):
        empty.update(NOTHING)
    back = [ids(silent, ONE, timestamp=20 / 30 + seconds + k / 30) for k in range(4)]
    assert back == [ids(empty, ONE) for _ in range(4)]
    assert known != back[-1]
    assert back[-1][0] > known[0]


def test_the_buffer_is_exact_over_a_gap(make: Make) -> None:
    """Missed for as many frames as the buffer has, a track is found again; for one more, it is not."""
    for missed, kept in ((10, True), (11, False)):
        tracker = make(lost_track_buffer=10)
        for i in range(20):
            known = ids(tracker, ONE, timestamp=i / 30)
        assert (ids(tracker, ONE, timestamp=(20 + missed) / 30) == known) is kept


def test_listeners_hear_of_what_ended_in_silence(make: Make) -> None:
    tracker, removed = make(), []
    tracker.on("removed", lambda track: removed.append(track.id))
    for i in range(10):
        known = ids(tracker, ONE, timestamp=i / 30)
    ids(tracker, NOTHING, timestamp=100.0)
    assert removed == known
    ids(tracker, ONE, timestamp=200.0)
    assert removed == known
    assert tracker.lost == []


def test_nobody_in_doubt_is_embedded_for_a_track_that_is_gone() -> None:
    tracker = DeepSORTTracker(embed="ambiguous")
    rng = np.random.default_rng(0)
    for i in range(10):
        known = ids(tracker, with_vector(rng), timestamp=i / 30)
    assert ids(tracker, with_vector(rng), timestamp=90.0) != known


def with_vector(rng: np.random.Generator) -> sv.Detections:
    return sv.Detections(
        xyxy=ONE.xyxy, confidence=ONE.confidence, data={"embedding": rng.normal(1.0, 0.1, (1, 8)).astype(np.float32)}
    )


NO_TIMES: dict[str, tuple[Any, type[Exception]]] = {
    "not a number": (float("nan"), ValueError),
    "infinite": (float("inf"), ValueError),
    "minus infinite": (-float("inf"), ValueError),
    "NaN of NumPy": (np.float32("nan"), ValueError),
    "a date": (datetime.datetime(2024, 1, 1), TypeError),
    "a date of NumPy": (np.datetime64("2024-01-01"), TypeError),
    "a length of time": (datetime.timedelta(seconds=1), TypeError),
    "text": ("1.0", TypeError),
    "truth": (True, TypeError),
    "a list": ([1.0], TypeError),
}
DOORS: dict[str, Callable[[Tracker[Any], Any], Any]] = {
    "update": lambda tracker, time: tracker.update(ONE, timestamp=time),
    "update with nothing": lambda tracker, time: tracker.update(NOTHING, timestamp=time),
    "prepare": lambda tracker, time: tracker.prepare(ONE, timestamp=time),
    "skip": lambda tracker, time: tracker.skip(timestamp=time),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))
@pytest.mark.parametrize(("time", "error"), NO_TIMES.values(), ids=list(NO_TIMES))
def test_what_is_no_time_is_refused_at_once_and_changes_nothing(
    door: Callable[[Tracker[Any], Any], Any], time: Any, error: type[Exception]
) -> None:
    for before in (0, 5):
        tracker = SORTTracker()
        for i in range(before):
            tracker.update(ONE, timestamp=i / 30)
        state = tracker.state_dict()
        with pytest.raises(error, match="number of seconds"):
            door(tracker, time)
        assert same(tracker.state_dict(), state)


@pytest.mark.parametrize("time", [1, 1.0, np.float32(1), np.int64(1), Fraction(1), np.array(1.0)])
def test_any_number_is_a_time(time: Any) -> None:
    tracker = SORTTracker()
    tracker.update(ONE, timestamp=0)
    tracker.update(ONE, timestamp=time)
    assert tracker.state_dict()["timestamp"] == 1.0


@pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))
@pytest.mark.parametrize("timed", [True, False])
def test_a_timestamp_on_every_frame_or_on_none(door: Callable[[Tracker[Any], Any], Any], timed: bool) -> None:
    tracker = SORTTracker()
    tracker.update(ONE, timestamp=0.0 if timed else None)
    again = SORTTracker()
    again.load_state_dict(tracker.state_dict())
    for one in (tracker, again):
        with pytest.raises(ValueError, match="on every frame or on none"):
            door(one, None if timed else 1.0)
        door(one, 1.0 if timed else None)
        one.reset()
        door(one, None if timed else 1.0)


def test_a_tick_is_a_millisecond() -> None:
    assert TICK == 1e-3
    for step, frames in ((1 / 30 + 0.0009, 1.0), (1 / 30 - 0.0009, 1.0), (1 / 30 + 0.002, 1.06), (0.0667, 2.0)):
        tracker = SORTTracker(minimum_consecutive_frames=1)
        tracker.update(ONE, timestamp=0.0)
        tracker.update(NOTHING, timestamp=step)
        assert tracker.tracks[0].missed == pytest.approx(frames, abs=1e-9)


HOSTS: dict[str, Callable[[Any], Any]] = {
    "a lag": lambda time: FixedLag(SORTTracker()).push(ONE, timestamp=time),
    "streams": lambda time: MultiStreamTracker(lambda _: SORTTracker()).update({"a": ONE}, timestamps=time),
    "a stream": lambda time: MultiStreamTracker(lambda _: SORTTracker()).update({"a": ONE}, timestamps={"a": time}),
    "a camera": lambda time: MultiCameraTracker({"a": SORTTracker()}).update("a", ONE, timestamp=time),
    "cameras": lambda time: MultiCameraTracker({"a": SORTTracker()}).update({"a": ONE}, timestamps=time),
    "cameras of streams": lambda time: MultiCameraTracker(MultiStreamTracker(lambda _: SORTTracker())).update(
        {"a": ONE}, timestamps={"a": time}
    ),
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=list(HOSTS))
@pytest.mark.parametrize(("time", "error"), NO_TIMES.values(), ids=list(NO_TIMES))
def test_whatever_holds_trackers_refuses_the_same_times(
    host: Callable[[Any], Any], time: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="number of seconds"):
        host(time)
    host(np.float32(2.5))
