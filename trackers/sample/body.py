"""A walking body as 18 joints: one model gives both the drawn figure and its true box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.sample.paths import Floats, Motion

HEAD, NECK, CHEST, HIPS = 0, 1, 2, 3
ARMS = ((4, 5, 6), (7, 8, 9))
LEGS = ((10, 11, 12, 13), (14, 15, 16, 17))
RADII = np.array(
    [0.064, 0.03, 0.085, 0.083]
    + [0.038, 0.031, 0.026] * 2
    + [0.056, 0.044, 0.034, 0.024] * 2
)  # fmt: skip
"""Radius around each joint in body heights."""
SHORTEST, TALLEST = 1.58, 1.92
"""Body heights in metres."""
STRIDE = 0.82
"""Length of a full cycle (two steps) in body heights."""
WALKING_SPEED = 0.9
"""Metres per second from which the legs swing fully."""
LUGGAGE = 0.125
"""A body is at least so wide to either side in body heights: there is room for a bag and a skirt."""
TILT = 0.10
"""How much a point farther away is higher in the picture: the camera looks down a little."""


class Pose(NamedTuple):
    """Pose of ``n`` bodies."""

    phase: Floats  # (n,) radians in the cycle of two steps
    swing: Floats  # (n,) 0 standing, 1 walking
    heading: Floats  # (n, 2) unit vector: right, away
    girth: Floats  # (n,) 1 = average


def pose(motion: Motion, heights: Floats, girths: Floats) -> Pose:
    """Pose of bodies of given heights (metres) that move on the ground."""
    phase = 2 * np.pi * motion.walked / (STRIDE * heights)
    swing = np.clip(motion.speed / WALKING_SPEED, 0.0, 1.0) ** 0.7
    return Pose(phase, swing, motion.heading, girths)


def joints(pose: Pose) -> Floats:
    """Joints in the picture plane in body heights from the feet: right, up, away; shape ``(n, 18, 3)``."""
    n = len(pose.phase)
    body = np.zeros((n, 18, 3))  # forward, left, up
    girth = 0.5 + 0.5 * pose.girth
    lean = 0.015 * pose.swing
    body[:, HIPS, 2] = 0.50
    body[:, CHEST] = np.stack([lean, np.zeros(n), np.full(n, 0.745)], axis=1)
    body[:, NECK] = np.stack([1.3 * lean, np.zeros(n), np.full(n, 0.85)], axis=1)
    body[:, HEAD] = np.stack([1.6 * lean + 0.008, np.zeros(n), np.full(n, 0.926)], axis=1)
    for sign, arm, leg in zip((1.0, -1.0), ARMS, LEGS, strict=True):
        phase = pose.phase + (0.0 if sign > 0 else np.pi)
        thigh = pose.swing * 0.46 * np.sin(phase) + 0.02
        knee = pose.swing * (0.95 * np.maximum(np.cos(phase), 0.0) ** 1.5 + 0.10) + 0.02
        _limb(body, leg[:3], (0.0, sign * 0.052 * girth, 0.51), (thigh, thigh - knee), (0.235, 0.235))
        toe = body[:, leg[2]] + np.stack(
            [0.085 * np.cos(0.6 * (thigh - knee)), np.full(n, sign * 0.012), -0.018 * np.ones(n)], axis=1
        )
        body[:, leg[3]] = toe
        upper = -pose.swing * 0.48 * np.sin(phase) + 0.03
        elbow = 0.12 + pose.swing * (0.35 + 0.18 * np.sin(phase + np.pi))
        _limb(body, arm, (lean, sign * 0.112 * girth, 0.79), (upper, upper + elbow), (0.165, 0.15))
    body[..., 2] -= (body[..., 2] - RADII).min(axis=1, keepdims=True)
    right, away = pose.heading[:, :1], pose.heading[:, 1:]
    x = right * body[..., 0] - away * body[..., 1]
    z = away * body[..., 0] + right * body[..., 1]
    return np.stack([x, body[..., 2] + TILT * z, z], axis=2)


def _limb(
    body: Floats,
    chain: tuple[int, ...],
    root: tuple[Floats | float, Floats | float, Floats | float],
    angles: tuple[Floats, Floats],
    lengths: tuple[float, float],
) -> None:
    """Place a two-part limb that swings in the plane of walking; angles from straight down, forward positive."""
    for axis in range(3):
        body[:, chain[0], axis] = root[axis]
    for begin, end, angle, length in zip(chain[:2], chain[1:], angles, lengths, strict=True):
        body[:, end] = body[:, begin]
        body[:, end, 0] += length * np.sin(angle)
        body[:, end, 2] -= length * np.cos(angle)


def radii(girths: Floats) -> Floats:
    """Radius around each joint, shape ``(n, 18)``: the trunk and limbs grow with girth, the head does not."""
    grown = RADII * girths[:, None]
    grown[:, HEAD] = RADII[HEAD]
    return np.asarray(grown)


def extent(pose: Pose) -> Floats:
    """Box around each body in body heights from the feet: left, bottom, right, top; shape ``(n, 4)``."""
    points, around = joints(pose), radii(pose.girth)
    x, up = points[..., 0], points[..., 1]
    left, right = (x - around).min(axis=1), (x + around).max(axis=1)
    bottom, top = (up - around).min(axis=1), (up + around).max(axis=1)
    return np.stack([np.minimum(left, -LUGGAGE), bottom, np.maximum(right, LUGGAGE), top], axis=1)
