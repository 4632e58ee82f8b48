"""A threshold measured on a video without labels."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from trackers.appearance.calibration import calibrate

FRAME = np.zeros((100, 400, 3), np.uint8)


class GivenVectors:
    """Hands out the vectors that come with the boxes."""

    appearance_threshold = None

    def extract_features(self, frame: npt.NDArray[np.uint8], detections: sv.Detections) -> npt.NDArray[np.float32]:
        """The vectors in `data`."""
        return np.asarray(detections.data["vectors"], np.float32)


def walk(spread: float, frames: int = 40, objects: int = 4) -> list[sv.Detections]:
    """Objects side by side that move by a pixel a frame, each with its own direction and some spread around it."""
    rng = np.random.default_rng(0)
    left = 90.0 * np.arange(objects)
    boxes = np.stack([left, np.full(objects, 10.0), left + 30, np.full(objects, 90.0)], axis=1)
    embeddings = np.eye(objects, 16)
    found = []
    for step in range(frames):
        vectors = embeddings + spread * rng.normal(size=embeddings.shape)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        found.append(sv.Detections(xyxy=boxes + step, data={"vectors": vectors.astype(np.float32)}))
    return found


def test_threshold_lies_between_one_object_and_two() -> None:
    result = calibrate([FRAME] * 40, walk(0.05), GivenVectors())
    assert result.error == 0.0
    assert result.same.max() <= result.threshold < result.different.min()
    assert len(result.different) == 40 * 6
    assert len(result.same) == 4 * sum(40 - gap for gap in range(1, 31))
    assert f"threshold {result.threshold:.3f}" in str(result)


def test_where_a_gap_lies_between_the_threshold_is_its_middle() -> None:
    result = calibrate([FRAME] * 40, walk(0.05), GivenVectors())
    assert result.threshold == pytest.approx(0.5 * (result.same.max() + result.different.min()))
    assert result.gap == pytest.approx(result.different.min() - result.same.max())
    assert result.as_good[0] <= result.same.max() < result.different.min() <= result.as_good[1]
    assert f"{len(result.same)} pairs of one object" in str(result)
    assert f"a gap of {result.gap:.3f}" in str(result)


@pytest.mark.parametrize("spread", [0.05, 0.15, 0.2])
def test_more_frames_give_a_threshold_that_fewer_call_as_good(spread: float) -> None:
    few, many = (calibrate([FRAME] * count, walk(spread, frames=count), GivenVectors()) for count in (20, 60))
    assert few.as_good[0] <= many.threshold <= few.as_good[1]


def test_where_the_kinds_overlap_there_is_no_gap() -> None:
    result = calibrate([FRAME] * 40, walk(0.2), GivenVectors())
    assert 0.0 < result.error < 0.25
    assert result.gap == 0.0
    assert result.as_good[0] <= result.threshold <= result.as_good[1]
    assert "they overlap" in str(result)


def test_vectors_that_tell_nothing_apart_are_called_useless() -> None:
    with pytest.warns(UserWarning, match="appearance tells these objects apart badly"):
        result = calibrate([FRAME] * 40, walk(5.0), GivenVectors())
    assert result.error > 0.25


def test_boxes_that_meet_are_not_taken_for_one_object() -> None:
    detections = walk(0.05, objects=2)
    for step, found in enumerate(detections):
        if step >= 20:
            found.xyxy[1] = found.xyxy[0] + np.array([5.0, 0, 5, 0])
    together = calibrate([FRAME] * 40, detections, GivenVectors())
    apart = calibrate([FRAME] * 20, detections[:20], GivenVectors())
    np.testing.assert_array_equal(together.same, apart.same)


def test_an_object_without_appearance_takes_no_part() -> None:
    detections = walk(0.05)
    for found in detections:
        found.data["vectors"][0] = 0.0
    result = calibrate([FRAME] * 40, detections, GivenVectors())
    assert len(result.different) == 40 * 3


def test_too_little_to_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="expected frames with at least two objects"):
        calibrate([FRAME] * 40, walk(0.05, objects=1), GivenVectors())
    with pytest.raises(ValueError, match="zip"):
        calibrate([FRAME] * 3, walk(0.05), GivenVectors())


def test_input_is_left_alone() -> None:
    detections = walk(0.05)
    before = [found.xyxy.copy() for found in detections]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrate([FRAME] * 40, detections, GivenVectors())
    for found, boxes in zip(detections, before, strict=True):
        np.testing.assert_array_equal(found.xyxy, boxes)
