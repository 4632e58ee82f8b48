"""Cars, fish and people from above as coloured polygons in space.

A shape is made for one moment, in metres: forward, to the left, up, from the middle of the body on the ground.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.sample.paths import Floats

Colour = tuple[int, int, int]

PAINT: tuple[Colour, ...] = (
    (196, 52, 48), (238, 238, 234), (44, 92, 160), (56, 60, 66), (214, 170, 58), (92, 128, 96),
    (168, 174, 180), (122, 62, 92),
)  # fmt: skip
GLASS, RUBBER, LAMP, SKIN = (46, 58, 70), (28, 28, 30), (252, 240, 190), (220, 178, 150)

SWAY, WAVES = 0.09, 0.9
"""How far a fish's tail swings to either side in body lengths, and waves of the body from head to tail."""

BEATS = 1.6
"""Beats of the tail per body length swum."""


class Face(NamedTuple):
    """A flat polygon.

    Attributes:
        points: Corners in metres, shape `(k, 3)`.
        colour: Red, green, blue.
        outward: Horizontal direction that it faces, shape `(2,)`; zero for what is drawn from above.
    """

    points: Floats
    colour: Colour
    outward: Floats


def car(length: float, width: float, height: float, paint: int) -> list[Face]:
    """A body with wheels and lamps, and a cabin on it; a long one is a lorry."""
    colour = PAINT[paint % len(PAINT)]
    belt, x, y = 0.55 * height, 0.5 * length, 0.5 * width
    lorry = length > 6.0
    wheels = [
        _flat(middle + side * np.array([0.0, y]), (0.34, 0.06), 0.02, RUBBER)
        for middle in (np.array([0.62 * x, 0.0]), np.array([-0.62 * x, 0.0]))
        for side in (-1, 1)
    ]
    lamps = [_flat(np.array([0.95 * x, side * 0.7 * y]), (0.06 * x, 0.16 * y), belt, LAMP) for side in (-1, 1)]
    body = _block((-x, x), (-y, y), (0.12, belt), colour, _shade(colour, 0.75))
    if lorry:
        load = _block((-x, 0.45 * x), (-y, y), (belt, 1.35 * height), _shade(colour, 1.05), _shade(colour, 0.8))
        cab = _block((0.5 * x, 0.95 * x), (-0.9 * y, 0.9 * y), (belt, height), _shade(colour, 0.9), GLASS)
        return [*wheels, *body, *lamps, *load, *cab]
    glass = _block((-0.72 * x, 0.42 * x), (-0.84 * y, 0.84 * y), (belt, 0.9 * height), GLASS, GLASS)
    roof = _flat(np.array([-0.18 * x, 0.0]), (0.36 * x, 0.78 * y), height, _shade(colour, 1.1))
    return [*wheels, *body, *lamps, *glass, roof]


def fish(length: float, width: float, height: float, paint: int, swum: float, bend: float) -> list[Face]:
    """A body that bends as it swims, with fins and a darker back.

    Args:
        length: From nose to tail.
        width: At the widest.
        height: Depth below which it swims, not used.
        paint: Number of its colour.
        swum: Metres swum so far, which give the beat of the tail.
        bend: Radians that the body is bent by, to the left.
    """
    colour = PAINT[paint % len(PAINT)]
    along = np.linspace(0.0, 1.0, 17)  # from the nose
    sway = SWAY * along**1.5 * np.sin(2.0 * np.pi * (BEATS * swum / length - WAVES * along))
    spine = length * np.column_stack([0.5 - along, sway + 0.5 * bend * (along - 0.35) ** 2])
    ahead = -np.gradient(spine, axis=0)
    side = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.linalg.norm(ahead, axis=1, keepdims=True)
    half = width * np.interp(along, [0, 0.06, 0.25, 0.5, 0.8, 1], [0.1, 0.3, 0.5, 0.4, 0.1, 0.05])[:, None]
    outline = np.concatenate([spine + half * side, (spine - half * side)[::-1]])
    back = np.concatenate([spine + 0.45 * half * side, (spine - 0.45 * half * side)[::-1]])
    tail, root = spine[-1] - 0.12 * length * ahead[-1] / np.linalg.norm(ahead[-1]), spine[-3]
    fan = np.array([root, tail + 0.28 * width * side[-1], spine[-1], tail - 0.28 * width * side[-1]])
    fins = [
        np.array([spine[5] + sign * 0.9 * half[5] * side[5], spine[8] + sign * 1.9 * half[8] * side[8], spine[7]])
        for sign in (-1, 1)
    ]
    eyes = [spine[1] + sign * 0.8 * half[1] * side[1] + 0.04 * width * _circle() for sign in (-1, 1)]
    parts = [
        (fan, _shade(colour, 0.8)),
        *((fin, _shade(colour, 0.85)) for fin in fins),
        (outline, colour),
        (back, _shade(colour, 0.72)),
        *((eye, RUBBER) for eye in eyes),
    ]
    return [_level(points, 0.0, tone) for points, tone in parts]


def person(length: float, width: float, height: float, paint: int, walked: float) -> list[Face]:
    """Shoulders, head and the feet that swing, from above."""
    colour, hair = PAINT[paint % len(PAINT)], _shade(PAINT[(3 * paint + 3) % len(PAINT)], 0.5)
    stride = 0.5 * length * np.sin(2.0 * np.pi * walked / 1.4)
    feet = [np.array([sign * stride, 0.22 * sign * width]) + [0.26, 0.12] * _circle() for sign in (-1, 1)]
    hands = [np.array([-0.6 * sign * stride, 0.46 * sign * width]) + 0.09 * _circle() for sign in (-1, 1)]
    parts: list[tuple[Floats, float, Colour]] = [
        *((foot, 0.1, RUBBER) for foot in feet),
        *((hand, 0.9, SKIN) for hand in hands),
        (np.array([0.5 * length, 0.5 * width]) * _circle(), 1.4, colour),
        (0.13 * _circle(), height, hair),
    ]
    return [_level(points, up, tone) for points, up, tone in parts]


def _circle() -> Floats:
    angle = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _level(points: Floats, up: float, colour: Colour) -> Face:
    """A polygon `(k, 2)` seen from above."""
    return Face(np.column_stack([points, np.full(len(points), up)]), colour, np.zeros(2))


def _flat(middle: Floats, half: tuple[float, float], up: float, colour: Colour) -> Face:
    """A rectangle seen from above."""
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    return _level(middle + corners * half, up, colour)


def _block(
    x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], roof: Colour, wall: Colour
) -> list[Face]:
    """The four walls and the roof of a box."""
    faces = []
    corners = np.array([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]])
    for number, outward in enumerate(np.array([[0.0, -1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])):
        low = corners[[number, (number + 1) % 4]]
        points = np.column_stack([np.concatenate([low, low[::-1]]), np.repeat(z, 2)])
        faces.append(Face(points, _shade(wall, 1.0 - 0.1 * number), outward))
    return [*faces, _level(corners, z[1], roof)]


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, max(0, round(part * factor))) for part in colour)
    return red, green, blue
