"""Tracks that remember what they looked like, also on the frames on which nobody looked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trackers.appearance.gallery import Galleries, remember
from trackers.appearance.vectors import described
from trackers.boxes import Ints, Vectors
from trackers.core.looks import TracksWithLook
from trackers.lifecycle import column

SHORTEST = 1e-3
"""Length from which the middle between two opposite vectors has a direction worth the name."""


@dataclass
class DeepSORTTracks(TracksWithLook):
    """Tracks that remember what they looked like; the look of a track is the newest vector of its gallery.

    Attributes:
        gallery: One gallery of vectors per track, shape `(n,)`.
        unseen: Frames since somebody last looked on which motion alone settled where the track is, shape `(n,)`.
    """

    gallery: Galleries = column(dtype=object)
    unseen: Ints = column()

    def remember(self, rows: Ints, vectors: Vectors, unseen: Ints) -> None:
        """Add a vector to each track in `rows`, and what lies between it and the last; zero vectors are not added.

        Nobody looked at those in `unseen`, which are among the rows; one that was looked at in vain is not due again.
        """
        known = described(vectors)
        seen, vectors = rows[known], vectors[known]
        for new in np.flatnonzero((self.unseen[seen] > 0) & (self.missed[seen] == 0)).tolist():
            row = seen[new]
            gallery, frames = self.gallery[row], int(self.unseen[row])
            for vector in between(self.look[row], vectors[new], min(frames, gallery.size or frames)):
                gallery.add(vector)
        count = self.unseen[unseen] + 1
        self.unseen[rows] = 0
        self.unseen[unseen] = count
        self.look[seen] = vectors
        remember(self.gallery[seen], vectors)


def between(first: Vectors, last: Vectors, count: int) -> Vectors:
    """Unit vectors of the frames between two looks at one track: evenly spaced on the straight line, then scaled.

    Args:
        first: The earlier look, shape `(d,)`.
        last: The later look, shape `(d,)`.
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
