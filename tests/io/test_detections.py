"""Detections with vectors in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers.io import read_detections, write_detections


def frames() -> list[sv.Detections]:
    rng = np.random.default_rng(0)
    return [
        sv.Detections(
            xyxy=np.sort(rng.uniform(0, 100, (n, 2, 2)), axis=1).reshape(n, 4).astype(np.float32),
            confidence=rng.uniform(size=n).astype(np.float32),
            class_id=rng.integers(0, 3, n),
            data={
                "embedding": rng.normal(size=(n, 8)).astype(np.float32),
                "class_name": np.array(["person"] * n, dtype=object),
            },
        )
        for n in (0, 2, 0, 3, 1, 0)
    ]


def test_every_frame_comes_back(tmp_path: Path) -> None:
    given = frames()
    write_detections(tmp_path / "boxes.npz", iter(given))
    table = read_detections(tmp_path / "boxes.npz")
    assert len(table) == len(given) == len(list(table))
    for number, expected in enumerate(given, start=1):
        back = table[number]
        assert np.array_equal(back.xyxy, expected.xyxy)
        if len(expected):
            assert back.xyxy.dtype == np.float32
            assert back == expected
            assert np.array_equal(back.data["embedding"], expected.data["embedding"])
            assert list(back.data["class_name"]) == ["person"] * len(expected)


def test_a_frame_belongs_to_the_caller(tmp_path: Path) -> None:
    table = write_detections(tmp_path / "boxes.npz", frames())
    table[2].xyxy[:] = 0
    np.asarray(table[2].data["embedding"])[:] = 0
    assert table[2].xyxy.any()
    assert np.any(table[2].data["embedding"])


def test_no_detections_at_all(tmp_path: Path) -> None:
    write_detections(tmp_path / "boxes.npz", [sv.Detections.empty()] * 3)
    table = read_detections(tmp_path / "boxes.npz")
    assert len(table) == 3
    assert len(table[2]) == 0


def test_an_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "boxes.npz"
    write_detections(path, frames())
    with pytest.raises(FileExistsError, match="exists"):
        write_detections(path, [])
    assert len(write_detections(path, [], overwrite=True)) == 0
    assert len(read_detections(path)) == 0


def test_nothing_is_left_behind_when_the_frames_fail(tmp_path: Path) -> None:
    whole, bare = frames()[3], sv.Detections(xyxy=np.ones((1, 4)))
    with pytest.raises(ValueError, match="'confidence' is given on 1 frames of 2"):
        write_detections(tmp_path / "boxes.npz", [whole, bare])
    assert list(tmp_path.iterdir()) == []


def test_the_array_of_the_original_deepsort(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = np.hstack(
        [
            np.array([[2, -1, 10, 20, 30, 40, 0.5, -1, -1, -1], [1, -1, 1, 2, 3, 4, 0.9, -1, -1, -1]]),
            rng.normal(size=(2, 128)),
        ]
    )
    np.save(tmp_path / "rows.npy", rows)
    table = read_detections(tmp_path / "rows.npy")
    assert len(table) == 2
    assert table[1].xyxy.tolist() == [[1, 2, 4, 6]]
    vectors = np.asarray(table[2].data["embedding"])
    assert vectors.shape == (1, 128)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, rows[:1, 10:])


def test_mot_text(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("3,-1,10,20,30,40,5.5,-1,-1,-1\n")
    table = read_detections(tmp_path / "det.txt")
    assert [len(one) for one in table] == [0, 0, 1]
    assert table[3].xyxy.tolist() == [[10, 20, 40, 60]]
    assert table[3].confidence is not None
    assert table[3].confidence.tolist() == [5.5]


def test_another_array_can_serve_as_vectors(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "boxes.npz",
        frame=np.array([2, 1]),
        xyxy=np.arange(8.0).reshape(2, 4),
        osnet=np.array([[1, 2], [3, 4]], np.float16),
    )
    table = read_detections(tmp_path / "boxes.npz", embedding="osnet")
    vectors = np.asarray(table[1].data["embedding"])
    assert vectors.tolist() == [[3, 4]]
    assert vectors.dtype == np.float32
    with pytest.raises(ValueError, match="no array 'retail'; it holds osnet"):
        read_detections(tmp_path / "boxes.npz", embedding="retail")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"frame": np.array([1])}, "has no array xyxy"),
        ({"frame": np.array([1]), "xyxy": np.ones((1, 5))}, r"boxes must have shape \(n, 4\)"),
        ({"frame": np.array([1]), "xyxy": np.ones((2, 4))}, "array xyxy must have 1 rows"),
        ({"frame": np.array([0]), "xyxy": np.ones((1, 4))}, "frames must lie in 1 to 0"),
        ({"frame": np.array([5]), "xyxy": np.ones((1, 4)), "last_frame": np.array(3)}, "1 to 3, but are 5 to 5"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "boxes.npz", **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        read_detections(tmp_path / "boxes.npz")
    assert "boxes.npz" in str(caught.value)


def test_pickles_and_rubbish_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}]), allow_pickle=True)
    (tmp_path / "rubbish.npz").write_bytes(b"rubbish")
    np.save(tmp_path / "narrow.npy", np.ones((3, 7)))
    for name, message in [("objects.npy", "plain"), ("rubbish.npz", "plain"), ("narrow.npy", "138")]:
        with pytest.raises(ValueError, match=message):
            read_detections(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_detections(tmp_path / "nothing.npz")
