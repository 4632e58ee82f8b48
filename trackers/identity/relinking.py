"""Identities with hindsight: all tracklets are clustered anew, and the numbers are kept as far as they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trackers.association.assignment import assignment_solver
from trackers.boxes import Ints
from trackers.identity.assigner import FIRST_SAMPLES
from trackers.identity.hindsight import cluster, mean_distances, measured_limit, pair_distances
from trackers.identity.tracklets import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackers.identity.assigner import Assigner
    from trackers.identity.tracklets import Tracklets

REVIEWED = 300
"""Tracklets compared when identities are merged online."""

RIPE_SAMPLES = 60
"""Good vectors a tracklet has then."""

ONE_SPOT = 0.2
"""Two tracklets that stood on one spot count as so much nearer; without vectors they are one."""

RIPE_CUT = 0.03
"""As `CUT` of the hindsight, for what cannot be undone."""


def relink(assigner: Assigner, time: float, same: Ints, different: Ints) -> None:
    """Give every tracklet the identity of its cluster, with an event for every change.

    Args:
        assigner: Holds all tracklets.
        time: Seconds.
        same: Pairs of rows that are one, shape `(k, 2)`.
        different: Pairs of rows that are two, shape `(k, 2)`.
    """
    table = assigner.tracklets
    count = len(table)
    if count == 0:
        return
    views = [table.views(row) for row in range(count)]
    possible = assigner.possible_pairs(np.arange(count))
    possible &= possible.T
    possible[different[:, 0], different[:, 1]] = possible[different[:, 1], different[:, 0]] = False
    distance, limit = pair_distances(views), _limit(assigner)
    limit = measured_limit(distance, possible, table["samples"]) if limit is None else limit
    couples = np.empty((0, 2), np.int64) if assigner.spots is None else assigner.spots.lasting_couples()
    blind = (table["samples"][couples] == 0).any(axis=1)
    together = np.concatenate((same, _parts(assigner), couples[blind]))
    one, other = couples[~blind].T
    distance[one, other] = distance[other, one] = distance[one, other] - ONE_SPOT
    named = np.isin(table["identity"], list(assigner.gallery.names))
    fixed = np.where(named, table["identity"], UNDECIDED)
    label = cluster(distance, possible, together, table["samples"], fixed, limit)
    identity = _numbers(assigner, label, fixed)
    before = table["identity"].copy()
    changed = np.flatnonzero(before != identity)
    gone = set(before[changed].tolist()) - set(identity.tolist()) - {UNDECIDED}
    for old in sorted(gone):
        heirs = np.unique(identity[before == old])
        if len(heirs) == 1:
            assigner.report_merge(int(heirs[0]), old, time)
            assigner.gallery.absorb(int(heirs[0]), old)
            before[before == old] = heirs[0]
    for row in np.flatnonzero(before != identity).tolist():
        assigner.reassign(row, int(before[row]), int(identity[row]), time)
    table["identity"][:] = identity
    assigner.reopen()
    for row in range(count):
        assigner.store_views(row)


def merge_similar(assigner: Assigner, time: float) -> None:
    """Merge identities whose tracklets are similar on the whole, under the same rules; none is split.

    Only the newest tracklets are compared, so that the cost stays bounded.
    """
    table = assigner.tracklets
    ripe = np.flatnonzero((table["identity"] != UNDECIDED) & (table["samples"] >= RIPE_SAMPLES))
    rows = ripe[np.argsort(table["end"][ripe], kind="stable")[-REVIEWED:]]
    identity = table["identity"][rows]
    if len(np.unique(identity)) < 2 or not assigner.gallery.means.active:
        return
    possible = assigner.possible_pairs(rows)[:, rows]
    possible &= possible.T
    named = np.isin(identity, list(assigner.gallery.names))
    fixed = np.where(named, identity, UNDECIDED)
    order = np.argsort(identity, kind="stable")
    same = np.flatnonzero(np.diff(identity[order]) == 0)
    chains = np.column_stack((order[same], order[same + 1]))
    distance = mean_distances([table.views(row) for row in rows.tolist()])
    samples = table["samples"][rows]
    limit = measured_limit(distance, possible, samples, RIPE_CUT) if _limit(assigner) is None else _limit(assigner)
    label = cluster(distance, possible, chains, samples, fixed, limit)
    for one in np.unique(label).tolist():
        numbers = np.unique(identity[label == one]).tolist()
        for other in numbers[1:]:
            kept, gone = (np.flatnonzero(table["identity"] == number) for number in (numbers[0], other))
            if len(gone) and assigner.may_be_one(numbers[0], other) and assigner.possible(kept)[gone].all():
                assigner.merge(numbers[0], other, time)


def _limit(assigner: Assigner) -> float | None:
    """Largest distance of two clusters where a threshold is given, on the scale of centred vectors."""
    gallery = assigner.gallery
    return None if gallery.threshold is None else gallery.threshold / gallery.means.spread


def _parts(assigner: Assigner) -> Ints:
    """Pairs of tracklets that are parts of one track, shape `(k, 2)`."""
    table = assigner.tracklets
    _, place = np.unique(np.column_stack((table["camera"], table["tracker_id"])), axis=0, return_inverse=True)
    order = np.argsort(place.ravel(), kind="stable")
    same = np.flatnonzero(np.diff(place.ravel()[order]) == 0)
    return np.column_stack((order[same], order[same + 1]))


def _numbers(assigner: Assigner, label: Ints, fixed: Ints) -> Ints:
    """An identity for each cluster: that of a name in it, else the one most of it had, else a new one."""
    table = assigner.tracklets
    before, samples = table["identity"], table["samples"] + 1.0
    clusters, place = np.unique(label, return_inverse=True)
    known = np.unique(before[before != UNDECIDED])
    shared = np.zeros((len(clusters), len(known)))
    had = before != UNDECIDED
    np.add.at(shared, (place[had], np.searchsorted(known, before[had])), samples[had])
    shared[place[fixed >= 0], np.searchsorted(known, fixed[fixed >= 0])] += 1e12
    numbers = np.full(len(clusters), UNDECIDED)
    rows, columns = assignment_solver()(-shared)
    kept = shared[rows, columns] > 0.0
    numbers[rows[kept]] = known[columns[kept]]
    size = np.bincount(place, table["samples"])
    for row in np.flatnonzero(numbers == UNDECIDED).tolist():
        if size[row] >= FIRST_SAMPLES or had[place == row].any():
            numbers[row] = assigner.gallery.new_identity()
    return numbers[place]


def identity_of_tracks(tracklets: Tracklets, cameras: Sequence[str]) -> dict[tuple[str, int], int]:
    """Identity by camera and id of the track: that of its longest part that has one, -1 where none has.

    Args:
        tracklets: All tracklets.
        cameras: Names of the cameras by number.
    """
    found: dict[tuple[str, int], int] = {}
    for row in np.argsort(tracklets["samples"], kind="stable").tolist():
        key = cameras[int(tracklets["camera"][row])], int(tracklets["tracker_id"][row])
        identity = int(tracklets["identity"][row])
        found[key] = identity if identity != UNDECIDED else found.get(key, UNDECIDED)
    return found
