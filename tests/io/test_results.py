"""Results written frame by frame."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
import supervision as sv

from trackers.io import ResultWriter, read_mot


def output(*ids: int) -> sv.Detections:
    n = len(ids)
    return sv.Detections(
        xyxy=np.array([[i, 10, i + 5, 30] for i in range(n)], dtype=np.float32).reshape(-1, 4),
        confidence=np.full(n, 0.5, np.float32),
        class_id=np.zeros(n, int),
        tracker_id=np.array(ids, dtype=np.int64),
        data={"class_name": np.array(["person"] * n)},
    )


def test_mot_text_leaves_out_rows_without_a_track(tmp_path: Path) -> None:
    with ResultWriter(tmp_path / "out.txt") as writer:
        writer.write(1, output())
        writer.write(2, output(3, -1, 4))
    rows = read_mot(tmp_path / "out.txt")
    assert rows.frame.tolist() == [2, 2]
    assert rows.tracker_id.tolist() == [3, 4]
    assert rows.xywh.tolist() == [[0, 10, 5, 20], [2, 10, 5, 20]]


def test_csv_and_json_lines_hold_the_same(tmp_path: Path) -> None:
    for name in ("out.csv", "out.jsonl"):
        with ResultWriter(tmp_path / name) as writer:
            writer.write(7, output(3, -1))
    with (tmp_path / "out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["frame"], row["tracker_id"], row["x2"], row["class_name"]) == ("7", "3", "5.0", "person")
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "frame": 7,
        "tracker_id": 3,
        "xyxy": [0.0, 10.0, 5.0, 30.0],
        "confidence": 0.5,
        "class_id": 0,
        "class_name": "person",
    }


@pytest.mark.parametrize("name", ["out.txt", "out.csv", "out.jsonl"])
def test_a_frame_is_in_the_file_before_the_next_one(tmp_path: Path, name: str) -> None:
    writer = ResultWriter(tmp_path / name)
    for number in range(1, 4):
        writer.write(number, output(number))
        lines = (tmp_path / name).read_text().splitlines()
        assert len(lines) == number + (name == "out.csv")
    writer.close()


def test_detections_without_classes_or_scores(tmp_path: Path) -> None:
    bare = sv.Detections(xyxy=np.array([[0.0, 0.0, 1.0, 1.0]]), tracker_id=np.array([1]))
    with ResultWriter(tmp_path / "out.txt") as writer:
        writer.write(1, bare)
    assert (tmp_path / "out.txt").read_text() == "1,1,0,0,1,1,1,-1,-1,-1\n"


def test_an_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("old")
    with pytest.raises(FileExistsError):
        ResultWriter(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "old"
    with ResultWriter(tmp_path / "out.txt", overwrite=True) as writer:
        writer.write(1, output(1))
    assert (tmp_path / "out.txt").read_text().startswith("1,1,")


def test_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.txt, \.csv, \.jsonl"):
        ResultWriter(tmp_path / "out.xml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "full.txt").symlink_to("/dev/full")
    writer = ResultWriter(tmp_path / "full.txt", overwrite=True)
    with pytest.raises(OSError, match=r"No space left on device.*full\.txt"):
        writer.write(1, output(1))
    writer.close()


def test_a_frame_that_does_not_fit_is_taken_back(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits on file size are a Unix matter")
    if (child := os.fork()) == 0:  # a child of its own: the limit cannot be raised again
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        writer = ResultWriter(tmp_path / "out.txt")
        try:
            for number in range(1, 100):
                writer.write(number, output(1))
        except OSError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    text = (tmp_path / "out.txt").read_text()
    assert 0 < len(text) <= 100
    assert text.endswith("-1\n")
    assert len(read_mot(tmp_path / "out.txt")) == len(text.splitlines())
