"""What one reader reads arrives, and what is taken for a frame is decided in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from PIL import Image as Pillow

from trackers import BoTSORTTracker, StripeFeatureExtractor
from trackers.io import open_source, read_detections

ROWS = {8: "{f},-1,10,20,40,100,{s},{c}\n", 9: "{f},-1,10,20,40,100,{s},{c},1\n", 7: "{f},-1,10,20,40,100,{s}\n"}
FRAME = np.random.default_rng(0).integers(0, 255, (120, 200, 3), dtype=np.uint8)
BOX = sv.Detections(xyxy=np.array([[10.0, 20, 50, 100]]), confidence=np.array([0.9]))
TAKEN: dict[str, Any] = {
    "(h, w)": FRAME[:, :, 0],
    "(h, w, 1)": FRAME[:, :, :1],
    "(h, w, 4)": np.dstack([FRAME] * 2)[:, :, :4],
    "columns first in memory": np.asfortranarray(FRAME),
    "mirrored": FRAME[:, ::-1],
    "read-only": np.frombuffer(FRAME.tobytes(), np.uint8).reshape(FRAME.shape),
    "masked": np.ma.masked_less(FRAME, 9),
    "a matrix": np.asmatrix(FRAME[:, :, 0]),
}
REFUSED: dict[str, Any] = {
    "float": FRAME / 255.0,
    "uint16": FRAME.astype(np.uint16) * 257,
    "Pillow": Pillow.fromarray(FRAME),
    "channels first": FRAME.transpose(2, 0, 1),
    "a batch": FRAME[None],
    "a list": FRAME.tolist(),
    "a number": np.array(3, np.uint8),
    "truths": FRAME > 9,
    "a path": "frame.png",
    "nothing in it": FRAME[:0],
}


@pytest.mark.parametrize("columns", [7, 8, 9])
@pytest.mark.parametrize("name", ["det.txt", "DET.TXT"])
def test_classes_of_mot_text_arrive(tmp_path: Path, columns: int, name: str) -> None:
    rows = "".join(ROWS[columns].format(f=i, s=0.5, c=c) for i in (1, 2) for c in (1, 3))
    (tmp_path / name).write_text(rows)
    classes = read_detections(tmp_path / name)[2].class_id
    assert (None if classes is None else classes.tolist()) == (None if columns == 7 else [1, 3])


@pytest.mark.parametrize(("scores", "expected"), [((-1, -1), None), ((-1, 0.5), [1.0, 0.5]), ((0.2, 0.5), [0.2, 0.5])])
def test_minus_one_is_no_score(tmp_path: Path, scores: tuple[float, float], expected: list[float] | None) -> None:
    (tmp_path / "det.txt").write_text("".join(ROWS[7].format(f=1, s=score) for score in scores))
    rows = np.full((2, 138), -1.0)
    rows[:, 0], rows[:, 2:6], rows[:, 6] = 1, [10, 20, 40, 100], scores
    np.save(tmp_path / "det.npy", rows)
    for name in ("det.txt", "det.npy"):
        confidence = read_detections(tmp_path / name)[1].confidence
        assert (None if confidence is None else confidence.tolist()) == expected


@pytest.mark.parametrize("door", ["camera motion", "extractor"])
@pytest.mark.parametrize("kind", [*TAKEN, *REFUSED])
def test_a_frame_is_taken_or_refused_in_the_same_words(door: str, kind: str) -> None:
    pytest.importorskip("cv2")
    options: Any = {"camera_motion": "sparse_flow"} if door == "camera motion" else {}
    tracker = BoTSORTTracker(StripeFeatureExtractor(), **options, minimum_consecutive_frames=1)
    tracker.update(BOX, FRAME)
    before = tracker.state_dict()["total_confirmed"]
    if kind in TAKEN:
        tracker.update(BOX, TAKEN[kind])
    else:
        with pytest.raises((TypeError, ValueError), match="expected a frame"):
            tracker.update(BOX, REFUSED[kind])
    assert np.asarray(tracker.update(BOX, FRAME).tracker_id).tolist() == [before]


@pytest.mark.parametrize("mode", ["I;16", "F", "I", "L", "1", "LA", "P", "RGBA", "CMYK"])
def test_contrast_survives_every_mode(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(0.0, 1.0, 64), (48, 1))
    values: dict[str, Any] = {
        "I;16": (65535 * ramp).astype(np.uint16),
        "F": ramp.astype(np.float32),
        "I": (65535 * ramp).astype(np.int32),
    }
    picture = Pillow.fromarray(values[mode] if mode in values else (255 * ramp).astype(np.uint8))
    picture = picture if mode in values else picture.convert("RGB").convert(mode)
    picture.save(tmp_path / ("1.tif" if mode in ("F", "CMYK", "I") else "1.png"))
    (frame,) = open_source(tmp_path)
    assert frame.image.dtype == np.uint8
    assert 60 < frame.image.std() < 130


def test_a_picture_of_another_range_is_refused(tmp_path: Path) -> None:
    Pillow.fromarray(np.linspace(0, 300, 16, dtype=np.float32).reshape(4, 4)).save(tmp_path / "1.tif")
    with pytest.raises(ValueError, match="floats from 0 to 1"):
        list(open_source(tmp_path))


@pytest.mark.parametrize("litter", ["._frame_1.png", ".DS_Store", ".hidden.jpg", "Thumbs.db", "notes.txt"])
def test_what_lies_beside_the_frames_is_no_frame(tmp_path: Path, litter: str) -> None:
    for i in range(1, 4):
        Pillow.fromarray(np.full((8, 8, 3), i, np.uint8)).save(tmp_path / f"frame_{i}.png")
    (tmp_path / litter).write_bytes(b"\0\5\x16\7")
    (tmp_path / "folder.png").mkdir()
    source = open_source(tmp_path)
    assert [frame.number for frame in source] == [1, 2, 3]
    assert source.frame_count == 3


@pytest.mark.parametrize("source", ["0077", "0077/*.png", "0077/%06d.png", "0077/000001.png", "./0077"])
def test_names_that_could_be_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("0077").mkdir()
    Pillow.fromarray(np.zeros((8, 8, 3), np.uint8)).save("0077/000001.png")
    assert [number for number, _ in open_source(source)] == [1]


@pytest.mark.parametrize("ending", ["tif", "TIFF", "png", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
def test_pages_of_one_picture_are_its_frames(tmp_path: Path, ending: str, mode: str) -> None:
    if mode == "I;16" and ending in ("png", "webp"):
        pytest.skip("no pages of 16 bits in this format")
    scale = 257 if mode == "I;16" else 1
    dtype = np.uint16 if mode == "I;16" else np.uint8
    pages = [Pillow.fromarray(np.full((24, 32), 40 * i * scale, dtype)) for i in range(1, 5)]
    pages = [page if mode == "I;16" else page.convert(mode) for page in pages]
    path = tmp_path / f"stack.{ending}"
    options: Any = {"lossless": True, "duration": 100} if ending == "webp" else {}
    pages[0].save(path, save_all=True, append_images=pages[1:], **options)
    source = open_source(path)
    assert source.frame_count == 4
    assert [round(float(image.mean())) for _, image in source] == pytest.approx([40, 80, 120, 160], abs=2)
    assert source.frame_rate == (10.0 if ending == "webp" else 30.0)
    assert open_source(path, frame_rate=5).frame_rate == 5.0


def test_a_thumbnail_beside_a_picture_is_no_frame(tmp_path: Path) -> None:
    whole, small = (Pillow.fromarray(np.full((size, size), 90, np.uint8)) for size in (64, 16))
    whole.save(tmp_path / "a.tif", save_all=True, append_images=[small])
    assert [image.shape for _, image in open_source(tmp_path / "a.tif")] == [(64, 64, 3)]
