"""Names for tracks that start at 1 again each calendar day."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.lifecycle import NO_ID


class DailyLabels:
    """Labels such as `"2024-06-01_3"`: the day a track was confirmed, and its number on that day.

    The integer `tracker_id` stays what it is, unique for the life of the tracker. A track that lives over midnight
    keeps its label. Works with any tracker whose ids ascend; nothing is stored per track.

    Example:
        >>> labels = DailyLabels()
        >>> labels(np.array([1, 2, -1]), today=date(2024, 6, 1))
        ['2024-06-01_1', '2024-06-01_2', None]
        >>> labels(np.array([2, 3]), today=date(2024, 6, 2))
        ['2024-06-01_2', '2024-06-02_1']
    """

    def __init__(self) -> None:
        """Start without a day."""
        self._days: list[date] = []
        self._first: list[int] = []
        self._highest = 0

    def __call__(self, tracker_id: npt.NDArray[Any], today: date) -> list[str | None]:
        """Label the rows of one frame; call it on every frame.

        Args:
            tracker_id: Ids of the rows as the tracker gave them, shape `(n,)`.
            today: The day of the frame.

        Returns:
            One label for each row, None where the id is -1.

        Raises:
            ValueError: If the day lies before that of an earlier frame.
        """
        if not self._days or today > self._days[-1]:
            self._days.append(today)
            self._first.append(self._highest + 1)
        elif today < self._days[-1]:
            raise ValueError(f"days must not go back, but got {today} after {self._days[-1]}; start new DailyLabels")
        self._highest = max(self._highest, int(np.max(tracker_id, initial=NO_ID)))
        return [None if number == NO_ID else self._label(number) for number in tracker_id.tolist()]

    def _label(self, number: int) -> str:
        day = int(np.searchsorted(self._first, number, side="right")) - 1
        return f"{self._days[day].isoformat()}_{number - self._first[day] + 1}"
