"""The camera: a pinhole that looks over a plaza and may pan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from trackers.sample.paths import Floats

Camera = Literal["static", "pan"]

HORIZON, FARTHEST, NEAREST = 0.22, 0.49, 0.95
"""Rows of the horizon and of the farthest and nearest feet, as parts of the picture's height."""
FOCAL = 1.65
"""Focal length in picture heights."""
PANORAMA = 1.6
"""Width of what a panning camera sees in all, in picture widths."""
SWEEP_SECONDS = 14.0
"""Time of a panning camera to the other end and back."""


@dataclass(frozen=True)
class View:
    """Projection of the ground onto the panorama, and the part of the panorama that each frame shows.

    Attributes:
        size: Width and height of a frame in pixels.
        camera: ``"static"`` or ``"pan"``.
        frame_rate: Frames per second.
        height: Height of the camera above the ground in metres; a higher camera sees smaller people.
    """

    size: tuple[int, int]
    camera: Camera
    frame_rate: float
    height: float

    @property
    def panorama(self) -> tuple[int, int]:
        """Width and height in pixels of everything the camera ever sees."""
        width, height = self.size
        return (width if self.camera == "static" else math.ceil(PANORAMA * width)), height

    @property
    def depth(self) -> tuple[float, float]:
        """Nearest and farthest distance in metres at which figures walk."""
        return FOCAL * self.height / (NEAREST - HORIZON), FOCAL * self.height / (FARTHEST - HORIZON)

    @property
    def pillars(self) -> npt.NDArray[np.int64]:
        """Pillars in front of everybody, as xyxy rectangles in the panorama, shape ``(p, 4)``."""
        width, height = self.panorama
        half = max(2, round(0.07 * height))
        middles = (0.63,) if self.camera == "static" else (0.36, 0.74)
        return np.array([[round(m * width) - half, 0, round(m * width) + half, height] for m in middles])

    def offset(self, index: int) -> int:
        """Column of the panorama at which frame ``index`` begins."""
        room = self.panorama[0] - self.size[0]
        turn = 2.0 * math.pi * index / (SWEEP_SECONDS * self.frame_rate)
        return round(room * 0.5 * (1.0 - math.cos(turn)))

    def scale(self, row: float) -> float:
        """Pixels per metre of what stands on the ground at a part of the picture's height."""
        return (row - HORIZON) * self.size[1] / self.height

    def project(self, ground: Floats) -> tuple[Floats, Floats]:
        """Feet in panorama pixels, shape ``(n, 2)``, and pixels per metre there, shape ``(n,)``."""
        width, height = self.panorama
        scale = FOCAL * height / ground[:, 1]
        return np.stack([0.5 * width + scale * ground[:, 0], HORIZON * height + scale * self.height], 1), scale

    def ground(self, column: float, row: float) -> tuple[float, float]:
        """Place on the ground (metres right, away) seen at a part of the panorama's width and of its height."""
        away = FOCAL * self.height / (row - HORIZON)
        width, height = self.panorama
        return (column - 0.5) * width * away / (FOCAL * height), away

    def visible_width(self) -> Floats:
        """Width in metres that the panorama shows at the nearest and farthest depth."""
        width, height = self.panorama
        return np.array(self.depth) * width / (FOCAL * height)
