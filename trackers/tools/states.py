"""State and logic of your own for each track: time in a zone, activity counters, a history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from trackers.core.track import Track
from trackers.lifecycle import NO_ID

if TYPE_CHECKING:
    import supervision as sv

    from trackers.core.base import Tracker

StateType = TypeVar("StateType")


class TrackStates(Mapping[int, StateType], Generic[StateType]):
    """One object of your own class for each track, made when it is first matched and dropped when it is removed.

    A mapping from the ids of the living tracks to their objects.

    Args:
        tracker: The tracker to follow.
        new: Makes the object of a new track from its id: a class, or a function.
        removed: Called with the id and the object of a track that was removed.

    Example:
        >>> import supervision as sv
        >>> from trackers import DeepSORTTracker
        >>> class Visit:
        ...     def __init__(self, track_id):
        ...         self.frames = 0
        >>> tracker = DeepSORTTracker(minimum_consecutive_frames=1)
        >>> visits = TrackStates(tracker, Visit)
        >>> for x in range(3):
        ...     boxes = np.array([[10.0 + x, 10.0, 50.0 + x, 90.0]])
        ...     for visit, row in visits.rows(tracker.update(sv.Detections(xyxy=boxes))):
        ...         visit.frames += 1
        >>> visits[1].frames
        3
    """

    def __init__(
        self,
        tracker: Tracker[Any],
        new: Callable[[int], StateType],
        removed: Callable[[int, StateType], object] | None = None,
    ) -> None:
        """Listen to the tracker."""
        self._new = new
        self._removed = removed
        self._states: dict[int, StateType] = {}
        tracker.on("removed", self._drop)

    def rows(self, detections: sv.Detections) -> Iterator[tuple[StateType, sv.Detections]]:
        """Go through the tracked rows of a frame.

        Args:
            detections: What the tracker's `update` returned.

        Yields:
            The object of the row's track, and the row as detections of length 1. Rows with id -1 are passed over.
        """
        ids = np.empty(0, np.int64) if detections.tracker_id is None else detections.tracker_id
        for row, number in enumerate(ids.tolist()):
            if number != NO_ID:
                if number not in self._states:
                    self._states[number] = self._new(number)
                yield self._states[number], detections[row : row + 1]  # type: ignore[misc]

    def clear(self) -> None:
        """Let go of all objects, to go with the tracker's `reset`."""
        self._states.clear()

    def __getitem__(self, track_id: int) -> StateType:
        return self._states[track_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._states)

    def __len__(self) -> int:
        """Number of objects."""
        return len(self._states)

    def _drop(self, track: Track) -> None:
        if track.id in self._states:
            state = self._states.pop(track.id)
            if self._removed is not None:
                self._removed(track.id, state)
