"""Why a track is who it is: the vectors and numbers that speak for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trackers.identity.limits import Limits
from trackers.identity.store import ENROLLED
from trackers.identity.tracklets import UNDECIDED

if TYPE_CHECKING:
    from trackers.identity.assigner import Assigner

SHOWN = 5
"""Candidates listed."""


@dataclass(frozen=True)
class Candidate:
    """An identity that a track may be.

    Attributes:
        identity: Its number.
        name: Its name, "" without one.
        distance: Cosine distance to the track.
        ruled_out: Whether place and time forbid it.
        camera: Camera of the stored vector in the best pair, "" for one enrolled without a camera.
        time: Seconds of that vector, NaN if unknown.
        enrolled: Whether that vector was enrolled.
    """

    identity: int
    name: str
    distance: float
    ruled_out: bool
    camera: str
    time: float
    enrolled: bool


@dataclass(frozen=True)
class Explanation:
    """What speaks for the identity of a track.

    Attributes:
        identity: Its identity, -1 while undecided.
        name: Name of the identity, "" without one.
        samples: Good vectors of the track so far.
        limits: The distances that decide.
        means_off: Whether the means of the cameras were taken off.
        candidates: The five nearest identities, nearest first; what the track itself gave to the gallery left out.
    """

    identity: int
    name: str
    samples: int
    limits: Limits
    means_off: bool
    candidates: tuple[Candidate, ...]

    @property
    def confidence(self) -> float:
        """Confidence of the identity, from 0 at the limit `unknown` or at the second best, to 1."""
        unknown = self.limits.unknown
        mine = min((one.distance for one in self.candidates if one.identity == self.identity), default=0.0)
        rivals = [one.distance for one in self.candidates if one.identity != self.identity and not one.ruled_out]
        bound = min([unknown if mine else 2.0 * unknown, *rivals])
        return float(np.clip((bound - mine) / max(unknown, 1e-9), 0.0, 1.0))

    def __str__(self) -> str:
        """A line for the track and one for each candidate."""
        who = "undecided" if self.identity == UNDECIDED else f"identity {self.identity} {self.name}".rstrip()
        head = f"{who}, {self.samples} vectors, accept up to {self.limits.accept:.3f}, unknown from "
        lines = [head + f"{self.limits.unknown:.3f}"]
        for one in self.candidates:
            place = one.camera or "enrolled"
            out = ", ruled out by place and time" if one.ruled_out else ""
            lines.append(f"  {one.identity} {one.name} at {one.distance:.3f} ({place}){out}".replace("  at", " at"))
        return "\n".join(lines)


def explain(assigner: Assigner, row: int) -> Explanation:
    """Explain the tracklet in a row."""
    tracklets, gallery = assigner.tracklets, assigner.gallery
    identity = int(tracklets["identity"][row])
    views = tracklets.views(row)
    candidates: list[Candidate] = []
    if len(views):
        near = gallery.store.nearest(views, without_source=int(tracklets["number"][row]))
        ruled_out = np.isin(near.identity, assigner.impossible_identities(np.array([row])))
        for place in np.argsort(near.distance, kind="stable")[:SHOWN].tolist():
            if not np.isfinite(near.distance[place]):
                continue
            number = int(near.identity[place])
            stored = gallery.store.best_pair(views, number, without_source=int(tracklets["number"][row]))
            camera = int(gallery.store["camera"][stored])
            candidates.append(
                Candidate(
                    identity=number,
                    name=gallery.names.get(number, ""),
                    distance=float(near.distance[place]),
                    ruled_out=bool(ruled_out[place]) and number != identity,
                    camera="" if camera < 0 else gallery.cameras[camera],
                    time=float(gallery.store["time"][stored]),
                    enrolled=bool(gallery.store["source"][stored] == ENROLLED),
                )
            )
    return Explanation(
        identity=identity,
        name=gallery.names.get(identity, ""),
        samples=int(tracklets["samples"][row]),
        limits=gallery.limits,
        means_off=gallery.means.active,
        candidates=tuple(candidates),
    )
