"""What is written is read: classes, scores and marks through every output and every reader."""

from __future__ import annotations

import codecs
import tempfile
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from trackers.io import ResultWriter, read_detections, read_mot, read_result, write_mot
from trackers.table import BoxTable

SUFFIXES = (".txt", ".csv", ".jsonl")


@st.composite
def tables(draw: st.DrawFn) -> BoxTable:
    """Boxes with one id on several frames, with classes or without."""
    frames = draw(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True))
    classes = draw(st.one_of(st.just(-1), st.integers(0, 80)))
    return BoxTable.from_rows(
        frame=sorted(frames),
        tracker_id=7,
        xywh=[[draw(st.integers(-20, 900)) / 2, 5, 10, draw(st.integers(1, 99)) / 4] for _ in frames],
        confidence=[draw(st.integers(1, 100)) / 100 for _ in frames],
        class_id=classes,
        interpolated=[draw(st.booleans()) for _ in frames],
    )


def as_frames(table: BoxTable) -> list[sv.Detections]:
    """What a tracker would have returned."""
    found = []
    for number in range(1, int(table.frame.max()) + 1):
        rows = table.rows(table.frame == number)
        found.append(
            sv.Detections(
                xyxy=rows.xyxy,
                confidence=rows.confidence,
                class_id=None if (table.class_id < 0).all() else rows.class_id,
                tracker_id=rows.tracker_id,
                data={"interpolated": rows.interpolated},
            )
        )
    return found


def same(one: BoxTable, other: BoxTable) -> None:
    for name, column in vars(one).items():
        if name != "visibility":
            np.testing.assert_allclose(getattr(other, name), column, atol=1e-4, err_msg=name)


def respelled(text: str, spelling: str) -> bytes:
    """The same text as other programs write it."""
    if spelling == "spaces":
        return text.replace(",", " ").encode()
    if spelling == "semicolons":
        return text.replace(",", ";").encode()
    if spelling == "UTF-16":
        return text.encode("utf-16")
    if spelling == "byte order mark":
        return codecs.BOM_UTF8 + text.encode()
    return text.replace("\n", "\r\n").encode() if spelling == "Windows" else (text.rstrip("\n") + "\n\n").encode()


SPELLINGS = [
    (suffix, spelling)
    for suffix in SUFFIXES
    for spelling in ("byte order mark", "UTF-16", "Windows", "empty line", "spaces", "semicolons")
    if (spelling != "spaces" or suffix == ".txt") and (spelling != "semicolons" or suffix == ".csv")
]


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl", ".TXT", ".CSV", ".JSONL"])
@settings(max_examples=15)
@given(table=tables())
def test_every_output_is_read_back(suffix: str, table: BoxTable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"result{suffix}")
        with ResultWriter(path) as writer:
            for number, frame in enumerate(as_frames(table), start=1):
                writer.write(number, frame)
        same(table, read_result(path)[0])


@settings(max_examples=15)
@given(table=tables())
def test_a_table_in_mot_text_is_read_back(table: BoxTable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_mot(Path(folder, "table.txt"), table)
        same(table, read_mot(Path(folder, "table.txt")))


@pytest.mark.parametrize(("suffix", "spelling"), SPELLINGS)
@settings(max_examples=5)
@given(table=tables())
def test_every_spelling_is_read(suffix: str, spelling: str, table: BoxTable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"result{suffix}")
        with ResultWriter(path) as writer:
            for number, frame in enumerate(as_frames(table), start=1):
                writer.write(number, frame)
        path.write_bytes(respelled(path.read_text(encoding="utf-8"), spelling))
        same(table, read_result(path)[0])
        if suffix != ".jsonl":
            found = read_detections(path)
            assert found.frame.tolist() == table.frame.tolist()
            np.testing.assert_allclose(found.xyxy, table.xyxy, atol=1e-4)


def test_places_in_space_are_no_classes(tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_text("1,1,0,0,9,9,1,2,5.5,0\n2,1,0,0,9,9,1,3,-1,0\n")
    assert read_mot(tmp_path / "gt.txt").class_id.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("frame,x1,y1,x2\n1,2,3,4\n", "has no column y2"),
        ("frame,tracker_id,x1,y1,x2,y2\n1,7,0,0,5,nan\n", "line 2: .* finite"),
        ("frame,tracker_id,x1,y1,x2,y2\n0,7,0,0,5,9\n", "line 2: .* count from 1"),
        ("frame,tracker_id,x1,y1,x2,y2\n1,7,0,0,5,9\n900,7,0,0,5,9\n", "line 3: .* 5 frames only"),
        ("frame,tracker_id,x1,y1,x2,y2\n1,seven,0,0,5,9\n", "line 2: .*seven"),
        ("frame,tracker_id,x1,y1,x2,y2\n1,7,0,0\n", "line 2"),
    ],
)
def test_csv_that_cannot_be_right(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "result.csv").write_text(content)
    with pytest.raises(ValueError, match=rf"result\.csv.*{message}"):
        read_result(tmp_path / "result.csv", last_frame=5)
