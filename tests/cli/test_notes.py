"""A run that did not do what was meant says so in a line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import FRAMES, Said

Call = Callable[..., Said]


def rows(first: int, last: int, score: float = 0.9) -> str:
    return "".join(f"{i},-1,{10 + i},20,40,60,{score},-1,-1,-1\n" for i in range(first, last + 1))


@pytest.mark.parametrize("tracker", ["sort", "deepsort", "bytetrack", "ocsort", "botsort", "steadysort"])
def test_scores_too_low_to_start_a_track(call: Call, tmp_path: Path, tracker: str) -> None:
    (tmp_path / "det.txt").write_text(rows(1, 9, 0.15))
    said = call("track", "det.txt", "--tracker", tracker, "--output", "out.txt")
    assert said.code == 0
    assert "no detection could start a track: the highest score is 0.15, and track_activation_threshold is" in said.out
    assert (
        "no detection"
        not in call("track", "det.txt", "--tracker", tracker, "--tracker.track_activation_threshold", 0).out
    )


def test_boxes_without_a_width(call: Call, tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text(rows(1, 9).replace(",40,60,", ",0,60,"))
    assert "none of 9 detections is a box" in call("track", "det.txt", "--output", "out.txt").out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--tracker sort --tracker.minimum_consecutive_frames 50", "minimum_consecutive_frames is 50"),
        ("--tracker.selection.minimum_confidence 7", "a selection leaves some out"),
    ],
)
def test_nobody_was_confirmed(call: Call, tmp_path: Path, options: str, said: str) -> None:
    (tmp_path / "det.txt").write_text(rows(1, 9))
    out = call("track", "det.txt", "--output", "out.txt", *options.split()).out
    assert "none of 9 detections became a track: " in out
    assert said in out


def test_no_detection_is_left(call: Call, tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text(rows(1, 9))
    assert "no detection to track" in call("track", "det.txt", "--confidence", "0.95").out


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (1, 3, "det.txt has detections of frames 1 to 3 only, and the source has 25 frames"),
        (20, 22, "det.txt has detections of frames 20 to 22 only, and the source has 25 frames"),
        (1, FRAMES, None),
        (4, 21, None),
    ],
)
def test_detections_of_another_range(
    call: Call, tmp_path: Path, sequence: Path, first: int, last: int, said: str | None
) -> None:
    (tmp_path / "det.txt").write_text(rows(first, last))
    out = call("track", sequence, "--detections", "det.txt", "--tracker", "sort").out
    assert (said in out) if said else ("detections of frames" not in out)


def test_detections_beyond_a_source_that_does_not_tell_its_length(call: Call, tmp_path: Path, sequence: Path) -> None:
    (tmp_path / "det.txt").write_text(rows(1, FRAMES + 5))
    out = call("track", sequence / "img1", "--detections", "det.txt", "--tracker", "sort").out
    assert f"up to frame {FRAMES + 5}, but the source ended with frame {FRAMES}: 5 of {FRAMES + 5} were not used" in out


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([0, 1, 2, 3], "are numbered 0 to 3; here they are frames 1 to 4 in that order"),
        ([1, 2, 4, 5], "are numbered 1 to 5, not all of them; here they are frames 1 to 4 in that order"),
        ([1, 2, 3, 4], None),
    ],
)
@pytest.mark.parametrize("source", ["images", "images/*.png", "images/%06d.png"])
def test_images_whose_numbers_are_not_their_frames(
    call: Call, tmp_path: Path, sequence: Path, numbers: list[int], said: str | None, source: str
) -> None:
    (tmp_path / "images").mkdir()
    for place, number in enumerate(numbers, start=1):
        shutil.copy(sequence / "img1" / f"{place:06d}.png", tmp_path / "images" / f"{number:06d}.png")
    (tmp_path / "det.txt").write_text(rows(1, 4))
    out = call("track", source, "--detections", "det.txt", "--tracker", "sort").out
    assert (said in out) if said else ("numbered" not in out)
