"""A plane that two cameras show: where the feet of an object on one picture stand on the other.

Points of a plane go from one picture to another by a homography (Hartley and Zisserman, "Multiple View Geometry",
2004, chapter 4). It is fitted by the normalised direct linear transformation, weighted again and again so that
outliers lose their say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats

OUTLIER = 0.3
"""Distance, in heights of the object, at which a point has half its say."""

ROUNDS = 6


def fit_homography(first: npt.ArrayLike, second: npt.ArrayLike, weights: Floats | None = None) -> Floats:
    """The homography that takes points to points, at least squares of the algebraic error.

    Args:
        first: Points, shape `(n, 2)`, `n >= 4`, no three of four on a line.
        second: Where each of them is to go, shape `(n, 2)`.
        weights: Say of each, shape `(n,)`; None for equal.

    Returns:
        Matrix of shape `(3, 3)`.

    Raises:
        ValueError: If there are fewer than four pairs of finite points.

    Example:
        >>> square = [[0, 0], [1, 0], [1, 1], [0, 1]]
        >>> moved = np.array(square) * 2.0 + 5.0
        >>> move_points(fit_homography(square, moved), np.array([[0.5, 0.5]])).round(6).tolist()
        [[6.0, 6.0]]
    """
    points, goals = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if points.shape != goals.shape or points.ndim != 2 or points.shape[1:] != (2,) or len(points) < 4:
        raise ValueError(
            "a homography needs four or more pairs of points, shape (n, 2) each, "
            f"but got {points.shape} and {goals.shape}"
        )
    if not (np.isfinite(points).all() and np.isfinite(goals).all()):
        raise ValueError("a homography needs finite points")
    to_points, to_goals = _normalising(points), _normalising(goals)
    a, b = _homogeneous(points) @ to_points.T, _homogeneous(goals) @ to_goals.T
    zero = np.zeros_like(a)
    rows = np.concatenate((np.hstack((a, zero, -b[:, :1] * a)), np.hstack((zero, a, -b[:, 1:2] * a))))
    if weights is not None:
        rows = rows * np.tile(weights, 2)[:, None]
    _, vectors = np.linalg.eigh(rows.T @ rows)
    matrix = np.linalg.inv(to_goals) @ vectors[:, 0].reshape(3, 3) @ to_points
    return np.asarray(matrix / np.linalg.norm(matrix))


def fit_robustly(first: Floats, second: Floats, heights: Floats) -> Floats:
    """As `fit_homography`, for points of which some are wrong.

    Args:
        first: Points, shape `(n, 2)`.
        second: Where they are to go, shape `(n, 2)`.
        heights: Height of the object at each of `second`; errors are measured in it.
    """
    scale = np.median(heights) / heights
    matrix = fit_homography(first, second, scale)
    for _ in range(ROUNDS):
        error = np.linalg.norm(move_points(matrix, first) - second, axis=1) / heights
        matrix = fit_homography(first, second, scale / np.sqrt(1.0 + (error / OUTLIER) ** 2))
    return matrix


def move_points(matrix: Floats, points: Floats) -> Floats:
    """Points after a homography, shape `(..., 2)`; far away for those on its horizon."""
    moved = _homogeneous(points) @ matrix.T
    depth = moved[..., 2:]
    return np.asarray(moved[..., :2] / np.where(np.abs(depth) < 1e-12, 1e-12, depth))


def _homogeneous(points: Floats) -> Floats:
    return np.concatenate((points, np.ones((*points.shape[:-1], 1))), axis=-1)


def _normalising(points: Floats) -> Floats:
    """Moves the centre of the points to 0 and their mean distance from it to the square root of 2."""
    centre = points.mean(axis=0)
    scale = np.sqrt(2.0) / max(float(np.linalg.norm(points - centre, axis=1).mean()), 1e-12)
    return np.array([[scale, 0.0, -scale * centre[0]], [0.0, scale, -scale * centre[1]], [0.0, 0.0, 1.0]])
