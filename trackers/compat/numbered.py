"""DeepSORT with tracks that have a number from birth, as the older packages number them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.association.assignment import Match
from trackers.boxes import Bools, Floats, Ints
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.core.deepsort.tracks import DeepSORTTracks
from trackers.core.observations import Observations
from trackers.lifecycle import column
from trackers.motion import kalman

NO_ROW = -1


@dataclass
class NumberedTracks(DeepSORTTracks):
    """Tracks that are numbered at birth.

    Attributes:
        number: 1 for the first track that was born, 2 for the next, shape `(n,)`.
        row: Which of the tracked detections of the last frame the track was matched to, or -1, shape `(n,)`.
    """

    number: Ints = column()
    row: Ints = column(fill=NO_ROW)


class NumberedTracker(DeepSORTTracker):
    """`DeepSORTTracker` with `NumberedTracks`; takes the same arguments and gives the same ids."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As `DeepSORTTracker`."""
        self._born = 0
        super().__init__(*args, **kwargs)
        self._new_tracks = NumberedTracks
        self.reset()

    def reset(self) -> None:
        """Remove all tracks; numbers start at 1 again, too."""
        super().reset()
        self._born = 0

    @property
    def table(self) -> NumberedTracks:
        """The living tracks, tentative ones included, oldest first."""
        tracks = self._tracks
        assert isinstance(tracks, NumberedTracks)
        return tracks

    def _advance(self, observations: Observations, match: Match, born: Bools, **columns: npt.NDArray[Any]) -> Ints:
        rows = np.flatnonzero(born)
        numbers = self._born + 1 + np.arange(len(rows))
        self._born += len(rows)
        self.table.row[:] = NO_ROW
        self.table.row[match.track] = match.detection
        return super()._advance(observations, match, born, number=numbers, row=rows, **columns)


def moments(state: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance of the eight numbers `(u, v, a, h)` and their velocities.

    Args:
        state: Kalman states, shape `(n, 5, 4)`; see `trackers.motion.kalman`.

    Returns:
        Means of shape `(n, 8)` and covariances of shape `(n, 8, 8)`.

    Example:
        >>> mean, covariance = moments(np.arange(20.0).reshape(1, 5, 4))
        >>> mean[0].tolist(), covariance[0].diagonal().tolist(), float(covariance[0, 0, 4])
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0, 16.0, 17.0, 18.0, 19.0], 12.0)
    """
    mean = state[:, [kalman.POSITION, kalman.VELOCITY]].reshape(-1, 8)
    covariance = np.zeros((len(state), 8, 8))
    position = np.arange(4)
    velocity = position + 4
    covariance[:, position, position] = state[:, kalman.VARIANCE]
    covariance[:, velocity, velocity] = state[:, kalman.VELOCITY_VARIANCE]
    covariance[:, position, velocity] = covariance[:, velocity, position] = state[:, kalman.COVARIANCE]
    return mean, covariance
