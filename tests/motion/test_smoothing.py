"""Smoothing of whole tracks, against the textbook recursion on full matrices and against what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from trackers.boxes import Bools, Floats
from trackers.motion import kalman, smoothing
from trackers.motion.models import XYWH, MotionModel
from trackers.motion.smoothing import smooth_tracks


def walk(rng: np.random.Generator, length: int) -> Floats:
    centre = np.cumsum(rng.normal(0, 2, (length, 2)), axis=0) + 100
    size = rng.uniform(18, 22, (length, 2))
    return np.concatenate((centre - size / 2, centre + size / 2), axis=1)


def by_the_book(model: MotionModel, boxes: Floats, measured: Bools) -> tuple[Floats, Floats]:
    """Positions and variances of one track by dense 8 x 8 matrices (Rauch, Tung and Striebel 1965)."""
    transition, observe = np.eye(8), np.eye(4, 8)
    transition[:4, 4:] = np.eye(4)
    z = model.coordinates(boxes)
    noise = model.measurement.variance(model.scale(z))
    process = [it.variance(model.scale(z)) for it in model.process]
    start = [it.variance(model.scale(z[:1]))[0] for it in model.initial]
    filtered = [(np.append(z[0], np.zeros(4)), np.diag(np.concatenate(start)))]
    predicted = []
    for k in range(1, len(z)):
        mean, covariance = filtered[-1]
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + np.diag(np.append(process[0][k], process[1][k]))
        predicted.append((mean, covariance))
        if measured[k]:
            gain = covariance @ observe.T @ np.linalg.inv(observe @ covariance @ observe.T + np.diag(noise[k]))
            mean, covariance = mean + gain @ (z[k] - observe @ mean), covariance - gain @ observe @ covariance
        filtered.append((mean, covariance))
    later = filtered[-1]
    smoothed = [later]
    for (mean, covariance), (ahead, spread) in zip(filtered[-2::-1], predicted[::-1], strict=True):
        back = covariance @ transition.T @ np.linalg.inv(spread)
        later = mean + back @ (later[0] - ahead), covariance + back @ (later[1] - spread) @ back.T
        smoothed.append(later)
    means, covariances = zip(*smoothed[::-1], strict=True)
    return np.array(means)[:, :4], np.array([np.diag(one)[:4] for one in covariances])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 2**31))
def test_every_track_is_smoothed_as_in_the_book(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks = [walk(rng, length) for length in lengths]
    measured = [rng.random(length) < 0.7 for length in lengths]
    for one in measured:
        one[[0, -1]] = True
    states = smooth_tracks(XYWH, np.concatenate(tracks), np.array(lengths), np.concatenate(measured))
    expected = [by_the_book(XYWH, boxes, mask) for boxes, mask in zip(tracks, measured, strict=True)]
    assert_allclose(states[:, kalman.POSITION], np.concatenate([mean for mean, _ in expected]), atol=1e-8)
    assert_allclose(states[:, kalman.VARIANCE], np.concatenate([spread for _, spread in expected]), rtol=1e-8)


def test_the_spread_grows_towards_the_middle_of_a_gap() -> None:
    boxes = np.tile([[0.0, 0, 20, 40]], (30, 1))
    measured = np.full(30, True)
    measured[10:21] = False
    spread = smooth_tracks(XYWH, boxes, np.array([30]), measured)[:, kalman.VARIANCE, 0]
    assert spread[10:21].argmax() in (5, 6)
    assert spread[15] > 5 * spread[9]
    assert (spread > 0).all()


def test_a_doubtful_box_counts_less() -> None:
    boxes = np.tile([[0.0, 0, 20, 40]], (9, 1))
    boxes[4] += 10
    every = np.full(9, True)
    certain = smooth_tracks(XYWH, boxes, np.array([9]), every)
    doubtful = smooth_tracks(XYWH, boxes, np.array([9]), every, np.where(np.arange(9) == 4, 10.0, 1.0))
    assert doubtful[4, kalman.POSITION, 0] - 10 < 0.2 * (certain[4, kalman.POSITION, 0] - 10)


def test_long_tracks_are_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    lengths = np.array([700, 1, 350])
    boxes = np.concatenate([walk(rng, length) for length in lengths.tolist()])
    measured = rng.random(len(boxes)) < 0.9
    measured[[0, 699, 700, 701, -1]] = True
    whole = smooth_tracks(XYWH, boxes, lengths, measured)
    monkeypatch.setattr(smoothing, "PIECE", 200)
    monkeypatch.setattr(smoothing, "WARM_UP", 150)
    assert_allclose(smooth_tracks(XYWH, boxes, lengths, measured), whole, atol=1e-6)


def test_nothing_is_smoothed_to_nothing() -> None:
    assert smooth_tracks(XYWH, np.empty((0, 4)), np.empty(0, np.int64), np.empty(0, np.bool_)).shape == (0, 5, 4)


def test_lengths_must_fit() -> None:
    with pytest.raises(ValueError, match="add up to 3"):
        smooth_tracks(XYWH, np.tile([[0.0, 0, 20, 40]], (3, 1)), np.array([2]), np.full(3, True))
