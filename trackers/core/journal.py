"""Why each detection got its id, or none: the numbers every stage compared, written down on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trackers.association.assignment import Match
from trackers.boxes import Bools, Floats, Ints
from trackers.lifecycle import NO_ID


class Note(NamedTuple):
    """What one stage compared: every track `rows[i]` with every detection `detections[j]`.

    Attributes:
        measure: Name of the number: `"gate"`, `"cosine"`, `"IoU"`, ...
        rows: Track rows, shape `(k,)`.
        detections: Frame rows, shape `(m,)`.
        values: The numbers, NaN where there was none, shape `(k, m)`.
        limit: The number that decides.
        largest_wins: Whether a number must reach the limit (IoU) or must not exceed it (distances).
    """

    measure: str
    rows: Ints
    detections: Ints
    values: Floats
    limit: float
    largest_wins: bool = False


@dataclass(frozen=True)
class Comparison:
    """One number against its limit.

    Attributes:
        measure: Name of the number.
        value: The number.
        limit: The limit.
        passed: Whether the pair was admissible by it.
        track_id: The track it was compared with, -1 for a tentative one.
        largest_wins: Whether the number must reach the limit rather than not exceed it.
    """

    measure: str
    value: float
    limit: float
    passed: bool
    track_id: int
    largest_wins: bool = False

    def __str__(self) -> str:
        """Such as `cosine 0.27 > 0.20 (track 3)`."""
        sign = (">=" if self.passed else "<") if self.largest_wins else ("<=" if self.passed else ">")
        track = f"track {self.track_id}" if self.track_id > 0 else "a tentative track"
        return f"{self.measure} {self.value:.2f} {sign} {self.limit:.2f} ({track})"


@dataclass(frozen=True)
class Decision:
    """Why one row of the last frame got its id, or none.

    Attributes:
        row: Row of the detections handed to `update`.
        tracker_id: Its id, -1 for none.
        outcome: `"matched"`, `"started a track"`, `"started no track"` or `"not a box"`.
        comparisons: For a matched row the numbers that admitted its track; for any other row, the nearest miss of each
            stage.
    """

    row: int
    tracker_id: int
    outcome: str
    comparisons: tuple[Comparison, ...]

    def __str__(self) -> str:
        """The outcome and the numbers, one line."""
        numbers = ", ".join(str(comparison) for comparison in self.comparisons)
        return f"row {self.row}: id {self.tracker_id}, {self.outcome}" + (f": {numbers}" if numbers else "")


class Journal:
    """Collects the notes of one frame and reads decisions from them."""

    def __init__(self) -> None:
        """Start empty."""
        self._notes: list[Note] = []
        self._ids: Ints = np.empty(0, np.int64)
        self._owner: dict[int, int] = {}
        self._born: Bools = np.empty(0, np.bool_)

    def close(self, match: Match, born: Bools, ids: Ints) -> None:
        """Write down how the frame ended.

        Args:
            match: Tracks and detections matched.
            born: Mask of the detections that start a track, shape `(n,)`.
            ids: Id of each track row before the frame.
        """
        self._owner = dict(zip(match.detection.tolist(), match.track.tolist(), strict=True))
        self._born, self._ids = born, ids

    def decisions(self, usable: Bools, tracker_id: Ints) -> list[Decision]:
        """One decision for each row handed to `update`.

        Args:
            usable: Mask of the rows that were tracked at all, shape `(rows,)`.
            tracker_id: Id of each row, shape `(rows,)`.

        Returns:
            Decisions in the order of the rows.
        """
        frame_row = np.cumsum(usable) - 1
        return [
            self._decision(row, int(frame_row[row]), int(tracker_id[row]))
            if usable[row]
            else Decision(row, NO_ID, "not a box", ())
            for row in range(len(usable))
        ]

    def _decision(self, row: int, detection: int, tracker_id: int) -> Decision:
        track = self._owner.get(detection)
        outcome = "matched" if track is not None else "started a track" if self._born[detection] else "started no track"
        return Decision(row, tracker_id, outcome, self._comparisons(detection, track))

    def note(self, note: Note) -> None:
        """Write down what a stage compared."""
        self._notes.append(note)

    def _comparisons(self, detection: int, track: int | None) -> tuple[Comparison, ...]:
        """The numbers between a detection and its track, or where it has none each stage's nearest track."""
        found = []
        for note in self._notes:
            columns = np.flatnonzero(note.detections == detection)
            rows = np.arange(len(note.rows)) if track is None else np.flatnonzero(note.rows == track)
            values = note.values[np.ix_(rows, columns)].ravel()
            if np.isnan(values).all():
                continue
            best = int(np.nanargmax(values) if note.largest_wins else np.nanargmin(values))
            value = float(values[best])
            passed = value >= note.limit if note.largest_wins else value <= note.limit
            owner = int(self._ids[note.rows[rows[best]]])
            found.append(Comparison(note.measure, value, note.limit, passed, owner, note.largest_wins))
        return tuple(found)
