"""Tables of scores in every style."""

from __future__ import annotations

import csv
import io
import json

import pytest

from trackers.evaluation import evaluate, format_table, score_rows
from trackers.evaluation.tables import STYLES
from trackers.table import BoxTable

pytest.importorskip("trackeval", reason="the extra `eval` is not installed")


@pytest.fixture
def rows() -> list[dict[str, object]]:
    truth = BoxTable.from_rows(frame=[1, 2, 3], tracker_id=[1, 1, 1], xywh=[[i, 0, 9, 9] for i in range(3)])
    return [dict(row) for row in score_rows(evaluate({"a": (truth, truth), "b": (truth, truth.rows(slice(2)))}))]


def test_every_sequence_has_a_row_and_the_combined_one_is_last(rows: list[dict[str, object]]) -> None:
    assert [row["sequence"] for row in rows] == ["a", "b", "COMBINED"]


def test_people_see_percent(rows: list[dict[str, object]]) -> None:
    assert "66.7" in format_table(rows, "text").splitlines()[3]
    assert format_table(rows, "markdown").startswith("| sequence")


def test_programs_get_every_digit(rows: list[dict[str, object]]) -> None:
    assert json.loads(format_table(rows, "json")) == rows
    parsed = list(csv.DictReader(io.StringIO(format_table(rows, "csv"))))
    assert [float(row["MOTA"]) for row in parsed] == [row["MOTA"] for row in rows]


@pytest.mark.parametrize("style", STYLES)
def test_no_rows_is_still_a_table(style: str) -> None:
    assert isinstance(format_table([], style), str)


def test_unknown_style_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'markdown'"):
        format_table([], "latex")
