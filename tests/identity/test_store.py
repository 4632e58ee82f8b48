"""Exact search: what one matrix product says of many tracks is what each says alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackers.identity.camera_means import CameraMeans
from trackers.identity.comparison import Comparisons
from trackers.identity.gallery import IdentityGallery
from trackers.identity.store import Nearest, VectorStore, smallest
from trackers.identity.tracklets import Tracklets


def unit(rng: np.random.Generator, count: int, length: int = 8) -> np.ndarray:
    vectors = rng.standard_normal((count, length)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def by_hand(store: VectorStore, views: np.ndarray, without: int) -> dict[int, float]:
    """Distances of all identities, one pair after another."""
    found = {}
    for identity in np.unique(store["identity"]).tolist():
        every = store["vector"][store["identity"] == identity].astype(np.float64)
        rows = store["vector"][(store["identity"] == identity) & (store["source"] != without)].astype(np.float64)
        if len(rows) == 0:
            found[identity] = np.inf
            continue
        pairs = views.astype(np.float64) @ rows.T
        best = np.sort(pairs.max(axis=1))[-3:].mean()
        lengths = np.linalg.norm(every.mean(axis=0)) * np.linalg.norm(views.astype(np.float64).mean(axis=0))
        found[identity] = 1.0 - 0.5 * (best + pairs.mean() / lengths)
    return found


def agrees(near: Nearest, expected: dict[int, float]) -> None:
    assert near.identity.tolist() == sorted(expected)
    np.testing.assert_allclose(near.distance, [expected[one] for one in near.identity.tolist()], atol=1e-4)


def random_store(rng: np.random.Generator, count: int) -> VectorStore:
    store = VectorStore(CameraMeans())
    for _ in range(count):
        rows = int(rng.integers(1, 4))
        store.add(unit(rng, rows), identity=int(rng.integers(1, 9)), source=int(rng.integers(-1, 5)))
    return store


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), stored=st.integers(1, 12), tracks=st.integers(1, 40))
def test_distances_are_those_of_every_pair(seed: int, stored: int, tracks: int) -> None:
    rng = np.random.default_rng(seed)
    store = random_store(rng, stored)
    views = [unit(rng, int(rng.integers(1, 6))) for _ in range(tracks)]
    sources = rng.integers(0, 5, tracks).tolist()
    for one, source, near in zip(views, sources, store.nearest_to_each(views, sources), strict=True):
        agrees(near, by_hand(store, one, source))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), changes=st.lists(st.sampled_from(["add", "relabel", "move", "drop"]), max_size=5))
def test_comparisons_follow_every_change_of_the_gallery(seed: int, changes: list[str]) -> None:
    rng = np.random.default_rng(seed)
    store, tracklets = random_store(rng, 10), Tracklets(CameraMeans())
    rows = tracklets.rows_of(0, np.arange(4), 0.0)
    tracklets.add_vectors(rows, unit(rng, 4), np.ones(4), 0.0)
    comparisons = Comparisons(tracklets, store, rows)
    for change in changes:
        if change == "add":
            store.add(unit(rng, 2), identity=int(rng.integers(1, 12)), source=int(rng.integers(0, 5)))
        elif change == "relabel":
            store.relabel(int(rng.integers(1, 9)), int(rng.integers(1, 9)))
        elif change == "move":
            store.relabel_source(int(rng.integers(0, 5)), int(rng.integers(1, 12)))
        elif len(store) > 1:
            store.keep(np.arange(len(store)) != int(rng.integers(len(store))))
        for row in rows.tolist():
            agrees(comparisons.nearest(row), by_hand(store, tracklets.views(row), row))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=1, max_size=5), k=st.integers(1, 9))
def test_the_smallest_are_those_of_a_stable_sort(rows: list[list[int]], k: int) -> None:
    distance = np.array(rows, np.float64)
    expected = np.argsort(distance, axis=1, kind="stable")[:, :k]
    assert [one.tolist() for one in smallest(distance, k)] == expected.tolist()


@pytest.mark.parametrize("per_identity", [1, 3])
def test_search_finds_the_nearest_of_all(per_identity: int) -> None:
    rng = np.random.default_rng(per_identity)
    gallery, vectors = IdentityGallery(threshold=0.3), unit(rng, 30)
    for place in rng.permutation(30 // per_identity).tolist():
        gallery.enroll(f"p{place}", vectors=vectors[place * per_identity : (place + 1) * per_identity])
    asked = unit(rng, 7)
    identities, distances = gallery.search(asked, k=4)
    best = (asked @ vectors.T).reshape(7, -1, per_identity).max(axis=2)
    order = np.argsort(-best, axis=1)[:, :4]
    assert [[gallery.names[one] for one in row] for row in identities.tolist()] == [
        [f"p{place}" for place in row] for row in order.tolist()
    ]
    np.testing.assert_allclose(distances, 1.0 - np.take_along_axis(best, order, axis=1), atol=1e-5)
