"""What detections carry beside boxes comes through, from whatever model they are."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from trackers import DeepSORTTracker
from trackers.sample import Scene

FRAMES = 12


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene.crossing(size=(320, 180))


def track(scene: Scene, make: Callable[[Any], sv.Detections]) -> list[tuple[Any, Any]]:
    """What went in and what came out, frame by frame; every person keeps one id."""
    tracker = DeepSORTTracker(minimum_consecutive_frames=1, appearance_threshold=0.4)
    frames = []
    person_of: dict[int, int] = {}
    for index in range(FRAMES):
        truth: Any = scene.truth(index)
        people = truth.tracker_id.tolist()
        plain = sv.Detections(truth.xyxy, confidence=np.full(len(truth), 0.9), class_id=np.zeros(len(truth), int))
        given = make(plain)
        output: Any = tracker.update(given)
        ids = output.tracker_id.tolist()
        assert -1 not in ids
        for number, person in zip(ids, people, strict=True):
            assert person_of.setdefault(number, person) == person
        frames.append((given, output))
    assert len(person_of) == len(set(person_of.values())) == 2
    return frames


def dense_masks(scene: Scene, boxes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    width, height = scene.size
    masks = np.zeros((len(boxes), height, width), np.bool_)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.clip(0).astype(int), strict=True):
        mask[y1 : y2 + 1, x1 + 1 : x2] = True
    return masks


def with_field(detections: Any, **fields: Any) -> sv.Detections:
    return sv.Detections(xyxy=detections.xyxy, confidence=detections.confidence, class_id=detections.class_id, **fields)


def test_dense_masks(scene: Scene) -> None:
    for given, output in track(scene, lambda one: with_field(one, mask=dense_masks(scene, one.xyxy))):
        assert np.array_equal(output.mask, given.mask)
        some = output[output.tracker_id == output.tracker_id[0]]
        assert np.array_equal(some.mask[0], given.mask[0])
    frame = scene.frame(FRAMES - 1)
    drawn = sv.MaskAnnotator(color_lookup=sv.ColorLookup.TRACK).annotate(frame.copy(), output)
    assert (drawn != frame).any(axis=2)[output.mask[0]].mean() > 0.9


@pytest.mark.skipif(not hasattr(sv, "CompactMask"), reason="this supervision has no compact masks")
def test_compact_masks(scene: Scene) -> None:
    def compact(one: Any) -> sv.Detections:
        masks = dense_masks(scene, one.xyxy)
        return with_field(one, mask=sv.CompactMask.from_dense(masks, one.xyxy, image_shape=scene.size[::-1]))

    for given, output in track(scene, compact):
        assert isinstance(output.mask, sv.CompactMask)
        assert np.array_equal(output.mask.to_dense(), given.mask.to_dense())
        assert np.array_equal(output[[0]].mask.to_dense()[0], given.mask.to_dense()[0])


def test_oriented_boxes(scene: Scene) -> None:
    def rotated(one: Any) -> sv.Detections:
        x1, y1, x2, y2 = one.xyxy.T
        middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
        corners = np.stack([[middle_x, y1], [x2, middle_y], [middle_x, y2], [x1, middle_y]]).transpose(2, 0, 1)
        return with_field(one, data={"xyxyxyxy": corners})

    for given, output in track(scene, rotated):
        assert np.array_equal(output.data["xyxyxyxy"], given.data["xyxyxyxy"])
    frame = scene.frame(FRAMES - 1)
    drawn = sv.OrientedBoxAnnotator(color_lookup=sv.ColorLookup.TRACK).annotate(frame.copy(), output)
    assert (drawn != frame).any()


def test_key_points_in_data(scene: Scene) -> None:
    def with_points(one: Any) -> sv.Detections:
        corners = one.xyxy.reshape(-1, 2, 2)
        return with_field(one, data={"keypoints": np.linspace(corners[:, 0], corners[:, 1], 17, axis=1)})

    for given, output in track(scene, with_points):
        assert output.data["keypoints"].shape == (len(output), 17, 2)
        assert np.array_equal(output.data["keypoints"], given.data["keypoints"])
        for box, points in zip(output.xyxy, output.data["keypoints"], strict=True):
            assert np.array_equal(box, [*points[0], *points[-1]])


@pytest.mark.skipif(not hasattr(sv.KeyPoints, "as_detections"), reason="this supervision cannot convert key points")
def test_boxes_around_key_points(scene: Scene) -> None:
    def skeleton(one: Any) -> sv.Detections:
        corners = one.xyxy.reshape(-1, 2, 2)
        points: Any = np.linspace(corners[:, 0], corners[:, 1], 17, axis=1)
        return sv.KeyPoints(xy=points).as_detections()

    for given, output in track(scene, skeleton):
        assert np.array_equal(output.xyxy, given.xyxy)


def test_from_transformers(scene: Scene) -> None:
    torch = pytest.importorskip("torch")

    def convert(one: Any) -> sv.Detections:
        result = {
            "scores": torch.from_numpy(one.confidence),
            "labels": torch.ones(len(one), dtype=torch.int64),
            "boxes": torch.from_numpy(one.xyxy),
        }
        return sv.Detections.from_transformers(result, id2label={1: "person"})

    for _, output in track(scene, convert):
        assert output.data["class_name"].tolist() == ["person"] * len(output)


def test_from_inference(scene: Scene) -> None:
    def convert(one: Any) -> sv.Detections:
        predictions = [
            {
                "x": (x1 + x2) / 2,
                "y": (y1 + y2) / 2,
                "width": x2 - x1,
                "height": y2 - y1,
                "confidence": confidence,
                "class": "person",
                "class_id": 1,
                "detection_id": f"{x1}",
            }
            for (x1, y1, x2, y2), confidence in zip(one.xyxy.tolist(), one.confidence.tolist(), strict=True)
        ]
        width, height = scene.size
        return sv.Detections.from_inference({"predictions": predictions, "image": {"width": width, "height": height}})

    for _, output in track(scene, convert):
        assert output.data["class_name"].tolist() == ["person"] * len(output)


class InstanceData(SimpleNamespace):
    """Fields and `in`, as MMEngine's `InstanceData` has them."""

    def __contains__(self, name: str) -> bool:
        return name in vars(self)


def test_from_mmdetection(scene: Scene) -> None:
    torch = pytest.importorskip("torch")

    def convert(one: Any) -> sv.Detections:
        instances = InstanceData(
            bboxes=torch.from_numpy(one.xyxy),
            scores=torch.from_numpy(one.confidence),
            labels=torch.ones(len(one), dtype=torch.int64),
            masks=torch.from_numpy(dense_masks(scene, one.xyxy)),
        )
        return sv.Detections.from_mmdetection(SimpleNamespace(pred_instances=instances))

    for given, output in track(scene, convert):
        assert output.class_id.tolist() == [1] * len(output)
        assert np.array_equal(output.mask, given.mask)
