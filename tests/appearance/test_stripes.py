"""The extractor that needs no weights."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import numpy.typing as npt
import supervision as sv

from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.core.deepsort.tracker import DeepSORTTracker

FLAGS = {"dutch": ((0, 0, 200), (255, 255, 255), (150, 50, 0)), "german": ((0, 0, 0), (0, 0, 200), (0, 200, 255))}


def scene(noise: int = 8, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Grey ground with a Dutch figure at the left and a German one at the right, in BGR, with noise."""
    frame = np.full((200, 300, 3), 120, np.int64)
    for left, colors in ((20, FLAGS["dutch"]), (200, FLAGS["german"])):
        for third, color in enumerate(colors):
            frame[20 + 40 * third : 60 + 40 * third, left : left + 50] = color
    frame += np.random.default_rng(seed).integers(-noise, noise + 1, frame.shape)
    return np.clip(frame, 0, 255).astype(np.uint8)


BOXES = np.array([[20.0, 20, 70, 140], [200, 20, 250, 140]])


def test_one_object_lies_closer_to_itself_than_to_another() -> None:
    extractor = StripeFeatureExtractor()
    first = extractor.extract_features(scene(seed=1), sv.Detections(xyxy=BOXES))
    moved = extractor.extract_features(scene(seed=2), sv.Detections(xyxy=BOXES + np.array([3.0, -2.0, 4.0, 3.0])))
    distance = 1.0 - first @ moved.T
    assert distance.diagonal().max() < extractor.appearance_threshold < distance[0, 1]


def test_vectors_are_unit_float32_one_per_box() -> None:
    vectors = StripeFeatureExtractor().extract_features(scene(), sv.Detections(xyxy=BOXES))
    assert vectors.dtype == np.float32
    assert vectors.shape == (2, 192)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_no_boxes_give_no_vectors() -> None:
    assert StripeFeatureExtractor().extract_features(scene(), sv.Detections.empty()).shape == (0, 192)


def test_a_box_that_is_not_visible_has_no_appearance_and_disturbs_no_other() -> None:
    odd = np.array([[-30.0, -30, -5, -5], [400, 0, 450, 90], [5, 5, 5.4, 50], [0, 0, 10, 10], [9, 9, 3, 3]])
    extractor = StripeFeatureExtractor()
    boxes = sv.Detections(xyxy=np.concatenate((odd, BOXES)))
    boxes.xyxy[3, 0] = np.nan
    vectors = extractor.extract_features(scene(), boxes)
    assert not vectors[:5].any()
    np.testing.assert_array_equal(vectors[5:], extractor.extract_features(scene(), sv.Detections(xyxy=BOXES)))


def test_a_box_reaching_outside_shows_only_what_is_inside() -> None:
    extractor = StripeFeatureExtractor()
    frame = scene()
    reaching = extractor.extract_features(frame, sv.Detections(xyxy=np.array([[-30.0, -30, 20, 20]])))
    inside = extractor.extract_features(frame, sv.Detections(xyxy=np.array([[0.0, 0, 20, 20]])))
    np.testing.assert_array_equal(reaching, inside)


def test_colors_matter_and_their_order_too() -> None:
    frame = scene()
    boxes = sv.Detections(xyxy=BOXES)
    extractor = StripeFeatureExtractor()
    swapped = extractor.extract_features(np.ascontiguousarray(frame[..., ::-1]), boxes)
    assert (1.0 - (swapped * extractor.extract_features(frame, boxes)).sum(1)).min() > extractor.appearance_threshold


def test_views_grey_and_transparent_frames_are_legal() -> None:
    extractor, boxes, frame = StripeFeatureExtractor(), sv.Detections(xyxy=BOXES), scene()
    expected = extractor.extract_features(frame, boxes)
    wide = np.zeros((200, 600, 3), np.uint8)
    wide[:, ::2] = frame
    transparent = np.dstack((frame, np.full(frame.shape[:2], 9, np.uint8)))
    np.testing.assert_array_equal(extractor.extract_features(wide[:, ::2], boxes), expected)
    np.testing.assert_array_equal(extractor.extract_features(transparent, boxes), expected)
    grey = extractor.extract_features(frame[..., 1], boxes)
    np.testing.assert_allclose(np.linalg.norm(grey, axis=1), 1.0, rtol=1e-5)


def test_one_color_all_over_still_has_a_direction() -> None:
    for value in (0, 128, 255):
        frame = np.full((200, 300, 3), value, np.uint8)
        vectors = StripeFeatureExtractor().extract_features(frame, sv.Detections(xyxy=BOXES))
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_input_is_left_alone_and_the_output_is_the_same_twice() -> None:
    frame, boxes = scene(), sv.Detections(xyxy=BOXES.copy(), confidence=np.array([0.9, 0.8]), data={"a": np.arange(2)})
    before = frame.copy()
    first, second = (StripeFeatureExtractor().extract_features(frame, boxes) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(frame, before)
    np.testing.assert_array_equal(boxes.xyxy, BOXES)
    assert list(boxes.data) == ["a"]


def test_neither_torch_nor_opencv_is_needed() -> None:
    code = (
        "import sys, numpy as np, trackers.appearance.stripes as s, trackers.core.deepsort.feature_extractor;"
        "class_ = s.StripeFeatureExtractor;"
        "assert not {'torch', 'timm', 'cv2', 'onnxruntime', 'supervision'} & set(sys.modules), 'heavy import'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_device_may_be_named_though_there_is_nothing_to_move() -> None:
    extractor = StripeFeatureExtractor()
    for device in ("cpu", "cuda:0"):
        assert DeepSORTTracker(extractor, device=device).feature_extractor is extractor
