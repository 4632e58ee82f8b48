"""Galleries: the newest embeddings of each track (Wojke 2017, section 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.vectors import has_embedding
from trackers.boxes import Floats, Ints, Vectors, writable

Galleries = npt.NDArray[Any]
"""One `Gallery` per track, dtype object, shape `(n,)`."""


class Gallery:
    """The newest unit vectors of one track, in a ring.

    The ring doubles as it fills, so a track costs no more memory than the vectors it keeps.

    Args:
        size: Number of vectors kept; None keeps all.

    Example:
        >>> gallery = Gallery(size=2)
        >>> for x in (1.0, 2.0, 3.0):
        ...     gallery.add(np.array([x, 0.0], np.float32))
        >>> gallery.vectors[:, 0].tolist()
        [2.0, 3.0]
    """

    __slots__ = ("_ring", "_written", "size")

    def __init__(self, size: int | None) -> None:
        """Start empty."""
        self.size = size
        self._ring: Vectors = np.empty((0, 0), np.float32)
        self._written = 0

    def __getstate__(self) -> tuple[int | None, Vectors, int]:
        """Size, ring and number of vectors written."""
        return self.size, self._ring, self._written

    def __setstate__(self, state: tuple[int | None, Vectors, int]) -> None:
        """Take up a gallery that was copied or pickled; a ring that arrives read-only becomes writable."""
        self.size, ring, self._written = state
        self._ring = writable(ring)

    def __len__(self) -> int:
        """Number of vectors kept."""
        return min(self._written, len(self._ring))

    @property
    def unordered(self) -> Vectors:
        """The vectors in no particular order, without a copy, shape `(k, d)`."""
        return self._ring[: self._written]

    @property
    def vectors(self) -> Vectors:
        """The vectors, oldest first, shape `(k, d)`."""
        turn = self._written % len(self._ring) if self._written > len(self._ring) else 0
        return np.roll(self.unordered, -turn, axis=0)

    def add(self, vector: Vectors) -> None:
        """Add a unit vector `(d,)`; the oldest gives way when the gallery is full."""
        ring, written = self._ring, self._written
        capacity = len(ring)
        if written == capacity and (self.size is None or written < self.size):
            capacity = max(1, 2 * written) if self.size is None else min(max(1, 2 * written), self.size)
            self._ring = np.empty((capacity, len(vector)), np.float32)
            self._ring[:written] = ring.reshape(-1, len(vector))
            ring = self._ring
        ring[written % capacity] = vector
        self._written = written + 1


def new_galleries(vectors: Vectors, size: int | None) -> Galleries:
    """A gallery for each new track, holding its first vector; a zero vector leaves it empty.

    Args:
        vectors: Unit or zero vectors, shape `(n, d)`.
        size: Vectors kept per track; None keeps all.

    Returns:
        Array of shape `(n,)`.
    """
    galleries = np.empty(len(vectors), object)
    for row, vector in enumerate(vectors):
        galleries[row] = Gallery(size)
        if vector.any():
            galleries[row].add(vector)
    return galleries


def add_vectors(galleries: Galleries, vectors: Vectors) -> None:
    """Add vector i to gallery i.

    Args:
        galleries: Shape `(n,)`.
        vectors: Unit vectors, shape `(n, d)`.
    """
    for gallery, vector in zip(galleries.tolist(), vectors, strict=True):
        gallery.add(vector)


def mapped_galleries(galleries: Galleries, project: Callable[[Vectors], Vectors]) -> Galleries:
    """The galleries with every vector mapped, all in one go.

    Args:
        galleries: Shape `(n,)`.
        project: From `(k, d)` to `(k, m)`.

    Returns:
        New galleries, shape `(n,)`.

    Example:
        >>> doubled = mapped_galleries(new_galleries(np.eye(2, dtype=np.float32), None), lambda vectors: 2 * vectors)
        >>> doubled[1].vectors.tolist()
        [[0.0, 2.0]]
    """
    packed = pack_galleries(galleries)
    return unpack_galleries({**packed, "vectors": project(packed["vectors"])})


def pack_galleries(galleries: Galleries) -> dict[str, Any]:
    """The galleries as arrays of numbers.

    Args:
        galleries: Shape `(n,)`.

    Returns:
        `"size"` and `"written"` of each, shape `(n,)`, size -1 for no limit, and all `"vectors"`, shape `(k, d)`.

    Example:
        >>> packed = pack_galleries(new_galleries(np.eye(2, dtype=np.float32), size=10))
        >>> [gallery.vectors.tolist() for gallery in unpack_galleries(packed)]
        [[[1.0, 0.0]], [[0.0, 1.0]]]
    """
    known = [gallery.unordered for gallery in galleries if len(gallery)]
    return {
        "size": np.array([-1 if gallery.size is None else gallery.size for gallery in galleries], np.int64),
        "written": np.array([gallery._written for gallery in galleries], np.int64),
        "vectors": np.concatenate(known) if known else np.empty((0, 0), np.float32),
    }


def unpack_galleries(packed: Mapping[str, Any]) -> Galleries:
    """The galleries that `pack_galleries` made into arrays.

    Raises:
        ValueError: If the arrays do not go together.
    """
    size, written, vectors = (np.asarray(packed[name]) for name in ("size", "written", "vectors"))
    if vectors.dtype != np.float32 or size.dtype.kind != "i" or written.dtype.kind != "i":
        raise ValueError(f"vectors of float32 and whole numbers, but got {vectors.dtype} and {written.dtype}")
    kept = np.where(size < 0, written, np.minimum(size, written))
    if size.shape != written.shape or vectors.ndim != 2 or (written < 0).any() or kept.sum() != len(vectors):
        raise ValueError(f"{len(vectors)} vectors, but galleries of {kept.sum()}")
    galleries = new_galleries(np.zeros((len(size), 0), np.float32), None)
    rings = np.split(vectors, np.cumsum(kept)[:-1]) if len(kept) else []
    for gallery, limit, count, ring in zip(galleries, size.tolist(), written.tolist(), rings, strict=True):
        gallery.size, gallery._written = (None if limit < 0 else limit), count
        gallery._ring = ring.copy()
    return galleries


def smallest_cosine_distance(galleries: Galleries, track: Ints, vectors: Vectors, detection: Ints) -> Floats:
    """Smallest cosine distance between a detection and a track's gallery (Wojke 2017, equation 3).

    Args:
        galleries: Gallery of each track, shape `(n,)`.
        track: Track of each pair, shape `(k,)`.
        vectors: Unit or zero vectors of the detections, shape `(m, d)`.
        detection: Detection of each pair, shape `(k,)`.

    Returns:
        Distance of each pair, shape `(k,)`; NaN where one side has no appearance.
    """
    if len(track) == 0:
        return np.empty(0)
    rings = [gallery.unordered for gallery in galleries.take(track).tolist()]
    embeddings = vectors.take(detection, axis=0)
    sizes = list(map(len, rings))
    similarity = np.full((len(track), max(sizes)), -np.inf, np.float32)
    # One matrix times one vector, into its place: for so small a matrix faster than all vectors of a track at once.
    for ring, size, embedding, row in zip(rings, sizes, embeddings, similarity, strict=True):
        if size:
            ring.dot(embedding, row[:size])
    nearest = similarity.max(axis=1, initial=-np.inf)
    known = np.isfinite(nearest) & has_embedding(embeddings)
    return np.where(known, 1.0 - nearest, np.nan).astype(np.float64)
