"""Tracks that know what they look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trackers.boxes import Vectors
from trackers.lifecycle import Tracks, column


@dataclass
class TracksWithLook(Tracks):
    """Tracks with one vector each: the newest, or an average of all.

    Attributes:
        look: Unit vector of each track, zero while unknown, shape `(n, d)`.
    """

    look: Vectors = column(0, dtype=np.float32)

    def vector(self, row: int) -> Vectors | None:
        """The look of the track in this row, shape `(d,)`; None without appearance."""
        return self.look[row].copy() if self.look[row].any() else None
