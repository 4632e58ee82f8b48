"""Which identity a track is: decided online, from what was known before."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from trackers.boxes import Bools, Ints
from trackers.identity.comparison import Comparisons
from trackers.identity.events import Event
from trackers.identity.gallery import IdentityGallery
from trackers.identity.links import CameraLinks
from trackers.identity.spots import Spots
from trackers.identity.tracklets import UNDECIDED, Tracklets

FIRST_SAMPLES = 5
"""Good vectors after which a tracklet is decided for the first time."""

MINT_SAMPLES = 5

PATIENCE = 2.0
"""Seconds after which a tracklet that is like somebody, but not enough, is taken for somebody new."""


class Assigner:
    """Joins tracklets to identities under hard limits.

    Args:
        tracklets: All tracklets.
        gallery: The vectors of the identities.
        spots: Which tracklets stand on one spot; None where no cameras see one place.
        report: Takes events.
    """

    def __init__(
        self,
        tracklets: Tracklets,
        gallery: IdentityGallery,
        spots: Spots | None,
        report: Callable[[Event], None],
    ) -> None:
        """Start without links."""
        self.tracklets, self.gallery, self.spots, self.report = tracklets, gallery, spots, report
        self.reviewed = -math.inf
        self.follow(CameraLinks())

    def follow(self, links: CameraLinks) -> None:
        """Take the limits of the links between all cameras of the gallery."""
        self.least_seconds = links.least_seconds(self.gallery.cameras)

    def possible(self, group: Ints) -> Bools:
        """Which tracklets may be one identity with all of a group, shape `(n,)`."""
        return np.asarray(self.possible_pairs(group).all(axis=0))

    def possible_pairs(self, rows: Ints) -> Bools:
        """Which tracklets may be one identity with each of some, shape `(k, n)`."""
        table = self.tracklets
        camera, start, end = table["camera"], table["start"], table["end"]
        mine, begin, finish = camera[rows, None], start[rows, None], end[rows, None]
        after = begin - end  # from the other's end to this one's start
        before = start - finish
        fits = (after >= self.least_seconds[camera, mine]) | (before >= self.least_seconds[mine, camera])
        fits = np.where(mine == camera, (after > 0.0) | (before > 0.0), fits)
        return np.asarray(fits if self.spots is None else fits & ~self.spots.apart(rows))

    def impossible_identities(self, group: Ints) -> Ints:
        """Identities that the group cannot be."""
        identity = self.tracklets["identity"]
        return np.unique(identity[~self.possible(group) & (identity != UNDECIDED)])

    def decide(self, row: int, time: float, comparisons: Comparisons) -> None:
        """Decide a tracklet, or decide it again."""
        table = self.tracklets
        identity = int(table["identity"][row])
        group = np.array([row]) if identity == UNDECIDED else np.flatnonzero(table["identity"] == identity)
        if identity == UNDECIDED and self._join_partner(row, time):
            return
        table["reviewed"][row] = max(int(table["count"][row]), 1)
        if len(comparisons.views[row]) == 0:
            if identity == UNDECIDED and time - table["start"][row] >= PATIENCE:
                self._mint(row, time)
            return
        near = comparisons.nearest(row)
        known = np.isfinite(near.distance)
        impossible = np.isin(near.identity, self.impossible_identities(group))
        rivals = self._other_names(identity, near.identity)
        self.gallery.calibration.add(near.distance[impossible & known & (near.identity != identity)])
        candidates = np.flatnonzero(known & ~impossible & (near.identity != identity) & ~rivals)
        order = candidates[np.argsort(near.distance[candidates], kind="stable")]
        names = self.gallery.names
        named = identity in names or (len(order) > 0 and int(near.identity[order[0]]) in names)
        limits = self.gallery.calibration.limits(self.gallery.threshold, len(candidates), named=named)
        best = float(near.distance[order[0]]) if len(order) else math.inf
        second = float(near.distance[order[1]]) if len(order) > 1 else math.inf
        if best <= limits.accept and second - best >= limits.margin:
            other = int(near.identity[order[0]])
            if identity == UNDECIDED:
                self._join(row, other, time, best)
            else:
                self.merge(identity, other, time, best)
        elif identity == UNDECIDED and (
            (best > limits.unknown and table["samples"][row] >= MINT_SAMPLES) or time - table["start"][row] >= PATIENCE
        ):
            self._mint(row, time, best)

    def _join_partner(self, row: int, time: float) -> bool:
        """Give an undecided tracklet the identity of the one that stands on its spot on another camera."""
        if self.spots is None:
            return False
        identity = self.tracklets["identity"]
        impossible = self.impossible_identities(np.array([row]))
        found = [n for n in identity[self.spots.partners(row)].tolist() if n != UNDECIDED and n not in impossible]
        if found:
            self._join(row, min(found), time, math.nan)
        return bool(found)

    def review_spots(self, time: float) -> None:
        """Undo what the ground speaks against, and join what stands on one spot."""
        table = self.tracklets
        if self.spots is None:
            return
        identity = table["identity"]
        for one, other in self.spots.lasting_apart().tolist():
            if identity[one] == identity[other] != UNDECIDED:
                younger = max(one, other, key=lambda row: (table["start"][row], row))
                self._release(younger, time)
        for one, other in self.spots.lasting_couples().tolist():
            mine, its = int(identity[one]), int(identity[other])
            if mine == its or UNDECIDED in (mine, its):
                continue
            mates, others = (np.flatnonzero(identity == number) for number in (mine, its))
            if self.may_be_one(mine, its) and self.possible(mates)[others].all():
                self.merge(mine, its, time)
                continue
            for row, goal in ((one, its), (other, mine)):
                if len(np.flatnonzero(identity == identity[row])) > 1 and goal not in self.impossible_identities(
                    np.array([row])
                ):
                    self._release(row, time)
                    self._join(row, goal, time, math.nan)
                    break

    def _other_names(self, identity: int, others: Ints) -> Bools:
        """Which of some identities have another name, shape `(n,)`."""
        name = self.gallery.names.get(identity)
        if name is None:
            return np.zeros(len(others), np.bool_)
        return np.isin(others, [number for number, other in self.gallery.names.items() if other != name])

    def may_be_one(self, one: int, other: int) -> bool:
        """Whether two identities have no different names."""
        names = self.gallery.names
        return names.get(one, names.get(other)) == names.get(other, names.get(one))

    def _release(self, row: int, time: float) -> None:
        """Take a tracklet out of its identity, with all that the gallery has from it."""
        table = self.tracklets
        self._event("split", time, int(table["identity"][row]), row=row)
        self.gallery.drop_source(int(table["number"][row]))
        table["stored"][row] = False
        table["identity"][row], table["closed"][row], table["reviewed"][row] = UNDECIDED, False, 0

    def store_views(self, row: int) -> None:
        """Put the finished views of a decided tracklet into the gallery."""
        table = self.tracklets
        count = int(table["count"][row])
        fresh = np.flatnonzero(~table["stored"][row, :count])
        if table["identity"][row] == UNDECIDED or len(fresh) == 0:
            return
        self.gallery.add_views(
            int(table["identity"][row]),
            table["views"][row, fresh],
            camera=int(table["camera"][row]),
            time=float(table["end"][row]),
            weight=table["weights"][row, fresh],
            source=int(table["number"][row]),
        )
        table["stored"][row, fresh] = True

    def _mint(self, row: int, time: float, distance: float = math.nan) -> None:
        identity = self.gallery.new_identity()
        self.tracklets["minted"][row] = True
        self._join(row, identity, time, distance, "new")

    def _join(self, row: int, identity: int, time: float, distance: float, kind: str = "found") -> None:
        table = self.tracklets
        table["identity"][row] = identity
        self._close(identity)
        self.store_views(row)
        self._event(kind, time, identity, row=row, distance=distance)

    def merge(self, one: int, other: int, time: float, distance: float = math.nan) -> int:
        """Make two identities one; the older number stays."""
        table = self.tracklets
        kept, gone = min(one, other), max(one, other)
        identity = table["identity"]
        identity[identity == gone] = kept
        self.gallery.absorb(kept, gone)
        self._close(kept)
        self._event("merged", time, kept, other=gone, distance=distance)
        return kept

    def split(self, row: int, time: float) -> int:
        """Take the identity from a track that comes back while another is it; the track goes on as a new tracklet."""
        table = self.tracklets
        self._event("split", time, int(table["identity"][row]), row=row)
        return table.begin(int(table["camera"][row]), int(table["tracker_id"][row]), time)

    def name(self, row: int, name: str, time: float) -> int:
        """Give a name to the identity of a tracklet, which joins the one who has the name already."""
        identity, known = int(self.tracklets["identity"][row]), self.gallery.identity_of(name)
        called = self.gallery.names.get(identity, name)
        if called != name:
            raise ValueError(f"expected a track without another name, but identity {identity} is called {called!r}")
        if known is not None and known != identity:
            group = np.array([row]) if identity == UNDECIDED else np.flatnonzero(self.tracklets["identity"] == identity)
            if known in self.impossible_identities(group):
                raise ValueError(f"the track cannot be {name!r}, who was elsewhere at the same time")
            if identity == UNDECIDED:
                self._join(row, known, time, math.nan)
                identity = known
            else:
                identity = self.merge(identity, known, time)
        elif identity == UNDECIDED:
            self._mint(row, time)
            identity = int(self.tracklets["identity"][row])
        self.gallery.give_name(identity, name)
        self._event("named", time, identity, row=row)
        return identity

    def report_merge(self, kept: int, gone: int, time: float) -> None:
        """Tell that an identity has become part of another."""
        self._event("merged", time, kept, other=gone)

    def reassign(self, row: int, old: int, new: int, time: float) -> None:
        """Tell that a tracklet changes its identity, and give it what the gallery has from it."""
        if old != UNDECIDED:
            self._event("split", time, old, row=row)
        self.gallery.move_source(int(self.tracklets["number"][row]), new)
        if new != UNDECIDED:
            self._event("found", time, new, row=row)

    def reopen(self) -> None:
        """Find out anew which tracklets may come back with their identity."""
        table = self.tracklets
        table["closed"][:] = False
        for identity in np.unique(table["identity"]).tolist():
            if identity != UNDECIDED:
                self._close(identity)

    def _close(self, identity: int) -> None:
        """Of tracklets that cannot be there at once, leave the newest open: no other may come back as this identity."""
        table = self.tracklets
        rows = np.flatnonzero(table["identity"] == identity)
        order = rows[np.lexsort((rows, table["end"][rows]))]
        camera = table["camera"][order]
        bound = (camera[:, None] == camera) | np.isfinite(self.least_seconds[camera[:, None], camera])
        bound |= bound.T
        later = np.triu(np.ones(bound.shape, np.bool_), 1)
        table["closed"][order] |= (bound & later).any(axis=1)

    def _event(
        self, kind: str, time: float, identity: int, *, row: int = -1, other: int = -1, distance: float = math.nan
    ) -> None:
        table = self.tracklets
        camera = "" if row < 0 else self.gallery.cameras[int(table["camera"][row])]
        tracker_id = -1 if row < 0 else int(table["tracker_id"][row])
        self.report(Event(kind, time, identity, camera, tracker_id, other, distance))  # type: ignore[arg-type]
