"""Who hides whom: a coarse depth buffer of the frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trackers.sample.paths import Floats

NOTHING, PILLAR, OUTSIDE = -1, -2, -3
CELLS = 640
"""Columns of the depth buffer."""
CORE = 0.12
"""Half the width of a body in body heights, without swinging arms and legs."""
_ACROSS = np.linspace(-0.9, 0.9, 5)
_UP = np.linspace(0.03, 0.97, 12)


class Sight(NamedTuple):
    """What is visible where each of ``n`` figures is."""

    visibility: Floats  # (n,) part of the body that is in the frame and not hidden
    shown: npt.NDArray[np.int64]  # (n, 60) which figure is visible at points of the body, or PILLAR or OUTSIDE


def visibility(feet: Floats, heights: Floats, pillars: Floats, size: tuple[int, int]) -> Sight:
    """Visibility of figures given as feet and heights in frame pixels; feet lower in the picture are nearer."""
    cell = size[0] / CELLS
    rows, columns = int(np.ceil(size[1] / cell)), CELLS
    buffer = np.full((rows, columns), NOTHING, dtype=np.int64)
    left, right = feet[:, 0] - CORE * heights, feet[:, 0] + CORE * heights
    boxes = np.stack([left, feet[:, 1] - heights, right, feet[:, 1]], axis=1)
    order = np.argsort(feet[:, 1], kind="stable")
    _paint(buffer, boxes[order] / cell, order)
    _paint(buffer, pillars / cell, np.full(len(pillars), PILLAR))
    x = (feet[:, :1] + CORE * heights[:, None] * _ACROSS)[:, None, :] / cell
    y = (feet[:, 1:] - heights[:, None] * _UP)[:, :, None] / cell
    points = (len(feet), _UP.size * _ACROSS.size)
    x, y = (np.floor(part).astype(np.int64).reshape(points) for part in np.broadcast_arrays(x, y))
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    shown = np.where(inside, buffer[y.clip(0, rows - 1), x.clip(0, columns - 1)], OUTSIDE)
    return Sight((shown == np.arange(len(feet))[:, None]).mean(axis=1), shown)


def _paint(buffer: npt.NDArray[np.int64], boxes: Floats, labels: npt.NDArray[np.int64]) -> None:
    cells = np.rint(boxes).astype(np.int64).clip(0)
    for (x1, y1, x2, y2), label in zip(cells.tolist(), labels.tolist(), strict=True):
        buffer[y1:y2, x1:x2] = label
