"""YOLO labels and COCO JSON become the same detections as MOT text."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from trackers.io import read_detections
from trackers.pipeline.detectors import open_detector

SIZE = (200, 100)
BOXES = {1: [20.0, 10.0, 40.0, 30.0], 3: [22.0, 10.0, 40.0, 30.0]}
"""Left, top, width and height by frame."""


def yolo(folder: Path, name: str = "clip_{}", start: int = 1, score: str = " 0.5") -> Path:
    folder.mkdir(parents=True)
    for frame, (left, top, w, h) in BOXES.items():
        label = f"2 {(left + w / 2) / 200} {(top + h / 2) / 100} {w / 200} {h / 100}{score}\n"
        (folder / f"{name.format(frame - 1 + start)}.txt").write_text(label)
    return folder


def coco(path: Path, kind: str) -> Path:
    boxes: list[dict[str, Any]] = [
        {"image_id": 70 + frame if kind != "results" else frame, "bbox": box, "score": 0.5, "category_id": 2}
        for frame, box in BOXES.items()
    ]
    images = [{"id": 70 + i, "file_name": f"seq/clip_{i}.png", "frame_id": i - 1} for i in (1, 2, 3)]
    if kind == "file names":
        images = [{key: one[key] for key in ("id", "file_name")} for one in images]
    whole = {"images": images, "annotations": boxes, "categories": [{"id": 2, "name": "car"}]}
    path.write_text(json.dumps(boxes if kind == "results" else whole))
    return path


def check(found: Any, score: float | None = 0.5) -> None:
    assert found.frame.tolist() == [1, 3]
    np.testing.assert_allclose(found.xyxy, [[x, y, x + w, y + h] for x, y, w, h in BOXES.values()])
    assert found.class_id.tolist() == [2, 2]
    assert (None if found.confidence is None else found.confidence.tolist()) == (None if score is None else [score] * 2)


@pytest.mark.parametrize(("name", "start"), [("clip_{}", 1), ("{:06d}", 1), ("2024_{}", 0), ("frame{:04d}", 0)])
def test_yolo_labels(tmp_path: Path, name: str, start: int) -> None:
    folder = yolo(tmp_path / "run", name, start)
    (folder / "classes.txt").write_text("person\n")
    check(read_detections(folder, size=SIZE))
    check(read_detections(yolo(tmp_path / "predict" / "labels").parent, size=SIZE))


def test_yolo_labels_without_scores(tmp_path: Path) -> None:
    check(read_detections(yolo(tmp_path / "run", score=""), size=SIZE), None)


@pytest.mark.parametrize("kind", ["results", "frame ids", "file names"])
def test_coco_json(tmp_path: Path, kind: str) -> None:
    found = read_detections(coco(tmp_path / "boxes.JSON", kind))
    check(found)
    if kind != "results":
        assert found.data["class_name"].tolist() == ["car", "car"]


@pytest.mark.parametrize("kind", ["labels", "coco"])
def test_names_of_pictures_tell_the_frame(tmp_path: Path, kind: str) -> None:
    (tmp_path / "frames").mkdir()
    for number in (100, 200, 300):
        Image.new("RGB", SIZE).save(tmp_path / "frames" / f"clip_{number}.png")
    if kind == "labels":
        place = tmp_path / "labels"
        place.mkdir()
        (place / "clip_300.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    else:
        place = tmp_path / "boxes.json"
        box = {"image_id": 5, "bbox": [50, 25, 100, 50], "category_id": 0}
        place.write_text(json.dumps({"images": [{"id": 5, "file_name": "clip_300.png"}], "annotations": [box]}))
    detect = open_detector(str(place), source=str(tmp_path / "frames"))
    assert [len(detect(number, None)) for number in (1, 2, 3)] == [0, 0, 1]
    np.testing.assert_allclose(detect(3, None).xyxy, [[50, 25, 150, 75]])


@pytest.mark.parametrize(
    "label", ["1 0.5 0.5 0.5", "1 0.5 0.5 0.5 x", "1.5 0.5 0.5 0.5 0.5", "1 0.5 nan 0.5 0.5", "1 320 240 50 80"]
)
def test_a_label_that_cannot_be_right(tmp_path: Path, label: str) -> None:
    folder = yolo(tmp_path / "run")
    (folder / "clip_2.txt").write_text(label)
    with pytest.raises(ValueError, match=r"clip_2\.txt, line 1"):
        read_detections(folder, size=SIZE)


def test_labels_need_the_size_of_the_frames(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shares of the frame"):
        read_detections(yolo(tmp_path / "run"))


@pytest.mark.parametrize(
    "content",
    ["{", "3", '{"images": 3}', '[{"image_id": 1}]', '[{"image_id": 1, "bbox": [1, 2, 3], "category_id": 1}]', "[3]"],
)
def test_json_that_is_no_coco(tmp_path: Path, content: str) -> None:
    (tmp_path / "boxes.json").write_text(content)
    with pytest.raises(ValueError, match=r"boxes\.json"):
        read_detections(tmp_path / "boxes.json")


def place(folder: Path, text: str) -> Path:
    folder.mkdir()
    for number in (1, 2):
        (folder / f"{number}.txt").write_text(text)
    return folder


POSE = " ".join(f"{0.45 + 0.005 * i:.3f} {0.4 + 0.01 * i:.2f} {0.9 if i % 5 else 0.1}" for i in range(17))
POINTS = " ".join(f"{0.45 + 0.01 * i:.2f} {0.4 + 0.01 * i:.2f} {i % 3}" for i in range(4))
KINDS: dict[str, tuple[str, float | None]] = {
    "box": ("2 0.5 0.5 0.2 0.4", None),
    "box and score": ("2 0.5 0.5 0.2 0.4 0.7", 0.7),
    "box, score and id": ("2 0.5 0.5 0.2 0.4 0.7 12", 0.7),
    "box and id": ("2 0.5 0.5 0.2 0.4 12", None),
    "polygon": ("2 0.4 0.3 0.6 0.3 0.6 0.7 0.5 0.65 0.4 0.7", None),
    "polygon and score": ("2 0.4 0.3 0.6 0.3 0.6 0.7 0.5 0.65 0.4 0.7 0.7", 0.7),
    "triangle": ("2 0.4 0.3 0.6 0.3 0.5 0.7", None),
    "turned box": ("2 0.4 0.3 0.6 0.3 0.6 0.7 0.4 0.7", None),
    "pose": (f"2 0.5 0.5 0.2 0.4 {POSE}", None),
    "pose of a dataset": (f"2 0.5 0.5 0.2 0.4 {POINTS}", None),
    "pose and score": (f"2 0.5 0.5 0.2 0.4 {POSE} 0.7", 0.7),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_label_has_its_box(tmp_path: Path, kind: str) -> None:
    text, score = KINDS[kind]
    found = read_detections(place(tmp_path / "labels", f"{text}\n{text}\n"), size=SIZE)
    assert found.frame.tolist() == [1, 1, 2, 2]
    np.testing.assert_allclose(found.xyxy, [[80, 30, 120, 70]] * 4)
    assert (found.confidence is None) == (score is None)
    assert score is None or found.confidence.tolist() == [score] * 4  # type: ignore[union-attr]


@settings(deadline=None, max_examples=60)
@given(
    count=st.integers(3, 40),
    centre=st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)),
    radius=st.floats(0.01, 0.09),
    scored=st.booleans(),
)
def test_polygons_of_one_length_are_no_poses(
    count: int, centre: tuple[float, float], radius: float, scored: bool
) -> None:
    turn = np.linspace(0.0, 6.0, count)
    points = np.array(centre) + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    text = "0 " + " ".join(f"{one:.6f}" for one in points.ravel()) + (" 0.5" if scored else "")
    with tempfile.TemporaryDirectory() as folder:
        found = read_detections(place(Path(folder) / "labels", f"{text}\n"), size=(1000, 1000))
    box = 1000 * np.concatenate([points.min(axis=0), points.max(axis=0)])
    np.testing.assert_allclose(found.xyxy[0], box, atol=0.01)


def test_frames_of_different_sizes(tmp_path: Path) -> None:
    labels = place(tmp_path / "labels", "0 0.5 0.5 0.2 0.4\n")
    (tmp_path / "frames").mkdir()
    Image.new("RGB", (100, 50)).save(tmp_path / "frames" / "1.png")
    turned = Image.new("RGB", (400, 200))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "frames" / "2.jpg", exif=exif)
    for source in (tmp_path / "frames", tmp_path / "frames" / "*"):
        detect = open_detector(str(labels), source=str(source))
        np.testing.assert_allclose(detect(1, None).xyxy, [[40, 15, 60, 35]])
        np.testing.assert_allclose(detect(2, None).xyxy, [[80, 120, 120, 280]])


@pytest.mark.parametrize("ids", [["frame_0", "frame_1", "frame_2"], ["a/1.png", "a/2.png", "a/3.png"], ["1", "2", "3"]])
def test_images_of_coco_results_by_name(tmp_path: Path, ids: list[str]) -> None:
    results = [{"image_id": one, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5} for one in ids]
    (tmp_path / "found.json").write_text(json.dumps(results))
    assert read_detections(tmp_path / "found.json").frame.tolist() == [1, 2, 3]
    (tmp_path / "found.json").write_text(json.dumps([{**results[0], "image_id": "door"}]))
    with pytest.raises(ValueError, match=r"found\.json: 'door' has no number that tells its frame"):
        read_detections(tmp_path / "found.json")
