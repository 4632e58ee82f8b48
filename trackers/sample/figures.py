"""Drawing one figure: an outfit and a pose become a small picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trackers.sample.body import ARMS, CHEST, HEAD, HIPS, LEGS, NECK, Pose, joints, radii
from trackers.sample.canvas import Canvas, Pixels, Point, Texture
from trackers.sample.wardrobe import Colour, Outfit

WIDTH, HEIGHT, FEET = 0.76, 1.1, 1.06
"""Size of a figure's picture and the row of its feet, in body heights; the feet are in the middle of its width."""
DARKEST, RANGE = 10.0, 0.92
"""Colours of a picture run from 10 to 245, so that sensor noise can be added without overflow."""


def draw_figure(outfit: Outfit, pose: Pose, tall: int) -> npt.NDArray[np.uint8]:
    """Picture of one figure of ``tall`` pixels: BGR premultiplied by alpha, then alpha."""
    return _Figure(outfit, pose, tall).draw()


class _Figure:
    def __init__(self, outfit: Outfit, pose: Pose, tall: int) -> None:
        self.outfit, self.tall = outfit, tall
        self.canvas = Canvas(round(WIDTH * tall), round(HEIGHT * tall))
        body = joints(pose)[0]
        self.x = (body[:, 0] + 0.5 * WIDTH) * tall
        self.y = (FEET - body[:, 1]) * tall
        self.z = body[:, 2]
        self.radius = radii(pose.girth)[0] * tall
        self.right, self.away = pose.heading[0]
        self.turn = float(np.arctan2(self.away, self.right))

    def draw(self) -> npt.NDArray[np.uint8]:
        order = (0, 1) if self.z[ARMS[0][0]] > self.z[ARMS[1][0]] else (1, 0)
        self._luggage(behind=True)
        self._arm(ARMS[order[0]])
        for side in order:
            self._leg(LEGS[side])
        if self.away < 0.0:
            self._long_hair()
        self._torso()
        self._head()
        self._luggage(behind=False)
        self._arm(ARMS[order[1]])
        pixels = self.canvas.pixels
        colour = RANGE * pixels[..., 2::-1] + DARKEST * pixels[..., 3:]
        picture = np.concatenate([colour, 255.0 * pixels[..., 3:]], axis=2)
        return np.asarray(np.rint(picture), dtype=np.uint8)

    def at(self, joint: int, right: float = 0.0, down: float = 0.0) -> Point:
        """A joint in pixels, moved by parts of the body height."""
        return float(self.x[joint] + right * self.tall), float(self.y[joint] + down * self.tall)

    def limb(self, begin: int, end: int, colour: Colour, wider: float = 1.0) -> None:
        radii = (wider * self.radius[begin], wider * self.radius[end])
        self.canvas.capsule(self.at(begin), self.at(end), radii, colour)

    def _leg(self, leg: tuple[int, int, int, int]) -> None:
        hip, knee, ankle, toe = leg
        outfit = self.outfit
        cloth = outfit.trousers
        shin = cloth if outfit.bottom == "trousers" else outfit.skin
        self.limb(knee, ankle, shin, 1.0 if outfit.bottom == "trousers" else 0.9)
        self.canvas.capsule(
            self.at(ankle, down=0.008), self.at(toe), (self.radius[ankle] * 0.9, self.radius[toe]), outfit.shoes
        )
        if outfit.bottom == "skirt":
            self.limb(hip, knee, outfit.skin, 0.9)
        else:
            self.limb(hip, knee, cloth)

    def _arm(self, arm: tuple[int, int, int]) -> None:
        shoulder, elbow, hand = arm
        outfit = self.outfit
        self.limb(elbow, hand, outfit.shirt if outfit.long_sleeves else outfit.skin, 0.95)
        self.limb(shoulder, elbow, outfit.shirt)
        self.canvas.ellipse(self.at(hand, down=0.008), (self.radius[hand], 1.15 * self.radius[hand]), outfit.skin)

    def _torso(self) -> None:
        outfit, girth = self.outfit, self.outfit.girth
        broad = girth * float(np.hypot(0.118 * self.away, 0.078 * self.right))
        deep = girth * float(np.hypot(0.100 * self.away, 0.084 * self.right))
        top, hem = self.at(CHEST, down=-0.098), self.at(HIPS, down=0.045)
        if outfit.bottom == "skirt":
            knees = self.at(HIPS, down=0.235)
            outline = self._widths([0.0, 0.3, 1.0], [0.9 * deep, 1.12 * deep, 1.3 * deep + 0.02])
            self.canvas.tube(self.at(HIPS, down=-0.02), knees, outline, outfit.trousers)
        else:
            self.canvas.ellipse(self.at(HIPS, down=0.02), (deep * self.tall, 0.075 * self.tall), outfit.trousers)
        self.canvas.capsule(
            self.at(NECK, down=-0.02), self.at(NECK, down=0.04), (self.radius[NECK] * 1.1,) * 2, outfit.skin
        )
        outline = self._widths(
            [0.0, 0.03, 0.09, 0.2, 0.45, 0.72, 0.97, 1.0],
            [0.035, 0.06, 0.85 * broad, broad, 0.96 * broad, 0.9 * deep, 1.02 * deep, 0.98 * deep],
        )
        self.canvas.tube(top, hem, outline, self._cloth())

    def _widths(self, along: list[float], halves: list[float]) -> tuple[list[float], list[float]]:
        return along, [half * self.tall for half in halves]

    def _cloth(self) -> Colour | Texture:
        """The shirt's pattern, wrapped around the body so that it turns with it."""
        outfit, turn = self.outfit, self.turn
        if outfit.pattern == "plain":
            return outfit.shirt
        base, accent = np.array(outfit.shirt, np.float32), np.array(outfit.accent, np.float32)

        def texture(around: Pixels, along: Pixels) -> Pixels:
            angle = np.asarray(np.arcsin(np.clip(around, -1.0, 1.0)) + turn, dtype=np.float32)
            mask = _PATTERNS[outfit.pattern](angle, along)
            return np.asarray(base + (accent - base) * mask[..., None], dtype=np.float32)

        return texture

    def _head(self) -> None:
        outfit, r = self.outfit, self.radius[HEAD]
        x, y = self.at(HEAD)
        front, side = -float(self.away), float(self.right)
        if self.away >= 0.0:
            self._long_hair()
        self.canvas.ellipse((x, y), (0.86 * r, 1.0 * r), outfit.hair if outfit.haircut != "hat" else outfit.skin)
        if outfit.haircut == "bun":
            self.canvas.ellipse((x - 0.85 * r * side, y - 0.55 * r), (0.42 * r, 0.42 * r), outfit.hair)
        if front > -0.75:
            shift, wide = 0.30 * side, 0.74 - 0.10 * abs(side)
            self.canvas.ellipse((x + shift * r, y + 0.16 * r), (wide * r, 0.82 * r), outfit.skin)
            self._face(x, y, r, front, side)
        if outfit.haircut in ("cap", "hat"):
            self._hat(x, y, r, front, side)

    def _long_hair(self) -> None:
        if self.outfit.haircut == "long":
            x, y = self.at(HEAD)
            r, fall = self.radius[HEAD], 0.40 * self.radius[HEAD] * float(self.right)
            self.canvas.ellipse((x - fall, y + 0.75 * r), (0.98 * r, 1.45 * r), self.outfit.hair)

    def _face(self, x: float, y: float, r: float, front: float, side: float) -> None:
        for lateral in (-0.36, 0.36):
            depth = 0.8 * front + lateral * side
            if depth > 0.05:
                eye = (x + r * (0.62 * side + lateral * front), y + 0.08 * r)
                self.canvas.ellipse(eye, (max(0.09 * r, 0.4), max(0.12 * r, 0.5)), (40, 30, 30))
        if front > -0.2:
            dark = tuple(int(0.72 * part) for part in self.outfit.skin)
            self.canvas.ellipse((x + 0.6 * r * side, y + 0.58 * r), (0.22 * r, 0.06 * r), (dark[0], dark[1], dark[2]))

    def _hat(self, x: float, y: float, r: float, front: float, side: float) -> None:
        brim = self.outfit.accent
        if self.outfit.haircut == "hat":
            self.canvas.ellipse((x, y - 0.30 * r), (1.42 * r, 0.30 * r), brim)
            self.canvas.ellipse((x, y - 0.55 * r), (0.84 * r, 0.50 * r), brim)
        else:
            self.canvas.ellipse((x, y - 0.45 * r), (0.92 * r, 0.58 * r), brim)
            if front > -0.5:
                visor = (x + 0.75 * r * side, y - 0.20 * r + 0.1 * r * front)
                self.canvas.ellipse(visor, (0.62 * r, 0.17 * r), brim)

    def _luggage(self, *, behind: bool) -> None:
        outfit, t = self.outfit, self.tall
        x, y = self.at(CHEST)
        if outfit.luggage == "backpack" and behind == (self.away < 0.0):
            middle = (x - 0.075 * t * self.right * outfit.girth, y + 0.03 * t)
            wide = float(np.hypot(0.085 * self.away, 0.058 * self.right))
            self.canvas.ellipse(middle, (wide * t, 0.115 * t), outfit.bag)
            dark = tuple(int(0.8 * part) for part in outfit.bag)
            self.canvas.ellipse(
                (middle[0], middle[1] + 0.035 * t), (0.7 * wide * t, 0.05 * t), (dark[0], dark[1], dark[2])
            )
        if outfit.luggage == "shoulder" and not behind:
            swing = 0.07 * (1.0 if self.away * self.right >= 0 else -1.0)
            bag = (x + swing * t, y + 0.20 * t)
            self.canvas.capsule((x - 0.8 * swing * t, y - 0.07 * t), bag, (0.008 * t, 0.008 * t), outfit.bag)
            self.canvas.ellipse(bag, (0.055 * t, 0.048 * t), outfit.bag)


def _bands(value: Pixels, count: float, part: float) -> Pixels:
    """1 in bands that take a part of each period, 0 elsewhere, with soft edges."""
    wave = np.abs((value * count) % 1.0 - 0.5) * 2.0
    return np.asarray(np.clip((part - wave) * 6.0 + 0.5, 0.0, 1.0), dtype=np.float32)


def _dots(angle: Pixels, along: Pixels) -> Pixels:
    row = along * 8.0
    column = angle * 1.6 + 0.5 * (np.floor(row) % 2)
    distance = np.hypot(column % 1.0 - 0.5, row % 1.0 - 0.5)
    return np.asarray(np.clip((0.3 - distance) * 8.0 + 0.5, 0.0, 1.0), dtype=np.float32)


_PATTERNS: dict[str, Callable[[Pixels, Pixels], Pixels]] = {
    "hoops": lambda angle, along: _bands(along + 0 * angle, 6.0, 0.5),
    "stripes": lambda angle, along: _bands(angle / (2 * np.pi) + 0 * along, 11.0, 0.4),
    "checks": lambda angle, along: 0.5 * (_bands(along, 6.0, 0.5) + _bands(angle / (2 * np.pi), 10.0, 0.5)),
    "dots": _dots,
    "chest": lambda angle, along: _bands(along + 0 * angle - 0.13, 1.0, 0.26),
}
