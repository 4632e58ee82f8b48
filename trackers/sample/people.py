"""Telling single people apart in a foreground mask, also where they overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from trackers.sample.background import FOREGROUND, SHADED

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
Part = tuple[float, float, float]

BODY = np.array([
    # left, top, right, bottom in body heights from the feet; weight
    [-0.045, -0.98, 0.045, -0.88, 0.30],
    [-0.085, -0.84, 0.085, -0.48, 0.50],
    [-0.060, -0.46, 0.060, -0.28, 0.20],
])  # fmt: skip
"""Where a person is foreground."""
AROUND = np.array([
    [-0.06, -1.12, 0.06, -1.03, 0.16],
    [-0.20, -1.00, -0.11, -0.90, 0.08],
    [0.11, -1.00, 0.20, -0.90, 0.08],
])  # fmt: skip
"""Where nothing of a person is: above the head, below the feet, beside the head."""
FEET, BELOW = np.array([[-0.26, -0.10, 0.26, -0.01, 4.0]]), np.array([[-0.26, 0.03, 0.26, 0.10, 4.0]])
"""Where a quarter is foreground, at whatever moment of a step, and where nothing is."""
EXPLAINED = ((-0.09, -1.04, 0.09, 0.05), (-0.27, -0.36, 0.27, 0.05), (-0.14, -0.86, 0.14, -0.30))
SCALES = np.array([0.92, 1.0, 1.08])
ENOUGH, NEW = 0.36, 0.3
"""Score, and part of the body that is nobody else's, from which a shape in a group is a person."""
REPEATED, NEARER, LONGER = 0.3, 0.2, 0.3
"""Weight against foreground that is somebody's already, and for people who are nearer: nobody hides them."""
CROWD = 30
"""People at most in one blob."""
SAMPLES = 400


class Person(NamedTuple):
    """A box in mask pixels and its confidence, 0 to 1."""

    box: Box
    score: float


class Perspective:
    """Height of people as a line over the row of their feet, learned from people who stand alone."""

    def __init__(self, rows: int) -> None:
        # Until people have come: a street camera, horizon in the upper part of the picture.
        self._rows = rows
        self._samples: list[tuple[float, float]] = []
        self._slope, self._begin = 0.55, -0.55 * 0.22 * rows

    def height(self, feet: npt.ArrayLike) -> Floats:
        """Expected height in pixels of people whose feet are in a row."""
        return np.maximum(self._slope * np.asarray(feet, dtype=np.float64) + self._begin, 6.0)

    def learn(self, feet: float, height: float) -> None:
        """Take in one person who stands alone and is visible from head to foot."""
        self._samples = [*self._samples[-SAMPLES + 1 :], (feet, height)]
        if len(self._samples) % 8 and len(self._samples) > 24:
            return
        samples = np.array(self._samples)
        # Two made-up people keep the horizon where it is as long as all real ones are equally far away.
        part = np.median(samples[:, 1] / np.maximum(samples[:, 0] - 0.22 * self._rows, 1.0))
        feet_prior = np.array([0.5, 0.95]) * self._rows
        x = np.concatenate([samples[:, 0], feet_prior])
        y = np.concatenate([samples[:, 1], part * (feet_prior - 0.22 * self._rows)])
        made_up = max(2.0, 0.4 * float(np.sqrt(len(samples))))
        weight = np.concatenate([np.ones(len(samples)), np.full(2, made_up)])
        for _ in range(4):
            design = np.stack([x, np.ones_like(x)], axis=1) * weight[:, None]
            slope, begin = np.linalg.lstsq(design, y * weight, rcond=None)[0]
            off = np.abs(y - slope * x - begin) / np.maximum(slope * x + begin, 6.0)
            weight = np.where(np.arange(len(x)) < len(samples), 1.0 / (1.0 + (off / 0.08) ** 2), made_up)
        self._slope, self._begin = float(slope), float(begin)


def _without_shadows(pixels: npt.NDArray[np.uint8], perspective: Perspective) -> Mask:
    """Foreground without shadows on the ground: flat patches that are the background's colour, only darker."""
    mask = pixels > 0
    labels, _ = ndimage.label(pixels == SHADED)
    for number, (ys, xs) in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = ys.stop - ys.start, xs.stop - xs.start
        thick = round(0.12 * float(perspective.height(ys.stop)))
        if wide > 1.5 * min(high, thick):
            ys = slice(max(ys.start, ys.stop - thick), ys.stop)
            mask[ys, xs] &= labels[ys, xs] != number
    return np.asarray(mask)


def find_people(pixels: npt.NDArray[np.uint8], perspective: Perspective) -> list[Person]:
    """All people in the foreground of a frame, as `Background` gives it."""
    mask = _without_shadows(pixels, perspective)
    whole = ndimage.uniform_filter(mask.astype(np.float32), 3) > 0.3
    labels, _ = ndimage.label(whole, structure=np.ones((3, 3)))
    people: list[Person] = []
    for number, (ys, xs) in enumerate(ndimage.find_objects(labels), start=1):
        blob = labels[ys, xs] == number
        # A person ends with shoes: what is only darker than the ground below them is still shadow.
        solid = np.flatnonzero((blob & (pixels[ys, xs] == FOREGROUND)).sum(axis=1) > 1)
        if len(solid) == 0:
            continue
        ys, blob = slice(ys.start, ys.start + int(solid[-1]) + 1), blob[: solid[-1] + 1]
        box = (float(xs.start), float(ys.start), float(xs.stop), float(ys.stop))
        expected = float(perspective.height(box[3]))
        if blob.sum() < 0.04 * expected**2:
            continue
        tall, wide = (box[3] - box[1]) / expected, (box[2] - box[0]) / expected
        inside = box[0] > 1 and box[2] < mask.shape[1] - 1 and box[3] < mask.shape[0] - 1
        lean = blob.shape[1] / blob.shape[0]
        if inside and 0.22 < lean < 0.6 and 0.6 < tall < 1.6 and blob.mean() > 0.35:
            perspective.learn(box[3], box[3] - box[1])
        whole_person = 0.82 < tall < 1.2 and wide < 0.64
        found = [] if whole_person and wide < 0.42 else _separate(blob, box, perspective)
        if whole_person and len(found) < 2:
            found = [Person(_behind(blob, box, expected, mask.shape[1]), _confidence(tall, wide))]
        people += found
    return people


def _confidence(tall: float, wide: float) -> float:
    return float(np.clip(0.95 - 1.2 * abs(tall - 1.0) - 1.5 * max(0.0, 0.24 - wide), 0.3, 0.95))


def _behind(blob: Mask, box: Box, expected: float, columns: int) -> Box:
    """Widen the box of a person of whom something straight, a pillar or a wall, hides one side."""
    missing = 0.34 * expected - (box[2] - box[0])
    sides = [blob[:, :2].any(axis=1).mean(), blob[:, -2:].any(axis=1).mean()]
    left, top, right, bottom = box
    if missing > 0 and max(sides) > 0.55 and left > 1 and right < columns - 1:
        left, right = (left - missing, right) if sides[0] > sides[1] else (left, right + missing)
    return left, top, right, bottom


def _separate(blob: Mask, box: Box, perspective: Perspective) -> list[Person]:
    """People in a blob that is not one whole person: the best fitting body is taken out until none fits."""
    pad = int(0.3 * len(blob)) + 2
    x, feet, tall = _candidates(blob.shape, box, perspective)
    at = (x + pad, feet + pad, tall)
    left = np.pad(blob, pad)  # foreground that is not part of anybody found so far
    fit = 0.8 * _share(np.where(left, 1.0, -1.1), BODY, at) + 0.2 * _share(left, FEET, at).clip(0.0, 1.0)
    fit += NEARER * feet / len(blob)
    x, feet, tall, fit = (part[fit > ENOUGH] for part in (x, feet, tall, fit))  # the others can only lose
    at = (x + pad, feet + pad, tall)
    parts: list[Part] = []
    scores: list[float] = []
    for _ in range(CROWD if len(x) else 0):
        new = _share(left, BODY, at)
        score = (
            fit - (1.0 - new) * REPEATED - _share(left, AROUND, at) - LONGER * _share(left, BELOW, at).clip(0.0, 1.0)
        )
        score[new < NEW] = -1.0
        best = int(score.argmax())
        if score[best] < ENOUGH:
            break
        parts.append((float(x[best]), float(feet[best]), float(tall[best])))
        scores.append(float(score[best]))
        for sides in EXPLAINED:
            x1, y1, x2, y2 = (round(side * parts[-1][2]) + pad for side in sides)
            row, column = round(feet[best]), round(x[best])
            left[max(0, row + y1) : row + y2, max(0, column + x1) : column + x2] = False
    return [Person(_box(blob, parts, index, box), min(0.95, score)) for index, score in enumerate(scores)]


def _candidates(shape: tuple[int, ...], box: Box, perspective: Perspective) -> tuple[Floats, Floats, Floats]:
    """Columns and rows of feet in the blob, and heights, that a body may have."""
    rows, columns = shape
    step = max(1.0, rows / 60)
    feet = np.arange(0.4 * rows, rows + 0.05 * rows, step)
    x = np.arange(0.0, columns, step)
    tall = perspective.height(feet + box[1])[:, None] * SCALES
    grid = np.broadcast_arrays(x[:, None, None], feet[None, :, None], tall[None])
    x, feet, tall = (part.ravel().astype(np.float64) for part in grid)
    fits = feet - tall > -0.12 * tall
    return x[fits], feet[fits], tall[fits]


def _share(picture: npt.NDArray[np.generic], shape: Floats, at: tuple[Floats, Floats, Floats]) -> Floats:
    """Weighted mean of a picture in the parts of a shape, for bodies at columns and rows of feet with heights."""
    x, feet, tall = at
    table = np.pad(picture.astype(np.float64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    total = np.zeros(len(x))
    for left, top, right, bottom, share in shape:
        x1, x2 = (np.rint(x + side * tall).astype(int).clip(0, picture.shape[1]) for side in (left, right))
        y1, y2 = (np.rint(feet + side * tall).astype(int).clip(0, picture.shape[0]) for side in (top, bottom))
        area = np.maximum((x2 - x1) * (y2 - y1), 1)
        total += share * (table[y2, x2] - table[y1, x2] - table[y2, x1] + table[y1, x1]) / area
    return total


def _box(blob: Mask, parts: list[Part], index: int, box: Box) -> Box:
    """Box of one of the bodies in a blob: as wide as the foreground that is nearest to it."""
    x, feet, tall = parts[index]
    columns = np.arange(blob.shape[1])
    distance = np.array([np.abs(columns - other[0]) / other[2] for other in parts])
    rows = slice(max(0, int(feet - 0.92 * tall)), max(1, int(feet - 0.06 * tall)))
    own = (blob[rows].sum(axis=0) >= 0.08 * tall) & (distance.argmin(axis=0) == index) & (distance[index] < 0.3)
    reach = columns[own] if own.any() else np.array([x])
    left, right = min(float(reach[0]), x - 0.13 * tall), max(float(reach[-1]) + 1.0, x + 0.13 * tall)
    return box[0] + left, box[1] + feet - tall, box[0] + right, box[1] + feet
