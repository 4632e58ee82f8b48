"""What all vectors of one camera have in common: its light, its side, its lens; taken off, what is left is the object.

Vectors of one camera share a part that says nothing about who is on them, so that two objects of one camera may lie
nearer to each other than one object on two cameras. The mean over the tracks of a camera estimates that part without
labels, and no identity has to appear on more than one camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trackers.boxes import Floats, Ints, Vectors, writable

ENOUGH_TRACKS = 10
"""Tracks over all cameras from which on means are taken off."""

PRIOR_TRACKS = 5.0
"""The mean over all cameras counts as so many tracks of each camera."""

GROWTH = 1.1
"""The means in use are renewed when the tracks are so many times as many as at the last time."""


class CameraMeans:
    """Running mean vector of each camera; every track counts once, however long it is.

    Attributes:
        version: Grows whenever the means in use change; vectors centred before must be centred again.

    Example:
        >>> means = CameraMeans()
        >>> vectors = np.eye(12, dtype=np.float32)
        >>> for vector in vectors:
        ...     means.add(0, vector)
        >>> means.renew()
        True
        >>> means.centred(vectors[:1], np.array([0])).round(2)[0, :2].tolist()
        [0.9599999785423279, -0.09000000357627869]
    """

    def __init__(self) -> None:
        self._sums: Floats = np.zeros((0, 0))
        self._counts: Floats = np.zeros(0)
        self._used: Vectors = np.zeros((0, 0), np.float32)
        self._common: Vectors | None = None
        self._tracks_used = 0.0
        self.spread = 1.0
        self.version = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up means that were copied or pickled; arrays that arrive read-only become writable."""
        vars(self).update(state)
        self._sums, self._counts = writable(self._sums), writable(self._counts)

    @property
    def active(self) -> bool:
        """Whether there are enough tracks for means to be taken off."""
        return self._common is not None

    def add(self, camera: int, vector: Vectors, replacing: Vectors | None = None) -> None:
        """Count a track in the mean of its camera.

        Args:
            camera: Number of the camera.
            vector: Mean unit vector of the track, shape `(d,)`.
            replacing: What the same track was counted with before; None for a new track.
        """
        self._reserve(camera + 1, len(vector))
        self._sums[camera] += vector
        if replacing is None:
            self._counts[camera] += 1.0
        else:
            self._sums[camera] -= replacing

    def renew(self) -> bool:
        """Take up the means as they are now, if they have moved enough; tells whether they did."""
        tracks = float(self._counts.sum())
        if tracks < max(ENOUGH_TRACKS, GROWTH * self._tracks_used):
            return False
        common = self._sums.sum(axis=0) / tracks
        used = (self._sums + PRIOR_TRACKS * common) / (self._counts + PRIOR_TRACKS)[:, None]
        self._common, self._used = common.astype(np.float32), used.astype(np.float32)
        self.spread = max(1.0 - float(common @ common), 1e-3)
        self._tracks_used = tracks
        self.version += 1
        return True

    def centred(self, vectors: Vectors, cameras: Ints) -> Vectors:
        """Unit vectors with the mean of their camera taken off, and of all cameras for a camera not known (-1).

        Args:
            vectors: Unit vectors, shape `(n, d)`.
            cameras: Number of the camera of each, shape `(n,)`.

        Returns:
            Shape `(n, d)`; the vectors themselves while there are too few tracks.
        """
        if self._common is None or len(vectors) == 0:
            return vectors
        known = (cameras >= 0) & (cameras < len(self._used))
        means = np.where(known[:, None], self._used[np.where(known, cameras, 0)], self._common)
        rest = vectors - means
        length = np.sqrt(np.einsum("ij,ij->i", rest, rest))[:, None]
        return np.asarray(np.divide(rest, length, out=np.zeros_like(rest), where=length > 0.0), np.float32)

    def distances(self, similarity: Floats) -> Floats:
        """Cosine distances on the scale of vectors as they come, from cosines of centred vectors."""
        return np.asarray(self.spread * (1.0 - similarity))

    def state(self) -> dict[str, Any]:
        """Everything as numbers and arrays."""
        return {"sums": self._sums.copy(), "counts": self._counts.copy(), "tracks_used": self._tracks_used}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CameraMeans:
        """The means that `state` gave; in use are the newest."""
        means = cls()
        means._sums, means._counts = np.array(state["sums"], np.float64), np.array(state["counts"], np.float64)
        means.renew()
        return means

    def _reserve(self, cameras: int, length: int) -> None:
        """Make room for so many cameras and vectors of this length."""
        rows = max(cameras, len(self._counts))
        if self._sums.shape != (rows, length):
            sums = np.zeros((rows, length))
            sums[: len(self._sums), : self._sums.shape[1]] = self._sums
            self._counts = np.concatenate((self._counts, np.zeros(rows - len(self._counts))))
            self._sums = sums
