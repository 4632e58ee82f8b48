"""The pixel detector finds the drawn figures, on a still and on a panning camera."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import supervision as sv
from scipy.optimize import linear_sum_assignment

from trackers.sample import FigureDetector, Scene


def evaluate(scene: Scene, detector: FigureDetector) -> tuple[float, float]:
    """Recall of figures that are at least half visible, and precision, both at IoU 0.5."""
    hits = wanted = right = found = 0
    border = np.tile(scene.size, 2)
    for index in range(0, len(scene), 3):
        detections, truth = detector(scene.frame(index)), scene.truth(index)
        iou = sv.box_iou_batch(truth.xyxy.clip(0, border), detections.xyxy)
        rows, columns = linear_sum_assignment(-np.where(iou >= 0.5, iou, 0.0))
        good = iou[rows, columns] >= 0.5
        clear = np.asarray(truth.data["visibility"]) >= 0.5
        hits, wanted = hits + int(clear[rows[good]].sum()), wanted + int(clear.sum())
        right, found = right + int(good.sum()), found + len(detections)
    return hits / wanted, right / found


@pytest.mark.parametrize(("seed", "camera"), [(0, "static"), (1, "static"), (0, "pan")])
def test_recall_and_precision(seed: int, camera: Literal["static", "pan"]) -> None:
    scene = Scene(seed, (480, 270), camera=camera)
    detector = FigureDetector().fit(scene.frame(index) for index in range(0, len(scene), 8))
    recall, precision = evaluate(scene, detector)
    assert recall >= 0.9
    assert precision >= 0.9


def test_learns_as_it_goes() -> None:
    scene = Scene(1, (480, 270), 120)
    recall, precision = evaluate(scene, FigureDetector())
    assert recall >= 0.75
    assert precision >= 0.75


def test_result_is_a_plain_detections_object() -> None:
    scene = Scene(0, (640, 360), 30)
    detector = FigureDetector()
    frame = scene.frame(0)
    before = frame.copy()
    first = detector(frame)
    assert np.array_equal(frame, before)
    assert first.xyxy.shape == (0, 4)  # there is nothing to compare the first frame with
    found = detector.fit(scene.frame(i) for i in range(0, 30, 3))(scene.frame(29))
    assert len(found) > 0
    assert found.xyxy.dtype == np.float32
    assert found.class_id is not None
    assert found.confidence is not None
    assert (found.class_id == 0).all()
    assert ((found.confidence >= 0.3) & (found.confidence <= 1)).all()
    assert ((found.xyxy >= 0) & (found.xyxy <= [640, 360, 640, 360])).all()


def test_equal_frames_give_equal_detections() -> None:
    scene = Scene(2, (320, 180), 40)
    one, other = FigureDetector(), FigureDetector()
    for index in range(0, 40, 2):
        frame = scene.frame(index)
        assert one(frame) == other(frame)


def test_an_empty_place_has_nobody() -> None:
    scene = Scene(0, (480, 270), 60, figures=0, camera="pan")
    detector = FigureDetector()
    assert sum(len(detector(frame)) for frame in scene.frames()) == 0


def test_two_who_overlap_are_two() -> None:
    scene = Scene.crossing(size=(480, 270))
    detector = FigureDetector().fit(scene.frame(index) for index in range(0, len(scene), 10))
    overlapping = both = 0
    for index in range(len(scene)):
        truth = scene.truth(index)
        overlap = sv.box_iou_batch(truth.xyxy[:1], truth.xyxy[1:])
        if overlap.max(initial=0.0) > 0.05 and float(np.min(np.asarray(truth.data["visibility"]))) >= 0.5:
            overlapping += 1
            both += len(detector(scene.frame(index))) == 2
    assert overlapping >= 10
    assert both >= 0.6 * overlapping


def test_frames_may_change_size() -> None:
    detector = FigureDetector()
    for size in ((320, 180), (640, 360), (321, 181)):
        for frame in Scene(0, size, 5).frames():
            detector(frame)
