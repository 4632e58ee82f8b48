"""Whatever is wrong with the input: one line that says what and how to mend it, exit code 2, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Said, make_sequence

Call = Callable[..., Said]


def refused(said: Said, *parts: str) -> None:
    """Check the exit code, and that the only thing said is one line with these parts."""
    assert said.code == 2
    assert said.out == ""
    assert len(said.error.splitlines()) == 1
    assert said.error.startswith("trackers: ")
    for part in parts:
        assert part in said.error, said.error


def test_missing_video(call: Call, tmp_path: Path) -> None:
    refused(call("track", "no.mp4", "--output", "out.txt"), "no.mp4", "no such")
    assert list(tmp_path.iterdir()) == []


def test_unreadable_video(call: Call, tmp_path: Path, sequence: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    said = call("track", "text.mp4", "--detections", sequence / "det" / "det.txt", "--output", "out.txt")
    refused(said, "text.mp4 cannot be opened as a video")
    assert not (tmp_path / "out.txt").exists()


def test_zero_frames(call: Call, tmp_path: Path, sequence: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for content in (None, b""):
        if content is not None:
            (tmp_path / "pictures" / "1.png").write_bytes(content)
        said = call("track", "pictures", "--detections", sequence / "det" / "det.txt", "--output", "out.txt")
        refused(said, "pictures has no")
        assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,1,2,3\n", "line 1: 4 columns; MOT text has 6 to 10"),
        ("1,1,2,3,4,5,1\n1,2,3,4,five,5,1\n", "line 2: 'five' is not a number"),
        ("0,1,2,3,4,5,1\n", "line 1: frame numbers are whole and start at 1"),
        ("1,1,2,3,4,5,1\n2,1,2,3,4,5,1\n1,1,9,9,4,5,1\n", "line 3: an id may occur once per frame"),
        ("1,1,2,3,4,5,1\n400,1,2,3,4,5,1\n", "line 2: the sequence has 25 frames only, but got frame 400"),
    ],
)
def test_bad_rows_are_named_by_file_and_line(
    call: Call, tmp_path: Path, sequence: Path, rows: str, message: str
) -> None:
    (tmp_path / "one.txt").write_text(rows)
    refused(call("eval", sequence, "one.txt"), "one.txt", message)


def test_bad_detections_are_named_by_file_and_line(call: Call, tmp_path: Path, sequence: Path) -> None:
    (tmp_path / "det.txt").write_text("1,-1,2,3,4,5,1\n1,-1,2\n")
    said = call("track", sequence, "--detections", "det.txt", "--output", "out.txt")
    refused(said, "det.txt, line 2: 3 columns")
    assert not (tmp_path / "out.txt").exists()


def test_image_numbers_that_jump(call: Call, tmp_path: Path) -> None:
    folder = make_sequence(tmp_path / "seq")
    (folder / "img1" / "000007.png").unlink()
    refused(call("track", folder, "--output", "out.txt"), "image 7 is missing", "jumps from 6 to 8")
    assert not (tmp_path / "out.txt").exists()


def test_detections_beyond_the_last_frame(call: Call, tmp_path: Path, sequence: Path) -> None:
    (tmp_path / "det.txt").write_text("1,-1,2,3,4,5,1\n900,-1,2,3,4,5,1\n")
    refused(call("track", sequence, "--detections", "det.txt"), "det.txt", "900", "25")


def test_detections_where_tracks_are_expected(call: Call, sequence: Path) -> None:
    refused(call("eval", sequence, sequence / "det" / "det.txt"), "without an id", "are these detections?")


def test_mismatched_sequence_names(call: Call, tmp_path: Path, sequences: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "onee.txt").write_text("1,1,2,3,4,5,1\n")
    refused(call("eval", sequences, "results"), "no result one.txt", "did you mean onee?")


def test_unknown_names_list_close_matches(call: Call, sequence: Path) -> None:
    refused(call("trak"), "unknown command 'trak'", "did you mean track?")
    refused(call("track", sequence, "--tracker", "depsort"), "'depsort'", "did you mean 'deepsort'")
    refused(call("track", sequence, "--extractor", "strips"), "'strips'", "did you mean 'stripes'")
    refused(call("track", sequence, "--tracker.lost_track_bufer", "3"), "did you mean --tracker.lost_track_buffer?")
    refused(call("track", sequence, "--draw.annotators", "boxx", "--output", "a.mp4"), "did you mean box?")
    refused(call("eval", sequence, sequence, "--style", "marcdown"), "markdown")


@pytest.mark.parametrize(
    "content",
    ["tracker:\n  name: sort\n  lost_track_bufer: 3\n", "tracker:\n  name: depsort\n", "a: [", "nonsense: 3\n"],
)
def test_bad_configuration_files(call: Call, tmp_path: Path, sequence: Path, content: str) -> None:
    (tmp_path / "run.yaml").write_text(content)
    refused(call("track", sequence, "--config", "run.yaml"))


def test_parameters_of_the_wrong_type_or_size(call: Call, sequence: Path) -> None:
    refused(call("track", sequence, "--tracker.lost_track_buffer", "many"), "tracker.lost_track_buffer", "many")
    refused(call("track", sequence, "--tracker.minimum_iou_threshold", "7"), "minimum_iou_threshold", "between")
    refused(call("track", sequence, "--tracker", "sort", "--extractor", "stripes"), "sort uses no appearance")


def test_files_that_exist_are_kept(call: Call, tmp_path: Path, sequence: Path) -> None:
    for name in ("out.txt", "out.mp4"):
        (tmp_path / name).write_text("old")
        refused(call("track", sequence, "--output", name), name, "exists", "--overwrite")
        assert (tmp_path / name).read_text() == "old"
    assert call("track", sequence, "--output", "out.txt", "--overwrite").code == 0
    assert (tmp_path / "out.txt").read_text() != "old"


def test_folders_that_do_not_exist_and_unknown_endings(call: Call, sequence: Path) -> None:
    refused(call("track", sequence, "--output", "nowhere/out.txt"), "nowhere", "no such folder")
    refused(call("track", sequence, "--output", "out.docx"), "out.docx", ".mp4", ".txt")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder nobody may write to, such as /sys")
def test_no_permission_to_write(call: Call, sequence: Path) -> None:
    refused(call("track", sequence, "--output", "/sys/kernel/out.txt"), "/sys/kernel/out.txt", "ermi")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk(call: Call, tmp_path: Path, sequence: Path) -> None:
    (tmp_path / "out.txt").symlink_to("/dev/full")
    refused(call("track", sequence, "--output", "out.txt", "--overwrite"), "out.txt", "No space left on device")


def test_no_display_for_a_preview(call: Call, tmp_path: Path, sequence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    if sys.platform in ("win32", "darwin"):
        pytest.skip("there is always a display here")
    refused(call("track", sequence, "--preview", "--output", "out.txt"), "no display for a preview", "leave out")
    assert not (tmp_path / "out.txt").exists()


def test_no_source_of_detections(call: Call, tmp_path: Path, sequence: Path) -> None:
    refused(call("track", sequence / "img1"), "say where the detections", "yolo11n.pt")


def test_a_missing_extra_is_named(call: Call, sequence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonargparse", None)
    refused(call("track", sequence), "jsonargparse is not installed", 'pip install av "jsonargparse[signatures,shtab]"')


def test_the_program_itself_ends_with_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trackers", "track", "no.mp4"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("trackers: ")  # supervision may speak before, of a missing OpenCV
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["track", "eval", "embed", "tune", "report", "benchmark", "replay", "deep-sort"])
def test_a_bare_command_says_what_is_missing(call: Call, command: str) -> None:
    said = call(command)
    assert said.code == 2
    assert "required" in said.error
