"""Putting a frame together: backdrop, shadows, figures from far to near, pillars, sensor noise."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trackers.sample.backdrop import draw_backdrop, draw_pillar
from trackers.sample.body import TALLEST, Pose
from trackers.sample.figures import FEET, HEIGHT, WIDTH, draw_figure
from trackers.sample.paths import Floats
from trackers.sample.view import NEAREST, View
from trackers.sample.wardrobe import dress

if TYPE_CHECKING:
    from PIL import Image

    from trackers.sample.snapshot import Snapshot

Picture = npt.NDArray[np.uint8]

PHASES, SWINGS, TURNS = 24, 3, 24
"""Poses that are drawn: steps of the walking cycle, of the stride and of a full turn."""
SIZES = (24, 36, 56, 84, 128, 192, 288, 432, 648, 972)
"""Heights in pixels at which figures are drawn before they are scaled down to the wanted one."""
MEMORY = 96 * 2**20
"""Bytes that drawn poses may take."""
MARGIN = 32
NOISE = 1.6
"""Standard deviation of the sensor noise in grey levels."""


class Painter:
    """Draws the frames of one scene."""

    def __init__(self, seed: int, view: View, girths: Floats) -> None:
        self.view = view
        self.outfits = dress(seed, girths.tolist())
        self.backdrop = draw_backdrop(view, seed)
        self.pillar = draw_pillar(view, seed)
        self._seed = seed
        width, height = view.size
        rng = np.random.default_rng([seed, 6])
        grain = NOISE * rng.standard_normal((height + MARGIN, width + MARGIN, 3), dtype=np.float32)
        # Pictures keep 10 levels free at both ends, so noise of up to 9 wraps around nowhere.
        self.grain = np.rint(grain.clip(-9, 9)).astype(np.int8).view(np.uint8)
        largest = _size(view.scale(NEAREST) * TALLEST)
        self.sprite = lru_cache(maxsize=int(MEMORY / (4 * WIDTH * HEIGHT * largest**2)))(self._sprite)

    def frame(self, index: int, snapshot: Snapshot) -> Picture:
        """One frame, BGR."""
        width, height = self.view.size
        offset = self.view.offset(index)
        frame: Picture = self.backdrop[:, offset : offset + width].copy()
        order = np.argsort(snapshot.feet[:, 1], kind="stable")
        boxes = snapshot.boxes[order]
        margin = 0.3 * snapshot.heights[order]
        order = order[(boxes[:, 2] > -margin) & (boxes[:, 0] < width + margin)]
        for figure in order:
            _shadow(frame, snapshot.feet[figure], snapshot.heights[figure])
        for figure in order:
            self._figure(frame, int(figure), snapshot)
        for left, _, _, _ in self.view.pillars:
            _lay(frame, self.pillar, int(left) - offset - (self.pillar.shape[1] - self._pillar_width()) // 2, 0)
        x, y = np.random.default_rng([self._seed, 7, index]).integers(0, MARGIN, 2)
        frame += self.grain[y : y + height, x : x + width]
        return frame

    def _pillar_width(self) -> int:
        left, _, right, _ = self.view.pillars[0]
        return int(right - left)

    def _figure(self, frame: Picture, figure: int, snapshot: Snapshot) -> None:
        from PIL.Image import Resampling

        pose, tall = snapshot.pose, float(snapshot.heights[figure])
        turn = np.arctan2(pose.heading[figure, 1], pose.heading[figure, 0]) / (2 * np.pi)
        swing = round(float(pose.swing[figure]) * SWINGS)
        phase = round(float(pose.phase[figure]) / (2 * np.pi) * PHASES) % PHASES if swing else 0
        size = _size(tall)
        sprite = self.sprite(figure, phase, swing, round(float(turn) * TURNS) % TURNS, size)
        scale = size / tall
        left, top = snapshot.feet[figure] - np.array([0.5 * WIDTH, FEET]) * tall
        x, y = int(np.floor(left)), int(np.floor(top))
        wide, high = int(np.ceil(WIDTH * tall)) - 1, int(np.ceil(HEIGHT * tall)) - 1
        begin = (max((x - left + 1) * scale, 0.0), max((y - top + 1) * scale, 0.0))
        end = (min(begin[0] + wide * scale, sprite.width), min(begin[1] + high * scale, sprite.height))
        small = sprite.resize((wide, high), Resampling.BILINEAR, box=(*begin, *end))
        _lay(frame, np.asarray(small), x + 1, y + 1)

    def _sprite(self, figure: int, phase: int, swing: int, turn: int, size: int) -> Image.Image:
        from PIL import Image as Images

        outfit, angle = self.outfits[figure], 2 * np.pi * turn / TURNS
        pose = Pose(
            phase=np.array([2 * np.pi * phase / PHASES]),
            swing=np.array([swing / SWINGS]),
            heading=np.array([[np.cos(angle), np.sin(angle)]]),
            girth=np.array([outfit.girth]),
        )
        pixels = draw_figure(outfit, pose, size)
        return Images.frombytes("RGBX", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


def _size(tall: float) -> int:
    """Height at which a figure of so many pixels is drawn."""
    return next((size for size in SIZES if size >= tall), SIZES[-1])


def _lay(frame: Picture, picture: Picture, x: int, y: int) -> None:
    """Lay a picture (premultiplied, with alpha) over the frame at a column and row, clipped to the frame."""
    height, width = frame.shape[:2]
    x1, y1 = max(x, 0), max(y, 0)
    x2, y2 = min(x + picture.shape[1], width), min(y + picture.shape[0], height)
    if x1 >= x2 or y1 >= y2:
        return
    part = picture[y1 - y : y2 - y, x1 - x : x2 - x]
    under = frame[y1:y2, x1:x2]
    rest = 255 - part[..., 3:].astype(np.uint16)
    under[:] = part[..., :3] + ((under * rest + 127) // 255).astype(np.uint8)


def _shadow(frame: Picture, feet: Floats, tall: float) -> None:
    """A soft shadow on the ground, longer to the lower right, away from the light."""
    height, width = frame.shape[:2]
    a, b = 0.26 * tall, 0.055 * tall
    middle_x, middle_y = feet[0] + 0.10 * tall, feet[1] - 0.012 * tall
    x1, x2 = max(int(middle_x - a), 0), min(int(middle_x + a) + 2, width)
    y1, y2 = max(int(middle_y - b), 0), min(int(middle_y + b) + 2, height)
    if x1 >= x2 or y1 >= y2:
        return
    u = (np.arange(x1, x2, dtype=np.float32) - middle_x) / a
    v = (np.arange(y1, y2, dtype=np.float32) - middle_y) / b
    depth = np.clip(1.0 - u[None, :] ** 2 - v[:, None] ** 2, 0.0, 1.0)
    light = np.rint(256.0 - 105.0 * depth).astype(np.uint16)[..., None]
    frame[y1:y2, x1:x2] = (frame[y1:y2, x1:x2] * light) >> 8
