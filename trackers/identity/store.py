"""Vectors with what is known of each, searched exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats, Ints, Vectors
from trackers.identity.camera_means import CameraMeans
from trackers.identity.columns import Columns

ENROLLED = -1
"""Source of a vector that was enrolled, not taken from a track."""

BEST_PAIRS = 3
"""An identity is as near as the mean of so many best pairs, each with another vector of the track."""


class Nearest(NamedTuple):
    """How near identities are, ascending by identity: shape `(n,)` each.

    Attributes:
        identity: The identities.
        distance: Cosine distance of each, on the scale of the vectors as they come.
        row: Row of the stored vector in the best pair.
    """

    identity: Ints
    distance: Floats
    row: Ints


class VectorStore:
    """Unit vectors, each with its identity, camera, time, weight and source.

    Args:
        means: Means of the cameras, which are taken off before vectors are compared.

    Example:
        >>> store = VectorStore(CameraMeans())
        >>> store.add(np.eye(2, dtype=np.float32), identity=[7, 8])
        >>> store.nearest(np.array([[1.0, 0.0]], np.float32)).distance.tolist()
        [0.0, 1.0]
    """

    def __init__(self, means: CameraMeans) -> None:
        """Start empty."""
        self.means = means
        self._version = 0
        self._rows = Columns(
            vector=((0,), np.float32, 0.0),
            centred=((0,), np.float32, 0.0),
            identity=((), np.int64, -1),
            camera=((), np.int64, -1),
            time=((), np.float64, np.nan),
            weight=((), np.float64, 1.0),
            source=((), np.int64, ENROLLED),
        )
        self._order: tuple[Ints, Ints, Ints] | None = None
        self._length_of: dict[int, float] = {}

    def __len__(self) -> int:
        """Number of vectors."""
        return len(self._rows)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A column: `vector`, `identity`, `camera`, `time`, `weight` or `source`."""
        return self._rows[name]

    @property
    def length(self) -> int:
        """Numbers in a vector, 0 while there is none."""
        return int(self._rows["vector"].shape[1])

    def add(self, vectors: Vectors, **columns: npt.ArrayLike) -> None:
        """Add unit vectors of shape `(n, d)` with the columns named."""
        if len(vectors) == 0:
            return
        if not self.length:
            self._rows.widen("vector", vectors.shape[1])
            self._rows.widen("centred", vectors.shape[1])
        cameras = np.broadcast_to(np.asarray(columns.get("camera", -1), np.int64), len(vectors))
        self._rows.append(len(vectors), vector=vectors, centred=self.means.centred(vectors, cameras), **columns)
        self._order = None
        for identity in np.unique(self._rows["identity"][-len(vectors) :]).tolist():
            self._length_of.pop(identity, None)

    def relabel(self, old: int, new: int) -> None:
        """Give the vectors of one identity to another."""
        identity = self._rows["identity"]
        identity[identity == old] = new
        self._order = None
        self._length_of.pop(new, None)

    def relabel_source(self, source: int, identity: int) -> None:
        """Give the vectors of one tracklet to an identity."""
        self._rows["identity"][self._rows["source"] == source] = identity
        self._order = None
        self._length_of.clear()

    def keep(self, kept: Bools) -> None:
        """Remove all vectors that a mask `(n,)` does not keep."""
        for identity in np.unique(self._rows["identity"][~kept]).tolist():
            self._length_of.pop(identity, None)
        self._rows.keep(kept)
        self._order = None

    def centred(self) -> Vectors:
        """All vectors with the mean of their camera taken off, shape `(n, d)`."""
        rows = self._rows
        if self._version != self.means.version:
            rows["centred"][:] = self.means.centred(rows["vector"], rows["camera"])
            self._version = self.means.version
            self._length_of.clear()
        return np.asarray(rows["centred"])

    def nearest(self, views: Vectors, *, without_source: int | None = None) -> Nearest:
        """How near each identity is to a track.

        Args:
            views: Vectors of the track, centred, shape `(k, d)`, `k >= 1`.
            without_source: Leave out what came from this tracklet.

        Returns:
            All identities that have a vector. Their distance is the mean over the best pairs, of which each has another
            vector of the track.
        """
        if len(self) == 0:
            return Nearest(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))
        order, starts, identities = self._sorted()
        similarity = views @ self.centred().T
        if without_source is not None:
            similarity[:, self._rows["source"] == without_source] = -np.inf
        similarity = similarity[:, order]
        best = np.maximum.reduceat(similarity, starts, axis=1)
        count = min(BEST_PAIRS, len(best))
        top = best if count == len(best) else np.partition(best, len(best) - count, axis=0)[-count:]
        mean = _mean_similarity(similarity, starts) / (self._lengths() * _length(views))
        strongest = similarity.max(axis=0)
        peak = np.maximum.reduceat(strongest, starts)
        first = np.flatnonzero(strongest == np.repeat(peak, np.diff([*starts, len(order)])))
        group = np.searchsorted(starts, first, side="right") - 1
        rows = np.zeros(len(starts), np.int64)
        rows[group[::-1]] = order[first[::-1]]
        return Nearest(identities, self.means.distances(0.5 * (top.mean(axis=0) + mean)), rows)

    def search(self, vectors: Vectors) -> tuple[Ints, Floats]:
        """All identities, ascending, and the distance of each vector to the nearest of theirs, shape `(n, identities)`.

        Args:
            vectors: Centred unit vectors, shape `(n, d)`.
        """
        if len(self) == 0:
            return np.empty(0, np.int64), np.empty((len(vectors), 0))
        order, starts, identities = self._sorted()
        best = np.maximum.reduceat((vectors @ self.centred().T)[:, order], starts, axis=1)
        return identities, self.means.distances(best.astype(np.float64))

    def _lengths(self) -> Floats:
        """Length of the mean vector of each identity, ascending by identity, shape `(n,)`."""
        order, starts, identities = self._sorted()
        ends = [*starts[1:].tolist(), len(order)]
        for identity, start, end in zip(identities.tolist(), starts.tolist(), ends, strict=True):
            if identity not in self._length_of:
                self._length_of[identity] = _length(self.centred()[order[start:end]])
        return np.array([self._length_of[identity] for identity in identities.tolist()])

    def _sorted(self) -> tuple[Ints, Ints, Ints]:
        """Rows ordered by identity, where each identity begins, and the identities."""
        if self._order is None:
            identity = self._rows["identity"]
            order = np.argsort(identity, kind="stable")
            identities, starts = np.unique(identity[order], return_index=True)
            self._order = order, starts, identities
        return self._order

    def state(self) -> dict[str, Any]:
        """Every column but what can be computed again."""
        return {name: column for name, column in self._rows.state().items() if name != "centred"}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up the columns that `state` gave."""
        vectors = np.array(state["vector"])
        self._rows.load({**state, "centred": np.zeros_like(vectors)})
        self._version, self._order = -1, None


def _length(vectors: Vectors) -> float:
    """Length of the mean of unit vectors."""
    mean = vectors.mean(axis=0)
    return max(float(np.sqrt(mean @ mean)), 1e-6)


def _mean_similarity(similarity: Vectors, starts: Ints) -> Floats:
    """Mean over all pairs of each identity, what is left out not counted; -inf where all is."""
    kept = np.isfinite(similarity[0])
    sums = np.add.reduceat(np.where(kept, similarity.mean(axis=0, dtype=np.float64), 0.0), starts)
    counts = np.add.reduceat(kept.astype(np.int64), starts)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf))
