"""Which tracklets of different cameras stand on one spot of the ground, and which do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Bools, Floats, Ints
from trackers.identity.links import CameraLinks
from trackers.identity.shared_view import FAR, NEAR, Feet, SharedView
from trackers.identity.tracklets import Tracklets

if TYPE_CHECKING:
    from typing_extensions import Self

ENOUGH = 5
"""Instants that two tracklets must have been there at once for their distance to count."""

MANY = 15
"""Instants for it to change what was decided."""


class Spots:
    """All pairs of cameras that see one place, and what they say of tracklets.

    Args:
        views: Shared views by numbers of the two cameras.
        tracklets: All tracklets.
    """

    def __init__(self, views: Mapping[tuple[int, int], SharedView], tracklets: Tracklets) -> None:
        self.views, self.tracklets = dict(views), tracklets
        self._clear()

    @classmethod
    def of(cls, links: CameraLinks, cameras: list[str], tracklets: Tracklets) -> Self | None:
        """The shared views of some cameras; None where no two see one place."""
        numbers = {name: number for number, name in enumerate(cameras)}
        views = {
            (numbers[first], numbers[second]): SharedView(link.homography)
            for (first, second), link in links
            if link.overlap and first in numbers and second in numbers
        }
        return cls(views, tracklets) if views else None

    def state(self) -> dict[str, Any]:
        """What is known of each pair of cameras, as arrays."""
        return {str(place): view.state() for place, view in enumerate(self.views.values())}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        for place, view in enumerate(self.views.values()):
            view.load(state[str(place)])
        self._gather()

    def _clear(self) -> None:
        empty = np.empty(0, np.int64)
        self._one: Ints = empty
        self._other: Ints = empty
        self._distance: Floats = np.empty(0)
        self._count: Ints = empty

    def add(self, feet: Mapping[int, Feet], time: float) -> bool:
        """Take who stood where on each camera at an instant; tells whether anything was learned from it."""
        taken = False
        for (first, second), view in self.views.items():
            if first in feet and second in feet:
                taken |= view.add(feet[first], feet[second], time)
                view.learn_when_due(self._similarity)
        if taken:
            self._gather()
        return taken

    def _similarity(self, firsts: Ints, seconds: Ints) -> Floats:
        """Similarity of tracklets of two cameras, given by number, shape `(n, m)`; all zero without vectors."""
        one, other = (
            np.array([self._mean(row) for row in self._rows(numbers).tolist()]) for numbers in (firsts, seconds)
        )
        return np.asarray(one @ other.T)

    def _mean(self, row: int) -> Floats:
        views = self.tracklets.views(row) if row >= 0 else np.zeros((0, 0))
        mean = views.sum(axis=0) if len(views) else np.zeros(self.tracklets["open_sum"].shape[1])
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))

    def _rows(self, numbers: Ints) -> Ints:
        """Rows of tracklets by number, -1 for those that are no more."""
        known = self.tracklets["number"]
        rows = np.searchsorted(known, numbers).clip(0, max(len(known) - 1, 0))
        return np.where(known[rows] == numbers, rows, -1)

    def _gather(self) -> None:
        """All evidence by row of the tracklets, each pair in both orders."""
        parts = [view.evidence() for view in self.views.values()]
        first, second, distance, count = (np.concatenate(column) for column in zip(*parts, strict=True))
        one, other = self._rows(first), self._rows(second)
        known = (one >= 0) & (other >= 0) & (count >= ENOUGH)
        self._one = np.concatenate((one[known], other[known]))
        self._other = np.concatenate((other[known], one[known]))
        self._distance, self._count = np.tile(distance[known], 2), np.tile(count[known], 2)

    def apart(self, rows: Ints) -> Bools:
        """Which tracklets stood elsewhere than each of some at the same time, shape `(k, n)`."""
        count = len(self.tracklets)
        mask = np.zeros((len(rows), count), np.bool_)
        place = np.full(count, -1)
        place[rows] = np.arange(len(rows))
        found = (self._distance > FAR) & (self._one < count) & (self._other < count)
        found[found] &= place[self._one[found]] >= 0
        mask[place[self._one[found]], self._other[found]] = True
        return mask

    def _couples(self, least: int) -> Ints:
        """Pairs that stand on one spot and are nearest to each other, shape `(k, 2)`."""
        cameras = self.tracklets["camera"]
        near = (self._distance < NEAR) & (self._count >= least)
        one, other, distance = self._one[near], self._other[near], self._distance[near]
        order = np.lexsort((other, distance))
        done: set[tuple[int, int]] = set()
        best: dict[tuple[int, int], int] = {}
        for a, b in zip(one[order].tolist(), other[order].tolist(), strict=True):
            key = (a, int(cameras[b]))
            if key not in done:
                done.add(key)
                best[key] = b
        found = [(a, b) for (a, _), b in best.items() if best.get((b, int(cameras[a]))) == a and a < b]
        return np.array(found, np.int64).reshape(-1, 2)

    def partners(self, row: int) -> Ints:
        """Tracklets that stand where this one does, on other cameras."""
        couples = self._couples(ENOUGH)
        return np.concatenate((couples[couples[:, 0] == row, 1], couples[couples[:, 1] == row, 0]))

    def lasting_couples(self) -> Ints:
        """Pairs that have stood on one spot for long, shape `(k, 2)`."""
        return self._couples(MANY)

    def lasting_apart(self) -> Ints:
        """Pairs that have stood apart for long, shape `(k, 2)`."""
        found = (self._distance > FAR) & (self._count >= MANY) & (self._one < self._other)
        return np.column_stack((self._one[found], self._other[found]))
