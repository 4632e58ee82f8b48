"""The switches that are listed are the switches that are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.test_scores import SEQUENCES, recorded_result, walkers, with_ids
from trackers.evaluation import Switch, evaluate_sequence, find_switches
from trackers.io.mot import read_mot

pytest.importorskip("trackeval", reason="the extra `eval` is not installed")


def test_a_switch_says_who_and_when() -> None:
    truth = walkers(frames=10, objects=2)
    ids = np.where((truth.frame >= 6) & (truth.tracker_id == 2), 9, truth.tracker_id)
    assert find_switches(truth, with_ids(truth, ids)) == [Switch(frame=6, object_id=2, before=2, after=9)]


def test_a_switch_across_a_gap_counts() -> None:
    truth = walkers(frames=10, objects=1)
    ids = np.where(truth.frame >= 6, 9, 1)
    result = with_ids(truth, ids).rows((truth.frame < 4) | (truth.frame >= 6))
    assert find_switches(truth, result) == [Switch(frame=6, object_id=1, before=1, after=9)]


@given(st.integers(0, 2**32 - 1))
def test_as_many_as_trackeval_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = walkers(frames=12, objects=4)
    ids = truth.tracker_id.copy()
    for frame in range(2, 13):
        if rng.random() < 0.3:
            later = truth.frame >= frame
            ids[later] = rng.permutation(8)[ids[later] - 1] + 1 if rng.random() < 0.5 else ids[later]
    keep = rng.random(len(ids)) < 0.85
    result = with_ids(truth, ids).rows(keep)
    assert len(find_switches(truth, result)) == evaluate_sequence(truth, result).id_switches


@pytest.mark.data
@pytest.mark.parametrize("name", SEQUENCES)
def test_as_many_as_trackeval_counts_on_real_sequences(data_dir: Path, name: str) -> None:
    truth = read_mot(data_dir / "data" / "mot" / name / "gt" / "gt.txt")
    result = recorded_result(data_dir, name)
    assert len(find_switches(truth, result)) == evaluate_sequence(truth, result).id_switches
