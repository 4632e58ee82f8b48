"""Everything that is known of one identity."""

from __future__ import annotations

from dataclasses import dataclass

from trackers.boxes import Bools, Floats, Vectors


@dataclass(frozen=True, eq=False)
class IdentityRecord:
    """Everything a gallery holds about one identity.

    Attributes:
        identity: Its number.
        name: Its name, "" without one.
        vectors: Unit vectors, shape `(n, d)`.
        cameras: Camera of each, "" where none was given.
        times: Seconds of each, NaN where none was given, shape `(n,)`.
        enrolled: Which were enrolled, not taken from a track, shape `(n,)`.
    """

    identity: int
    name: str
    vectors: Vectors
    cameras: list[str]
    times: Floats
    enrolled: Bools
