"""Telling single people apart in a foreground mask, also where they overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

BODY = np.array([
    # left, top, right, bottom in body heights from the feet; weight
    [-0.045, -0.98, 0.045, -0.88, 0.26],
    [-0.085, -0.84, 0.085, -0.48, 0.46],
    [-0.075, -0.46, 0.075, -0.06, 0.28],
])  # fmt: skip
"""Where a person is foreground."""
AROUND = np.array([
    [-0.06, -1.12, 0.06, -1.03, 0.16],
    [-0.07, 0.03, 0.07, 0.12, 0.16],
    [-0.20, -1.00, -0.11, -0.90, 0.08],
    [0.11, -1.00, 0.20, -0.90, 0.08],
])  # fmt: skip
"""Where nothing of a person is: above the head, below the feet, beside the head."""
EXPLAINED = ((-0.13, -1.04, 0.13, 0.05), (-0.30, -0.42, 0.30, 0.05), (-0.19, -0.86, 0.19, -0.38))
SCALES = np.array([0.92, 1.0, 1.08])
ENOUGH = 0.42
"""Score from which a shape in a crowd is a person."""
CROWD = 30
"""People at most in one blob."""
SAMPLES = 400


class Person(NamedTuple):
    """A box in mask pixels and how sure it is, 0 to 1."""

    box: tuple[float, float, float, float]
    score: float


class Perspective:
    """Height of people as a line over the row of their feet, learned from people who stand alone."""

    def __init__(self, rows: int) -> None:
        # Until people have been seen: a street camera, horizon in the upper part of the picture.
        self._rows = rows
        self._seen: list[tuple[float, float]] = []
        self._slope, self._begin = 0.55, -0.55 * 0.22 * rows

    def height(self, feet: npt.ArrayLike) -> Floats:
        """Expected height in pixels of people whose feet are in a row."""
        return np.maximum(self._slope * np.asarray(feet, dtype=np.float64) + self._begin, 6.0)

    def learn(self, feet: float, height: float) -> None:
        """Take in one person who stands alone and is seen from head to foot."""
        self._seen = [*self._seen[-SAMPLES + 1 :], (feet, height)]
        if len(self._seen) % 8 and len(self._seen) > 24:
            return
        seen = np.array(self._seen)
        # Two made-up people keep the horizon where it is as long as all real ones are equally far away.
        part = np.median(seen[:, 1] / np.maximum(seen[:, 0] - 0.22 * self._rows, 1.0))
        feet_prior = np.array([0.5, 0.95]) * self._rows
        x = np.concatenate([seen[:, 0], feet_prior])
        y = np.concatenate([seen[:, 1], part * (feet_prior - 0.22 * self._rows)])
        weight = np.concatenate([np.ones(len(seen)), np.full(2, 2.0)])
        for _ in range(4):
            design = np.stack([x, np.ones_like(x)], axis=1) * weight[:, None]
            slope, begin = np.linalg.lstsq(design, y * weight, rcond=None)[0]
            off = np.abs(y - slope * x - begin) / np.maximum(slope * x + begin, 6.0)
            weight = np.where(np.arange(len(x)) < len(seen), 1.0 / (1.0 + (off / 0.1) ** 2), 2.0)
        self._slope, self._begin = float(slope), float(begin)


def find_people(mask: Mask, perspective: Perspective) -> list[Person]:
    """All people in a foreground mask."""
    whole = ndimage.uniform_filter(mask.astype(np.float32), 3) > 0.3
    labels, _ = ndimage.label(whole, structure=np.ones((3, 3)))
    people: list[Person] = []
    for number, (ys, xs) in enumerate(ndimage.find_objects(labels), start=1):
        blob = labels[ys, xs] == number
        box = (float(xs.start), float(ys.start), float(xs.stop), float(ys.stop))
        expected = float(perspective.height(box[3]))
        if blob.sum() < 0.04 * expected**2:
            continue
        tall, wide = (box[3] - box[1]) / expected, (box[2] - box[0]) / expected
        inside = box[0] > 1 and box[2] < mask.shape[1] - 1 and box[3] < mask.shape[0] - 1
        lean = blob.shape[1] / blob.shape[0]
        if inside and 0.22 < lean < 0.6 and 0.6 < tall < 1.6 and blob.mean() > 0.35:
            perspective.learn(box[3], box[3] - box[1])
        if 0.82 < tall < 1.2 and wide < 0.64:
            people.append(Person(box, _sure(tall, wide)))
        elif tall > 0.45:
            people += _separate(blob, box, perspective)
    return people


def _sure(tall: float, wide: float) -> float:
    return float(np.clip(0.95 - 1.2 * abs(tall - 1.0) - 1.5 * max(0.0, 0.24 - wide), 0.3, 0.95))


def _separate(blob: Mask, box: tuple[float, float, float, float], perspective: Perspective) -> list[Person]:
    """People in a blob that is not one whole person: the best fitting body is taken out until none fits."""
    rows, columns = blob.shape
    pad = int(0.3 * rows) + 2
    weight = np.pad(np.where(blob, 1.0, -0.7), pad, constant_values=-0.7)
    x, feet, tall = _candidates(blob.shape, box, perspective)
    people: list[Person] = []
    for _ in range(CROWD if len(x) else 0):
        score = _score(weight, x + pad, feet + pad, tall)
        best = int(score.argmax())
        if score[best] < ENOUGH:
            break
        chosen = (float(x[best]), float(feet[best]), float(tall[best]))
        people.append(Person(_box(blob, chosen, box), float(np.clip(score[best], 0.0, 0.95))))
        for left, top, right, bottom in EXPLAINED:
            ys = slice(max(0, round(chosen[1] + top * chosen[2]) + pad), round(chosen[1] + bottom * chosen[2]) + pad)
            xs = slice(max(0, round(chosen[0] + left * chosen[2]) + pad), round(chosen[0] + right * chosen[2]) + pad)
            weight[ys, xs] = np.minimum(weight[ys, xs], 0.0)
    return people


def _candidates(
    shape: tuple[int, ...], box: tuple[float, float, float, float], perspective: Perspective
) -> tuple[Floats, Floats, Floats]:
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


def _score(weight: Floats, x: Floats, feet: Floats, tall: Floats) -> Floats:
    """How well a body fits at each candidate: 1 is perfect."""
    table = np.pad(weight.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    positive = np.pad((weight > 0).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    score = np.zeros(len(x))
    for shapes, source, sign in ((BODY, table, 1.0), (AROUND, positive, -1.0)):
        for left, top, right, bottom, share in shapes:
            x1, x2 = (np.rint(x + side * tall).astype(int).clip(0, weight.shape[1]) for side in (left, right))
            y1, y2 = (np.rint(feet + side * tall).astype(int).clip(0, weight.shape[0]) for side in (top, bottom))
            area = np.maximum((x2 - x1) * (y2 - y1), 1)
            total = source[y2, x2] - source[y1, x2] - source[y2, x1] + source[y1, x1]
            score += sign * share * total / area
    return score


def _box(
    blob: Mask, part: tuple[float, float, float], box: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Box of a body in a blob."""
    x, feet, tall = part
    half = 0.2 * tall
    return box[0] + x - half, box[1] + feet - tall, box[0] + x + half, box[1] + feet
