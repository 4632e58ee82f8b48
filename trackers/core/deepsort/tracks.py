"""Tracks with a gallery, filled also on frames on which their detection was not embedded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trackers.appearance.gallery import Galleries, add_vectors
from trackers.appearance.vectors import has_embedding
from trackers.boxes import Ints, Vectors
from trackers.core.embeddings import TracksWithEmbedding
from trackers.lifecycle import column

SHORTEST = 1e-3
"""Length from which the middle between two opposite vectors has a direction worth the name."""


@dataclass
class DeepSORTTracks(TracksWithEmbedding):
    """Tracks with a gallery each; the embedding of a track is the newest vector of its gallery.

    Attributes:
        gallery: One gallery of vectors per track, shape `(n,)`.
        frames_since_embedding: Consecutive frames on which the track was matched without an embedding, shape `(n,)`.
    """

    gallery: Galleries = column(dtype=object)
    frames_since_embedding: Ints = column()

    def update_embeddings(self, rows: Ints, vectors: Vectors, not_embedded: Ints) -> None:
        """Add a vector to each track in `rows`, and interpolated ones for the frames since its last.

        The tracks in `not_embedded`, which are among the rows, were matched without one. Zero vectors
        are skipped.
        """
        known = has_embedding(vectors)
        embedded, vectors = rows[known], vectors[known]
        for new in np.flatnonzero((self.frames_since_embedding[embedded] > 0) & (self.missed[embedded] == 0)).tolist():
            row = embedded[new]
            gallery, frames = self.gallery[row], int(self.frames_since_embedding[row])
            for vector in between(self.embedding[row], vectors[new], min(frames, gallery.size or frames)):
                gallery.add(vector)
        count = self.frames_since_embedding[not_embedded] + 1
        self.frames_since_embedding[rows] = 0
        self.frames_since_embedding[not_embedded] = count
        self.embedding[embedded] = vectors
        add_vectors(self.gallery[embedded], vectors)


def between(first: Vectors, last: Vectors, count: int) -> Vectors:
    """Unit vectors for the frames between two embeddings of one track: evenly spaced on the line, scaled to length 1.

    Args:
        first: The earlier embedding, shape `(d,)`.
        last: The later embedding, shape `(d,)`.
        count: Frames between the two.

    Returns:
        Vectors, earliest first, shape `(count, d)`; fewer where the line passes through zero.

    Example:
        >>> between(np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32), 1).round(3).tolist()
        [[0.7070000171661377, 0.7070000171661377]]
    """
    share = np.arange(1, count + 1, dtype=np.float32)[:, None] / np.float32(count + 1)
    line = (1 - share) * first + share * last
    length = np.sqrt(np.einsum("ij,ij->i", line, line))
    long = length > SHORTEST
    return np.asarray(line[long] / length[long, None])
