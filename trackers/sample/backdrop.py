"""The place: a plaza with houses, trees and benches behind the figures, and pillars in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from trackers.sample.canvas import Pixels
from trackers.sample.street import draw_street
from trackers.sample.view import FOCAL, HORIZON, View

if TYPE_CHECKING:
    from PIL import Image

WALL = 0.455
"""Row of the foot of the houses, as a part of the picture's height."""
FINER = 2
"""The backdrop is drawn this much larger and scaled down, for smooth edges."""


def draw_backdrop(view: View, seed: int) -> npt.NDArray[np.uint8]:
    """The whole panorama without figures and pillars, BGR."""
    from PIL import Image

    width, height = view.panorama
    large = (FINER * width, FINER * height)
    picture = Image.fromarray(_paving(large, view.height, np.random.default_rng([seed, 8])))
    draw_street(picture, round(WALL * large[1]), np.random.default_rng([seed, 9]))
    _contact(picture, round(WALL * large[1]))
    picture = picture.resize((width, height), Image.Resampling.BOX)
    return _levels(np.asarray(picture, dtype=np.float32)[..., ::-1])


def draw_pillar(view: View, seed: int) -> npt.NDArray[np.uint8]:
    """One pillar from top to bottom of the picture: BGR premultiplied by alpha, then alpha."""
    left, _, right, height = view.pillars[0]
    width = int(right - left)
    rng = np.random.default_rng([seed, 10])
    around = np.linspace(-1.0, 1.0, width, dtype=np.float32)
    angle = np.arcsin(around)
    light = 0.56 + 0.46 * np.clip(np.cos(angle + 0.65), 0.0, 1.0)
    light *= 1.0 - 0.16 * np.clip(np.cos(angle * 16.0), 0.0, 1.0) ** 2  # flutes
    stone = gaussian_filter(rng.standard_normal((height, width)), 0.012 * height).astype(np.float32)
    stone = 1.0 + 0.025 * stone / max(float(stone.std()), 1e-6)
    rows = np.arange(height, dtype=np.float32)[:, None] / height
    drum = np.abs((rows * 4.0 + 0.15) % 1.0 - 0.5) > 0.494  # joints between the drums of the column
    colour = np.array([168.0, 186.0, 198.0], dtype=np.float32)
    pixels = colour * (light[None, :] * stone * (1.0 - 0.25 * drum) * (1.0 - 0.12 * rows))[..., None]
    return np.concatenate([_levels(pixels), np.full((height, width, 1), 255, dtype=np.uint8)], axis=2)


def _levels(picture: Pixels) -> npt.NDArray[np.uint8]:
    """Keep some levels free at both ends for sensor noise."""
    return np.asarray(np.rint(10.0 + 0.92 * np.clip(picture, 0.0, 255.0)), dtype=np.uint8)


def _paving(size: tuple[int, int], camera: float, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Stone slabs in perspective under soft light."""
    width, height = size
    row = np.arange(height, dtype=np.float32)[:, None]
    scale = np.maximum(row - HORIZON * height, 1.0) / camera  # pixels per metre
    away = FOCAL * height / scale
    right = (np.arange(width, dtype=np.float32)[None, :] - 0.5 * width) / scale
    slab = 0.9 * camera / 3.2
    u, v = right / slab, np.broadcast_to(away / slab * 0.8, right.shape)
    u = u + 0.5 * (np.floor(v) % 2)
    shades = rng.standard_normal((97, 89)).astype(np.float32)
    shade = shades[np.floor(v).astype(int) % 97, np.floor(u).astype(int) % 89]
    warm = shades[np.floor(u).astype(int) % 97, np.floor(v).astype(int) % 89]
    thin = 1.3 / (scale * slab)
    deep = np.maximum(np.gradient(v[:, 0])[:, None] * -1.0, 1e-6)
    joint = np.maximum(_line(u, 0.014, thin), _line(v, 0.014, 1.2 * deep))
    cloud = gaussian_filter(rng.standard_normal((height // 8 + 1, width // 8 + 1)), (height / 120, width / 100))
    cloud = np.kron(cloud / max(float(cloud.std()), 1e-6), np.ones((8, 8)))[:height, :width]
    fade = np.clip((row / height - WALL) / (1.0 - WALL), 0.0, 1.0)
    level = (1.0 + 0.020 * shade + 0.02 * cloud - 0.13 * joint) * (0.98 - 0.08 * fade)
    grain = 1.0 + 0.012 * rng.standard_normal((height, width), dtype=np.float32)
    colour = np.array([196.0, 190.0, 180.0], dtype=np.float32) + 2.5 * warm[..., None] * np.array([1.0, 0.2, -1.0])
    return np.asarray(np.clip(colour * (level * grain)[..., None], 0, 255), dtype=np.uint8)


def _line(value: Pixels, half: float, blur: Pixels) -> Pixels:
    """1 on whole numbers, falling to 0 over the size of a pixel; faint where a line is thinner than a pixel."""
    distance = np.abs(value - np.rint(value))
    strength = np.minimum(1.0, 2.0 * half / blur + 0.15)
    return np.asarray(strength * np.clip(1.0 - (distance - half) / blur, 0.0, 1.0), dtype=np.float32)


def _contact(picture: Image.Image, wall: int) -> None:
    """Darken the ground softly along the foot of the houses."""
    from PIL import Image

    pixels = np.asarray(picture).astype(np.float32)
    reach = max(2, picture.height // 14)
    part = pixels[wall : wall + reach]
    part *= (0.80 + 0.20 * np.linspace(0.0, 1.0, len(part)) ** 0.6)[:, None, None]
    picture.paste(Image.fromarray(pixels.astype(np.uint8)))
