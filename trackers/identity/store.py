"""Vectors with what is known of each, searched exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

AT_ONCE = 16
"""Tracks compared in one matrix product, so that the product fits a processor's cache."""

BLOCK = 512
"""Vectors centred in one go, for the same reason."""


class Nearest(NamedTuple):
    """How near identities are, ascending by identity: shape `(n,)` each.

    Attributes:
        identity: The identities.
        distance: Cosine distance of each, on the scale of the vectors as they come.
    """

    identity: Ints
    distance: Floats


class VectorStore:
    """Unit vectors, each with its identity, camera, time, weight and source.

    Args:
        means: Means of the cameras, which are taken off before vectors are compared.

    Attributes:
        touched: Identities whose vectors have changed; who compares empties it, see `Comparisons`.

    Example:
        >>> store = VectorStore(CameraMeans())
        >>> store.add(np.eye(2, dtype=np.float32), identity=[7, 8])
        >>> store.nearest(np.array([[1.0, 0.0]], np.float32)).distance.tolist()
        [0.0, 1.0]
    """

    def __init__(self, means: CameraMeans) -> None:
        """Start empty."""
        self.means = means
        self.touched: set[int] = set()
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
        self._touch(self._rows["identity"][-len(vectors) :])

    def relabel(self, old: int, new: int) -> None:
        """Give the vectors of one identity to another."""
        identity = self._rows["identity"]
        identity[identity == old] = new
        self._touch(np.array([old, new]))

    def relabel_source(self, source: int, identity: int) -> None:
        """Give the vectors of one tracklet to an identity."""
        mine = self._rows["source"] == source
        self._touch(np.append(self._rows["identity"][mine], identity))
        self._rows["identity"][mine] = identity

    def keep(self, kept: Bools) -> None:
        """Remove all vectors that a mask `(n,)` does not keep."""
        self._touch(self._rows["identity"][~kept])
        self._rows.keep(kept)

    def _touch(self, identities: Ints) -> None:
        """What was computed of some identities holds no more."""
        changed = set(identities.tolist())
        self.touched |= changed
        for identity in changed:
            self._length_of.pop(identity, None)
        self._order = None

    def centred(self) -> Vectors:
        """All vectors with the mean of their camera taken off, shape `(n, d)`."""
        rows = self._rows
        if self._version != self.means.version:
            for first in range(0, len(self), BLOCK):
                block = slice(first, first + BLOCK)
                rows["centred"][block] = self.means.centred(rows["vector"][block], rows["camera"][block])
            self._version = self.means.version
            self._length_of.clear()
        return np.asarray(rows["centred"])

    def nearest(self, views: Vectors, *, without_source: int | None = None) -> Nearest:
        """How near each identity is to a track; see `nearest_to_each`."""
        return self.nearest_to_each([views], [without_source])[0]

    def nearest_to_each(
        self,
        views: Sequence[Vectors],
        without_source: Sequence[int | None],
        *,
        among: Collection[int] | None = None,
    ) -> list[Nearest]:
        """How near each identity is to each of some tracks, in one matrix product.

        Args:
            views: Vectors of each track, centred, shape `(k, d)` each, `k >= 1`.
            without_source: For each track, leave out what came from this tracklet.
            among: Compare with these identities alone.

        Returns:
            For each track, all identities that have a vector. Their distance is the mean of two: the mean over the best
            pairs, of which each has another vector of the track, and the distance of the mean vectors.
        """
        if len(views) > AT_ONCE:
            return [
                one
                for first in range(0, len(views), AT_ONCE)
                for one in self.nearest_to_each(
                    views[first : first + AT_ONCE], without_source[first : first + AT_ONCE], among=among
                )
            ]
        order, starts, identities = self._sorted()
        if among is not None:
            order = order[np.isin(self._rows["identity"][order], list(among))]
            identities, starts = _runs(self._rows["identity"][order])
        if not views or len(order) == 0:
            return [Nearest(identities, np.empty(0)) for _ in views]
        similarity = self._similarity(np.concatenate(views), order)
        ends = np.cumsum([len(one) for one in views]).tolist()
        parts = [slice(end - len(one), end) for one, end in zip(views, ends, strict=True)]
        source = self._rows["source"][order]
        own = [np.flatnonzero(source == number) if number is not None else source[:0] for number in without_source]
        for rows, part in zip(own, parts, strict=True):
            similarity[rows, part] = 0.0
        sums = np.add.reduceat(similarity, starts, axis=0)
        for rows, part in zip(own, parts, strict=True):
            similarity[rows, part] = -np.inf
        best = np.maximum.reduceat(similarity, starts, axis=0)
        lengths = self._lengths(order, starts, identities)
        sizes = np.diff(starts, append=len(order))
        found = []
        for one, rows, part in zip(views, own, parts, strict=True):
            kept = sizes - np.bincount(np.searchsorted(starts, rows, side="right") - 1, minlength=len(starts))
            mean = sums[:, part].mean(axis=1, dtype=np.float64) / (np.maximum(kept, 1) * lengths * _length(one))
            top = 0.5 * (_mean_of_largest(best[:, part]) + mean)
            found.append(Nearest(identities, self.means.distances(np.where(kept > 0, top, -np.inf))))
        return found

    def best_pair(self, views: Vectors, identity: int, *, without_source: int | None = None) -> int:
        """Row of the vector of an identity that is most like one of a track; it has one of another source."""
        rows = np.flatnonzero((self["identity"] == identity) & (self["source"] != without_source))
        return int(rows[(self.centred()[rows] @ views.T).max(axis=1).argmax()])

    def search(self, vectors: Vectors) -> tuple[Ints, Vectors]:
        """All identities, ascending, and the distance of each vector to the nearest of theirs, shape `(n, identities)`.

        Args:
            vectors: Centred unit vectors, shape `(n, d)`.
        """
        if len(self) == 0:
            return np.empty(0, np.int64), np.empty((len(vectors), 0), np.float32)
        order, starts, identities = self._sorted()
        similarity = self._similarity(vectors, order)
        best = similarity if len(starts) == len(order) else np.maximum.reduceat(similarity, starts, axis=0)
        return identities, np.asarray(self.means.distances(np.ascontiguousarray(best.T)), np.float32)

    def _similarity(self, vectors: Vectors, order: Ints) -> Vectors:
        """Cosines of stored vectors in some order and given ones, shape `(m, n)`."""
        centred = self.centred()
        if 2 * len(order) < len(centred):
            return np.asarray(centred[order] @ vectors.T)
        similarity = centred @ vectors.T
        sorted_already = len(order) == len(centred) and bool((order[1:] > order[:-1]).all())
        return np.asarray(similarity if sorted_already else similarity[order])

    def _lengths(self, order: Ints, starts: Ints, identities: Ints) -> Floats:
        """Length of the mean vector of each identity, shape `(n,)`."""
        known = self._length_of
        ends = [*starts[1:].tolist(), len(order)]
        for identity, start, end in zip(identities.tolist(), starts.tolist(), ends, strict=True):
            if identity not in known:
                known[identity] = _length(self.centred()[order[start:end]])
        return np.array([known[identity] for identity in identities.tolist()])

    def _sorted(self) -> tuple[Ints, Ints, Ints]:
        """Rows ordered by identity, where each identity begins, and the identities."""
        if self._order is None:
            order = np.argsort(self._rows["identity"], kind="stable")
            identities, starts = _runs(self._rows["identity"][order])
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


def _runs(ascending: Ints) -> tuple[Ints, Ints]:
    """The different values, and where each begins."""
    starts = np.flatnonzero(np.diff(ascending, prepend=ascending[:1] - 1))
    return ascending[starts], starts


def _mean_of_largest(best: Vectors) -> Floats:
    """Mean of the largest few in each row, shape `(n,)`."""
    count = best.shape[1]
    top = best if count <= BEST_PAIRS else np.partition(best, count - BEST_PAIRS, axis=1)[:, -BEST_PAIRS:]
    return np.asarray(top.mean(axis=1), np.float64)


def smallest(distance: Vectors | Floats, k: int) -> list[Ints]:
    """Columns of the `k` smallest numbers in each row, ascending, and of equal ones the first.

    Example:
        >>> [columns.tolist() for columns in smallest(np.array([[0.5, 0.1, 0.5, 0.9]]), 2)]
        [[1, 0]]
    """
    k = min(k, distance.shape[1])
    if k == 0:
        return [np.empty(0, np.int64) for _ in distance]
    bounds = np.partition(distance, k - 1, axis=1)[:, k - 1]
    near = [np.flatnonzero(row <= bound) for row, bound in zip(distance, bounds, strict=True)]
    return [few[np.argsort(row[few], kind="stable")[:k]] for row, few in zip(distance, near, strict=True)]
