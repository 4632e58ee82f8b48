"""Why each detection got its id, or none: the numbers every stage compared, written down on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trackers.association.assignment import Match
from trackers.association.pairs import Pairs
from trackers.boxes import Bools, Floats, Ints
from trackers.lifecycle import NO_ID

LARGEST_WINS = ("IoU",)
"""Measures that must reach their limit; all others must not exceed it."""


class StageRecord(NamedTuple):
    """What one stage compared.

    Attributes:
        measure: Name of the number: `"gate"`, `"cosine"`, `"IoU"`, ...
        pairs: The pairs compared; their cost is the number.
        limit: The number that decides.
    """

    measure: str
    pairs: Pairs
    limit: float


@dataclass(frozen=True)
class Comparison:
    """One number against its limit.

    Attributes:
        measure: Name of the number.
        value: The number.
        limit: The limit.
        passed: Whether the pair was admissible by it.
        track_id: The track it was compared with, -1 for a tentative one.
    """

    measure: str
    value: float
    limit: float
    passed: bool
    track_id: int

    def __str__(self) -> str:
        """Such as `cosine 0.27 > 0.20 (track 3)`."""
        passed, failed = (">=", "<") if self.measure in LARGEST_WINS else ("<=", ">")
        sign = passed if self.passed else failed
        track = f"track {self.track_id}" if self.track_id > 0 else "a tentative track"
        return f"{self.measure} {self.value:.2f} {sign} {self.limit:.2f} ({track})"


@dataclass(frozen=True)
class Decision:
    """Why one row of the last frame got its id, or none.

    Attributes:
        row: Row of the detections handed to `update`.
        tracker_id: Its id, -1 for none.
        outcome: `"matched"`, `"started a track"`, `"started no track"` or `"left out"` (not a box, or not
            selected).
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


class AssociationLog:
    """Collects the notes of one frame and reads decisions from them."""

    def __init__(self) -> None:
        """Start empty."""
        self._records: list[StageRecord] = []
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
            else Decision(row, NO_ID, "left out", ())
            for row in range(len(usable))
        ]

    def _decision(self, row: int, detection: int, tracker_id: int) -> Decision:
        track = self._owner.get(detection)
        outcome = "matched" if track is not None else "started a track" if self._born[detection] else "started no track"
        return Decision(row, tracker_id, outcome, self._comparisons(detection, track))

    def write(self, measure: str, pairs: Pairs, limit: float) -> None:
        """Write down what a stage compared; the cost of a pair is its number, NaN where there was none."""
        known = pairs.where(~np.isnan(pairs.cost))
        if len(known.cost):
            self._records.append(StageRecord(measure, known, limit))

    def _comparisons(self, detection: int, track: int | None) -> tuple[Comparison, ...]:
        """The numbers between a detection and its track, or where it has none each stage's nearest track."""
        found = []
        for measure, pairs, limit in self._records:
            of_interest = pairs.detection == detection
            if track is not None:
                of_interest &= pairs.track == track
            candidates = pairs.where(of_interest)
            if len(candidates.cost):
                largest_wins = measure in LARGEST_WINS
                best = int(candidates.cost.argmax() if largest_wins else candidates.cost.argmin())
                value = float(candidates.cost[best])
                passed = value >= limit if largest_wins else value <= limit
                found.append(Comparison(measure, value, limit, passed, int(self._ids[candidates.track[best]])))
        return tuple(found)


def all_pairs(rows: Ints, detections: Ints, values: Floats) -> Pairs:
    """Every row `(k,)` with every detection `(m,)`, at the numbers of a matrix `(k, m)`."""
    track, detection = np.meshgrid(rows, detections, indexing="ij")
    return Pairs(track.ravel(), detection.ravel(), values.ravel())
