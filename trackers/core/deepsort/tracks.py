"""Tracks with a gallery, filled also on frames on which their detection was not embedded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trackers.appearance.gallery import Galleries, add_vectors, mapped_galleries
from trackers.appearance.vectors import has_embedding
from trackers.boxes import Floats, Ints, Vectors
from trackers.core.embeddings import TracksWithEmbedding
from trackers.lifecycle import column

ROUNDING = 1e-4
"""More than two ways to compute one cosine in single precision differ by."""

SHORTEST = 1e-3
"""Length from which the middle between two opposite vectors has a direction worth the name."""


@dataclass
class DeepSORTTracks(TracksWithEmbedding):
    """Tracks with a gallery each; the embedding of a track is the newest vector of its gallery.

    Attributes:
        gallery: One gallery of vectors per track, shape `(n,)`.
        raw_gallery: The same vectors as the extractor gave them, where a learned map stands between, shape `(n,)`; else
            empty ones.
        centre: Middle of the gallery, a unit vector, where tracks are re-identified, shape `(n, d)`; else `(n, 0)`.
        spread: Largest angle between the centre and any vector of the gallery in radians, shape `(n,)`; negative where
            the two have not been measured since the gallery changed.
    """

    gallery: Galleries = column(dtype=object)
    raw_gallery: Galleries = column(dtype=object)
    centre: Vectors = column(0, dtype=np.float32)
    spread: Floats = column(dtype=np.float64, fill=-1.0)

    def adopt(self, project: Callable[[Vectors], Vectors], changed: bool) -> None:
        """Derive embeddings, and of a new map the galleries, from the vectors as the extractor gave them."""
        super().adopt(project, changed)
        if changed:
            self.gallery = mapped_galleries(self.raw_gallery, project)
            self.spread[:] = -1.0

    def lowest_similarity(self, rows: Ints, limit: float) -> Floats:
        """Similarity to the centre below which a vector is farther than a limit from all of a track's gallery.

        By the triangle inequality of angles, nothing in a gallery is nearer to a vector than its centre by more than
        the spread. Both are measured once for a track, until its gallery changes.

        Args:
            rows: Tracks, which should be lost ones, shape `(k,)`.
            limit: A cosine distance.

        Returns:
            Shape `(k,)`.
        """
        for row in np.unique(rows[self.spread.take(rows) < 0.0]).tolist():
            vectors = self.gallery[row].unordered
            middle = vectors.sum(axis=0)
            length = math.sqrt(middle.dot(middle))
            self.spread[row] = math.pi
            if length > SHORTEST:
                self.centre[row] = middle / np.float32(length)
                similarity = float(vectors.dot(self.centre[row]).min())
                self.spread[row] = math.acos(min(max(similarity - ROUNDING, -1.0), 1.0))
        reach = np.minimum(math.acos(1.0 - limit) + self.spread.take(rows), math.pi)
        return np.asarray(np.cos(reach) - ROUNDING)

    def update_embeddings(self, rows: Ints, vectors: Vectors, not_embedded: Ints, raw: Vectors) -> None:
        """Add a vector to each track in `rows`, and interpolated ones for the frames since its last.

        The tracks in `not_embedded`, which are among the rows, were matched without one. Zero vectors
        are skipped. `raw` holds the vectors as the extractor gave them, of no length where they are the same.
        """
        known = has_embedding(vectors)
        embedded = rows
        if np.count_nonzero(known) < len(known):
            embedded, vectors, raw = rows[known], vectors[known], raw[known]
        skipped = self.frames_since_embedding.take(embedded)
        if np.count_nonzero(skipped):
            self._interpolate(embedded, vectors, raw, ((skipped > 0) & (self.missed[embedded] == 0)).nonzero()[0])
        self.count_frames(rows, not_embedded)
        self.embedding[embedded] = vectors
        self.spread[embedded] = -1.0
        add_vectors(self.gallery.take(embedded), vectors)
        if raw.shape[1]:
            self.raw[embedded] = raw
            add_vectors(self.raw_gallery.take(embedded), raw)

    def _interpolate(self, embedded: Ints, vectors: Vectors, raw: Vectors, of: Ints) -> None:
        """Add vectors for the frames since the last ones, to those of the embedded tracks that `of` names."""
        for new in of.tolist():
            row = embedded[new]
            gallery, frames = self.gallery[row], int(self.frames_since_embedding[row])
            frames = min(frames, gallery.size or frames)
            for vector in between(self.embedding[row], vectors[new], frames):
                gallery.add(vector)
            for vector in between(self.raw[row], raw[new], frames):
                self.raw_gallery[row].add(vector)


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
