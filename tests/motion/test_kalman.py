"""The block-diagonal filter against a dense one, written as the textbook has it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackers.motion import kalman
from trackers.motion.models import XYAH, XYSR

Matrix = npt.NDArray[np.float64]


class DenseFilter:
    """One track, eight states, full matrices: F, H, Q and R of DeepSORT."""

    def __init__(self, box: Matrix) -> None:
        u, v, a, h = measure(box)
        self.mean = np.array([u, v, a, h, 0, 0, 0, 0])
        self.cov = np.diag(np.square([h / 10, h / 10, 1e-2, h / 10, h / 16, h / 16, 1e-5, h / 16]))

    def predict(self, dt: float = 1.0) -> None:
        h = self.mean[3]
        transition = np.eye(8)
        transition[:4, 4:] = dt * np.eye(4)
        noise = dt * np.diag(np.square([h / 20, h / 20, 1e-2, h / 20, h / 160, h / 160, 1e-5, h / 160]))
        self.mean = transition @ self.mean
        self.cov = transition @ self.cov @ transition.T + noise

    def innovation(self) -> Matrix:
        h = self.mean[3]
        return np.asarray(self.cov[:4, :4] + np.diag(np.square([h / 20, h / 20, 1e-1, h / 20])))

    def correct(self, box: Matrix) -> None:
        observe = np.eye(4, 8)
        spread = self.innovation()
        gain = self.cov @ observe.T @ np.linalg.inv(spread)
        self.mean = self.mean + gain @ (measure(box) - self.mean[:4])
        self.cov = self.cov - gain @ spread @ gain.T

    def distance(self, box: Matrix) -> float:
        difference = measure(box) - self.mean[:4]
        return float(difference @ np.linalg.solve(self.innovation(), difference))


def measure(box: Matrix) -> Matrix:
    x1, y1, x2, y2 = box
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / (y2 - y1), y2 - y1])


def unpacked(state: Matrix) -> tuple[Matrix, Matrix]:
    """Mean (8,) and covariance (8, 8) of one track."""
    mean = np.concatenate((state[kalman.POSITION], state[kalman.VELOCITY]))
    xx, xv, vv = (np.diag(state[row]) for row in (kalman.VARIANCE, kalman.COVARIANCE, kalman.VELOCITY_VARIANCE))
    return mean, np.block([[xx, xv], [xv, vv]])


def walk(seed: int, tracks: int, frames: int) -> Matrix:
    """Boxes of several walkers, shape (frames, tracks, 4)."""
    random = np.random.default_rng(seed)
    corner = random.uniform(0, 800, (tracks, 2))
    size = random.uniform(5, 300, (tracks, 2))
    steps = np.cumsum(random.normal(0, 5, (frames, tracks, 2)), axis=0)
    sizes = size * np.exp(np.cumsum(random.normal(0, 0.02, (frames, tracks, 2)), axis=0))
    return np.concatenate((corner + steps, corner + steps + sizes), axis=2)


@given(seed=st.integers(0, 2**32 - 1), pattern=st.lists(st.sampled_from("pc"), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_equals_a_dense_filter_whatever_is_matched_and_missed(seed: int, pattern: list[str]) -> None:
    boxes = walk(seed, tracks=4, frames=len(pattern) + 1)
    dense = [DenseFilter(box) for box in boxes[0]]
    state = XYAH.initiate(boxes[0])
    for frame, step in enumerate(pattern, start=1):
        state = XYAH.predict(state)
        for one in dense:
            one.predict()
        if step == "c":
            state = XYAH.correct(state, boxes[frame])
            for one, box in zip(dense, boxes[frame], strict=True):
                one.correct(box)
    for row, one in enumerate(dense):
        mean, covariance = unpacked(state[row])
        np.testing.assert_allclose(mean, one.mean, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(covariance, one.cov, rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 2**32 - 1), dt=st.floats(0.1, 10.0))
@settings(max_examples=30, deadline=None)
def test_a_longer_step_equals_a_dense_filter_too(seed: int, dt: float) -> None:
    boxes = walk(seed, tracks=3, frames=1)[0]
    state = XYAH.predict(XYAH.predict(XYAH.initiate(boxes)), dt)
    for row, box in enumerate(boxes):
        one = DenseFilter(box)
        one.predict()
        one.predict(dt)
        mean, covariance = unpacked(state[row])
        np.testing.assert_allclose(mean, one.mean, rtol=1e-9)
        np.testing.assert_allclose(covariance, one.cov, rtol=1e-9, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_every_covariance_stays_positive(seed: int, steps: int) -> None:
    boxes = walk(seed, tracks=5, frames=steps + 1)
    state = XYAH.initiate(boxes[0])
    for frame in range(1, steps + 1):
        state = XYAH.predict(state)
        if frame % 3:
            state = XYAH.correct(state, boxes[frame])
    xx, xv, vv = (state[:, row] for row in (kalman.VARIANCE, kalman.COVARIANCE, kalman.VELOCITY_VARIANCE))
    assert (xx > 0).all()
    assert (xx * vv - xv * xv > 0).all()


@given(seed=st.integers(0, 2**32 - 1), lengths=st.lists(st.integers(0, 12), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_following_paths_equals_seeing_their_boxes_one_by_one(seed: int, lengths: list[int]) -> None:
    lengths.sort(reverse=True)
    boxes = walk(seed, tracks=len(lengths), frames=14)
    dt = np.random.default_rng(seed).uniform(0.5, 1.5, (len(lengths), 1))
    sees = np.arange(12)[:, None] < lengths
    state = XYSR.initiate(boxes[0])
    followed = XYSR.follow(state, boxes[1:13][sees], sees.sum(axis=1), dt)
    for row, length in enumerate(lengths):
        one, step = XYSR.predict(state[[row]], dt[[row]]), dt[[row]]
        for box in boxes[1 : 1 + length, [row]]:
            one = XYSR.predict(XYSR.correct(one, box), step)
        np.testing.assert_allclose(followed[[row]], one, rtol=1e-9, atol=1e-9)


def test_correcting_lowers_the_variance_and_predicting_raises_it() -> None:
    state = XYAH.initiate(np.array([[0.0, 0, 40, 80]]))
    later = XYAH.predict(state)
    corrected = XYAH.correct(later, np.array([[2.0, 0, 42, 80]]))
    assert (later[:, kalman.VARIANCE] > state[:, kalman.VARIANCE]).all()
    assert (corrected[:, kalman.VARIANCE] < later[:, kalman.VARIANCE]).all()


@pytest.mark.parametrize("tracks", [0, 1])
def test_none_and_one(tracks: int) -> None:
    boxes = np.tile([[0.0, 0, 10, 20]], (tracks, 1))
    state = XYAH.correct(XYAH.predict(XYAH.initiate(boxes)), boxes)
    assert XYAH.boxes(state) == pytest.approx(boxes)
