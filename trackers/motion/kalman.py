"""Constant-velocity Kalman filter for boxes, all tracks in one call.

The transition couples a coordinate only with its own velocity, and every noise is diagonal. The covariance therefore
stays block-diagonal, and a filter over four coordinates is four filters over (position, velocity), exactly. Nothing
needs a matrix inverse.

A `state` has shape `(n, 5, 4)`: for each of n tracks and four coordinates, the five rows are

    0  position            3  covariance of position and velocity
    1  velocity            4  variance of velocity
    2  variance of position

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


def initiate(measurement: Floats, position_variance: Floats, velocity_variance: Floats) -> Floats:
    """Start tracks at rest on their first measurement: `x = z`, `v = 0`, no covariance between them.

    Args:
        measurement: Coordinates, shape `(n, 4)`.
        position_variance: Initial variance of the position, shape `(n, 4)`.
        velocity_variance: Initial variance of the velocity, shape `(n, 4)`.

    Returns:
        State of shape `(n, 5, 4)`.
    """
    state = np.zeros((len(measurement), 5, 4))
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
    # Each of the five in one piece of memory, and back into rows: half the time for many tracks.
    columns: Floats = state.transpose(1, 0, 2).copy()
    x, v, xx, xv, vv = columns
    drift = dt * vv
    x += dt * v
    xx += dt * (2.0 * xv + drift)
    xx += dt * position_noise
    xv += drift
    vv += dt * velocity_noise
    return np.ascontiguousarray(columns.transpose(1, 0, 2))


def correct(state: Floats, measurement: Floats, measurement_noise: Floats) -> Floats:
    """Condition every track on its measurement: `K = P H^T S^-1`, `x' = x + K y`, `P' = P - K S K^T`.

    Args:
        state: Predicted state, shape `(n, 5, 4)`.
        measurement: Measured coordinates, shape `(n, 4)`.
        measurement_noise: Variance of the measurement, shape `(n, 4)`.

    Returns:
        Corrected state, a new array of shape `(n, 5, 4)`.
    """
    columns: Floats = state.transpose(1, 0, 2).copy()  # in one piece of memory, as in `predict`
    mean, with_position, vv = columns[:VARIANCE], columns[VARIANCE:VELOCITY_VARIANCE], columns[VELOCITY_VARIANCE]
    gain = with_position / (with_position[0] + measurement_noise)
    mean += gain * (measurement - mean[0])
    vv -= gain[1] * with_position[1]
    np.multiply(gain, measurement_noise, out=with_position)
    return np.ascontiguousarray(columns.transpose(1, 0, 2))


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
