"""The sparse search finds what a dense matrix would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.motion.test_kalman import DenseFilter
from trackers.association import pairs
from trackers.association.pairs import (
    GATE,
    Pairs,
    gate_distance,
    gated_pairs,
    mahalanobis,
    overlapping_pairs,
    pairs_in_gate,
    within_reach,
)
from trackers.boxes import overlap
from trackers.motion.models import XYAH

Floats = npt.NDArray[np.float64]


@pytest.fixture(autouse=True, scope="module", params=[0, pairs.SMALL_FRAME], ids=["sorted", "all pairs"])
def _both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test runs as in a large frame and as in a small one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "SMALL_FRAME", request.param)
        yield


def crowd(seed: int, count: int, spread: float) -> Floats:
    """Boxes of random size around random places, whole pixels so that exact ties occur."""
    random = np.random.default_rng(seed)
    corner = random.integers(0, max(1, int(spread)), (count, 2)).astype(float)
    return np.concatenate((corner, corner + random.integers(1, 60, (count, 2))), axis=1)


def as_matrix(pairs: Pairs, tracks: int, detections: int) -> Floats:
    matrix = np.full((tracks, detections), np.nan)
    matrix[pairs.track, pairs.detection] = pairs.cost
    return matrix


PLACES = st.lists(st.tuples(st.integers(-12, 12), st.integers(-12, 12)), max_size=10)


@given(centre=PLACES, reach=st.tuples(st.integers(0, 6), st.integers(0, 6)), points=PLACES)
def test_within_reach_is_every_pair_that_close_in_order(
    centre: list[tuple[int, int]], reach: tuple[int, int], points: list[tuple[int, int]]
) -> None:
    expected = [
        (i, j)
        for i, c in enumerate(centre)
        for j, p in enumerate(points)
        if abs(p[0] - c[0]) <= reach[0] and abs(p[1] - c[1]) <= reach[1]
    ]
    sides = np.tile(np.array(reach, float), (len(centre), 1))
    i, j = within_reach(np.array(centre, float).reshape(-1, 2), sides, np.array(points, float).reshape(-1, 2))
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected


@given(seed=st.integers(0, 2**32 - 1), tracks=st.integers(0, 12), detections=st.integers(0, 12))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("gating", ["state", "position"])
def test_the_gate_admits_what_a_dense_filter_admits(gating: str, seed: int, tracks: int, detections: int) -> None:
    first, second = crowd(seed, tracks, 150), crowd(seed + 1, detections, 150)
    state = XYAH.predict(XYAH.initiate(first))
    found = as_matrix(pairs_in_gate(XYAH, state, XYAH.coordinates(second), gating), tracks, detections)
    for row, box in enumerate(first):
        dense = DenseFilter(box)
        dense.predict()
        for column, box in enumerate(second):
            if gating == "state":
                distance = dense.distance(box)
            else:
                centre = (box[:2] + box[2:]) / 2 - dense.mean[:2]
                distance = float(centre @ np.linalg.solve(dense.innovation()[:2, :2], centre))
            if distance <= GATE[gating] * (1 - 1e-9):
                assert found[row, column] == pytest.approx(distance, rel=1e-9, abs=1e-9)
            elif distance > GATE[gating] * (1 + 1e-9):
                assert np.isnan(found[row, column])


@given(
    seed=st.integers(0, 2**32 - 1),
    tracks=st.integers(0, 15),
    detections=st.integers(0, 15),
    spread=st.sampled_from([20.0, 100.0, 1000.0]),
    minimum_iou=st.sampled_from([0.0, 0.1, 0.3, 0.9]),
)
@settings(max_examples=80, deadline=None)
def test_overlapping_pairs_are_those_of_the_iou_matrix(
    seed: int, tracks: int, detections: int, spread: float, minimum_iou: float
) -> None:
    first, second = crowd(seed, tracks, spread), crowd(seed + 1, detections, spread)
    iou = overlap(first[:, None], second[None])
    expected = np.where((iou >= minimum_iou) & (iou > 0), 1 - iou, np.nan)
    found = as_matrix(overlapping_pairs(first, second, minimum_iou), tracks, detections)
    np.testing.assert_array_equal(found, expected)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 20))
def test_iou_is_symmetric_bounded_and_one_on_itself(seed: int, count: int) -> None:
    boxes = crowd(seed, count, 60)
    iou = overlap(boxes[:, None], boxes[None])
    np.testing.assert_array_equal(iou, iou.T)
    assert ((iou >= 0) & (iou <= 1)).all()
    np.testing.assert_array_equal(np.diag(iou), 1.0)


def test_a_box_turned_inside_out_overlaps_nothing() -> None:
    assert overlap(np.array([[10.0, 10, 5, 5]]), np.array([[0.0, 0, 20, 20]])).tolist() == [0.0]


def test_the_old_names_take_boxes_and_warn() -> None:
    first = crowd(0, 8, 150)
    second = first + 0.5
    state = XYAH.predict(XYAH.initiate(first))
    with pytest.warns(DeprecationWarning, match="pairs_in_gate"):
        old = gated_pairs(XYAH, state, second)
    for before, now in zip(old, pairs_in_gate(XYAH, state, XYAH.coordinates(second)), strict=True):
        np.testing.assert_array_equal(before, now)
    assert len(old.track) >= 6  # small boxes leave the gate
    with pytest.warns(DeprecationWarning, match="mahalanobis"):
        distances = gate_distance(XYAH, state, second)
    assert np.median(np.diag(distances)) < GATE["state"]
    np.testing.assert_array_equal(distances, mahalanobis(XYAH, state, XYAH.coordinates(second)))
