"""Identities by number: their names, their cameras, and their vectors within bounds."""

from __future__ import annotations

from typing import Any

from trackers.boxes import Vectors
from trackers.identity.camera_means import CameraMeans
from trackers.identity.store import VectorStore
from trackers.identity.thinning import drop_oldest, thin_out


class Identities:
    """What the assignment of tracks to identities reads and changes.

    Args:
        vectors_per_identity: Vectors kept of an identity besides those enrolled.
        size: Vectors kept in all.
    """

    def __init__(self, vectors_per_identity: int, size: int) -> None:
        """Start without identities."""
        self.vectors_per_identity, self.size = vectors_per_identity, size
        self.names: dict[int, str] = {}
        self.cameras: list[str] = []
        self.means = CameraMeans()
        self.store = VectorStore(self.means)
        self._next = 1

    def give_name(self, identity: int, name: str) -> None:
        """Call an identity by a name."""
        self.names[identity] = name

    def first_source(self) -> int:
        """A number from which on no tracklet has put vectors into the gallery."""
        return int(self.store["source"].max(initial=-1)) + 1

    def identity_of(self, name: str) -> int | None:
        """Number of a name; None if nobody is called so."""
        return next((identity for identity, known in self.names.items() if known == name), None)

    def camera_number(self, name: str) -> int:
        """Number of a camera, a new one for a new name."""
        if name not in self.cameras:
            self.cameras.append(name)
        return self.cameras.index(name)

    def new_identity(self) -> int:
        """The next number; numbers start at 1 and are never given again."""
        self._next += 1
        return self._next - 1

    def check_length(self, length: int) -> None:
        """Refuse vectors of another length than those known.

        Raises:
            ValueError: If there are vectors, and they are of another length.
        """
        if length and self.store.length not in (0, length):
            raise ValueError(
                f"expected vectors of {self.store.length} numbers as the gallery holds, but got {length}; "
                "one gallery needs one feature extractor on all cameras"
            )

    def add_views(self, identity: int, vectors: Vectors, **columns: Any) -> None:
        """Add the vectors of a track of an identity, and drop what is too much."""
        self.store.add(vectors, identity=identity, **columns)
        thin_out(self.store, identity, self.vectors_per_identity)
        drop_oldest(self.store, self.size, {*self.names, identity})

    def drop_source(self, source: int) -> None:
        """Drop what came from a tracklet."""
        if (self.store["source"] == source).any():
            self.store.keep(self.store["source"] != source)

    def move_source(self, source: int, identity: int) -> None:
        """Give what came from a tracklet to an identity; drop it for -1."""
        if identity < 0:
            self.drop_source(source)
        else:
            self.store.relabel_source(source, identity)

    def absorb(self, kept: int, gone: int) -> None:
        """Give everything of one identity to another."""
        self.store.relabel(gone, kept)
        if gone in self.names:
            self.names[kept] = self.names.pop(gone)
        thin_out(self.store, kept, self.vectors_per_identity)
