"""One track, as a tracker shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trackers.boxes import Floats, Vectors
from trackers.deprecation import warn_renamed
from trackers.lifecycle import Tracks
from trackers.motion import kalman
from trackers.motion.models import MotionModel

State = Literal["tentative", "confirmed", "lost"]


@dataclass(frozen=True, eq=False)
class Track:
    """A snapshot of one track; changing it changes nothing in the tracker.

    Attributes:
        id: Number of the track, -1 while tentative.
        state: `"tentative"`, `"confirmed"` (matched on the last frame) or `"lost"` (confirmed, not matched).
        xyxy: Filtered box in pixels, predicted while lost, shape `(4,)`.
        velocity: Velocity of the centre in pixels per frame, shape `(2,)`.
        age: Frames since the first detection.
        hits: Frames with a detection.
        missed: Frames since the last detection.
        confidence: Confidence of the last detection.
        class_id: Class with the most confidence collected over the life of the track; None without classes.
        vector: Unit vector of the newest embedding, shape `(d,)`; None without appearance.
    """

    id: int
    state: State
    xyxy: Floats
    velocity: Floats
    age: float
    hits: int
    missed: float
    confidence: float
    class_id: int | None
    vector: Vectors | None

    @property
    def box(self) -> Floats:
        """`xyxy` by its old name."""
        warn_renamed("Track.box", "Track.xyxy")
        return self.xyxy


def snapshots(model: MotionModel, tracks: Tracks, class_ids: list[int]) -> list[Track]:
    """One `Track` for each row of the table.

    Args:
        model: Motion model of the tracks.
        tracks: The table.
        class_ids: Class of each column of `tracks.votes`.

    Returns:
        Snapshots in the order of the rows.
    """
    boxes = model.boxes(tracks.state)
    velocity = tracks.state[:, kalman.VELOCITY, :2].copy()
    return [
        Track(
            id=int(tracks.id[row]),
            state="tentative" if tracks.id[row] < 0 else "confirmed" if tracks.missed[row] == 0 else "lost",
            xyxy=boxes[row],
            velocity=velocity[row],
            age=float(tracks.age[row]),
            hits=int(tracks.hits[row]),
            missed=float(tracks.missed[row]),
            confidence=float(tracks.score[row]),
            class_id=class_ids[int(tracks.votes[row].argmax())] if tracks.votes[row].any() else None,
            vector=tracks.vector(row),
        )
        for row in range(len(tracks))
    ]
