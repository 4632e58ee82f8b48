"""Rows of all tracks as arrays, track after track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trackers.boxes import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class TrackRows:
    """Boxes of all tracks, sorted by track and then by frame.

    Attributes:
        frame: Frame numbers, shape `(n,)`.
        track: Track ids, shape `(n,)`.
        boxes: Corners in pixels, shape `(n, 4)`.
        confidence: Scores, shape `(n,)`.
        source: Row of the input; for an interpolated row the nearest in time of its track, shape `(n,)`.
        interpolated: Mask of the rows that no detector found, shape `(n,)`.
        added: Mask of the rows that are not in the input, shape `(n,)`.
    """

    frame: Ints
    track: Ints
    boxes: Floats
    confidence: Floats
    source: Ints
    interpolated: Bools
    added: Bools

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def follows(self) -> Bools:
        """Whether each row but the first has the same track as the one before it, shape `(n - 1,)`."""
        return np.asarray(self.track[1:] == self.track[:-1])

    @property
    def lengths(self) -> Ints:
        """Number of rows of each stretch without a missing frame, shape `(stretches,)`."""
        starts = np.append(True, ~(self.follows & (np.diff(self.frame) == 1)))[: len(self)]
        return np.diff(np.append(np.flatnonzero(starts), len(self)))


def track_rows(frame: Ints, track: Ints, boxes: Floats, confidence: Floats, interpolated: Bools) -> TrackRows:
    """Sort rows by track and frame; rows without a track are left out.

    Raises:
        ValueError: If an id occurs twice in a frame.
    """
    tracked = np.flatnonzero(track >= 0)
    order = tracked[np.lexsort((frame[tracked], track[tracked]))]
    frame, track = frame[order], track[order]
    twice = np.flatnonzero((np.diff(frame) == 0) & (np.diff(track) == 0))
    if len(twice):
        raise ValueError(
            f"id {track[twice[0]]} occurs twice on frame {frame[twice[0]]}, but a track has one box on a frame; "
            "leave one of the two rows out, or set its id to -1"
        )
    return TrackRows(
        frame, track, boxes[order], confidence[order], order, interpolated[order], np.full(len(order), False)
    )
