"""The scene keeps its promises: equal seeds, equal scenes; truth is what is drawn; scripts do what they say."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trackers.sample import DetectionNoise, Scene
from trackers.sample.paths import script
from trackers.sample.view import View

SMALL = (320, 180)


def changed(scene: Scene, index: int) -> npt.NDArray[np.bool_]:
    """Pixels of a frame that differ from the same place without anybody in it."""
    return np.asarray((scene.frame(index) != empty(scene.seed, scene.size, len(scene)).frame(index)).any(axis=2))


@functools.lru_cache(maxsize=1)
def empty(seed: int, size: tuple[int, int], length: int) -> Scene:
    """The same place without anybody."""
    return Scene(seed, size, length, figures=0)


@pytest.mark.parametrize("camera", ["static", "pan"])
def test_equal_seeds_give_equal_scenes_in_any_order(camera: str) -> None:
    one, other = (Scene(7, SMALL, 40, camera=camera) for _ in range(2))  # type: ignore[arg-type]
    forth = [(one.frame(i), one.detections(i)) for i in range(0, 40, 8)]
    back = [(other.frame(i), other.detections(i)) for i in reversed(range(0, 40, 8))][::-1]
    for (frame, found), (frame_again, found_again) in zip(forth, back, strict=True):
        assert np.array_equal(frame, frame_again)
        assert found == found_again
    assert not np.array_equal(forth[0][0], Scene(8, SMALL, 40).frame(0))


def test_equal_in_another_process() -> None:
    scene = Scene(3, SMALL, 30)
    digest = hashlib.sha256(scene.frame(20).tobytes() + scene.detections(20).xyxy.tobytes()).hexdigest()
    code = (
        "import hashlib; from trackers.sample import Scene; scene = Scene(3, (320, 180), 30);"
        "print(hashlib.sha256(scene.frame(20).tobytes() + scene.detections(20).xyxy.tobytes()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert output.stdout.strip() == digest


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(64, 320), st.integers(64, 240), st.integers(0, 12), st.booleans())
def test_any_seed_and_size(seed: int, width: int, height: int, figures: int, pan: bool) -> None:
    scene = Scene(seed, (width, height), 500, figures, "pan" if pan else "static")
    for index in (0, 251, 499):
        frame, truth, found = scene.frame(index), scene.truth(index), scene.detections(index)
        assert frame.shape == (height, width, 3)
        assert frame.dtype == np.uint8
        assert truth.tracker_id is not None
        assert set(truth.tracker_id.tolist()) <= set(range(1, figures + 1))
        assert len(set(truth.tracker_id.tolist())) == len(truth)
        visibility = np.asarray(truth.data["visibility"])
        assert ((visibility > 0) & (visibility <= 1)).all()
        assert (truth.xyxy[:, 2:] > truth.xyxy[:, :2]).all()
        assert np.shape(found.data["embedding"]) == (len(found), 128)
        assert ((found.xyxy >= 0) & (found.xyxy <= [width, height, width, height])).all()
        assert set(np.asarray(found.data["object"]).tolist()) <= {-1, *truth.tracker_id.tolist()}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 299))
@example(176, 176)
def test_box_is_where_the_figure_is_drawn(seed: int, index: int) -> None:
    scene = Scene(seed, (480, 270), figures=1)
    truth = scene.truth(index)
    drawn = changed(scene, index)
    if len(truth) == 0:
        assert drawn.sum() < 0.01 * drawn.size  # at most the shadow of somebody just outside
        return
    x1, y1, x2, y2 = truth.xyxy[0]
    height = y2 - y1
    rows, columns = np.nonzero(drawn)
    body = rows < y2 - 0.08 * height - 2  # the shadow is below
    assert rows.min() >= y1 - 2 - 0.03 * height
    assert rows.max() <= y2 + 2 + 0.06 * height
    assert columns[body].min(initial=10_000) >= x1 - 2 - 0.03 * height
    assert columns[body].max(initial=0) <= x2 + 2 + 0.03 * height
    pillar = scene.view.pillars[0]
    if x1 > 0 and x2 < 480 and (x2 < pillar[0] or x1 > pillar[2]):
        assert rows.min() <= y1 + 3 + 0.03 * height
        assert columns.min() <= x1 + 3 + 0.06 * height
        assert columns[body].max() >= x2 - 3 - 0.16 * height  # the toes are in the shadow


def test_somebody_leaves_and_comes_back_with_the_same_identity() -> None:
    scene = Scene(length=1500, figures=6, size=SMALL, noise=DetectionNoise.none())
    present = np.zeros((len(scene), 7), dtype=bool)
    embeddings: dict[int, list[npt.NDArray[np.float32]]] = {}
    for index in range(0, len(scene), 5):
        found = scene.detections(index)
        present[index, found.data["object"]] = True
        for identity, vector in zip(np.asarray(found.data["object"]).tolist(), found.data["embedding"], strict=True):
            embeddings.setdefault(identity, []).append(vector)
    shown = present[::5, 1:]
    returns = (np.diff(shown.astype(int), axis=0) == 1).sum(axis=0) + shown[0]
    assert (returns > 1).all()
    for identity, vectors in embeddings.items():
        similarity = np.stack(vectors) @ np.stack(embeddings[1 + identity % 6]).T
        assert np.median(similarity) < 0.6 < np.median(np.stack(vectors) @ np.stack(vectors).T)


def test_figures_move_smoothly() -> None:
    scene = Scene(length=400, figures=20, size=(960, 540))
    feet = np.stack([scene.snapshot(i).feet for i in range(400)])
    heights = np.stack([scene.snapshot(i).heights for i in range(400)])
    speed = np.diff(feet, axis=0) / heights[1:, :, None]
    assert np.abs(speed).max() < 0.06  # body heights per frame
    assert np.abs(np.diff(speed, axis=0)).max() < 0.01


def test_behind_the_pillar_nothing_is_visible_and_nothing_is_drawn() -> None:
    scene = Scene.occlusion(size=(480, 270))
    visibility = np.array([scene.truth(i, hidden=True).data["visibility"][0] for i in range(len(scene))])
    hidden = np.flatnonzero(visibility == 0)
    assert len(hidden) > 5
    assert (np.diff(hidden) == 1).all()
    assert (visibility[: hidden[0] - 30] == 1).all()
    assert (np.diff(visibility[: hidden[0]]) <= 0).all()
    assert (np.diff(visibility[hidden[-1] : hidden[-1] + 40]) >= 0).all()
    middle = int(hidden[len(hidden) // 2])
    assert len(scene.truth(middle)) == 0
    x1, y1, x2, y2 = scene.truth(middle, hidden=True).xyxy[0].astype(int)
    drawn = changed(scene, middle)[y1:y2, x1:x2]
    assert drawn[: int(0.85 * len(drawn))].mean() < 0.02


def test_visibility_is_the_part_of_the_figure_that_is_drawn() -> None:
    scene = Scene.occlusion(size=(480, 270))
    full = [changed(scene, i).sum() for i in range(20, 50, 6)]
    compared = 0
    for index in range(60, 130, 3):
        visibility = scene.truth(index, hidden=True).data["visibility"][0]
        drawn = changed(scene, index).sum() / np.mean(full)
        assert drawn == pytest.approx(visibility, abs=0.2)
        compared += 0 < visibility < 1
    assert compared > 3


def test_walker_stops_behind_the_pillar() -> None:
    scene = Scene.occlusion(stop=True)
    truth = [scene.truth(i, hidden=True) for i in range(len(scene))]
    hidden = np.flatnonzero([frame.data["visibility"][0] == 0 for frame in truth])
    assert len(hidden) > 75
    middles = np.array([truth[i].get_anchors_coordinates(sv.Position.BOTTOM_CENTER)[0] for i in hidden])
    assert (np.abs(np.diff(middles, axis=0)).max(axis=1) < 0.05).sum() >= 73
    assert truth[0].xyxy[0, 0] < 300
    assert truth[-1].xyxy[0, 0] > 650


def test_crossing() -> None:
    scene = Scene.crossing()
    order = np.array([np.sign(np.diff(scene.truth(i, hidden=True).xyxy[:, 0]))[0] for i in range(len(scene))])
    assert order[0] == 1
    assert order[-1] == -1
    assert (np.diff(order) != 0).sum() == 1
    visibility = np.stack([scene.truth(i, hidden=True).data["visibility"] for i in range(len(scene))])
    assert (visibility[:, 0] == 1).all()
    assert visibility[:, 1].min() < 0.3
    assert (visibility[[0, -1]] == 1).all()


@pytest.mark.parametrize("figures", [1, 12, 60])
def test_crowd_keeps_everybody_in_the_picture(figures: int) -> None:
    scene = Scene.crowd(figures)
    for index in range(0, len(scene), 40):
        truth = scene.truth(index, hidden=True)
        assert truth.tracker_id is not None
        assert truth.tracker_id.tolist() == list(range(1, figures + 1))


def test_background_moves_by_the_camera_motion() -> None:
    scene = Scene(2, (480, 270), 200, figures=0, camera="pan")
    moved = 0
    for index in range(1, 200, 20):
        motion = scene.camera_motion(index)
        assert np.array_equal(motion[:, :2], np.eye(2))
        assert motion[1, 2] == 0
        step = int(motion[0, 2])
        before, after = scene.frame(index - 1).astype(int), scene.frame(index).astype(int)
        x = np.arange(20, 460)
        assert np.abs(after[:, x + step] - before[:, x]).max() <= 20  # twice the limit of the sensor noise
        moved += step != 0
    assert moved >= 6
    assert np.array_equal(scene.camera_motion(0), np.eye(2, 3))
    assert np.array_equal(Scene(figures=1).camera_motion(5), np.eye(2, 3))


def test_figures_move_with_the_camera() -> None:
    view = View(SMALL, "pan", 25.0, 3.2)
    place = view.ground(0.5, 0.7)
    scene = Scene(0, SMALL, 100, camera="pan", paths=script([[(0.0, *place), (9.0, *place)]]))
    for index in range(1, 100):
        step = scene.snapshot(index).feet - scene.snapshot(index - 1).feet
        assert step[0] == pytest.approx(scene.camera_motion(index)[:, 2])


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": (10, 10)},
        {"length": 0},
        {"figures": -1},
        {"frame_rate": 0.0},
        {"embedding_size": 1},
        {"camera": "zoom"},
    ],
)
def test_wrong_arguments(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Scene(**wrong)  # type: ignore[arg-type]


def test_wrong_index() -> None:
    with pytest.raises(IndexError, match="0 to 9"):
        Scene(length=10).truth(10)
