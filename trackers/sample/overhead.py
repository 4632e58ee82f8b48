"""A far camera that looks down on flat ground, steeply or aslant, and may drift and turn: an affine map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trackers.sample.paths import Floats


@dataclass(frozen=True)
class Overhead:
    """Parallel projection of points `(east, north, up)` in metres onto a picture.

    Attributes:
        size: Width and height of a frame in pixels.
        metres: Width of the ground that a frame shows.
        elevation: Degrees above the ground; 90 looks straight down.
        drift: Metres that the camera moves to either side of the middle, east and north.
        turn: Degrees that it turns to either side.
        seconds: Time of one drift to and fro.
    """

    size: tuple[int, int]
    metres: float
    elevation: float = 90.0
    drift: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    seconds: float = 12.0

    def axes(self, seconds: float) -> Floats:
        """East, north and up in pixels, and the pixel of the origin, at a time: shape `(2, 4)`."""
        swing = 2.0 * math.pi * seconds / self.seconds
        angle = math.radians(self.turn) * math.sin(swing)
        rise = math.radians(self.elevation)
        turned = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        flat = np.diag([1.0, -math.sin(rise)]) @ turned
        middle = np.array(self.drift) * [math.sin(swing), math.sin(2.0 * swing) / 2.0]
        scale, half = self.size[0] / self.metres, 0.5 * np.array(self.size)
        up = np.array([0.0, -math.cos(rise)])
        return np.column_stack([scale * flat, scale * up, half - scale * flat @ middle])

    def project(self, points: Floats, seconds: float) -> Floats:
        """Pixels `(..., 2)` of points `(..., 3)`."""
        axes = self.axes(seconds)
        return np.asarray(points @ axes[:, :3].T + axes[:, 3])

    def ground(self, seconds: float) -> Floats:
        """Homogeneous map `(3, 3)` of the ground, `(east, north, 1)`, to pixels."""
        return np.vstack([self.axes(seconds)[:, [0, 1, 3]], [0.0, 0.0, 1.0]])

    def motion(self, before: float, after: float) -> Floats:
        """Affine `(2, 3)` that takes points of the ground from one time to another."""
        return np.asarray((self.ground(after) @ np.linalg.inv(self.ground(before)))[:2])
