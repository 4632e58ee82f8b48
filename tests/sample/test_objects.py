"""Scenes of cars, fish and drones' views: truth is what is drawn, time is time, and what lies beside a box fits it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import supervision as sv

from trackers.sample import DetectionNoise, ObjectScene
from trackers.sample.overhead import Overhead

SMALL = (320, 180)
SCENES: dict[str, Callable[..., ObjectScene]] = {
    "cars": ObjectScene.cars,
    "fish": ObjectScene.fish,
    "drone": ObjectScene.drone,
}


@pytest.fixture(params=SCENES.values(), ids=list(SCENES))
def make(request: pytest.FixtureRequest) -> Callable[..., ObjectScene]:
    made: Callable[..., ObjectScene] = request.param
    return made


def test_equal_seeds_give_equal_scenes_in_any_order(make: Callable[..., ObjectScene]) -> None:
    one, other = make(size=SMALL, seed=3, frame_rate=5), make(size=SMALL, seed=3, frame_rate=5)
    forth = [(one.frame(i), one.detections(i)) for i in (0, 20, 40)]
    back = [(other.frame(i), other.detections(i)) for i in (40, 20, 0)][::-1]
    for (frame, found), (frame_again, found_again) in zip(forth, back, strict=True):
        assert np.array_equal(frame, frame_again)
        assert found == found_again
    assert not np.array_equal(forth[0][0], make(size=SMALL, seed=4, frame_rate=5).frame(0))
    assert len(list(make(size=SMALL, frame_rate=0.5).frames())) == len(make(frame_rate=0.5)) == 6


def test_time_is_time_at_every_rate(make: Callable[..., ObjectScene]) -> None:
    slow, fast = make(frame_rate=10, size=SMALL), make(frame_rate=60, size=SMALL)
    for index in (0, 37, 110):
        assert slow.truth(index) == fast.truth(6 * index)


def test_boxes_are_where_something_is_drawn(make: Callable[..., ObjectScene]) -> None:
    """Outside all boxes, and shadows beside them, a frame is the ground; in each box it is not."""
    scene = make(frame_rate=10, seed=1)
    empty = ObjectScene([], scene.view, scene._ground_kind, frame_rate=10, seed=1)
    for index in (15, 85):
        truth = scene.truth(index)
        changed = (scene.frame(index) != empty.frame(index)).any(axis=2)
        beside = np.zeros_like(changed)
        for x1, y1, x2, y2 in np.rint(truth.xyxy).astype(int).tolist():
            share = changed[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)].mean()
            assert share > 0.15, "a fish that swims aslant fills little of its box"
            beside[max(y1 - 8, 0) : max(y2 + 45, 0), max(x1 - 8, 0) : max(x2 + 45, 0)] = True
        assert not (changed & ~beside).any()


def test_detections_without_noise_are_the_truth(make: Callable[..., ObjectScene]) -> None:
    scene = make(frame_rate=10, noise=DetectionNoise.none())
    width, height = scene.size
    for index in range(0, len(scene), 10):
        truth, found = scene.truth(index), scene.detections(index)
        order = np.argsort(np.asarray(found.data["object"]))
        assert truth.tracker_id is not None
        kept = np.isin(truth.tracker_id, found.data["object"])
        assert np.asarray(found.data["object"])[order].tolist() == truth.tracker_id[kept].tolist()
        inside = np.clip(truth.xyxy[kept], 0, [width, height, width, height])
        np.testing.assert_allclose(found.xyxy[order], inside, atol=1e-3)
        assert found.class_id is not None
        assert truth.class_id is not None
        assert (found.class_id[order] == truth.class_id[kept]).all()
        whole = (truth.xyxy[kept] == inside).all(axis=1)
        corners = np.asarray(found.data["xyxyxyxy"])[order]
        true_corners = np.asarray(truth.data["xyxyxyxy"])[kept]
        np.testing.assert_allclose(corners[whole], true_corners[whole], atol=0.01)


def test_shapes_change_as_objects_turn_and_bend() -> None:
    """The wide car is a tall one after the turn, and back; a fish changes by far more than a factor of two."""
    for scene, least in ((ObjectScene.cars(frame_rate=5), 1.6), (ObjectScene.fish(frame_rate=5), 2.5)):
        ratios: dict[int, list[float]] = {}
        for index in range(len(scene)):
            truth = scene.truth(index)
            inside = ((truth.xyxy > 0) & (truth.xyxy < [*scene.size, *scene.size])).all(axis=1)
            assert truth.tracker_id is not None
            for identity, (x1, y1, x2, y2) in zip(truth.tracker_id[inside], truth.xyxy[inside], strict=True):
                ratios.setdefault(int(identity), []).append(float((x2 - x1) / (y2 - y1)))
        assert max(max(one) / min(one) for one in ratios.values()) > least


def test_the_drone_moves_and_says_how() -> None:
    """The corners of the parked car go where the motion takes them; the shapes are COCO's, people and cars."""
    scene = ObjectScene.drone(frame_rate=30)
    parked = 12
    moved = 0.0
    for index in range(1, len(scene), 12):
        before, now = (
            np.asarray(truth.data["xyxyxyxy"])[truth.tracker_id == parked]
            for truth in (scene.truth(index - 1), scene.truth(index))
        )
        if not (len(before) and len(now)):
            continue
        matrix = scene.camera_motion(index)
        np.testing.assert_allclose(before[0] @ matrix[:, :2].T + matrix[:, 2], now[0], atol=1e-3)
        moved = max(moved, float(np.abs(now - before).max()))
    assert moved > 1.0
    assert set(np.concatenate([scene.truth(i).class_id for i in range(0, len(scene), 30)]).tolist()) == {0, 2}
    np.testing.assert_allclose(ObjectScene.cars().camera_motion(5), np.eye(2, 3), atol=1e-9)


def test_who_is_hidden_is_less_visible() -> None:
    """The lorry passes before a parked car."""
    scene = ObjectScene.cars(frame_rate=10)
    visibility = [np.asarray(scene.truth(i).data["visibility"]) for i in range(0, len(scene), 2)]
    least = min(part.min() for part in visibility if len(part))
    assert 0.0 < least < 0.8
    assert np.median(np.concatenate(visibility)) == 1.0


def test_false_alarms_have_all_fields_where_nothing_is() -> None:
    empty = ObjectScene([], Overhead(SMALL, 20.0), "tank", noise=DetectionNoise(false_alarms=3.0))
    alarms = sv.Detections.merge([empty.detections(index) for index in range(3)])
    assert len(alarms) > 3
    assert np.asarray(alarms.data["object"]).tolist() == [-1] * len(alarms)
    scene = ObjectScene.cars(noise=DetectionNoise(false_alarms=4.0))
    found = sv.Detections.merge([scene.detections(index) for index in range(5)])
    assert (np.asarray(found.data["object"]) == -1).any()
    assert set(found.data["class_name"]) == {"car"}


def test_what_is_no_scene_is_refused() -> None:
    for wrong in ({"frame_rate": 0.0}, {"size": (16, 16)}):
        with pytest.raises(ValueError, match="expected size of at least 32 x 32, frame_rate > 0"):
            ObjectScene.cars(**wrong)
    with pytest.raises(IndexError, match="expected a frame index from 0 to 119"):
        ObjectScene.cars().truth(120)
