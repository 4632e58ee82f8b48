"""Outfits of figures: clothes, hair and bags, so that every figure differs from every other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Colour = tuple[int, int, int]  # red, green, blue

SHIRTS: tuple[Colour, ...] = (
    (200, 52, 48), (36, 96, 176), (240, 190, 60), (38, 128, 92), (238, 236, 228), (122, 62, 148), (232, 118, 44),
    (44, 48, 62), (88, 176, 206), (214, 96, 138), (140, 162, 58), (150, 40, 62), (26, 142, 150), (172, 128, 88),
)  # fmt: skip
ACCENTS: tuple[Colour, ...] = (
    (248, 244, 232), (30, 38, 70), (250, 214, 110), (20, 70, 60), (190, 40, 50), (240, 170, 190), (60, 60, 64)
)  # fmt: skip
TROUSERS: tuple[Colour, ...] = (
    (44, 58, 96), (38, 38, 42), (122, 106, 82), (82, 88, 96), (28, 44, 58), (96, 62, 46), (104, 122, 150),
    (150, 144, 132), (70, 78, 52),
)  # fmt: skip
SKINS: tuple[Colour, ...] = ((242, 204, 174), (224, 172, 134), (190, 132, 92), (140, 90, 60), (94, 60, 42))
HAIRS: tuple[Colour, ...] = (
    (36, 28, 26), (74, 46, 30), (132, 84, 42), (206, 166, 98), (150, 62, 34), (168, 166, 164), (20, 20, 26)
)  # fmt: skip
SHOES: tuple[Colour, ...] = ((36, 32, 32), (232, 230, 226), (110, 70, 44), (170, 40, 44), (60, 74, 110))
BAGS: tuple[Colour, ...] = ((150, 92, 50), (54, 72, 60), (180, 50, 60), (40, 46, 80), (214, 168, 70))

PATTERNS = ("plain", "hoops", "checks", "dots", "stripes", "chest")
HAIRCUTS = ("short", "long", "bun", "cap", "hat")
LUGGAGE = ("none", "backpack", "shoulder")
BOTTOMS = ("trousers", "trousers", "shorts", "skirt", "trousers")


@dataclass(frozen=True)
class Outfit:
    """The outfit of one figure; colours are red, green, blue."""

    skin: Colour
    hair: Colour
    haircut: str
    shirt: Colour
    accent: Colour
    pattern: str
    long_sleeves: bool
    bottom: str
    trousers: Colour
    shoes: Colour
    luggage: Literal["none", "backpack", "shoulder"] | str
    bag: Colour
    girth: float


def dress(seed: int, girths: list[float]) -> list[Outfit]:
    """One outfit per figure; neighbours in the list share neither shirt nor pattern."""
    rng = np.random.default_rng([seed, 5])
    shirts, trousers = rng.permutation(len(SHIRTS)), rng.permutation(len(TROUSERS))
    patterns, cuts = rng.permutation(len(PATTERNS)), rng.permutation(len(HAIRCUTS))
    bags, bottoms = rng.permutation(len(LUGGAGE)), rng.permutation(len(BOTTOMS))
    outfits = []
    for index, girth in enumerate(girths):
        shirt = SHIRTS[shirts[index % len(SHIRTS)]]
        far = [accent for accent in ACCENTS if _distance(accent, shirt) > 150]
        outfits.append(
            Outfit(
                skin=SKINS[rng.integers(len(SKINS))],
                hair=HAIRS[rng.integers(len(HAIRS))],
                haircut=HAIRCUTS[cuts[index % len(HAIRCUTS)]],
                shirt=shirt,
                accent=far[rng.integers(len(far))],
                pattern=PATTERNS[patterns[(index + index // len(SHIRTS)) % len(PATTERNS)]],
                long_sleeves=bool(rng.random() < 0.55),
                bottom=BOTTOMS[bottoms[index % len(BOTTOMS)]],
                trousers=TROUSERS[trousers[index % len(TROUSERS)]],
                shoes=SHOES[rng.integers(len(SHOES))],
                luggage=LUGGAGE[bags[index % len(LUGGAGE)]],
                bag=BAGS[rng.integers(len(BAGS))],
                girth=girth,
            )
        )
    return outfits


def _distance(one: Colour, other: Colour) -> float:
    return float(np.linalg.norm(np.subtract(one, other)))
