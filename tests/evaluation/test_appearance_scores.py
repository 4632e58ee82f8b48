"""Scores of vectors whose objects are known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from trackers.evaluation import evaluate_extractor, evaluate_vectors
from trackers.table import BoxTable

IDENTITY = np.tile(np.arange(4), 10)
FRAME = np.repeat(np.arange(10), 4)


def test_perfect_vectors_score_one() -> None:
    scores = evaluate_vectors(np.eye(4)[IDENTITY], IDENTITY, FRAME, {1.0: 3})
    assert (scores.rank1, scores.mean_average_precision, scores.separation) == (1.0, 1.0, 1.0)
    assert (scores.same, scores.different, scores.found_again, scores.boxes) == (0.0, 1.0, {1.0: 1.0}, 40)


def test_equal_vectors_score_as_chance_does() -> None:
    scores = evaluate_vectors(np.ones((40, 3)), IDENTITY, FRAME)
    assert scores.separation == pytest.approx(0.5)


def test_scores_by_hand() -> None:
    angle = np.radians([0, 40, 30, 90])  # the object of row 0 comes back in row 2, that of row 1 in row 3
    vectors = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    scores = evaluate_vectors(vectors, np.array([1, 2, 1, 2]), np.array([1, 1, 2, 2]), {1.0: 1})
    assert scores.rank1 == 0.5  # row 0 finds row 2 and row 3 finds row 1, rows 1 and 2 find each other
    assert scores.mean_average_precision == pytest.approx((1 + 0.5 + 0.5 + 1) / 4)
    assert scores.found_again == {1.0: 0.5}
    # distances grow with the angle: of one object 30 and 50 degrees, of two 40, 90, 10 and 60
    assert scores.separation == pytest.approx((3 + 2) / 8)


def test_rows_without_appearance_take_no_part() -> None:
    vectors = np.eye(4)[IDENTITY]
    vectors[5] = 0.0
    assert evaluate_vectors(vectors, IDENTITY, FRAME).boxes == 39


def test_what_cannot_be_measured_is_nan() -> None:
    scores = evaluate_vectors(np.eye(3), np.arange(3), np.arange(3), {1.0: 7})
    assert math.isnan(scores.rank1)
    assert math.isnan(scores.separation)
    assert math.isnan(scores.found_again[1.0])


def test_extractors_are_scored_on_a_sequence() -> None:
    class Given:
        def extract_features(self, frame: npt.NDArray[np.uint8], detections: sv.Detections) -> npt.NDArray[np.float32]:
            embeddings = np.eye(4, dtype=np.float32)
            return np.asarray(embeddings[(detections.xyxy[:, 0] // 100).astype(int)])

    frames = [np.zeros((100, 400, 3), np.uint8)] * 10
    left = 100.0 * IDENTITY
    truth = BoxTable.from_rows(
        frame=FRAME + 1, tracker_id=IDENTITY + 1, xywh=np.stack((left, left * 0, left * 0 + 50, left * 0 + 90), axis=1)
    )
    scores = evaluate_extractor(Given(), frames, truth, frame_rate=5.0, every=2, seconds=(1.0,))
    assert (scores.rank1, scores.boxes, scores.found_again) == (1.0, 20, {1.0: 1.0})
    with pytest.raises(ValueError, match="expected frames with true boxes"):
        evaluate_extractor(Given(), [], truth)


def test_crops_of_known_identity_need_no_frames() -> None:
    vectors = np.eye(4)[IDENTITY]
    assert evaluate_vectors(vectors, IDENTITY).mean_average_precision == 1.0
    assert evaluate_vectors(vectors[::-1], IDENTITY[::-1]).rank1 == 1.0


def test_identities_must_be_as_many_as_vectors() -> None:
    with pytest.raises(ValueError, match="one identity and one frame for each of the 40 vectors, but got 39 and 40"):
        evaluate_vectors(np.ones((40, 3)), IDENTITY[:39])
