"""One instant of all cameras: what was observed goes into the tables, and what is ready is decided."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trackers.boxes import Bools, Ints
from trackers.identity.assigner import FIRST_SAMPLES, PATIENCE, Assigner
from trackers.identity.comparison import Comparisons
from trackers.identity.relinking import merge_similar
from trackers.identity.shared_view import Feet
from trackers.identity.sighting import Sighting
from trackers.identity.tracklets import UNDECIDED, Tracklets

REVIEW_SECONDS = 1.0
"""Seconds between two reviews of all identities."""

RARE = 0.5
"""Seconds between two vectors that an extractor is asked for, of a track whose identity is settled."""


def settle_instant(assigner: Assigner, sightings: Sequence[Sighting], now: float) -> None:
    """Settle an instant.

    Args:
        assigner: Decides.
        sightings: What the cameras saw, in the order in which they are settled.
        now: Seconds.
    """
    table, spots = assigner.tracklets, assigner.spots
    rows = [_observe(assigner, one) for one in sightings]
    for row in table.end_views(now).tolist():
        assigner.store_views(row)
    assigner.gallery.means.renew()
    if spots is not None and sightings:
        feet = {
            one.camera: Feet(table["number"][mine], one.feet, one.heights)
            for one, mine in zip(sightings, rows, strict=True)
        }
        if spots.add(feet, now):
            assigner.review_spots(now)
    for one, mine in zip(sightings, rows, strict=True):
        _decide(assigner, mine, one.time)
    if now - assigner.reviewed >= REVIEW_SECONDS:
        assigner.reviewed = now
        merge_similar(assigner, now)


def _observe(assigner: Assigner, one: Sighting) -> Ints:
    """Take a sighting into the table; a track whose identity went on elsewhere loses it."""
    table = assigner.tracklets
    rows = table.rows_of(one.camera, one.ids, one.time)
    for place in np.flatnonzero(table["closed"][rows]).tolist():
        rows[place] = assigner.split(int(rows[place]), one.time)
    table["end"][rows] = one.time
    good = one.weights > 0.0
    table.add_vectors(rows[good], one.vectors[good], one.weights[good], one.time)
    return rows


def _decide(assigner: Assigner, rows: Ints, time: float) -> None:
    """Decide the tracks of a camera that have become ready, and decide young ones again."""
    table = assigner.tracklets
    for row in rows[table.unstored(rows)].tolist():
        assigner.store_views(row)
    undecided = table["identity"][rows] == UNDECIDED
    age = time - table["start"][rows]
    ready = undecided & ((table["samples"][rows] >= FIRST_SAMPLES) | (age >= PATIENCE))
    again = ~undecided & (table["count"][rows] >= 2 * table["reviewed"][rows])
    due = rows[ready | again]
    if len(due):
        comparisons = Comparisons(table, assigner.gallery.store, due)
        for row in due.tolist():
            assigner.decide(row, time, comparisons)


def wants_vector(table: Tracklets, rows: Ints, time: float) -> Bools:
    """Rows of which another vector is of use: of young tracks all, of others now and then.

    Args:
        table: All tracklets.
        rows: Row of each track, -1 for a new one, shape `(n,)`.
        time: Seconds.
    """
    wanted = rows < 0
    old = rows[~wanted]
    young = (table["samples"][old] < 2 * FIRST_SAMPLES) | (table["identity"][old] == UNDECIDED)
    wanted[~wanted] = young | (time - table["sampled"][old] >= RARE)
    return np.asarray(wanted)
