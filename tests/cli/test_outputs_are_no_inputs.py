"""Every command refuses an output that it reads, by whatever name, and leaves all files as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Said, make_sequence

Call = Callable[..., Said]

COMMANDS: dict[str, tuple[str, str, str]] = {
    "track": ("track data/one --overwrite --tracker sort --output {}", "data/one/det/det.txt", ".txt"),
    "track with --config": ("track data/one --config set.yaml --overwrite --output {}", "set.yaml", ".txt"),
    "embed": ("embed data/one {} --detections boxes.npz --extractor stripes --overwrite", "boxes.npz", ".npz"),
    "adapt": ("adapt boxes.npz --output {} --overwrite", "boxes.npz", ".npz"),
    "benchmark": ("benchmark data --trackers sort --workers 1 --overwrite --output {}", "data/one/gt/gt.txt", ".txt"),
    "tune": ("tune data {} --tracker set.yaml --trials 1 --workers 1 --overwrite", "set.yaml", ".yaml"),
    "refine": ("refine data/one/gt/gt.txt --output {} --overwrite", "data/one/gt/gt.txt", ".txt"),
    "report": ("report page.html {} --overwrite", "page.html", ".html"),
    "deep-sort": ("deep-sort data/one {} --overwrite", "data/one/det/det.txt", ".txt"),
    "deep-sort-embed": (
        "deep-sort-embed data/one {} --extractor stripes --detections rows.npy --overwrite",
        "rows.npy",
        ".npy",
    ),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_sequence(tmp_path / "data" / "one")
    for name, text in (
        ("set.yaml", "tracker:\n  name: sort\n"),
        ("boxes.npz", "x"),
        ("rows.npy", "x"),
        ("page.html", "x"),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("by", ["name", "symlink", "hard link"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_is_read_is_refused(call: Call, data: Path, command: str, by: str) -> None:
    line, read, suffix = COMMANDS[command]
    output = data / read
    if by != "name" or output.suffix != suffix:
        output = data / f"link{suffix}"
        if by == "hard link":
            output.hardlink_to(data / read)
        else:
            output.symlink_to(data / read)
    before = contents(data)
    said = call(*[str(output) if word == "{}" else word for word in line.split()])
    assert said.code == 2, said
    assert said.out == ""
    assert "is read in this run" in said.error
    assert len(said.error.splitlines()) == 1
    assert contents(data) == before


def test_cameras_are_not_overwritten(call: Call, data: Path) -> None:
    found = data / "out"
    found.mkdir()
    (found / "door.txt").symlink_to(data / "data" / "one" / "det" / "det.txt")
    (data / "plan.yaml").write_text("cameras:\n  door: data/one\n")
    before = contents(data)
    said = call("multicam", "plan.yaml", "out", "--tracker", "sort", "--extractor", "none", "--overwrite")
    assert (said.code, said.out) == (2, "")
    assert "is read in this run" in said.error
    assert contents(data) == before


def test_a_journal_that_is_none_is_kept(call: Call, data: Path) -> None:
    pytest.importorskip("optuna", reason="the extra `tune` is not installed")
    (data / "best.journal").write_text("my diary\n")
    said = call("tune", "data", "best.yaml", "--tracker", "sort", "--trials", "1", "--workers", "1")
    assert said.code == 2
    assert "best.journal exists and is no journal of trials" in said.error
    assert (data / "best.journal").read_text() == "my diary\n"
    (data / "best.journal").unlink()
    (data / "best.journal").symlink_to(data / "data" / "one" / "gt" / "gt.txt")
    before = contents(data)
    assert "is read in this run" in call("tune", "data", "best.yaml", "--tracker", "sort", "--workers", "1").error
    assert contents(data) == before


@pytest.mark.parametrize("kind", ["result", "summary"])
def test_detections_of_many_videos_are_not_overwritten(call: Call, data: Path, kind: str) -> None:
    (data / "found").mkdir()
    found = data / "found" / ("one.txt" if kind == "result" else "summary.json")
    found.write_text((data / "data" / "one" / "det" / "det.txt").read_text() if kind == "result" else "[]")
    before = contents(data)
    options = ["--tracker", "sort", "--workers", "1", "--output-dir", "found", "--overwrite"]
    detections = ["--detections", "found/{name}.txt"] if kind == "result" else []
    said = call("track", "data", *options, *detections)
    assert said.code == 2
    assert ("is read in this run" if kind == "result" else "is no summary of an earlier run") in said.error
    assert contents(data) == before


def test_an_empty_truth_is_said(call: Call, data: Path) -> None:
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    pytest.importorskip("optuna", reason="the extra `tune` is not installed")
    truth = data / "data" / "one" / "gt" / "gt.txt"
    result = data / "result.txt"
    result.write_text(truth.read_text())
    for rows in ("", "".join(f"{','.join(line.split(',')[:6])},0,1,1\n" for line in truth.read_text().splitlines())):
        truth.write_text(rows)
        for words in (
            ["eval", truth, result],
            ["eval", truth, result, "--cameras"],
            ["tune", "data", "best.yaml", "--tracker", "sort", "--trials", "1", "--workers", "1"],
            ["benchmark", "data", "--trackers", "sort", "--workers", "1"],
        ):
            said = call(*words)
            assert said.code == 2, words
            assert "nothing is left of the truth" in said.error
    assert not (data / "best.journal").exists()
    assert not (data / "best.yaml").exists()
