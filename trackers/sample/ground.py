"""What lies below cars, fish and people seen from above: a crossing, a tank; and how they are drawn onto it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from trackers.sample.overhead import Overhead
from trackers.sample.paths import Floats
from trackers.sample.shapes import Colour

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

ROAD, PAVEMENT, MARGIN = 8.0, 2.5, 1.5
"""Metres of a road's width and of its pavements; frames and half of one that the ground reaches to."""

FINE = 3
"""Things are drawn so many times as large, and reduced."""


class Ground:
    """A picture of the ground as large as the camera ever sees, and frames of it.

    Args:
        kind: `"crossing"` or `"tank"`.
        view: The camera.
        seed: Seed of everything random.
    """

    def __init__(self, kind: str, view: Overhead, seed: int) -> None:
        from PIL import Image

        self._view = view
        self._scale = view.size[0] / view.metres
        side = round(MARGIN * max(view.size) + 2.0 * self._scale * max(view.drift))
        rng = np.random.default_rng([seed, 8])
        base = (104, 132, 84) if kind == "crossing" else (206, 196, 172)
        self._picture = Image.fromarray(_mottled(base, side, rng))
        self._middle = 0.5 * side
        (self._draw_crossing if kind == "crossing" else self._draw_tank)(rng)

    def frame(self, seconds: float) -> Image.Image:
        """The ground as the camera sees it at a time."""
        from PIL import Image

        to_metres = np.linalg.inv(self._view.ground(seconds))
        to_picture = np.array([[self._scale, 0, self._middle], [0, -self._scale, self._middle], [0, 0, 1]])
        matrix = (to_picture @ to_metres)[:2].ravel()
        return self._picture.transform(
            self._view.size, Image.Transform.AFFINE, tuple(matrix.tolist()), Image.Resampling.BILINEAR
        )

    def _draw_crossing(self, rng: np.random.Generator) -> None:
        """Two roads with pavements, lines and zebra crossings, and trees."""
        from PIL import Image

        half, far, edge = 0.5 * ROAD, 1e3, 0.5 * ROAD + PAVEMENT
        for tone, wide in (((172, 168, 160), edge), ((92, 94, 98), half)):
            for box in ((-far, -wide, far, wide), (-wide, -far, wide, far)):
                self._rectangle(box, tone)
        for along in np.arange(edge + 4.0, 60.0, 3.0):
            for sign in (-1, 1):
                begin, end = sorted((sign * along, sign * (along + 1.6)))
                self._rectangle((begin, -0.08, end, 0.08), (232, 232, 226))
                self._rectangle((-0.08, begin, 0.08, end), (232, 232, 226))
        for across in np.arange(-half + 0.5, half - 0.4, 1.0):
            for near in (-edge - 2.6, edge):
                self._rectangle((near, across, near + 2.6, across + 0.5), (226, 226, 220))
                self._rectangle((across, near, across + 0.5, near + 2.6), (226, 226, 220))
        grain = rng.normal(0.0, 5.0, (*self._picture.size[::-1], 1))
        worn = gaussian_filter(rng.normal(0.0, 90.0, grain.shape[:2]), 6)[..., None]
        self._picture = Image.fromarray(np.clip(np.asarray(self._picture) + grain + worn, 0, 255).astype(np.uint8))
        reach = 0.5 * self._picture.width / self._scale
        for place in rng.uniform(-reach, reach, (90, 2)):
            radius = rng.uniform(1.2, 2.4)
            if np.abs(place).min() > edge + radius:
                self._tree(place, radius, rng)

    def _draw_tank(self, rng: np.random.Generator) -> None:
        """Sand with pebbles."""
        reach = 0.5 * self._picture.width / self._scale
        for place in rng.uniform(-reach, reach, (700, 2)):
            radius, tone = self._view.metres * rng.uniform(0.0015, 0.006), int(rng.integers(120, 200))
            self._disc(place, radius, (tone, round(0.96 * tone), round(0.88 * tone)))

    def _tree(self, place: Floats, radius: float, rng: np.random.Generator) -> None:
        """A crown of leaves, lighter where the sun falls."""
        self._disc(place + np.array([0.5, -0.5]), radius, (70, 90, 62))
        for layer in np.linspace(0.0, 1.0, 60):
            away = rng.normal(0.0, 0.42, 2) * radius * (1.0 - 0.5 * layer) + 0.25 * layer * radius * np.array([-1, 1])
            tone = 0.7 + 0.5 * layer + rng.uniform(-0.08, 0.08)
            leaf = (round(84 * tone), round(122 * tone), round(66 * tone))
            self._disc(place + away, 0.34 * radius * rng.uniform(0.6, 1.0), leaf)

    def _rectangle(self, box: tuple[float, float, float, float], colour: Colour) -> None:
        from PIL import ImageDraw

        left, low, right, high = (self._scale * np.array(box)).tolist()
        corners = (self._middle + left, self._middle - high, self._middle + right, self._middle - low)
        ImageDraw.Draw(self._picture).rectangle(corners, fill=colour)

    def _disc(self, place: Floats, radius: float, colour: Colour) -> None:
        from PIL import ImageDraw

        x, y = self._middle + self._scale * place[0], self._middle - self._scale * place[1]
        reach = self._scale * radius
        ImageDraw.Draw(self._picture).ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)


def draw_polygons(frame: Image.Image, polygons: Sequence[tuple[Floats, Colour]], shadow: Floats | None) -> None:
    """Draw polygons of pixels `(k, 2)` with smooth edges, one over the other, above a soft shadow."""
    from PIL import Image, ImageDraw, ImageFilter

    points = np.concatenate([*(corners for corners, _ in polygons), *([] if shadow is None else [shadow])])
    first = np.maximum(np.floor(points.min(axis=0)).astype(int) - 4, 0)
    last = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 4, frame.size)
    if (first >= last).any():
        return
    size = tuple((last - first).tolist())
    place = tuple(first.tolist())
    if shadow is not None:
        dark = Image.new("L", size)
        ImageDraw.Draw(dark).polygon(_flat(shadow - first), fill=100)
        frame.paste((20, 24, 30), place, dark.filter(ImageFilter.GaussianBlur(2.0)))
    large = Image.new("RGB", (FINE * size[0], FINE * size[1]))
    cover = Image.new("L", large.size)
    draws: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw] = ImageDraw.Draw(large), ImageDraw.Draw(cover)
    for corners, colour in polygons:
        outline = _flat(FINE * (corners - first))
        draws[0].polygon(outline, fill=colour, outline=colour)
        draws[1].polygon(outline, fill=255, outline=255)
    small, mask = large.resize(size, Image.Resampling.BOX), cover.resize(size, Image.Resampling.BOX)
    # Uncovered parts of a pixel are black in `small`; the mask takes them out again.
    alpha = np.maximum(np.asarray(mask, np.float32)[..., None] / 255.0, 1e-3)
    pure = np.clip(np.asarray(small, np.float32) / alpha, 0, 255).astype(np.uint8)
    frame.paste(Image.fromarray(pure), place, mask)


def covered(polygons: Iterable[Floats], size: tuple[int, int], step: int) -> npt.NDArray[np.bool_]:
    """Which pixels of a frame, every `step` of them, polygons `(k, 2)` cover: shape `(height, width)` reduced."""
    from PIL import Image, ImageDraw

    mask = Image.new("1", (-(-size[0] // step), -(-size[1] // step)))
    draw = ImageDraw.Draw(mask)
    for corners in polygons:
        draw.polygon(_flat(corners / step), fill=1, outline=1)
    return np.asarray(mask)


def _flat(points: Floats) -> list[float]:
    numbers: list[float] = points.ravel().tolist()
    return numbers


def _mottled(colour: Colour, side: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A square of one colour with soft and fine spots."""
    fine = rng.normal(0.0, 7.0, (side, side))
    soft = gaussian_filter(rng.normal(0.0, 120.0, (side, side)), 8)
    return np.asarray(np.clip(np.array(colour) + (fine + soft)[..., None], 0, 255), np.uint8)
