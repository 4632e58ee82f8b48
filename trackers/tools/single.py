"""One object alone: start from its box, follow it, hear when it is lost and when it is back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, overlap

if TYPE_CHECKING:
    import supervision as sv

    from trackers.core.base import Tracker

State = Literal["visible", "hidden", "gone"]
Event = Literal["lost", "recovered", "gone"]


@dataclass(frozen=True, eq=False)
class TargetObservation:
    """Where the object is on one frame.

    Attributes:
        state: `"visible"`, `"hidden"` (not detected, its place is predicted) or `"gone"` (given up).
        event: What has just happened: `"lost"`, `"recovered"`, `"gone"`, or None.
        box: Its box in pixels, shape `(4,)`: as detected while visible, predicted while hidden, the last one when gone.
        row: Row of the detections it was detected as; None unless visible.
    """

    state: State
    event: Event | None
    box: Floats
    row: int | None


class SingleObjectTracker:
    """Follows one object among all that are detected.

    All detections are tracked, so that a passer-by of similar appearance has a track of its own and is not mistaken for
    the object.

    Args:
        tracker: A tracker that confirms at once (`minimum_consecutive_frames=1`); it is reset on `start`.
        minimum_overlap: IoU from which a detection on the first frame is taken for the object. Without one the box
            that was given is tracked itself.

    Raises:
        ValueError: If `minimum_overlap` is not between 0 and 1.

    Example:
        >>> import supervision as sv
        >>> from trackers import DeepSORTTracker
        >>> single = SingleObjectTracker(DeepSORTTracker(minimum_consecutive_frames=1))
        >>> walker = sv.Detections(xyxy=np.array([[10.0, 10.0, 50.0, 90.0]]))
        >>> single.start([12, 12, 50, 90], walker).state
        'visible'
        >>> [single.update(found).event for found in (sv.Detections.empty(), walker)]
        ['lost', 'recovered']
    """

    def __init__(self, tracker: Tracker[Any], minimum_overlap: float = 0.3) -> None:
        """Keep the tracker."""
        if not 0.0 < minimum_overlap <= 1.0:
            raise ValueError(f"minimum_overlap must be above 0 and at most 1, but got {minimum_overlap!r}")
        self.tracker = tracker
        self.minimum_overlap = minimum_overlap
        self._id: int | None = None
        self._last = TargetObservation("gone", None, np.full(4, np.nan), None)

    def start(
        self, box: npt.ArrayLike, detections: sv.Detections | None = None, frame: npt.NDArray[Any] | None = None
    ) -> TargetObservation:
        """Begin with a box.

        Args:
            box: Corners `x1, y1, x2, y2` of the object in pixels.
            detections: Detections of the same frame, where a detector was run.
            frame: The image, if the tracker uses pixels.

        Returns:
            The first sighting.

        Raises:
            ValueError: If the box is not one, or the tracker does not confirm at once.
        """
        import supervision as sv

        wanted = np.array(box, np.float64)
        if wanted.shape != (4,):
            raise ValueError(f"box must be four corners x1, y1, x2, y2, but got shape {wanted.shape}")
        detections = sv.Detections.empty() if detections is None else detections
        likeness = overlap(np.asarray(detections.xyxy, np.float64).reshape(-1, 4), wanted)
        if np.max(likeness, initial=0.0) < self.minimum_overlap:
            detections, row = sv.Detections(xyxy=wanted[None]), 0
        else:
            row = int(likeness.argmax())
        self.tracker.reset()
        tracked = self.tracker.update(detections, frame)
        found = int(np.asarray(tracked.tracker_id)[row])
        if found < 0:
            raise ValueError(
                f"the tracker started no track on the box {wanted.tolist()}: check that it is a box, that its "
                "confidence takes part, and give a tracker with minimum_consecutive_frames=1"
            )
        self._id = found
        self._last = TargetObservation("visible", None, np.array(tracked.xyxy[row], np.float64), row)
        return self._last

    def update(self, detections: sv.Detections, frame: npt.NDArray[Any] | None = None) -> TargetObservation:
        """Follow the object to the next frame.

        Args:
            detections: Everything detected on the frame, possibly nothing.
            frame: The image, if the tracker uses pixels.

        Returns:
            Where the object is.

        Raises:
            ValueError: If `start` was not called.
        """
        if self._id is None:
            raise ValueError("call start(box) first, with the box of the object to follow")
        tracked = self.tracker.update(detections, frame)
        self._last = self._observation(tracked)
        return self._last

    def _observation(self, tracked: sv.Detections) -> TargetObservation:
        before = self._last.state
        rows = np.flatnonzero(tracked.tracker_id == self._id)
        if len(rows):
            row = int(rows[0])
            event: Event | None = None if before == "visible" else "recovered"
            return TargetObservation("visible", event, np.array(tracked.xyxy[row], np.float64), row)
        place = next((track.xyxy for track in self.tracker.tracks if track.id == self._id), None)
        if place is None:
            return TargetObservation("gone", None if before == "gone" else "gone", self._last.box, None)
        return TargetObservation("hidden", "lost" if before == "visible" else None, place, None)
