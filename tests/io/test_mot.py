"""MOT text in and out, and what is said about rows that cannot be right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackers.io.mot import mot_row, read_mot, write_mot
from trackers.table import BoxTable


def written(folder: Path, text: str) -> Path:
    path = folder / "rows.txt"
    path.write_text(text)
    return path


def test_rows_come_sorted_and_keep_their_order_within_a_frame(tmp_path: Path) -> None:
    rows = read_mot(written(tmp_path, "2,5,1,1,2,2,1\n1,9,3,3,2,2,1\n1,8,4,4,2,2,1\n"))
    assert rows.frame.tolist() == [1, 1, 2]
    assert rows.tracker_id.tolist() == [9, 8, 5]


@pytest.mark.parametrize(
    ("line", "class_id", "visibility"),
    [
        ("1,1,2,3,4,5", -1, 1.0),
        ("1,1,2,3,4,5,1", -1, 1.0),
        ("1,1,2,3,4,5,0,8", 8, 1.0),
        ("1,1,2,3,4,5,0,8,0.25", 8, 0.25),
        ("1,1,2,3,4,5,1,8,8,8", -1, 1.0),
        ("1 1 2 3 4 5 0 8 0.25", 8, 0.25),
    ],
)
def test_columns_after_the_seventh(tmp_path: Path, line: str, class_id: int, visibility: float) -> None:
    rows = read_mot(written(tmp_path, line + "\n"))
    assert (rows.class_id[0], rows.visibility[0]) == (class_id, visibility)
    assert rows.xywh[0].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_file_without_rows_is_an_empty_table(tmp_path: Path, text: str) -> None:
    assert len(read_mot(written(tmp_path, text))) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,1,2,3,4,5,1\n\n1,2,x,3,4,5,1\n", "line 3: 'x' is not a number"),
        ("1,1,2,3,4,5,1\n2,1,2,3,4,5\n", "line 2: 6 columns, but the first row has 7"),
        ("1,1,2,3\n", "line 1: 4 columns; MOT text has 6 to 10"),
        ("1,1,2,3,4,5,1,1,1,1,1\n", "line 1: 11 columns; MOT text has 6 to 10"),
        ("1,1,2,3,4,5,1\n0,1,2,3,4,5,1\n", "line 2: frame numbers are whole and start at 1, but got frame 0"),
        ("1.5,1,2,3,4,5,1\n", "line 1: frame numbers are whole"),
        ("1,1,2,3,nan,5,1\n", "line 1: numbers must be finite"),
        ("1,1.5,2,3,4,5,1\n", "line 1: ids are whole numbers"),
        ("2,1,2,3,4,5,1\n1,1,2,3,4,5,1\n2,1,2,3,9,5,1\n", "line 3: an id may occur once per frame"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read_mot(written(tmp_path, text))
    assert "rows.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_frame_beyond_the_sequence_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "1,1,2,3,4,5,1\n900,1,2,3,4,5,1\n")
    assert read_mot(path).frame.max() == 900
    with pytest.raises(ValueError, match=r"line 2: the sequence has 71 frames only, but got frame 900"):
        read_mot(path, last_frame=71)


def test_boxes_without_an_id_may_share_a_frame(tmp_path: Path) -> None:
    assert len(read_mot(written(tmp_path, "1,-1,2,3,4,5,1\n1,-1,2,3,4,5,1\n"))) == 2


def test_files_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(ValueError, match="is not a text file"):
        read_mot(tmp_path / "picture.txt")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_mot(tmp_path / "nothing.txt")


coordinates = st.floats(-1e5, 1e5, allow_nan=False).map(lambda value: round(value, 4))


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 50), st.tuples(*[coordinates] * 4), st.floats(0, 1).map(lambda v: round(v, 4))),
        max_size=20,
    )
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, tuple[float, ...], float]]
) -> None:
    path = tmp_path_factory.mktemp("mot") / "rows.txt"
    table = BoxTable.from_rows(
        frame=[row[0] for row in rows],
        tracker_id=np.arange(len(rows)),
        xywh=np.array([row[1] for row in rows]).reshape(-1, 4),
        confidence=np.array([row[2] for row in rows]),
    )
    write_mot(path, table)
    back = read_mot(path)
    for name in ("frame", "tracker_id", "xywh", "confidence"):
        assert np.array_equal(getattr(back, name), getattr(table, name)), name


def test_an_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "old")
    table = BoxTable.from_rows(frame=[1], tracker_id=[1], xywh=[[0, 0, 1, 1]])
    with pytest.raises(FileExistsError):
        write_mot(path, table)
    assert path.read_text() == "old"
    write_mot(path, table, overwrite=True)
    assert path.read_text() == mot_row(1, 1, [0, 0, 1, 1], 1)


@pytest.mark.data
def test_real_files(data_dir: Path) -> None:
    gt = read_mot(data_dir / "data" / "gt_only" / "MOT17-13" / "gt" / "gt.txt", last_frame=750)
    assert int(((gt.confidence == 1) & (gt.class_id == 1)).sum()) == 11642
    unsorted = read_mot(data_dir / "data" / "gt_only" / "MOT17-13" / "det" / "det_frcnn.txt")
    assert len(unsorted) == 8442
    assert (np.diff(unsorted.frame) >= 0).all()
    campus = read_mot(data_dir / "data" / "mot" / "TUD-Campus" / "gt" / "gt.txt")
    assert (len(campus), len(np.unique(campus.tracker_id)), campus.class_id.max()) == (359, 8, -1)


@pytest.mark.parametrize("sign", [",", ", ", ";", "; ", " ", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", " \n"])
@pytest.mark.parametrize("last", ["", "sign"])
def test_rows_as_other_programs_separate_them(tmp_path: Path, sign: str, end: str, last: str) -> None:
    row = sign.join(["1", "7", "10", "20.5", "30", "40", "0.5", "-1", "-1", "-1"]) + (sign if last else "")
    (tmp_path / "det.txt").write_bytes((row + end + row.replace("7", "8", 1) + end).encode())
    table = read_mot(tmp_path / "det.txt")
    assert table.tracker_id.tolist() == [7, 8]
    assert table.xywh.tolist() == [[10, 20.5, 30, 40]] * 2
