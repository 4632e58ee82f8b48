"""Camera motion: estimates against scenes whose motion is known, and what tracks make of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from trackers.boxes import Floats
from trackers.errors import MissingDependencyError
from trackers.motion import kalman
from trackers.motion.camera import METHODS, EstimatedCamera, camera_of
from trackers.motion.estimate import FEWEST_POINTS, Points, is_noise, similarity
from trackers.motion.models import XYAH, XYSR, XYWH, MotionModel
from trackers.motion.warp import local_motion, warp_boxes
from trackers.sample import Scene

pytest.importorskip("cv2", reason="the extra `opencv` is not installed")

NOBODY = np.empty((0, 4))
TURN = np.array([[0.9, -0.2, 30.0], [0.2, 0.9, -10.0], [0.0, 0.0, 1.0]])
TILT = np.array([[1.0, 0.02, 5.0], [0.01, 1.1, -3.0], [2e-4, -1e-4, 1.0]])
MODELS = pytest.mark.parametrize("model", [XYAH, XYWH, XYSR], ids=["XYAH", "XYWH", "XYSR"])
EVERY_METHOD = pytest.mark.parametrize("method", METHODS)


@EVERY_METHOD
def test_finds_the_motion_of_a_panning_camera(method: str) -> None:
    scene, camera, errors = Scene(seed=1, camera="pan", length=50), EstimatedCamera(method), []
    for index in range(30, 50):
        motion = camera.motion(scene.frame(index), scene.truth(index).xyxy.astype(np.float64))
        if index > 30:
            errors.append(np.abs(motion[:2] - scene.camera_motion(index))[:, 2].max())
    assert np.median(errors) < (1.0 if method == "orb" else 0.1)
    assert camera.failures == 0


@EVERY_METHOD
def test_a_still_camera_is_exactly_still(method: str) -> None:
    scene, camera = Scene(seed=2, length=20), EstimatedCamera(method)
    for index in range(20):
        motion = camera.motion(scene.frame(index), scene.truth(index).xyxy.astype(np.float64))
        np.testing.assert_array_equal(motion, np.eye(3))


def test_noise_on_the_pixels_is_no_motion() -> None:
    rng, picture, camera = np.random.default_rng(0), Scene(seed=2, length=1).frame(0), EstimatedCamera("sparse_flow")
    for _ in range(15):
        noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        np.testing.assert_array_equal(camera.motion(noisy, NOBODY), np.eye(3))


def test_figures_that_cross_a_still_picture_are_no_camera() -> None:
    """Half of the picture moves as one, like a bus, and no box says so."""
    rng = np.random.default_rng(0)
    wall, bus = (np.kron(rng.integers(0, 255, (45, 80)), np.ones((8, 8))).astype(np.uint8) for _ in range(2))
    camera = EstimatedCamera("sparse_flow")
    for step in range(6):
        picture = wall.copy()
        picture[200:, 100 + 5 * step : 400 + 5 * step] = bus[200:, 100:400]
        np.testing.assert_array_equal(camera.motion(picture, NOBODY), np.eye(3))


def test_boxes_are_masked_out() -> None:
    """Something that fills most of the picture moves; whether it is the camera depends on the box around it."""
    rng = np.random.default_rng(0)
    texture = np.kron(rng.integers(0, 255, (50, 100)), np.ones((8, 8))).astype(np.uint8)

    def picture(step: int) -> npt.NDArray[np.uint8]:
        drawn: npt.NDArray[np.uint8] = texture[:360, :640].copy()
        drawn[:, 120:] = texture[:360, 120 + 6 * step : 640 + 6 * step]
        return drawn

    for boxes, still in ((NOBODY, False), (np.array([[118.0, 0.0, 640.0, 360.0]]), True)):
        camera = EstimatedCamera("sparse_flow")
        camera.motion(picture(0), boxes)
        motion = camera.motion(picture(1), boxes)
        assert np.array_equal(motion, np.eye(3)) is still
        if not still:
            np.testing.assert_allclose(motion[:2, 2], [-6.0, 0.0], atol=0.1)


@EVERY_METHOD
def test_what_cannot_be_estimated_is_counted_and_taken_for_none(method: str) -> None:
    """Black frames, pure noise, another size: no exception."""
    rng, scene = np.random.default_rng(0), Scene(seed=1, length=2)
    frames: list[npt.NDArray[Any]] = [scene.frame(0), np.zeros((540, 960, 3), np.uint8)]
    frames += [np.zeros((540, 960, 3), np.uint8), np.zeros((240, 320, 3), np.uint8), scene.frame(1)]
    frames += [rng.integers(0, 255, (540, 960, 3), dtype=np.uint8)]
    camera = EstimatedCamera(method)
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(camera.motion(frame, NOBODY), np.eye(3))
        if number == 4:
            assert camera.failures == 4
    camera.reset()
    assert camera.failures == 0


def test_a_function_may_not_know() -> None:
    outputs: Iterator[Any] = iter([None, np.full((2, 3), np.nan), [[1, 0, 5], [0, 1, 0]]])
    camera = camera_of(lambda frame, boxes: next(outputs))
    assert camera is not None
    motions = [camera.motion(None, NOBODY) for _ in range(3)]
    np.testing.assert_array_equal(motions[:2], [np.eye(3)] * 2)
    np.testing.assert_array_equal(motions[2], [[1, 0, 5], [0, 1, 0], [0, 0, 1]])
    assert camera.failures == 2


def test_a_function_gets_the_frame_and_the_boxes_and_can_spoil_neither() -> None:
    calls = []

    def ask(frame: Any, boxes: Any) -> None:
        calls.append((frame, boxes.copy()))
        boxes[:] = 0

    camera, frame = camera_of(ask), np.zeros((9, 9, 3), np.uint8)
    boxes = np.array([[1.0, 2.0, 3.0, 4.0]])
    assert camera is not None
    camera.motion(frame, boxes)
    assert calls[0][0] is frame
    assert calls[0][1].tolist() == boxes.tolist() == [[1.0, 2.0, 3.0, 4.0]]


@pytest.mark.parametrize(("shift", "noise"), [(0.0, True), (0.9, True), (1.6, False)])
def test_a_shift_within_twice_the_scatter_of_the_points_is_noise(shift: float, noise: bool) -> None:
    """Even one that explains more points than standing still, as 0.9 pixels do under a scatter of 0.5."""
    rng = np.random.default_rng(0)
    before = rng.uniform(0, 500, (400, 2))
    after = before + np.array([shift, 0.0]) + rng.normal(0, 0.5, before.shape)
    assert is_noise(np.array([[1.0, 0.0, shift], [0.0, 1.0, 0.0]]), Points(before, after)) is noise


def test_a_motion_takes_so_many_points_and_no_fewer() -> None:
    before = np.random.default_rng(0).uniform(0, 500, (FEWEST_POINTS, 2))
    found = similarity(Points(before, before + 7.0))
    assert found is not None
    np.testing.assert_allclose(found, [[1.0, 0.0, 7.0], [0.0, 1.0, 7.0]], atol=1e-6)
    assert similarity(Points(before[1:], before[1:] + 7.0)) is None


def test_given_matrices_are_used_in_turn() -> None:
    matrices = np.tile(np.eye(2, 3), (3, 1, 1))
    matrices[:, 0, 2] = [0, 5, 7]
    camera = camera_of(matrices)
    assert camera is not None
    assert [camera.motion(None, NOBODY)[0, 2], camera.skip()[0, 2]] == [0, 5]
    camera.reset()
    assert [camera.motion(None, NOBODY)[0, 2] for _ in range(3)] == [0, 5, 7]
    with pytest.raises(ValueError, match="camera_motion has 3 matrices"):
        camera.motion(None, NOBODY)


@pytest.mark.parametrize(
    "wrong",
    ["optical", np.eye(3), np.zeros((4, 3, 2)), np.full((4, 2, 3), np.nan)],
    ids=["a name", "one matrix", "a shape", "NaN"],
)
def test_wrong_cameras_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="camera_motion"):
        camera_of(wrong)


def test_an_estimate_needs_the_frame() -> None:
    with pytest.raises(ValueError, match="expected the frame"):
        EstimatedCamera("ecc").motion(None, NOBODY)


def test_a_missing_opencv_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependencyError, match="pip install opencv-python"):
        camera_of("orb")


@MODELS
def test_standing_still_changes_no_bit(model: MotionModel) -> None:
    state = model.predict(model.initiate(np.random.default_rng(0).uniform([0, 0, 50, 50], [40, 40, 99, 99], (9, 4))))
    np.testing.assert_array_equal(model.warp(state, np.eye(3)), state)


@MODELS
@pytest.mark.parametrize("matrix", [TURN, TILT], ids=["turn", "tilt"])
def test_tracks_move_as_their_boxes_do(model: MotionModel, matrix: Floats) -> None:
    boxes = np.array([[100.0, 50, 140, 150], [400, 300, 500, 420]])
    state = model.initiate(boxes)
    np.testing.assert_allclose(model.boxes(model.warp(state, matrix)), warp_boxes(boxes, matrix))


@MODELS
def test_warping_and_predicting_commute(model: MotionModel) -> None:
    """A linear map of the picture: it makes no difference whether the track or the camera moves first."""
    state = model.initiate(np.array([[100.0, 50, 140, 150]]))
    state[:, kalman.VELOCITY, :2] = [[3.0, -2.0]]
    for row in (kalman.POSITION, kalman.VELOCITY):
        first = model.warp(kalman.predict(state, np.zeros((1, 4)), np.zeros((1, 4))), TURN)
        second = kalman.predict(model.warp(state, TURN), np.zeros((1, 4)), np.zeros((1, 4)))
        np.testing.assert_allclose(first[:, row, :2], second[:, row, :2])


@MODELS
def test_uncertainty_stays_a_covariance(model: MotionModel) -> None:
    state = model.initiate(np.array([[100.0, 50, 140, 150]]))
    for _ in range(20):
        state = model.warp(model.predict(state), TILT if state[0, 0, 0] < 300 else TURN)
    xx, xv, vv = state[:, kalman.VARIANCE :].transpose(1, 0, 2)
    assert (xx > 0).all()
    assert (vv >= 0).all()
    assert (xv * xv <= xx * vv * (1 + 1e-9)).all()


def test_the_jacobian_is_the_derivative() -> None:
    point, step = np.array([[200.0, 100.0]]), 1e-4
    here = local_motion(TILT, point)
    columns = [
        (local_motion(TILT, point + d).points - local_motion(TILT, point - d).points)[0] / (2 * step)
        for d in (np.array([step, 0.0]), np.array([0.0, step]))
    ]
    np.testing.assert_allclose(here.jacobian[0], np.array(columns).T, rtol=1e-6)
    assert here.zoom[0] == pytest.approx(np.sqrt(np.linalg.det(np.array(columns))), rel=1e-6)


@pytest.mark.data
@pytest.mark.parametrize(("name", "moving"), [("KITTI-17", False), ("TUD-Campus", False), ("MOT16-11a", True)])
def test_real_cameras(data_dir: Path, name: str, moving: bool) -> None:
    """A still camera is never taken for a moving one; one carried through a mall nearly always moves."""
    cv2 = pytest.importorskip("cv2")
    sequence = data_dir / "data" / "mot" / name
    stored = np.load(data_dir / "golden" / name / "detections.npz")
    camera, moved = EstimatedCamera("sparse_flow"), []
    images = sorted((sequence / "img1").glob("*.jpg"))
    capture = cv2.VideoCapture(str(sequence / "video.mp4"))
    for number in range(1, 61):
        image = cv2.imread(str(images[number - 1])) if images else capture.read()[1]
        motion = camera.motion(image, stored["xyxy"][stored["frame"] == number].astype(np.float64))
        moved.append(not np.array_equal(motion, np.eye(3)))
    assert (np.mean(moved[1:]) > 0.8) if moving else not any(moved)
