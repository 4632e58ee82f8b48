"""What is dropped when there is too much: the repeated, and who was not observed for longest."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from trackers.identity.store import ENROLLED, VectorStore


def thin_out(store: VectorStore, identity: int, most: int) -> None:
    """Drop vectors of an identity that are most like another of its own, until there are few enough.

    Those that were enrolled stay, and do not count.

    Args:
        store: All vectors, changed in place.
        identity: The identity.
        most: Vectors it may have.
    """
    rows = np.flatnonzero((store["identity"] == identity) & (store["source"] != ENROLLED))
    if len(rows) <= most:
        return
    vectors = store["vector"][rows]
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    kept = np.ones(len(store), np.bool_)
    for _ in range(len(rows) - most):
        older = int(similarity.max(axis=1).argmax())
        similarity[older], similarity[:, older] = -np.inf, -np.inf
        kept[rows[older]] = False
    store.keep(kept)


def drop_oldest(store: VectorStore, size: int, spared: Collection[int]) -> None:
    """If there are too many vectors, drop whole identities, those not observed for longest first, to nine tenths.

    Args:
        store: All vectors, changed in place.
        size: Vectors there may be.
        spared: Identities that stay.
    """
    if len(store) <= size:
        return
    identity, time = store["identity"], np.nan_to_num(store["time"], nan=-np.inf)
    numbers, place = np.unique(identity, return_inverse=True)
    newest = np.full(len(numbers), -np.inf)
    np.maximum.at(newest, place, time)
    counts = np.bincount(place)
    surplus = len(identity) - int(0.9 * size)
    gone: list[int] = []
    for row in np.lexsort((numbers, newest)).tolist():
        if surplus <= 0:
            break
        if int(numbers[row]) not in spared:
            gone.append(int(numbers[row]))
            surplus -= int(counts[row])
    store.keep(~np.isin(identity, gone))
