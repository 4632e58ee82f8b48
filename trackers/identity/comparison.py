"""How near identities are to several tracklets of one instant."""

from __future__ import annotations

import numpy as np

from trackers.boxes import Ints
from trackers.identity.store import Nearest, VectorStore
from trackers.identity.tracklets import Tracklets


class Comparisons:
    """Compares tracklets with all identities at once, and again only with identities that have changed since.

    Args:
        tracklets: All tracklets; their vectors stay as they are while comparisons are in use.
        store: Vectors of all identities, which may change from one question to the next.
        rows: Rows of the tracklets, shape `(n,)`.
    """

    def __init__(self, tracklets: Tracklets, store: VectorStore, rows: Ints) -> None:
        self._store = store
        self._source = {row: int(tracklets["number"][row]) for row in rows.tolist()}
        self.views = {row: tracklets.views(row) for row in rows.tolist()}
        asked = [row for row, views in self.views.items() if len(views)]
        store.touched.clear()
        found = store.nearest_to_each([self.views[row] for row in asked], [self._source[row] for row in asked])
        self._nearest = dict(zip(asked, found, strict=True))

    def nearest(self, row: int) -> Nearest:
        """How near each identity is now to a tracklet that has vectors."""
        before: Nearest = self._nearest[row]
        touched = self._store.touched
        if not touched:
            return before
        [fresh] = self._store.nearest_to_each([self.views[row]], [self._source[row]], among=touched)
        kept = ~np.isin(before.identity, list(touched))
        identity = np.concatenate((before.identity[kept], fresh.identity))
        order = np.argsort(identity, kind="stable")
        return Nearest(identity[order], np.concatenate((before.distance[kept], fresh.distance))[order])
