"""How near is near enough: two limits and a margin, given or measured on identities that cannot be one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trackers.boxes import Floats

KEPT = 2000
"""Distances between different identities that are kept."""

ENOUGH = 100
"""Distances from which on a limit is measured."""


FALSE_NAMES, FALSE_LINKS = 0.1, 1.0
"""Chance that any of several candidates is nearer than the limit though none is right, where the limit is measured: of
those with a name, where a mistake calls somebody by it, and of those without."""

FEW = 2
"""Fewer candidates count as so many."""

MOST = 0.05
"""Share of the distances between different identities that stay below the limit at most, however few candidates."""

UNMEASURED = 0.2
"""The limit until there is enough to measure it."""

DOUBT, MARGIN = 0.25, 0.1
"""How far the second limit lies above the first, and the margin, as shares of the first."""


class Limits(NamedTuple):
    """Cosine distances that decide.

    Attributes:
        accept: Up to here two are one identity.
        unknown: From here on they are two; between the two limits nothing is decided before there is more evidence.
        margin: The second best identity must be so much farther than the best.
    """

    accept: float
    unknown: float
    margin: float


class Calibration:
    """Distances from tracks to identities that they cannot be, as both were there at once.

    Attributes:
        distances: The newest, shape `(n,)`.

    Example:
        >>> calibration = Calibration()
        >>> calibration.add(np.linspace(0.4, 0.6, 201))
        >>> round(calibration.limits(None).accept, 3)
        0.402
    """

    def __init__(self) -> None:
        """Start without distances."""
        self.distances: Floats = np.empty(0)

    def add(self, distances: Floats) -> None:
        """Take distances between different identities."""
        self.distances = np.concatenate((self.distances, distances))[-KEPT:]

    def limits(self, threshold: float | None, candidates: int = 10, *, named: bool = True) -> Limits:
        """The limits for a threshold that is given, or measured where it is None.

        Args:
            threshold: Largest cosine distance of one identity, or None.
            candidates: Identities that come into question: the more, the nearer one has to be.
            named: Whether it is for an identity with a name; those without have wider limits where they are measured.
        """
        if threshold is None:
            known = len(self.distances) >= ENOUGH
            share = min((FALSE_NAMES if named else FALSE_LINKS) / max(candidates, FEW), MOST)
            threshold = float(np.quantile(self.distances, share)) if known else UNMEASURED
        return Limits(threshold, (1.0 + DOUBT) * threshold, MARGIN * threshold)
