"""`trackers refine` and `trackers track --refine`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from numpy.testing import assert_array_equal

from tests.cli.conftest import FRAMES, Said
from trackers import refine
from trackers.io import ResultWriter, open_source, read_mot, read_result
from trackers.io.mot import write_mot
from trackers.io.result_reader import read_rows
from trackers.table import BoxTable

Call = Callable[..., Said]


@pytest.fixture
def result(tmp_path: Path) -> BoxTable:
    """One track with a gap of ten frames, written to `result.txt`."""
    frames = [*range(1, 31), *range(41, 71)]
    table = BoxTable.from_rows(frame=frames, tracker_id=3, xywh=[[n, 5, 20, 40] for n in frames])
    write_mot(tmp_path / "result.txt", table)
    return table


def test_a_result_is_refined(call: Call, result: BoxTable, tmp_path: Path) -> None:
    said = call("refine", "result.txt", "--output", "better.txt")
    assert said.code == 0, said.error
    assert "70 boxes, 10 of them interpolated" in said.out
    better, expected = read_mot(tmp_path / "better.txt"), refine(result)
    assert_array_equal(better.interpolated, expected.interpolated)
    np.testing.assert_allclose(better.xywh, expected.xywh, atol=1e-3)


def test_options_arrive(call: Call, result: BoxTable, tmp_path: Path) -> None:
    options = ("--longest-gap", "0", "--smooth", "false", "--frame-rate", "25")
    assert call("refine", "result.txt", "--output", "same.txt", *options).code == 0
    assert (tmp_path / "same.txt").read_text() == (tmp_path / "result.txt").read_text()


@pytest.mark.parametrize("name", ["result.csv", "result.jsonl"])
def test_classes_and_their_names_are_kept(call: Call, tmp_path: Path, name: str) -> None:
    with ResultWriter(tmp_path / name) as writer:
        for number in range(1, 31):
            writer.write(
                number,
                sv.Detections(
                    np.array([[number, 5.0, number + 20, 45.0]] if number not in (14, 15) else np.empty((0, 4))),
                    class_id=np.full(int(number not in (14, 15)), 2),
                    tracker_id=np.full(int(number not in (14, 15)), 3),
                    data={"class_name": np.full(int(number not in (14, 15)), "car")},
                ),
            )
    said = call("refine", name, "--output", f"better{Path(name).suffix}")
    assert said.code == 0, said.error
    rows = read_rows(tmp_path / f"better{Path(name).suffix}")
    assert {(row.class_id, row.class_name) for row in rows} == {(2, "car")}
    assert sum(row.interpolated for row in rows) == 2


def test_unsure_tracks_are_left_out(call: Call, tmp_path: Path) -> None:
    frames = list(range(1, 31))
    boxes = [[n, 5, 20, 40] for n in frames] + [[n, 205, 20, 40] for n in frames]
    confidence = np.repeat([0.9, 0.3], len(frames))
    table = BoxTable.from_rows(
        frame=frames * 2, tracker_id=np.repeat([3, 4], len(frames)), xywh=boxes, confidence=confidence
    )
    write_mot(tmp_path / "result.txt", table)
    said = call("refine", "result.txt", "--output", "better.txt")
    assert "30 boxes, 0 of them interpolated; 30 boxes of unsure tracks left out" in said.out
    assert set(read_mot(tmp_path / "better.txt").tracker_id.tolist()) == {3}
    assert call("refine", "result.txt", "--output", "all.txt", "--relative-confidence", "0").code == 0
    assert set(read_mot(tmp_path / "all.txt").tracker_id.tolist()) == {3, 4}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("absent.txt", "--output", "better.txt"), "no such file"),
        (("result.txt", "--output", "result.txt"), "result.txt is read in this run"),
        (("result.txt", "--output", "better.mp4"), "ending"),
        (("result.txt", "--output", "better.txt", "--frame-rate", "0"), "frame_rate"),
        (("result.txt", "--output", "better.txt", "--relative-confidence", "2"), "relative_confidence"),
    ],
)
@pytest.mark.usefixtures("result")
def test_bad_input_is_one_line(call: Call, arguments: tuple[str, ...], message: str) -> None:
    said = call("refine", *arguments)
    assert said.code == 2
    assert message in said.error
    assert len(said.error.splitlines()) == 1


def test_tracks_are_refined_in_the_same_run(call: Call, sequence: Path, tmp_path: Path) -> None:
    outputs = ("--output", "better.txt", "--output", "better.jsonl", "--output", "better.mp4")
    assert call("track", sequence, "--tracker", "sort", "--output", "online.txt").code == 0
    said = call("track", sequence, "--tracker", "sort", "--refine", "--explain", *outputs)
    assert said.code == 0, said.error
    online, better = read_mot(tmp_path / "online.txt"), read_mot(tmp_path / "better.txt")
    assert len(better) > len(online)
    assert set(better.tracker_id.tolist()) == set(online.tracker_id.tolist())
    assert better.frame[0] < online.frame[0]
    table, reasons = read_result(tmp_path / "better.jsonl")
    assert_array_equal(table.interpolated, better.interpolated)
    assert reasons
    assert sum(1 for _ in open_source(tmp_path / "better.mp4")) == FRAMES
    assert said.out.startswith(f"{FRAMES} frames")


def test_a_stream_is_not_refined(call: Call) -> None:
    said = call("track", "rtsp://nowhere/stream", "--detections", "sample", "--refine")
    assert said.code == 2
    assert "FixedLag" in said.error


def test_eval_can_leave_filled_boxes_out(call: Call, result: BoxTable, tmp_path: Path) -> None:
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    assert call("refine", "result.txt", "--output", "better.txt", "--smooth", "false").code == 0
    counted = []
    for options in ((), ("--skip-interpolated",)):
        said = call("eval", "result.txt", "better.txt", "--style", "json", *options)
        assert said.code == 0, said.error
        counted.append(json.loads(said.out)[0])
    assert [one["FP"] for one in counted] == [10, 0]
    assert [one["TP"] for one in counted] == [len(result)] * 2


def test_the_report_marks_filled_boxes(call: Call, result: BoxTable, tmp_path: Path) -> None:
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    assert call("refine", "result.txt", "--output", "better.txt").code == 0
    assert call("report", "better.txt", "report.html").code == 0
    page = (tmp_path / "report.html").read_text()
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    (track,) = data["tracks"]
    assert track["gaps"] == track["interpolated"] == [[31, 40]]
    assert track["frames"] == list(range(1, 71))
    assert sum(data["counts"]) == len(result)
