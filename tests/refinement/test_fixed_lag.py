"""`trackers.FixedLag`: each frame once, in order, a fixed time later."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from trackers import DeepSORTTracker, FixedLag, SteadySORTTracker, refine
from trackers.sample import Scene


def box(x: float | None) -> sv.Detections:
    rows = np.empty((0, 4)) if x is None else np.array([[x, 0, x + 20, 40]])
    return sv.Detections(rows, confidence=np.full(len(rows), 0.9), class_id=np.zeros(len(rows), np.int64))


def test_frames_wait_for_their_time() -> None:
    lag = FixedLag(DeepSORTTracker(frame_rate=10), seconds=0.5)
    assert [len(lag.push(box(float(n)))) for n in range(8)] == [0, 0, 0, 0, 0, 1, 1, 1]
    assert len(lag.flush()) == 5
    assert lag.flush() == []


def test_timestamps_count_where_given() -> None:
    lag = FixedLag(DeepSORTTracker(frame_rate=10), seconds=0.5)
    assert [len(lag.push(box(float(n)), None, t)) for n, t in enumerate((5.0, 5.1, 5.2, 5.6, 6.5))] == [0, 0, 0, 2, 2]


def test_early_frames_get_their_id() -> None:
    lag = FixedLag(DeepSORTTracker(minimum_consecutive_frames=5), seconds=0.5)
    final = [frame for n in range(30) for frame in lag.push(box(float(n)))] + lag.flush()
    assert [frame.tracker_id.tolist() for frame in final if frame.tracker_id is not None] == [[1]] * 30


def test_a_gap_within_the_lag_is_filled() -> None:
    lag = FixedLag(DeepSORTTracker(), seconds=1.0)
    missing = range(40, 46)
    final = [frame for n in range(90) for frame in lag.push(box(None if n in missing else float(n)))] + lag.flush()
    assert [n for n, frame in enumerate(final) if np.any(frame.data["interpolated"])] == list(missing)
    assert_allclose(final[42].xyxy, [[42, 0, 62, 40]], atol=0.5)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.2, 1.0]))
def test_own_rows_come_first_each_frame_once(seed: int, seconds: float) -> None:
    scene = Scene(seed=seed, length=40)
    online, delayed = SteadySORTTracker(), FixedLag(SteadySORTTracker(), seconds=seconds)
    expected = [online.update(scene.detections(i)) for i in range(40)]
    final = [frame for i in range(40) for frame in delayed.push(scene.detections(i))] + delayed.flush()
    assert len(final) == 40
    for one, frame in zip(expected, final, strict=True):
        assert one.tracker_id is not None
        assert frame.tracker_id is not None
        known = one.tracker_id >= 0
        assert_array_equal(frame.tracker_id[: len(one)][known], one.tracker_id[known])
        assert_array_equal(frame.confidence[: len(one)], one.confidence)  # type: ignore[index]
        tracked = frame.tracker_id[frame.tracker_id >= 0]
        assert len(np.unique(tracked)) == len(tracked)


def test_a_long_lag_gives_what_refine_gives() -> None:
    scene = Scene(seed=3, length=50)
    online, delayed = SteadySORTTracker(), FixedLag(SteadySORTTracker(), seconds=60.0)
    expected = refine([online.update(scene.detections(i)) for i in range(50)], relative_confidence=0.0)
    assert not any(delayed.push(scene.detections(i)) for i in range(50))
    for one, frame in zip(expected, delayed.flush(), strict=True):
        assert_array_equal(frame.tracker_id, one.tracker_id)
        assert_array_equal(frame.xyxy, one.xyxy)


def test_a_negative_lag_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds"):
        FixedLag(DeepSORTTracker(), seconds=-1.0)
