"""The detector's own feature maps as appearance, read from real Ultralytics models."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

ultralytics = pytest.importorskip("ultralytics")

from trackers import DeepSORTTracker  # noqa: E402
from trackers.appearance.detector_features import DetectorFeatures  # noqa: E402
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor  # noqa: E402
from trackers.integrations.ultralytics import register  # noqa: E402
from trackers.sample import Scene  # noqa: E402

Frame = npt.NDArray[np.uint8]
OPTIONS = {"imgsz": 160, "verbose": False}


@pytest.fixture
def model() -> Any:
    return ultralytics.YOLO("yolo11n.yaml")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    scene = Scene(seed=3, size=(320, 240), length=2)
    return [scene.frame(index) for index in range(2)]


def at(*boxes: tuple[float, float, float, float]) -> sv.Detections:
    return sv.Detections(xyxy=np.array(boxes, np.float64).reshape(-1, 4))


BOXES = at((10, 20, 60, 120), (100, 30, 160, 200), (200, 50, 250, 150))


def test_rows_are_unit_vectors(model: Any, frames: list[Frame]) -> None:
    extractor = DeepSORTFeatureExtractor.from_ultralytics(model)
    model(frames[0], **OPTIONS)
    vectors = extractor.extract_features(frames[0], BOXES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 6 * (16 + 64 + 128))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert extractor.extract_features(frames[0], at()).shape == (0, vectors.shape[1])


def test_a_box_that_is_not_visible_is_a_row_of_zeros(model: Any, frames: list[Frame]) -> None:
    extractor = DeepSORTFeatureExtractor.from_ultralytics(model)
    model(frames[0], **OPTIONS)
    some = at((10, 20, 60, 120), (400, 30, 450, 90), (50, 50, 50.4, 90))
    some.xyxy = np.concatenate((some.xyxy, [[np.nan, 0, 10, 10]]))
    vectors = extractor.extract_features(frames[0], some)
    assert vectors.any(axis=1).tolist() == [True, False, False, False]
    alone = extractor.extract_features(frames[0], some[[0]])
    assert np.allclose(vectors[0], alone[0], atol=1e-6)


def test_each_frame_of_a_batch_has_its_own_maps(model: Any, frames: list[Frame]) -> None:
    extractor = DeepSORTFeatureExtractor.from_ultralytics(model)
    alone = []
    for frame in frames:
        model(frame, **OPTIONS)
        alone.append(extractor.extract_features(frame, BOXES))
    model(frames, **OPTIONS)
    together = [extractor.extract_features(frame, BOXES) for frame in frames]
    assert not np.allclose(alone[0], alone[1], atol=1e-3)
    assert np.allclose(together, alone, atol=1e-3)


def test_an_equal_frame_will_do_and_another_will_not(model: Any, frames: list[Frame]) -> None:
    extractor = DeepSORTFeatureExtractor.from_ultralytics(model)
    with pytest.raises(ValueError, match="but this is another one"):
        extractor.extract_features(frames[0], BOXES)
    model(frames[0], **OPTIONS)
    same = extractor.extract_features(frames[0].copy(), BOXES)
    assert np.array_equal(same, extractor.extract_features(frames[0], BOXES))
    with pytest.raises(ValueError, match="predict one frame, track it"):
        extractor.extract_features(frames[1], BOXES)


def test_the_vectors_are_of_the_box(model: Any, frames: list[Frame]) -> None:
    extractor = DeepSORTFeatureExtractor.from_ultralytics(model)
    changed = frames[0].copy()
    changed[60:140, 110:150] = (0, 0, 255)
    vectors = []
    for frame in (frames[0], changed):
        model(frame, **OPTIONS)
        vectors.append(extractor.extract_features(frame, BOXES))
    left, middle, right = 1.0 - (vectors[0] * vectors[1]).sum(axis=1)
    assert middle > 4 * max(left, right)


def test_a_model_without_layers_is_refused(frames: list[Frame]) -> None:
    for wrong in (object(), ultralytics.YOLO("yolo11n.yaml").model, "yolo11n.pt"):
        with pytest.raises(TypeError, match="ultralytics model with PyTorch weights"):
            DeepSORTFeatureExtractor.from_ultralytics(wrong)


def test_layers_that_do_not_exist_are_refused(model: Any, frames: list[Frame]) -> None:
    DetectorFeatures.of(model, layers=(0, 99))
    with pytest.raises(ValueError, match=r"expected layers below 24.*\[99\]"):
        model(frames[0], **OPTIONS)


def test_hooks_go_with_the_extractor(model: Any, frames: list[Frame]) -> None:
    model(frames[0], **OPTIONS)
    extractor = DetectorFeatures()
    extractor.read(model.predictor)
    network = model.predictor.model.model.model
    assert len(network[2]._forward_hooks) == 1
    gone = weakref.ref(extractor)
    del extractor
    gc.collect()
    assert gone() is None
    assert len(network[2]._forward_hooks) == 0


@pytest.mark.data
def test_people_of_a_real_sequence_are_distinguished(data_dir: Path) -> None:
    model = ultralytics.YOLO(data_dir / "data/weights/yolo/yolo11n_dequant.pt")
    extractor = DeepSORTFeatureExtractor.from_ultralytics(model)
    folder = data_dir / "data/mot/TUD-Campus"
    truth = np.loadtxt(folder / "gt/gt.txt", delimiter=",", usecols=range(6))
    vectors, people, times = [], [], []
    for number in (1, 15, 29, 43):
        image = sv_image(folder / f"img1/{number:06d}.jpg")
        model(image, verbose=False)
        rows = truth[truth[:, 0] == number]
        boxes = np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)
        vectors.append(extractor.extract_features(image, sv.Detections(xyxy=boxes)))
        people.append(rows[:, 1])
        times.append(rows[:, 0])
    vector, person, time = (np.concatenate(column) for column in (vectors, people, times))
    distance = 1.0 - vector @ vector.T
    same, apart = person[:, None] == person, time[:, None] != time
    same_object, other_object = distance[same & apart], distance[~same]
    assert (same_object[:, None] < other_object[None]).mean() > 0.8


@pytest.mark.data
def test_track_equals_update_on_a_real_sequence(data_dir: Path) -> None:
    """`model.track` and `DeepSORTTracker.update` by hand on the same predictions agree row by row."""
    weights = data_dir / "data/weights/yolo/yolo11n_dequant.pt"
    register()
    inside, outside = ultralytics.YOLO(weights), ultralytics.YOLO(weights)
    options: dict[str, Any] = {"classes": [0], "conf": 0.25, "imgsz": 320, "verbose": False}
    tracker = DeepSORTTracker(DeepSORTFeatureExtractor.from_ultralytics(outside))
    found: set[int] = set()
    for number in range(1, 21):
        image = sv_image(data_dir / f"data/mot/TUD-Campus/img1/{number:06d}.jpg")
        result = inside.track(image, tracker="deepsort.yaml", persist=True, **options)[0]
        detections: Any = sv.Detections.from_ultralytics(outside(image, **options)[0])
        expected: Any = tracker.update(detections, image)
        expected = expected[expected.tracker_id != -1]
        ids = [] if result.boxes.id is None else result.boxes.id.int().tolist()
        assert ids == expected.tracker_id.tolist()
        assert np.array_equal(result.boxes.xyxy.numpy(), expected.xyxy)
        found |= set(ids)
    assert 3 <= len(found) <= 12


def sv_image(path: Path) -> Frame:
    from PIL import Image

    with Image.open(path) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])
