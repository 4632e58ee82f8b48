"""How long objects took from one camera to another, measured on long tracklets of one identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trackers.identity.tracklets import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackers.identity.links import CameraLinks
    from trackers.identity.tracklets import Tracklets

ENOUGH_SAMPLES = 30
"""Good vectors from which on a tracklet counts."""

QUANTILES = (0.05, 0.95)
"""The range: nine times in ten."""


ENOUGH = 5
"""Times from which on a range is a link."""


class Transit(NamedTuple):
    """Times from leaving one camera to appearing on another.

    Attributes:
        seconds: The range of nine in ten.
        taken: How many times it rests on.
    """

    seconds: tuple[float, float]
    taken: int


def transits(tracklets: Tracklets) -> dict[tuple[int, int], Transit]:
    """Ranges by numbers of the camera that was left and of the one that was reached.

    A time counts from the last box of an identity on any camera to its first on another one; who is on two at once
    adds none.

    Args:
        tracklets: All tracklets, with their identities.
    """
    decided = np.flatnonzero((tracklets["identity"] != UNDECIDED) & (tracklets["samples"] >= ENOUGH_SAMPLES))
    start, end = tracklets["start"][decided], tracklets["end"][decided]
    identity, camera = tracklets["identity"][decided], tracklets["camera"][decided]
    taken: dict[tuple[int, int], list[float]] = {}
    for one in np.unique(identity).tolist():
        mine = np.flatnonzero(identity == one)
        mine = mine[np.argsort(start[mine], kind="stable")]
        for place in range(1, len(mine)):
            before, now = mine[:place], mine[place]
            left = before[end[before].argmax()]
            seconds = float(start[now] - end[left])
            if seconds > 0.0 and camera[left] != camera[now]:
                taken.setdefault((int(camera[left]), int(camera[now])), []).append(seconds)
    found = {}
    for pair, times in sorted(taken.items()):
        low, high = np.quantile(times, QUANTILES).tolist()
        found[pair] = Transit((low, high), len(times))
    return found


def with_learned(links: CameraLinks, tracklets: Tracklets, cameras: Sequence[str]) -> CameraLinks:
    """The links, with learned ranges where no way is given.

    Args:
        links: Links that are given; not changed.
        tracklets: All tracklets, with their identities.
        cameras: Names of the cameras by number.
    """
    learned = {
        (cameras[left], cameras[reached]): transit.seconds
        for (left, reached), transit in transits(tracklets).items()
        if transit.taken >= ENOUGH and links.get(cameras[left], cameras[reached]) is None
    }
    found = links.copy()
    for (left, reached), seconds in learned.items():
        found.add(left, reached, seconds)
        if (reached, left) not in learned:
            found.add(reached, left, (0.0, np.inf))
    return found
