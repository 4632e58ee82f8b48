"""Where camera motion comes from: estimated from pixels, asked of a function, or given for every frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats
from trackers.errors import check_choice, require
from trackers.motion import estimate

CameraFunction = Callable[["npt.NDArray[Any] | None", Floats], Any]
"""`(frame, boxes)` to the motion since the last frame, `(2, 3)` or `(3, 3)`, or None where it is not known."""

CameraMotion = str | CameraFunction | npt.ArrayLike | None
"""`"sparse_flow"`, `"orb"` or `"ecc"`; a `CameraFunction`; a matrix per frame; None for a camera that stands still."""

METHODS = ("sparse_flow", "orb", "ecc")
LONGEST_SIDE = 640
"""Frames are reduced to this many pixels before anything is estimated."""

STILL: Floats = np.eye(3)


class Camera(Protocol):
    """Gives the camera motion frame by frame.

    Attributes:
        failures: Frames whose motion could not be found, taken for none.
    """

    failures: int

    def motion(self, frame: npt.NDArray[Any] | None, boxes: Floats) -> Floats:
        """Motion from the last frame to this one, `(3, 3)`; `boxes` `(n, 4)` are what may move by itself."""
        ...

    def skip(self) -> Floats:
        """Motion to a frame that is skipped, as far as it is known."""
        ...

    def reset(self) -> None:
        """Start over with another video."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """What is known of the video so far: numbers and arrays."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up such a state; nothing is changed where it does not fit."""
        ...


def camera_of(camera_motion: CameraMotion) -> Camera | None:
    """The camera that a tracker's parameter `camera_motion` asks for.

    Args:
        camera_motion: See `CameraMotion`.

    Returns:
        The camera; None where it stands still.

    Raises:
        ValueError: If the name is not known or the matrices have another shape.
        MissingDependencyError: If OpenCV is needed and not installed.
    """
    if camera_motion is None:
        return None
    if isinstance(camera_motion, str):
        check_choice("camera_motion", camera_motion, METHODS)
        require("cv2", "opencv")
        return EstimatedCamera(camera_motion)
    if callable(camera_motion):
        return CallableCamera(camera_motion)
    return GivenCamera(np.asarray(camera_motion, np.float64))


def trial_motion(camera: Camera, frame: npt.NDArray[Any] | None, boxes: Floats) -> tuple[Floats, dict[str, Any]]:
    """The motion to a frame and the state of the camera after it; the camera itself stays as it is.

    Args:
        camera: The camera.
        frame: The next frame.
        boxes: What may move by itself, shape `(n, 4)`.

    Returns:
        Motion from the last frame to this one, shape `(3, 3)`, and the state for `load_state_dict`.

    Raises:
        ValueError: If the camera refuses the frame.
    """
    before = camera.state_dict()
    try:
        return camera.motion(frame, boxes), camera.state_dict()
    finally:
        camera.load_state_dict(before)


class EstimatedCamera:
    """Estimates the motion from the pixels of the background."""

    def __init__(self, method: str) -> None:
        """Take one of `METHODS`."""
        self._points = estimate.points_by_orb if method == "orb" else estimate.points_by_flow
        self._by_correlation = method == "ecc"
        self.reset()

    def reset(self) -> None:
        """Drop the last frame."""
        self.failures = 0
        self._last: estimate.Picture | None = None

    def state_dict(self) -> dict[str, Any]:
        """Failures and the last frame."""
        return {"failures": self.failures, "last": None if self._last is None else self._last._asdict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        last = None if state["last"] is None else estimate.Picture(**state["last"])
        self.failures, self._last = int(state["failures"]), last

    def skip(self) -> Floats:
        """Nothing is known of a frame that was skipped; the next estimate spans it."""
        return STILL

    def motion(self, frame: npt.NDArray[Any] | None, boxes: Floats) -> Floats:
        """Motion from the last frame to this one; standing still where the estimate is below its own noise."""
        if frame is None:
            raise ValueError(
                "expected the frame, but got None: camera_motion is estimated from it. Call update(detections, frame)"
            )
        now, last = estimate.picture(frame, boxes, LONGEST_SIDE), self._last
        self._last = now
        if last is None:
            return STILL
        if last.grey.shape != now.grey.shape:
            self.failures += 1
            return STILL
        points = self._points(last, now)
        matrix = estimate.similarity(points)
        if self._by_correlation:
            matrix = estimate.by_correlation(last, now, matrix)
        if matrix is None or len(points.before) < estimate.FEWEST_POINTS:
            self.failures += 1
            return STILL
        if estimate.is_noise(matrix, points):
            return STILL
        matrix[:, 2] /= now.scale
        return np.vstack((matrix, STILL[2]))


class CallableCamera:
    """Calls a function for the motion."""

    def __init__(self, function: CameraFunction) -> None:
        """Take the function."""
        self._function = function
        self.failures = 0

    def reset(self) -> None:
        """Count failures anew."""
        self.failures = 0

    def state_dict(self) -> dict[str, Any]:
        """Failures; the state of the function is its own."""
        return {"failures": self.failures}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.failures = int(state["failures"])

    def skip(self) -> Floats:
        """A function is called only on frames that are there."""
        return STILL

    def motion(self, frame: npt.NDArray[Any] | None, boxes: Floats) -> Floats:
        """What the function says; standing still where it says None or a matrix that is not finite."""
        found = self._function(frame, boxes.copy())
        if found is None or not np.isfinite(found).all():
            self.failures += 1
            return STILL
        matrix: Floats = _square(np.asarray(found, np.float64)[None])[0]
        return matrix


class GivenCamera:
    """Has the motion of every frame beforehand."""

    failures = 0

    def __init__(self, matrices: Floats) -> None:
        """Take matrices `(frames, 2, 3)` or `(frames, 3, 3)`; row i leads from frame i - 1 to frame i."""
        self._matrices = _square(matrices)
        if not np.isfinite(self._matrices).all():
            raise ValueError("camera_motion must be finite, but some of its matrices hold NaN or infinity")
        self.reset()

    def reset(self) -> None:
        """Go back to the first frame."""
        self._index = 0

    def state_dict(self) -> dict[str, Any]:
        """How many matrices have been used."""
        return {"index": self._index}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._index = int(state["index"])

    def skip(self) -> Floats:
        """The matrix of the frame."""
        return self.motion(None, np.empty((0, 4)))

    def motion(self, frame: npt.NDArray[Any] | None, boxes: Floats) -> Floats:
        """The matrix of the frame."""
        if self._index == len(self._matrices):
            raise ValueError(f"camera_motion has {self._index} matrices, but the video has more frames")
        self._index += 1
        matrix: Floats = self._matrices[self._index - 1]
        return matrix


def _square(matrices: Floats) -> Floats:
    """Affine motions as homographies, shape `(n, 3, 3)`."""
    if matrices.ndim != 3 or matrices.shape[1:] not in ((2, 3), (3, 3)):
        raise ValueError(
            f"camera_motion must be one of {', '.join(METHODS)}, a function, or matrices of shape (frames, 2, 3) or "
            f"(frames, 3, 3), one for each frame, but got shape {matrices.shape}"
        )
    if matrices.shape[1] == 3:
        return matrices
    return np.concatenate((matrices, np.broadcast_to(STILL[2:], (len(matrices), 1, 3))), axis=1)
