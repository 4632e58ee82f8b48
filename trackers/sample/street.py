"""A row of houses with shops, windows, trees, lamps and benches under an evening sky."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

    Draw = ImageDraw.ImageDraw

Colour = tuple[int, int, int]

FACADES: tuple[Colour, ...] = (
    (214, 202, 180), (176, 196, 198), (206, 176, 158), (188, 192, 172), (222, 212, 198), (170, 178, 194)
)  # fmt: skip
AWNINGS: tuple[Colour, ...] = ((70, 110, 96), (150, 72, 66), (62, 88, 128), (196, 150, 78))
DOORS: tuple[Colour, ...] = ((88, 62, 48), (52, 74, 82), (96, 44, 44), (60, 78, 58))


def draw_street(picture: Image.Image, wall: int, rng: np.random.Generator) -> None:
    """Draw sky, houses and street furniture above the row ``wall``."""
    from PIL import ImageDraw

    _sky(picture, wall, rng)
    draw = ImageDraw.Draw(picture)
    unit = wall / 10.0  # about half a metre
    left, number = -rng.uniform(0.0, 6.0) * unit, int(rng.integers(len(FACADES)))
    while left < picture.width:
        width = rng.uniform(10.0, 15.0) * unit
        _house(draw, (left, rng.uniform(0.9, 2.6) * unit, left + width, float(wall)), unit, number, rng)
        left, number = left + width, number + 1
    draw.rectangle((0, wall - 0.35 * unit, picture.width, wall), fill=(140, 138, 134))
    for middle in np.arange(rng.uniform(2.0, 6.0) * unit, picture.width, 13.5 * unit):
        x = middle + rng.uniform(-1.5, 1.5) * unit
        _tree(picture, x, float(wall), unit, rng)
        _bench(ImageDraw.Draw(picture), x + 3.4 * unit, float(wall), unit)
        _lamp(ImageDraw.Draw(picture), x + 7.4 * unit, float(wall), unit)


def _sky(picture: Image.Image, wall: int, rng: np.random.Generator) -> None:
    from PIL import Image

    height, width = wall, picture.width
    down = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    sky = (1 - down) * np.array([142.0, 178.0, 214.0]) + down * np.array([232.0, 226.0, 214.0])
    cloud = gaussian_filter(rng.standard_normal((height // 4 + 1, width // 4 + 1)), (height / 70, height / 22))
    cloud = np.clip(np.kron(cloud / max(float(cloud.std()), 1e-6), np.ones((4, 4)))[:height, :width], 0, 2) / 2
    sky = sky + (np.array([250.0, 248.0, 246.0]) - sky) * (0.8 * cloud)[..., None]
    picture.paste(Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8)), (0, 0))


def _house(
    draw: Draw, box: tuple[float, float, float, float], unit: float, number: int, rng: np.random.Generator
) -> None:
    """One house: facade, cornice, a row of windows, and a shop or a door below."""
    left, top, right, bottom = box
    facade = FACADES[number % len(FACADES)]
    draw.rectangle(box, fill=facade)
    draw.rectangle((right - 0.12 * unit, top, right, bottom), fill=_shade(facade, 0.84))
    draw.rectangle((left - 0.1 * unit, top - 0.35 * unit, right + 0.1 * unit, top), fill=_shade(facade, 0.72))
    draw.rectangle((left, top, right, top + 0.12 * unit), fill=_shade(facade, 0.88))
    draw.rectangle((left, bottom - 1.1 * unit, right, bottom), fill=_shade(facade, 0.80))
    columns = max(3, int((right - left) / (2.6 * unit)))
    pitch = (right - left) / columns
    shop = number % 2 == 0
    for column in range(columns):
        middle = left + (column + 0.5) * pitch
        _window(
            draw,
            (middle - 0.62 * unit, top + 0.7 * unit, middle + 0.62 * unit, top + 2.7 * unit),
            unit,
            facade,
        )
        if shop:
            continue
        if column == columns // 2:
            _door(draw, middle, bottom, unit, DOORS[int(rng.integers(len(DOORS)))])
        else:
            low = bottom - 4.6 * unit
            _window(draw, (middle - 0.66 * unit, low, middle + 0.66 * unit, low + 2.4 * unit), unit, facade)
            _flowers(draw, middle, low + 2.55 * unit, unit, rng)
    if shop:
        _shop(draw, (left + 0.5 * unit, bottom - 4.5 * unit, right - 0.6 * unit, bottom), unit, number, rng)


def _window(draw: Draw, box: tuple[float, float, float, float], unit: float, facade: Colour) -> None:
    left, top, right, bottom = box
    rim = 0.14 * unit
    draw.rectangle((left - rim, top - rim, right + rim, bottom + rim), fill=_shade(facade, 1.10))
    draw.rectangle((left - 1.6 * rim, bottom + rim, right + 1.6 * rim, bottom + 2 * rim), fill=_shade(facade, 0.75))
    _glass(draw, box)
    middle = (left + right) / 2
    draw.rectangle((middle - 0.05 * unit, top, middle + 0.05 * unit, bottom), fill=_shade(facade, 1.06))
    third = top + (bottom - top) * 0.36
    draw.rectangle((left, third - 0.05 * unit, right, third + 0.05 * unit), fill=_shade(facade, 1.06))


def _glass(draw: Draw, box: tuple[float, float, float, float]) -> None:
    """A pane that mirrors the sky: lighter above, with one bright slanting band."""
    left, top, right, bottom = box
    steps = 8
    for step in range(steps):
        low, high = top + (bottom - top) * step / steps, top + (bottom - top) * (step + 1) / steps
        tone = 118 - 6 * step
        draw.rectangle((left, low, right, high), fill=(tone - 14, tone, tone + 12))
    width = right - left
    band = [
        (left + 0.25 * width, bottom),
        (left + 0.45 * width, bottom),
        (left + 0.8 * width, top),
        (left + 0.6 * width, top),
    ]
    draw.polygon(band, fill=(128, 144, 156))


def _door(draw: Draw, middle: float, bottom: float, unit: float, colour: Colour) -> None:
    half, top = 0.85 * unit, bottom - 4.4 * unit
    draw.rectangle((middle - 1.25 * half, top - 0.2 * unit, middle + 1.25 * half, bottom), fill=(196, 190, 180))
    draw.pieslice((middle - half, top, middle + half, top + 2 * half), 180, 360, fill=(104, 124, 134))
    draw.rectangle((middle - half, top + half, middle + half, bottom), fill=colour)
    for side in (-1, 1):
        x = middle + side * 0.45 * half
        for y in (top + 1.5 * half, top + 3.2 * half):
            panel = (x - 0.28 * half, y, x + 0.28 * half, y + 1.1 * half)
            draw.rectangle(panel, fill=_shade(colour, 1.18))
    draw.ellipse(
        (middle - 0.08 * unit, bottom - 2.1 * unit, middle + 0.08 * unit, bottom - 1.94 * unit),
        fill=(210, 180, 90),
    )


def _flowers(draw: Draw, middle: float, y: float, unit: float, rng: np.random.Generator) -> None:
    draw.rectangle((middle - 0.75 * unit, y, middle + 0.75 * unit, y + 0.3 * unit), fill=(120, 84, 64))
    for x in np.linspace(-0.7, 0.7, 12):
        size, tone = rng.uniform(0.09, 0.17) * unit, int(rng.integers(3))
        colour = ((84, 124, 70), (196, 84, 92), (226, 196, 120))[tone]
        cx, cy = middle + x * unit, y - rng.uniform(0.0, 0.16) * unit
        draw.ellipse((cx - size, cy - size, cx + size, cy + size), fill=colour)


def _shop(
    draw: Draw, box: tuple[float, float, float, float], unit: float, number: int, rng: np.random.Generator
) -> None:
    """A shop front: frame, panes with shelves behind, a striped awning with a scalloped edge."""
    left, top, right, bottom = box
    colour = AWNINGS[(number // 2) % len(AWNINGS)]
    draw.rectangle(box, fill=_shade(colour, 0.62))
    panes = max(2, int((right - left) / (3.2 * unit)))
    pitch = (right - left) / panes
    for pane in range(panes):
        x1, x2 = left + pane * pitch + 0.2 * unit, left + (pane + 1) * pitch - 0.2 * unit
        _glass(draw, (x1, top + 1.0 * unit, x2, bottom - 0.9 * unit))
        for x in np.arange(x1 + 0.25 * unit, x2 - 0.3 * unit, 0.42 * unit):
            tall = rng.uniform(0.25, 0.65) * unit
            tone = _shade(AWNINGS[int(rng.integers(len(AWNINGS)))], 0.9)
            draw.rectangle((x, bottom - 1.0 * unit - tall, x + 0.3 * unit, bottom - 1.0 * unit), fill=tone)
    draw.rectangle((left, top - 0.75 * unit, right, top), fill=_shade(colour, 0.8))
    stripe, drop = 0.62 * unit, 1.15 * unit
    for step, x in enumerate(np.arange(left - 0.2 * unit, right + 0.2 * unit, stripe)):
        tone = colour if step % 2 else (236, 230, 218)
        end = min(x + stripe, right + 0.3 * unit)
        draw.rectangle((x, top, end, top + drop), fill=tone)
        draw.pieslice((x, top + drop - stripe / 2, end, top + drop + stripe / 2), 0, 180, fill=_shade(tone, 0.92))


def _tree(picture: Image.Image, x: float, wall: float, unit: float, rng: np.random.Generator) -> None:
    """A round tree in a tub; leaves are laid from dark below to light above."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(picture)
    for (upper, top), (lower, bottom), colour in (
        ((0.12, 5.2), (0.2, 0.8), (92, 74, 60)),
        ((1.0, 1.25), (0.8, -0.25), (128, 112, 100)),
    ):
        corners = ((-upper, top), (upper, top), (lower, bottom), (-lower, bottom))
        draw.polygon([(x + dx * unit, wall - dy * unit) for dx, dy in corners], fill=colour)
    draw.rectangle((x - 1.1 * unit, wall - 1.4 * unit, x + 1.1 * unit, wall - 1.1 * unit), fill=(148, 132, 118))
    middle = wall - 6.0 * unit
    for layer in range(420):
        part = layer / 420
        angle, distance = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform()) * (1.0 - 0.45 * part)
        cx = x + (2.1 * distance * np.cos(angle) - 0.5 * part) * unit
        cy = middle + (1.75 * distance * np.sin(angle) + 0.3 - 0.75 * part) * unit
        size = rng.uniform(0.14, 0.32) * unit
        tone = 0.62 + 0.55 * part + rng.uniform(-0.07, 0.07)
        draw.ellipse((cx - size, cy - 0.8 * size, cx + size, cy + 0.8 * size), fill=_shade((96, 128, 78), tone))


def _bench(draw: Draw, x: float, wall: float, unit: float) -> None:
    for leg in (-1.4, 1.4):
        foot = x + leg * unit
        draw.rectangle(
            (foot - 0.08 * unit, wall - 1.7 * unit, foot + 0.08 * unit, wall + 0.3 * unit), fill=(70, 72, 76)
        )
    for low, tone in ((1.75, 0.95), (1.4, 1.02), (0.75, 1.15)):
        y = wall - low * unit
        draw.rectangle((x - 1.75 * unit, y, x + 1.75 * unit, y + 0.24 * unit), fill=_shade((136, 100, 70), tone))


def _lamp(draw: Draw, x: float, wall: float, unit: float) -> None:
    draw.rectangle((x - 0.08 * unit, wall - 7.6 * unit, x + 0.08 * unit, wall + 0.3 * unit), fill=(58, 62, 66))
    draw.rectangle((x - 0.22 * unit, wall - 0.5 * unit, x + 0.22 * unit, wall + 0.3 * unit), fill=(58, 62, 66))
    draw.ellipse((x - 0.42 * unit, wall - 8.5 * unit, x + 0.42 * unit, wall - 7.6 * unit), fill=(250, 240, 212))
    draw.rectangle((x - 0.3 * unit, wall - 8.6 * unit, x + 0.3 * unit, wall - 8.4 * unit), fill=(58, 62, 66))


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, max(0, round(part * factor))) for part in colour)
    return red, green, blue
