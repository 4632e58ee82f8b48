"""Tracks with one embedding each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trackers.boxes import Ints, Vectors
from trackers.lifecycle import Tracks, column


@dataclass
class TracksWithEmbedding(Tracks):
    """Tracks with one vector each: the newest, or an average of all.

    Attributes:
        embedding: Unit vector of each track, zero while unknown, shape `(n, d)`.
        raw: The same of the vectors as the extractor gave them, where a learned map stands between, shape `(n, k)`;
            else `(n, 0)`. What compares tracks across trackers uses these.
        frames_since_embedding: Consecutive frames on which the track was matched without an embedding, as none was
            needed, shape `(n,)`.
    """

    embedding: Vectors = column(0, dtype=np.float32)
    raw: Vectors = column(0, dtype=np.float32)
    frames_since_embedding: Ints = column()

    def count_frames(self, rows: Ints, not_embedded: Ints) -> None:
        """Count one more frame for matched tracks that were not embedded, and start anew for the others in `rows`."""
        if len(not_embedded) == 0 and not np.count_nonzero(self.frames_since_embedding):
            return
        count = self.frames_since_embedding.take(not_embedded) + 1
        self.frames_since_embedding[rows] = 0
        self.frames_since_embedding[not_embedded] = count

    def adopt(self, project: Callable[[Vectors], Vectors], changed: bool) -> None:
        """Derive the embeddings from the vectors as the extractor gave them.

        Args:
            project: The map in force, from `(n, d)` to `(n, k)`.
            changed: Whether it is another one than on the previous frame.
        """
        self.embedding = project(self.raw)

    def vector(self, row: int) -> Vectors | None:
        """The embedding of the track in this row, shape `(d,)`; None without appearance."""
        return self.embedding[row].copy() if self.embedding[row].any() else None
