"""`trackers eval` reads what `trackers track` writes, scores classes, and says when there is nothing to score."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Said

pytest.importorskip("trackeval", reason="the extra `eval` is not installed")

Call = Callable[..., Said]

ROWS = "".join(f"{i},{n},{100 * n + i},20,40,100,1,{c},1\n" for i in range(1, 9) for n, c in ((1, 1), (2, 3), (3, 3)))
HEADER = "frame,tracker_id,x1,y1,x2,y2,confidence,class_id,class_name\n"


@pytest.mark.parametrize("suffix", ["txt", "csv", "jsonl"])
def test_eval_reads_what_track_writes(call: Call, sequences: Path, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "results").mkdir()
    for name in ("one", "two"):
        for ending in ("txt", suffix):
            place = "plain" if ending == "txt" else "results"
            (tmp_path / place).mkdir(exist_ok=True)
            out = f"{place}/{name}.{ending}"
            call("track", sequences / name, "--tracker", "sort", "--output", out, "--overwrite")
    found = "plain" if suffix == "txt" else "results"
    expected = json.loads(call("eval", sequences, "plain", "--style", "json").out)
    rows = json.loads(call("eval", sequences, found, "--style", "json").out)
    assert [row["sequence"] for row in rows] == ["one", "two", "COMBINED"]
    for row, other in zip(rows, expected, strict=True):
        assert row["HOTA"] == pytest.approx(other["HOTA"], abs=1e-4)
        assert row["HOTA"] > 0.2


@pytest.mark.parametrize("suffix", ["txt", "csv", "jsonl"])
def test_classes_go_from_the_detections_to_the_scores(call: Call, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "gt.txt").write_text(ROWS)
    (tmp_path / "det.txt").write_text("".join(f"{row},-1,{rest}\n" for row, rest in without_ids(ROWS)))
    said = call("track", "det.txt", "--tracker", "sort", "--output", f"out.{suffix}")
    assert said.code == 0, said.error
    rows = json.loads(call("eval", "gt.txt", f"out.{suffix}", "--style", "json").out)
    assert [row["sequence"] for row in rows] == ["gt", "COMBINED", "class 1", "class 3"]
    assert all(row["IDF1"] > 0.8 for row in rows)
    assert [row["TP"] + row["FN"] for row in rows] == [24, 24, 8, 16]


def without_ids(text: str) -> list[tuple[str, str]]:
    """Frame and what follows the id, of each row."""
    fields = [line.split(",", 2) for line in text.splitlines()]
    return [(frame, rest) for frame, _, rest in fields]


def test_a_wrong_class_costs_its_class_alone(call: Call, tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_text(ROWS)
    (tmp_path / "out.txt").write_text(ROWS.replace(",100,1,1,1\n", ",100,1,3,1\n", 4))
    rows = json.loads(call("eval", "gt.txt", "out.txt", "--style", "json").out)
    hota = {row["sequence"]: row["HOTA"] for row in rows}
    assert hota["COMBINED"] == 1.0
    assert hota["class 1"] < hota["class 3"] < 1.0


def test_results_without_classes_are_scored_as_one(call: Call, tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_text(ROWS)
    (tmp_path / "out.txt").write_text("".join(f"{line.rsplit(',', 2)[0]},-1,-1,-1\n" for line in ROWS.splitlines()))
    rows = json.loads(call("eval", "gt.txt", "out.txt", "--style", "json").out)
    assert [row["sequence"] for row in rows] == ["gt", "COMBINED"]


def test_classes_that_have_nothing_in_common(call: Call, tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_text(ROWS)
    (tmp_path / "out.csv").write_text(HEADER + "1,1,100,20,140,120,0.9,0,person\n")
    said = call("eval", "gt.txt", "out.csv")
    assert said.code == 2
    assert "classes 1, 3 and the result 0: none in common" in said.error


@pytest.mark.parametrize(
    ("truth", "options"),
    [
        ("", ()),
        (ROWS.replace(",100,1,", ",100,0,"), ()),
        (ROWS.replace(",1,1\n", ",3,1\n"), ("--distractors", "mot17")),
    ],
)
def test_nothing_is_left_of_the_truth(call: Call, tmp_path: Path, truth: str, options: tuple[str, ...]) -> None:
    (tmp_path / "gt.txt").write_text(truth)
    (tmp_path / "out.txt").write_text(ROWS)
    said = call("eval", "gt.txt", "out.txt", *options)
    assert (said.code, said.out) == (2, "")
    assert "nothing is left of the truth" in said.error
    assert len(said.error.splitlines()) == 1
