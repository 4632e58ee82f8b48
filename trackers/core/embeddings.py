"""Tracks with one embedding each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trackers.boxes import Vectors
from trackers.lifecycle import Tracks, column


@dataclass
class TracksWithEmbedding(Tracks):
    """Tracks with one vector each: the newest, or an average of all.

    Attributes:
        embedding: Unit vector of each track, zero while unknown, shape `(n, d)`.
    """

    embedding: Vectors = column(0, dtype=np.float32)

    def vector(self, row: int) -> Vectors | None:
        """The embedding of the track in this row, shape `(d,)`; None without appearance."""
        return self.embedding[row].copy() if self.embedding[row].any() else None
