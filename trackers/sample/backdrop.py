"""The place: what stands still behind and in front of the figures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trackers.sample.view import View


def draw_backdrop(view: View, seed: int) -> npt.NDArray[np.uint8]:
    width, height = view.panorama
    return np.full((height, width, 3), (150, 155, 160), dtype=np.uint8)


def draw_pillar(view: View, seed: int) -> npt.NDArray[np.uint8]:
    left, _, right, bottom = view.pillars[0]
    return np.full((bottom, right - left, 4), (140, 150, 165, 255), dtype=np.uint8)
