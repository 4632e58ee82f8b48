"""`trackers`, `eval`, `embed` and `benchmark` from the outside."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import trackers
from tests.cli.conftest import FRAMES, Said
from trackers.cli.main import COMMANDS
from trackers.io import read_detections

pytest.importorskip("trackeval", reason="the extra `eval` is not installed")

Call = Callable[..., Said]


def test_the_overview_names_every_command(call: Call) -> None:
    for arguments in ([], ["--help"]):
        said = call(*arguments)
        assert said.code == 0
        for command in COMMANDS:
            assert f"\n  {command} " in said.out


def test_the_version(call: Call) -> None:
    assert call("--version").out == f"deepsort-trackers {trackers.__version__}\n"


def test_the_module_runs() -> None:
    done = subprocess.run([sys.executable, "-m", "trackers"], capture_output=True, text=True, check=True)
    assert "usage: trackers COMMAND" in done.stdout


@pytest.fixture
def results(call: Call, sequences: Path, tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    for name in ("one", "two"):
        assert call("track", sequences / name, "--output", f"results/{name}.txt").code == 0
    return tmp_path / "results"


def test_eval_in_every_style(call: Call, sequences: Path, results: Path) -> None:
    rows = json.loads(call("eval", sequences, results, "--style", "json").out)
    assert [row["sequence"] for row in rows] == ["one", "two", "COMBINED"]
    assert 0.3 < rows[-1]["HOTA"] <= 1
    table = list(csv.DictReader(io.StringIO(call("eval", sequences, results, "--style", "csv").out)))
    assert [float(row["IDF1"]) for row in table] == [row["IDF1"] for row in rows]
    for style in ("text", "markdown"):
        assert f"{100 * rows[-1]['HOTA']:.1f}" in call("eval", sequences, results, "--style", style).out


def test_eval_of_the_truth_itself(call: Call, sequence: Path) -> None:
    rows = json.loads(call("eval", sequence, sequence / "gt" / "gt.txt", "--style", "json").out)
    assert (rows[0]["HOTA"], rows[0]["MOTA"], rows[0]["IDF1"], rows[0]["IDSW"]) == (1, 1, 1, 0)


def test_embed_keeps_boxes_and_vectors(call: Call, sequence: Path, tmp_path: Path) -> None:
    said = call("embed", sequence, "boxes.npz", "--extractor", "stripes")
    assert said.code == 0, said.error
    table = read_detections(tmp_path / "boxes.npz")
    plain = read_detections(sequence / "det" / "det.txt")
    assert len(table) == FRAMES
    assert np.array_equal(table.xyxy, plain.xyxy)
    assert table.data["embedding"].shape[0] == len(plain.frame)
    direct = call("track", sequence, "--extractor", "stripes", "--output", "direct.txt")
    stored = call(
        "track",
        sequence,
        "--detections",
        "boxes.npz",
        "--output",
        "stored.txt",
        "--tracker.appearance_threshold",
        _threshold(),
    )
    assert (direct.code, stored.code) == (0, 0)
    assert (tmp_path / "direct.txt").read_text() == (tmp_path / "stored.txt").read_text()


def _threshold() -> float:
    from trackers.appearance.stripes import StripeFeatureExtractor

    return StripeFeatureExtractor().appearance_threshold or 0.2


def test_embed_leaves_nothing_behind_when_it_fails(call: Call, sequence: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(sequence, folder)
    (folder / "img1" / "000003.png").unlink()
    assert call("embed", folder, "boxes.npz", "--detections", sequence / "det" / "det.txt").code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_benchmark_writes_tables_and_a_picture(call: Call, sequences: Path, tmp_path: Path) -> None:
    outputs = ["table.md", "table.json", "table.csv", "chart.png", "chart.svg"]
    said = call(
        "benchmark",
        sequences,
        "--trackers",
        "sort",
        "--trackers",
        "deepsort",
        "--extractors",
        "stripes",
        "--workers",
        "1",
        *(word for name in outputs for word in ("--output", name)),
    )
    assert said.code == 0, said.error
    rows = json.loads((tmp_path / "table.json").read_text())
    assert {(row["tracker"], row["extractor"]) for row in rows} == {("sort", "-"), ("deepsort", "stripes")}
    assert all(row["sequence"] == "COMBINED" and row["FPS"] > 0 for row in rows)
    assert rows[0]["HOTA"] >= rows[1]["HOTA"]
    assert (tmp_path / "table.md").read_text().startswith("| tracker")
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.size[0] > 500
    assert "<svg" in (tmp_path / "chart.svg").read_text()


def test_benchmark_agrees_with_track_and_eval(call: Call, sequences: Path, results: Path) -> None:
    evaluated = json.loads(call("eval", sequences, results, "--style", "json").out)
    said = call("benchmark", sequences, "--trackers", "deepsort", "--sequences", "--style", "json", "--workers", "1")
    benchmarked = json.loads(said.out)
    assert [row["sequence"] for row in benchmarked] == ["one", "two", "COMBINED"]
    for one, other in zip(evaluated, benchmarked, strict=True):
        assert one["HOTA"] == pytest.approx(other["HOTA"], abs=2e-4)
        assert one["IDSW"] == other["IDSW"]


def test_benchmark_in_processes_gives_the_same(call: Call, sequences: Path) -> None:
    options = ("--trackers", "sort", "--style", "json")
    alone, parallel = (
        json.loads(call("benchmark", sequences, *options, "--workers", processes).out) for processes in (1, 2)
    )
    for row in (*alone, *parallel):
        row.pop("FPS")
    assert alone == parallel


def test_benchmark_of_tuned_parameters(call: Call, sequences: Path, tmp_path: Path) -> None:
    (tmp_path / "patient.yaml").write_text("tracker:\n  name: sort\n  lost_track_buffer: 90\n")
    said = call("benchmark", sequences, "--trackers", "patient.yaml", "--style", "json", "--workers", "1")
    assert [row["tracker"] for row in json.loads(said.out)] == ["patient"]
    (tmp_path / "wrong.yaml").write_text("tracker:\n  name: sort\n  lost_track_bufer: 90\n")
    said = call("benchmark", sequences, "--trackers", "wrong.yaml", "--workers", "1")
    assert said.code == 2
    assert "lost_track_buffer" in said.error


@pytest.mark.data
def test_benchmark_reaches_the_known_figures(call: Call, data_dir: Path) -> None:
    """They were measured with one buffer of 30 frames on all sequences, whatever their rate."""
    Path("known.yaml").write_text("tracker:\n  name: deepsort\n  frame_rate: 30.0\n")
    said = call(
        "benchmark",
        data_dir / "data" / "mot",
        "--trackers",
        "known.yaml",
        "--extractors",
        "stored:osnet",
        "--detections",
        f"{data_dir}/golden/{{name}}/detections.npz",
        "--confidence",
        "0.3",
        "--style",
        "json",
        "--workers",
        "1",
    )
    (row,) = json.loads(said.out)
    assert round(100 * row["HOTA"], 1) == 53.7
    assert round(100 * row["IDF1"], 1) == 65.3
    assert row["IDSW"] == 114


def test_tune_writes_what_track_and_benchmark_read(call: Call, sequences: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="the extra `tune` is not installed")
    options = ("--tracker", "sort", "--trials", "2", "--workers", "1", "--ranges", "{lost_track_buffer: [5, 40]}")
    said = call("tune", sequences, "best.yaml", *options)
    assert said.code == 0, said.error
    assert "with the defaults" in said.out
    assert call("track", sequences / "one", "--config", "best.yaml", "--output", "best.txt").code == 0
    table = call("benchmark", sequences, "--trackers", "best.yaml", "--style", "json", "--workers", "1")
    reached = json.loads(table.out)[0]["HOTA"]
    assert f"HOTA {100 * reached:.1f}" in said.out
    assert call("tune", sequences, "best.yaml", *options).code == 2
    assert "after 4 trials" in call("tune", sequences, "best.yaml", *options, "--overwrite").out


def test_download_shows_the_licence_first(call: Call, tmp_path: Path) -> None:
    assert "mot17-labels" in call("download", "list").out
    said = call("download", "mot17")
    assert "CC BY-NC-SA" in said.out
    assert "--agree" in said.out
    assert list(tmp_path.iterdir()) == []
    assert "did you mean mot17" in call("download", "mot18").error


def test_completion_in_bash(call: Call, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    (tmp_path / "complete.sh").write_text(call("completion", "bash").out)
    ask = (
        "source complete.sh; COMP_WORDS=(trackers ben); COMP_CWORD=1; _shtab_trackers trackers ben trackers; "
        'echo "${COMPREPLY[@]}"; COMP_WORDS=(trackers track --tracker.lost); COMP_CWORD=2; '
        '_shtab_trackers trackers --tracker.lost track; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run([bash, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["benchmark", "--tracker.lost_track_buffer"]
