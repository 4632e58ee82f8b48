"""Constant-velocity Kalman filter for boxes, all tracks in one call.

The transition couples a coordinate only with its own velocity, and every noise is diagonal. The covariance therefore
stays block-diagonal, and a filter over four coordinates is four filters over (position, velocity), exactly. Nothing
needs a matrix inverse.

A `state` has shape `(n, 5, 4)`: for each of n tracks and four coordinates, the five rows are

    0  position            3  covariance of position and velocity
    1  velocity            4  variance of velocity
    2  variance of position

In memory the tracks lie side by side, in order of rows, coordinates, tracks, so that each step is a few operations on
long pieces; every function takes states in any order.

Example:
    >>> state = initiate(np.array([[5.0, 5, 1, 9]]), np.ones((1, 4)), np.ones((1, 4)))
    >>> state = predict(state, np.zeros((1, 4)), np.zeros((1, 4)))
    >>> correct(state, np.array([[6.0, 5, 1, 9]]), np.ones((1, 4)))[0, POSITION].round(2).tolist()
    [5.67, 5.0, 1.0, 9.0]
"""

from __future__ import annotations

import numpy as np

from trackers.boxes import Floats

POSITION, VELOCITY, VARIANCE, COVARIANCE, VELOCITY_VARIANCE = range(5)


def rows_of(state: Floats) -> Floats:
    """The five rows of a state `(n, 5, 4)`, each for all coordinates and tracks, a view of shape `(5, 4, n)`."""
    return np.asarray(state.transpose(1, 2, 0))


def as_state(rows: Floats) -> Floats:
    """A state `(n, 5, 4)`, as a view of its five rows `(5, 4, n)`."""
    return np.asarray(rows.transpose(2, 0, 1))


def initiate(measurement: Floats, position_variance: Floats, velocity_variance: Floats) -> Floats:
    """Start tracks at rest on their first measurement: `x = z`, `v = 0`, no covariance between them.

    Args:
        measurement: Coordinates, shape `(n, 4)`.
        position_variance: Initial variance of the position, shape `(n, 4)`.
        velocity_variance: Initial variance of the velocity, shape `(n, 4)`.

    Returns:
        State of shape `(n, 5, 4)`.
    """
    state = as_state(np.zeros((5, 4, len(measurement))))
    state[:, POSITION] = measurement
    state[:, VARIANCE] = position_variance
    state[:, VELOCITY_VARIANCE] = velocity_variance
    return state


def predict(state: Floats, position_noise: Floats, velocity_noise: Floats, dt: float | Floats = 1.0) -> Floats:
    """Move every track by one step: `x' = F x`, `P' = F P F^T + Q`.

    Args:
        state: Shape `(n, 5, 4)`.
        position_noise: Process variance of the position, shape `(n, 4)`.
        velocity_noise: Process variance of the velocity, shape `(n, 4)`.
        dt: Length of the step in frames, for all tracks or for each, shape `(n, 1)`; the process noise is that of one
            frame times `dt`.

    Returns:
        Predicted state, a new array of shape `(n, 5, 4)`.
    """
    rows = rows_of(state).copy()
    predict_rows(rows, position_noise.T, velocity_noise.T, getattr(dt, "T", dt))
    return as_state(rows)


def predict_rows(rows: Floats, position_noise: Floats, velocity_noise: Floats, dt: float | Floats) -> None:
    """`predict` in place, on the five rows `(5, 4, n)` of a state; noise of shape `(4, n)`, `dt` one or `(1, n)`."""
    drift = dt * rows[VELOCITY::3]  # of the position, and of the covariance
    change = 2.0 * rows[COVARIANCE]
    change += drift[1]
    change *= dt
    rows[VARIANCE] += change
    rows[VARIANCE] += dt * position_noise
    rows[POSITION::3] += drift
    rows[VELOCITY_VARIANCE] += dt * velocity_noise


def correct(state: Floats, measurement: Floats, measurement_noise: Floats) -> Floats:
    """Condition every track on its measurement: `K = P H^T S^-1`, `x' = x + K y`, `P' = P - K S K^T`.

    Args:
        state: Predicted state, shape `(n, 5, 4)`.
        measurement: Measured coordinates, shape `(n, 4)`.
        measurement_noise: Variance of the measurement, shape `(n, 4)`.

    Returns:
        Corrected state, a new array of shape `(n, 5, 4)`.
    """
    rows = rows_of(state).copy()
    correct_rows(rows, measurement.T, measurement_noise.T)
    return as_state(rows)


def correct_rows(rows: Floats, measurement: Floats, noise: Floats) -> None:
    """`correct` in place, on the five rows `(5, 4, n)` of a state; measurement and noise of shape `(4, n)`."""
    mean, with_position = rows[:VARIANCE], rows[VARIANCE:VELOCITY_VARIANCE]
    gain = with_position / (with_position[0] + noise)
    mean += gain * (measurement - mean[0])
    rows[VELOCITY_VARIANCE] -= gain[1] * with_position[1]
    np.multiply(gain, noise, out=with_position)


def smooth(state: Floats, predicted: Floats, later: Floats, dt: float = 1.0) -> Floats:
    """Condition every track on what came after: one step back of Rauch, Tung and Striebel (1965).

    `C = P F^T P'^-1`, `x_s = x + C (x'_s - x')`, `P_s = P + C (P'_s - P') C^T`; primes mark the later frame.

    Args:
        state: Filtered state of a frame, shape `(n, 5, 4)`.
        predicted: What was predicted from it for the next frame, shape `(n, 5, 4)`.
        later: Smoothed state of the next frame, shape `(n, 5, 4)`.
        dt: Length of the step in frames.

    Returns:
        Smoothed state, a new array of shape `(n, 5, 4)`.
    """
    x, v, xx, xv, vv = state.transpose(1, 0, 2)
    pxx, pxv, pvv = predicted.transpose(1, 0, 2)[VARIANCE:]
    dx, dv, dxx, dxv, dvv = (later - predicted).transpose(1, 0, 2)
    # P F^T, row by row, times the inverse of a symmetric 2 x 2 matrix.
    to_x, to_v = xx + dt * xv, xv + dt * vv
    scale = 1.0 / (pxx * pvv - pxv * pxv)
    c11, c12 = (to_x * pvv - xv * pxv) * scale, (xv * pxx - to_x * pxv) * scale
    c21, c22 = (to_v * pvv - vv * pxv) * scale, (vv * pxx - to_v * pxv) * scale
    moved = np.empty_like(state)
    moved[:, POSITION] = x + c11 * dx + c12 * dv
    moved[:, VELOCITY] = v + c21 * dx + c22 * dv
    first, second = c11 * dxx + c12 * dxv, c11 * dxv + c12 * dvv
    moved[:, VARIANCE] = xx + first * c11 + second * c12
    moved[:, COVARIANCE] = xv + first * c21 + second * c22
    moved[:, VELOCITY_VARIANCE] = vv + c21 * (c21 * dxx + c22 * dxv) + c22 * (c21 * dxv + c22 * dvv)
    return moved
