"""The search for parameters."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.cli.conftest import make_sequence
from trackers.core.registry import TRACKERS, find
from trackers.io import read_sequence
from trackers.pipeline.benchmark import Task, outcome_rows, run_task, summarise
from trackers.pipeline.choices import Choice
from trackers.pipeline.tune import Found, search_space, tune

pytest.importorskip("trackeval", reason="the extra `eval` is not installed")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = make_sequence(tmp_path_factory.mktemp("tune") / "one")
    return Task(read_sequence(folder), folder / "det" / "det.txt", [])


def search(task: Task, journal: Path, trials: int) -> Found:
    pytest.importorskip("optuna", reason="the extra `tune` is not installed")
    return tune([task], Choice("sort"), journal, trials=trials)


def test_what_is_found_is_what_it_scores(task: Task, tmp_path: Path) -> None:
    found = search(task, tmp_path / "sort.journal", 6)
    assert found.trials == 6
    assert found.value >= found.default
    (again,) = run_task(Task(task.sequence, task.detections, [found.tracker]))
    assert again.scores.hota == found.value
    (default,) = run_task(Task(task.sequence, task.detections, [Choice("sort")]))
    assert default.scores.hota == found.default


def test_a_search_goes_on_where_it_ended(task: Task, tmp_path: Path) -> None:
    first = search(task, tmp_path / "sort.journal", 3)
    second = search(task, tmp_path / "sort.journal", 2)
    assert (first.trials, second.trials) == (3, 5)
    assert second.value >= first.value
    assert second.default == first.default


def test_a_journal_of_another_search_is_refused(task: Task, tmp_path: Path) -> None:
    search(task, tmp_path / "sort.journal", 1)
    with pytest.raises(ValueError, match="journal of another search"):
        tune([task], Choice("bytetrack"), tmp_path / "sort.journal", trials=1)


@pytest.mark.parametrize("name", TRACKERS)
def test_the_space_fits_every_tracker(name: str) -> None:
    parameters = inspect.signature(find(TRACKERS, name)).parameters
    space = search_space(Choice(name))
    assert len(space) >= 3
    for parameter, (low, high) in space.items():
        assert parameter in parameters
        find(TRACKERS, name)(**{parameter: low})
        find(TRACKERS, name)(**{parameter: high})


def test_own_ranges_and_fixed_parameters() -> None:
    space = search_space(Choice("sort", {"lost_track_buffer": 30}), {"minimum_iou_threshold": [0.2, 0.3]})
    assert "lost_track_buffer" not in space
    assert space["minimum_iou_threshold"] == (0.2, 0.3)
    with pytest.raises(ValueError, match="no parameter 'iou'"):
        search_space(Choice("sort"), {"iou": [0, 1]})
    with pytest.raises(ValueError, match="two ascending numbers"):
        search_space(Choice("sort"), {"minimum_iou_threshold": [0.3, 0.2]})


def test_sequences_together(task: Task) -> None:
    outcomes = run_task(Task(task.sequence, task.detections, [Choice("sort"), Choice("deepsort", label="mine")]))
    joined = summarise([*outcomes, *outcomes])
    assert {one.tracker for one in joined} == {"sort", "mine"}
    assert all(one.frames == 50 and one.frames_per_second > 0 for one in joined)
    rows = outcome_rows(joined, columns=("MOTP",))
    assert list(rows[0]) == ["tracker", "extractor", "sequence", "MOTP", "FPS"]
