"""Hindsight for streams that can wait a moment."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from trackers.core.parameters import between
from trackers.refinement.gaps import LONGEST_GAP
from trackers.refinement.refine import refine

if TYPE_CHECKING:
    import supervision as sv

    from trackers.core.base import Tracker


class FixedLag:
    """Track a stream and give every frame out a fixed time later, refined with what came in between.

    See `trackers.refine` for what is refined. A gap is filled as far as its frames still wait when the track is found
    again. Unsure tracks keep their ids: whether a track stays unsure is known only at its end.

    Args:
        tracker: Any tracker; its `frame_rate` counts.
        seconds: How long a frame waits.
        smooth: False leaves the boxes that were found as they are.

    Raises:
        ValueError: If `seconds` is negative.

    Example:
        >>> import numpy as np, supervision as sv
        >>> from trackers import DeepSORTTracker
        >>> box = sv.Detections(np.array([[0.0, 0, 10, 20]]), confidence=np.array([0.9]), class_id=np.array([0]))
        >>> lag = FixedLag(DeepSORTTracker(frame_rate=10), seconds=0.2)
        >>> final = [frame for _ in range(4) for frame in lag.push(box)] + lag.flush()
        >>> [frame.tracker_id.tolist() for frame in final]
        [[1], [1], [1], [1]]
    """

    seconds: float = between(0.0)

    def __init__(self, tracker: Tracker[Any], seconds: float = 1.0, *, smooth: bool = True) -> None:
        self.tracker = tracker
        self.seconds = seconds
        self.smooth = smooth
        self._time = 0.0
        self._past: deque[tuple[float, sv.Detections]] = deque()
        self._waiting: deque[tuple[float, sv.Detections]] = deque()

    def push(
        self,
        detections: sv.Detections | None,
        frame: npt.NDArray[Any] | None = None,
        timestamp: float | None = None,
    ) -> list[sv.Detections]:
        """Track the next frame, and return the frames that are final now.

        Args:
            detections: As in `Tracker.update`.
            frame: The image, for trackers that use pixels; it is not kept.
            timestamp: Time of the frame in seconds; without it frames are `1 / frame_rate` apart.

        Returns:
            Refined frames in their order, possibly none, each exactly once.

        Raises:
            TypeError: As `Tracker.update`.
            ValueError: As `Tracker.update` and `trackers.refine`.
        """
        output = self.tracker.update(detections, frame, timestamp=timestamp)
        self._time = self._time + 1.0 / self.tracker.frame_rate if timestamp is None else timestamp
        self._waiting.append((self._time, output))
        slack = 1e-6 / self.tracker.frame_rate
        return self._release(sum(time <= self._time - self.seconds + slack for time, _ in self._waiting))

    def flush(self) -> list[sv.Detections]:
        """Return the frames that still wait: the stream has ended."""
        final = self._release(len(self._waiting))
        self._past.clear()
        return final

    def _release(self, count: int) -> list[sv.Detections]:
        """Refine the oldest frames that wait, in sight of as much time before them as after."""
        if count == 0:
            return []
        frames = [output for _, output in (*self._past, *self._waiting)]
        refined = refine(
            frames,
            frame_rate=self.tracker.frame_rate,
            longest_gap=LONGEST_GAP,
            smooth=self.smooth,
            relative_confidence=0.0,
        )
        final = refined[len(self._past) : len(self._past) + count]
        for _ in range(count):
            self._past.append(self._waiting.popleft())
        while self._past and self._past[0][0] < self._past[-1][0] - self.seconds:
            self._past.popleft()
        return final
