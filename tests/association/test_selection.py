"""Which detections take part in tracking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trackers import DeepSORTTracker
from trackers.association.selection import Selection, not_suppressed

INSIDE = np.array([[0.0, 0.0, 100.0, 100.0], [10.0, 10.0, 20.0, 20.0]])


@st.composite
def scored_boxes(draw: st.DrawFn) -> tuple[Any, Any]:
    n = draw(st.integers(0, 12))
    corners = draw(hnp.arrays(np.float64, (n, 2), elements=st.integers(0, 30).map(float)))
    sides = draw(hnp.arrays(np.float64, (n, 2), elements=st.integers(1, 20).map(float)))
    scores = draw(st.permutations(range(n)))
    return np.hstack([corners, corners + sides]), np.array(scores, np.float64)


# Limits that are no IoU of these boxes: supervision computes in float32.
@given(scored_boxes(), st.sampled_from([0.10123, 0.30321, 0.50413, 0.77107]))
def test_suppression_is_that_of_supervision(boxes: tuple[Any, Any], limit: float) -> None:
    xyxy, scores = boxes
    if len(xyxy) == 0:
        assert not_suppressed(xyxy, scores, limit).shape == (0,)
        return
    expected = sv.box_non_max_suppression(np.column_stack([xyxy, scores]), iou_threshold=limit)
    assert not_suppressed(xyxy, scores, limit).tolist() == expected.tolist()


def test_a_small_box_inside_a_large_one_stays() -> None:
    assert not_suppressed(INSIDE, np.array([0.9, 0.8]), 0.5).tolist() == [True, True]


def test_of_equal_scores_the_first_stays() -> None:
    twins = np.repeat(INSIDE[:1], 3, axis=0)
    assert not_suppressed(twins, np.full(3, 0.5), 0.5).tolist() == [True, False, False]


def test_identical_boxes_stay_when_suppression_is_off() -> None:
    twins = np.repeat(INSIDE[:1], 2, axis=0)
    assert Selection().keep(twins, np.array([0.5, 0.5])).tolist() == [True, True]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(minimum_confidence=0.5), [True, True, False]),
        (Selection(minimum_confidence=-2.0), [True, True, True]),
        (Selection(minimum_height=20.0), [True, False, True]),
        (Selection(minimum_confidence=0.95, minimum_height=20.0), [False, False, False]),
    ],
)
def test_limits_are_inclusive(selection: Selection, expected: list[bool]) -> None:
    boxes = np.array([[0.0, 0.0, 9.0, 20.0], [30.0, 0.0, 39.0, 19.9], [60.0, 0.0, 69.0, 50.0]])
    assert selection.keep(boxes, np.array([0.5, 0.9, -1.5])).tolist() == expected


@pytest.mark.parametrize(
    "options",
    [{"maximum_overlap": 1.1}, {"minimum_height": -1.0}, {"minimum_confidence": float("nan")}],
)
def test_impossible_limits_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Selection(**options)


def test_what_takes_no_part_stays_in_the_result_with_its_data() -> None:
    asked: list[int] = []

    def extractor(frame: Any, detections: sv.Detections) -> Any:
        asked.append(len(detections))
        return np.eye(8)[: len(detections)]

    tracker = DeepSORTTracker(
        extractor, minimum_consecutive_frames=1, selection=Selection(minimum_confidence=0.4, maximum_overlap=0.6)
    )
    detections = sv.Detections(
        xyxy=np.array([[0.0, 0, 40, 80], [1.0, 0, 40, 80], [100.0, 0, 140, 80], [0.0, 0, 1, 1]]),
        confidence=np.array([0.8, 0.9, 0.3, 0.9]),
        data={"name": np.array(["a", "b", "c", "d"])},
    )
    detections.xyxy[3, 0] = np.nan
    tracked = tracker.update(detections, np.zeros((100, 200, 3), np.uint8))
    assert np.asarray(tracked.tracker_id).tolist() == [-1, 1, -1, -1]
    assert list(tracked.data["name"]) == ["a", "b", "c", "d"]
    assert np.array_equal(tracked.xyxy, detections.xyxy, equal_nan=True)
    assert asked == [1]


def test_off_by_default() -> None:
    twins = sv.Detections(xyxy=np.repeat(INSIDE[:1], 2, axis=0), confidence=np.array([0.9, 0.8]))
    assert np.asarray(DeepSORTTracker(minimum_consecutive_frames=1).update(twins).tracker_id).tolist() == [1, 2]
