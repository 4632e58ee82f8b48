"""The sparse assignment against the dense one that it stands for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from trackers.association import assignment
from trackers.association.assignment import FORBIDDEN_MARGIN, Match, assign, matching_cascade
from trackers.association.pairs import Pairs

LIMIT = 0.7


@pytest.fixture(autouse=True, scope="module", params=[0, assignment.SMALL_MATRIX], ids=["components", "at once"])
def _both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test runs as with many contested pairs and as with few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "SMALL_MATRIX", request.param)
        yield


@st.composite
def admissible(draw: st.DrawFn, ties: bool = False) -> Pairs:
    """Random admissible pairs, from nearly none to nearly all."""
    tracks, detections = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    listed = random.random((tracks, detections)) < draw(st.floats(0.05, 1.0))
    track, detection = np.nonzero(listed)
    cost = np.floor(random.random(len(track)) * 4.0) * 0.2 if ties else random.random(len(track)) * LIMIT
    return Pairs(track, detection, np.asarray(cost, np.float64))


def dense_assignment(pairs: Pairs, limit: float) -> tuple[float, set[tuple[int, int]]]:
    """Everything in one matrix, inadmissible pairs a little dearer than the limit and thrown out afterwards."""
    if not len(pairs.track):
        return 0.0, set()
    matrix = np.full((pairs.track.max() + 1, pairs.detection.max() + 1), limit + FORBIDDEN_MARGIN)
    matrix[pairs.track, pairs.detection] = pairs.cost
    rows, columns = linear_sum_assignment(matrix)
    kept = matrix[rows, columns] <= limit
    return worth(pairs, limit, set(zip(rows[kept].tolist(), columns[kept].tolist(), strict=True)))


def worth(pairs: Pairs, limit: float, chosen: set[tuple[int, int]]) -> tuple[float, set[tuple[int, int]]]:
    """What a matching saves against leaving everybody unmatched."""
    costs = dict(zip(zip(pairs.track.tolist(), pairs.detection.tolist(), strict=True), pairs.cost, strict=True))
    return sum(limit + FORBIDDEN_MARGIN - costs[pair] for pair in chosen), chosen


def as_set(match: Match) -> set[tuple[int, int]]:
    found = list(zip(match.track.tolist(), match.detection.tolist(), strict=True))
    assert len(found) == len(set(match.track.tolist())) == len(set(match.detection.tolist()))
    return set(found)


@given(admissible())
@settings(max_examples=300, deadline=None)
def test_equals_the_dense_assignment(pairs: Pairs) -> None:
    _, expected = dense_assignment(pairs, LIMIT)
    assert as_set(assign(pairs, LIMIT)) == expected


@given(admissible(ties=True))
@settings(max_examples=300, deadline=None)
def test_is_as_good_as_the_dense_assignment_where_costs_tie(pairs: Pairs) -> None:
    best, _ = dense_assignment(pairs, LIMIT)
    found, _ = worth(pairs, LIMIT, as_set(assign(pairs, LIMIT)))
    assert found == pytest.approx(best)


@given(admissible(ties=True))
def test_equal_input_gives_an_equal_output(pairs: Pairs) -> None:
    once, again = assign(pairs, LIMIT), assign(Pairs(*(side.copy() for side in pairs)), LIMIT)
    assert once.track.tolist() == again.track.tolist()
    assert once.detection.tolist() == again.detection.tolist()


def test_a_tie_goes_to_the_smaller_index() -> None:
    two_for_one = Pairs(np.array([0, 1]), np.array([0, 0]), np.array([0.2, 0.2]))
    assert as_set(assign(two_for_one, LIMIT)) == {(0, 0)}
    one_for_two = Pairs(np.array([0, 0]), np.array([0, 1]), np.array([0.2, 0.2]))
    assert as_set(assign(one_for_two, LIMIT)) == {(0, 0)}


def test_nobody_to_match() -> None:
    nothing = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    assert as_set(assign(nothing, LIMIT)) == set()
    assert as_set(matching_cascade(nothing, np.empty(0), LIMIT)) == set()


def dense_cascade(pairs: Pairs, missed: list[float], limit: float) -> set[tuple[int, int]]:
    """Listing 1 of the paper: one assignment per age, over the detections that are left."""
    taken: set[tuple[int, int]] = set()
    for age in sorted(set(missed)):
        used = [detection for _, detection in taken]
        level = (np.array(missed)[pairs.track] == age) & ~np.isin(pairs.detection, used)
        taken |= dense_assignment(pairs.where(level), limit)[1]
    return taken


@given(admissible(), st.data())
@settings(max_examples=300, deadline=None)
def test_the_cascade_equals_one_dense_assignment_per_age(pairs: Pairs, data: st.DataObject) -> None:
    count = int(pairs.track.max()) + 1 if len(pairs.track) else 0
    missed = data.draw(st.lists(st.integers(0, 4).map(float), min_size=count, max_size=count))
    assert as_set(matching_cascade(pairs, np.array(missed), LIMIT)) == dense_cascade(pairs, missed, LIMIT)


def test_a_long_chain_is_one_component_and_is_solved_as_one() -> None:
    track = np.repeat(np.arange(40), 2)[1:]
    detection = np.repeat(np.arange(40), 2)[:-1]
    pairs = Pairs(track, detection, np.random.default_rng(0).random(len(track)) * LIMIT)
    assert as_set(assign(pairs, LIMIT)) == dense_assignment(pairs, LIMIT)[1]
