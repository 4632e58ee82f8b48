"""What becomes of identities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["new", "found", "merged", "split", "named"]


@dataclass(frozen=True)
class Event:
    """One change of an identity.

    Attributes:
        kind: `"new"`, a track nobody resembles starts an identity; `"found"`, a track without an identity gets one that
            is known; `"merged"`, two identities turn out to be one and the older number stays; `"split"`, a track loses
            its identity; `"named"`, a person gave the track a name.
        time: Seconds.
        identity: The identity after the event; of a split, the one that was lost.
        camera: Camera of the track; "" where no single track is concerned.
        tracker_id: Id of the track on that camera, -1 where no single track is concerned.
        other: Of a merge, the number that is no more; else -1.
        distance: Distance that decided, NaN where none did.
    """

    kind: Kind
    time: float
    identity: int
    camera: str = ""
    tracker_id: int = -1
    other: int = -1
    distance: float = float("nan")
