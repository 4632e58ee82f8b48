"""What a moving camera does to tracks: coordinates of the last frame in those of this frame.

A motion is an affine `(2, 3)` or a homography `(3, 3)` that takes points of the background from the last frame to this
one. Around each track it is a linear map, its Jacobian, whose determinant says how much larger things have become.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.boxes import Floats
from trackers.motion import kalman


class LocalMotion(NamedTuple):
    """The motion around some points.

    Attributes:
        points: Where the points are now, shape `(n, 2)`.
        jacobian: Linear map around each, shape `(n, 2, 2)`.
        zoom: How much larger things around each are, shape `(n,)`.
    """

    points: Floats
    jacobian: Floats
    zoom: Floats


def local_motion(matrix: Floats, points: Floats) -> LocalMotion:
    """The motion around points `(n, 2)` of the last frame.

    Example:
        >>> zoom_in = np.array([[2.0, 0, 5], [0, 2, 0], [0, 0, 1]])
        >>> local_motion(zoom_in, np.array([[1.0, 1.0]])).points.tolist()
        [[7.0, 2.0]]
    """
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    jacobian = np.broadcast_to(matrix[:2, :2], (len(points), 2, 2))
    if len(matrix) == 3:
        depth = points @ matrix[2, :2] + matrix[2, 2]
        moved = moved / depth[:, None]
        jacobian = (jacobian - moved[:, :, None] * matrix[2, :2]) / depth[:, None, None]
    determinant = jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0]
    return LocalMotion(moved, jacobian, np.sqrt(np.abs(determinant)))


def warp_state(state: Floats, matrix: Floats, size_powers: tuple[int, int]) -> Floats:
    """Tracks seen from the moved camera (Aharon 2022, section 3.2), covariance between coordinates left out.

    Centre and velocity follow the motion; the third and fourth coordinate grow by a power of the zoom (area: 2, width
    or height: 1, aspect ratio: 0).

    Args:
        state: Shape `(n, 5, 4)`; see `trackers.motion.kalman`.
        matrix: The motion, shape `(2, 3)` or `(3, 3)`.
        size_powers: Powers of the zoom for the third and fourth coordinate.

    Returns:
        A new state of shape `(n, 5, 4)`.
    """
    state = np.ascontiguousarray(state)
    centre, jacobian, zoom = local_motion(matrix, state[:, kalman.POSITION, :2])
    growth = zoom[:, None] ** np.array(size_powers, np.float64)
    warped = np.empty_like(state)
    warped[:, kalman.POSITION, :2] = centre
    warped[:, kalman.VELOCITY, :2] = np.einsum("nij,nj->ni", jacobian, state[:, kalman.VELOCITY, :2])
    warped[:, kalman.VARIANCE :, :2] = np.einsum("nij,nkj->nki", jacobian**2, state[:, kalman.VARIANCE :, :2])
    warped[:, : kalman.VARIANCE, 2:] = state[:, : kalman.VARIANCE, 2:] * growth[:, None]
    warped[:, kalman.VARIANCE :, 2:] = state[:, kalman.VARIANCE :, 2:] * growth[:, None] ** 2
    return warped


def warp_boxes(boxes: Floats, matrix: Floats) -> Floats:
    """Boxes of the last frame, shape `(n, 4)`, seen from the moved camera; they stay upright. NaN stays NaN.

    Example:
        >>> warp_boxes(np.array([[0.0, 0, 10, 20]]), np.array([[1.0, 0, 3], [0, 1, 0]])).tolist()
        [[3.0, 0.0, 13.0, 20.0]]
    """
    centre, _, zoom = local_motion(matrix, 0.5 * (boxes[:, :2] + boxes[:, 2:]))
    half = 0.5 * zoom[:, None] * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate((centre - half, centre + half), axis=1)
