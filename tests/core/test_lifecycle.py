"""The table of tracks and what becomes of them on a frame."""

from __future__ import annotations

import numpy as np
import pytest

from trackers.association.assignment import NO_MATCH
from trackers.lifecycle import Lifecycle, Tracks


def table(count: int) -> Tracks:
    tracks = Tracks()
    tracks.renew(np.empty(0, np.int64), count, score=np.linspace(0.1, 0.9, count))
    return tracks


def test_renew_keeps_some_rows_and_adds_new_ones_after_them() -> None:
    tracks = table(4)
    before = tracks.take(np.array([1, 3]))
    tracks.renew(np.array([1, 3]), 2, score=np.array([0.7, 0.8]))
    assert tracks.score.tolist() == [*before.score.tolist(), 0.7, 0.8]
    assert tracks.hits.tolist() == [1, 1, 1, 1]
    assert tracks.state.shape == (4, 5, 4)


def test_the_old_names_warn() -> None:
    first, second = table(3), table(3)
    with pytest.warns(DeprecationWarning, match="renew"):
        first.keep(np.array([0, 2]))
    with pytest.warns(DeprecationWarning, match="renew"):
        first.append(1, score=np.array([0.3]))
    second.renew(np.array([0, 2]), 1, score=np.array([0.3]))
    for name, column in vars(second).items():
        np.testing.assert_array_equal(getattr(first, name), column)


@pytest.mark.parametrize("listened", [True, False])
def test_a_lifecycle_of_ones_own_reports_the_dead(listened: bool) -> None:
    lifecycle, tracks = Lifecycle(3, 10, listened=listened), table(2)
    lifecycle.advance(tracks, NO_MATCH, np.zeros(0, np.bool_), 1.0)
    assert lifecycle.changes is not None
    assert sum(len(one) for one in lifecycle.changes.removed) == (2 if listened else 0)
    assert len(tracks) == 0
