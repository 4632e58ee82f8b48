"""Outputs never touch inputs, whatever they are called by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from trackers.pipeline.outputs import check_outputs

SUFFIXES = (".txt", ".mp4", ".png", ".ini")


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    folder = tmp_path / "seq"
    for name in ("img1", "gt", "det"):
        (folder / name).mkdir(parents=True)
    Pillow.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "img1" / "000001.png")
    for name in ("seqinfo.ini", "gt/gt.txt", "det/det.txt"):
        (folder / name).write_text("[Sequence]\n")
    return folder


@pytest.mark.parametrize("by", ["its name", "a link", "a hard link", "a way around"])
@pytest.mark.parametrize("name", ["seqinfo.ini", "gt/gt.txt", "det/det.txt", "img1/000001.png"])
@pytest.mark.parametrize("source", [".", "itself"])
def test_an_output_that_is_an_input_is_refused(sequence: Path, name: str, by: str, source: str) -> None:
    path = sequence / name
    output = sequence.parent / f"link{path.suffix}"
    if by == "its name":
        output = path
    elif by == "a link":
        output.symlink_to(path)
    elif by == "a hard link":
        output.hardlink_to(path)
    else:
        output = sequence / "img1" / ".." / name
    read = sequence if source == "." else path
    with pytest.raises(ValueError, match="is read in this run"):
        check_outputs([output], SUFFIXES, overwrite=True, inputs=[read])


def test_an_older_output_beside_the_frames_may_be_replaced(sequence: Path) -> None:
    (sequence / "out.txt").write_text("")
    check_outputs([sequence / "out.txt", sequence / "new.mp4"], SUFFIXES, overwrite=True, inputs=[sequence, None, "0"])


def test_one_file_twice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="named twice"):
        check_outputs([tmp_path / "a.txt", tmp_path / "a.txt"], SUFFIXES, overwrite=False)


def test_endings_in_capitals(tmp_path: Path) -> None:
    check_outputs([tmp_path / "A.TXT", tmp_path / "B.Mp4"], SUFFIXES, overwrite=False)


@pytest.mark.parametrize("source", ["file://{}", "FILE://{}", "{}/clip.*", "{}/c*p.mp4", "-"])
def test_a_source_by_another_name_is_not_overwritten(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_text("")
    if source == "-":
        if not Path("/dev/stdin").exists():
            pytest.skip("standard input has no name here")
        monkeypatch.setattr("trackers.pipeline.outputs.STANDARD_INPUT_PATH", clip)
    named = source.format(clip if "://" in source else tmp_path)
    with pytest.raises(ValueError, match="is read in this run"):
        check_outputs([clip], SUFFIXES, overwrite=True, inputs=[named])


def test_labels_are_not_overwritten(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "run" / "labels"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "000001.txt").write_text("0 0.5 0.5 0.1 0.1\n")
        read = folder.parent if folder.name == "labels" else folder
        with pytest.raises(ValueError, match="is read in this run"):
            check_outputs([folder / "000001.txt"], SUFFIXES, overwrite=True, inputs=[read])


@pytest.mark.parametrize("other", ["A.txt", "./a.txt", "../{}/a.txt", "link.txt"])
def test_two_names_of_one_output(tmp_path: Path, other: str) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    with pytest.raises(ValueError, match="named twice"):
        check_outputs([tmp_path / "a.txt", tmp_path / other.format(tmp_path.name)], SUFFIXES, overwrite=True)
