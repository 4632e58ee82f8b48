"""Soft round shapes on a small transparent picture: smooth edges and light from the upper left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float32]
Point = tuple[float, float]
Texture = Callable[[Pixels, Pixels], Pixels]
"""Colour (..., 3) at (around, along): -1 to 1 across the shape, 0 to 1 from its begin to its end."""

LIGHT = np.array([-0.50, -0.55, 0.67], dtype=np.float32)
AMBIENT, DIFFUSE = 0.60, 0.52


class Canvas:
    """Premultiplied colour and coverage, shape ``(height, width, 4)``, 0 to 255 and 0 to 1."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels = np.zeros((height, width, 4), dtype=np.float32)

    def capsule(
        self, begin: Point, end: Point, radii: tuple[float, float], colour: tuple[int, int, int] | Texture
    ) -> None:
        """A limb: a line with a radius at each end."""
        reach = max(radii) + 1.5
        window, x, y = self._window([begin, end], reach)
        along = np.array([end[0] - begin[0], end[1] - begin[1]], dtype=np.float32)
        square = float(along @ along) + 1e-6
        t = np.clip(((x - begin[0]) * along[0] + (y - begin[1]) * along[1]) / square, 0.0, 1.0)
        dx, dy = x - begin[0] - t * along[0], y - begin[1] - t * along[1]
        radius = radii[0] + (radii[1] - radii[0]) * t
        cover = np.clip(radius - np.hypot(dx, dy) + 0.5, 0.0, 1.0)
        around = (dx * along[1] - dy * along[0]) / (np.sqrt(square) * radius)
        self._lay(window, cover, dx / radius, dy / radius, _colour(colour, -around, t))

    def ellipse(self, middle: Point, radii: tuple[float, float], colour: tuple[int, int, int] | Texture) -> None:
        """An upright ellipse."""
        window, x, y = self._window([middle], max(radii) + 1.5)
        u, v = (x - middle[0]) / radii[0], (y - middle[1]) / radii[1]
        distance = np.hypot(u, v)
        cover = np.clip((1.0 - distance) * min(radii) + 0.5, 0.0, 1.0)
        self._lay(window, cover, u, v, _colour(colour, u, 0.5 + 0.5 * v))

    def tube(
        self,
        begin: Point,
        end: Point,
        outline: tuple[list[float], list[float]],
        colour: tuple[int, int, int] | Texture,
    ) -> None:
        """A body: half the width given at parts of the way from begin to end."""
        window, x, y = self._window([begin, end], max(outline[1]) + 1.5)
        along = np.array([end[0] - begin[0], end[1] - begin[1]], dtype=np.float32)
        length = float(np.hypot(*along)) + 1e-6
        along /= length
        t = ((x - begin[0]) * along[0] + (y - begin[1]) * along[1]) / length
        v = (y - begin[1]) * along[0] - (x - begin[0]) * along[1]
        half = np.interp(t, *outline, left=-1.0, right=-1.0).astype(np.float32)
        cover = np.clip(half - np.abs(v) + 0.5, 0.0, 1.0)
        around = -v / np.maximum(half, 0.5)
        self._lay(window, cover, around * along[1], -around * along[0], _colour(colour, around, t))

    def _window(self, points: list[Point], reach: float) -> tuple[tuple[slice, slice], Pixels, Pixels]:
        """The part of the canvas within reach of the points, and its pixel coordinates."""
        height, width = self.pixels.shape[:2]
        xs, ys = zip(*points, strict=True)
        x1, x2 = max(0, int(min(xs) - reach)), min(width, int(max(xs) + reach) + 2)
        y1, y2 = max(0, int(min(ys) - reach)), min(height, int(max(ys) + reach) + 2)
        x = np.arange(x1, max(x1, x2), dtype=np.float32)[None, :]
        y = np.arange(y1, max(y1, y2), dtype=np.float32)[:, None]
        return (slice(y1, y2), slice(x1, x2)), x, y

    def _lay(self, window: tuple[slice, slice], cover: Pixels, nx: Pixels, ny: Pixels, colour: Pixels) -> None:
        """Put a lit layer over what is there; (nx, ny) is the surface's normal in the picture plane."""
        nz = np.sqrt(np.maximum(1.0 - nx * nx - ny * ny, 0.0))
        light = AMBIENT + DIFFUSE * np.maximum(LIGHT[0] * nx + LIGHT[1] * ny + LIGHT[2] * nz, 0.0)
        patch = self.pixels[window]
        patch *= (1.0 - cover)[..., None]
        patch[..., :3] += np.minimum(colour * light[..., None], 255.0) * cover[..., None]
        patch[..., 3] += cover


def _colour(colour: tuple[int, int, int] | Texture, around: Pixels, along: Pixels) -> Pixels:
    return colour(around, along) if callable(colour) else np.array(colour, dtype=np.float32)
