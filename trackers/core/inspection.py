"""What a tracker tells about its tracks: snapshots, hidden boxes, reasons and events."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, get_args

import numpy as np

from trackers.core.association_log import Decision
from trackers.core.rows import detections_of, with_ids
from trackers.core.track import Track, snapshots
from trackers.errors import check_choice
from trackers.lifecycle import NO_ID, Lifecycle, Tracks
from trackers.motion.models import MotionModel

if TYPE_CHECKING:
    import supervision as sv

TracksType = TypeVar("TracksType", bound=Tracks)
Event = Literal["born", "confirmed", "lost", "recovered", "removed"]


class Inspection(ABC, Generic[TracksType]):
    """The tracks of a tracker, and everything that can be asked about them.

    Args:
        motion: How the tracks move.
        lifecycle: Their rules of confirmation and expiry.
        tracks: Makes their empty table.

    Attributes:
        explain: Set to True to have `decisions` filled on every update; costs time.
    """

    def __init__(self, motion: MotionModel, lifecycle: Lifecycle, tracks: Callable[[], TracksType]) -> None:
        """Start without tracks and without listeners."""
        self.motion = motion
        self.explain = False
        self._lifecycle = lifecycle
        self._new_tracks = tracks
        self._listeners: list[tuple[Event, Callable[[Track], None]]] = []
        self._clear()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or another process goes on from: everything but the listeners, which stay here."""
        return {**vars(self), "_listeners": []}

    def _clear(self) -> None:
        """Drop all tracks, what is known of them, and the running numbers that a tracker learns beside."""
        self._lifecycle.reset()
        self._tracks = self._new_tracks()
        self._class_ids: list[int] = []
        self._decisions: list[Decision] = []
        self._statistics: Any = ()  # a named tuple of floats where a tracker learns something

    @property
    def total_confirmed(self) -> int:
        """Number of tracks confirmed so far, which is also the highest id given."""
        return self._lifecycle.total_confirmed

    @property
    def tracks(self) -> list[Track]:
        """A snapshot of every living track, tentative and lost ones included, oldest first."""
        return snapshots(self.motion, self._tracks, self._class_ids)

    @property
    def lost(self) -> list[Track]:
        """The tracks that were matched on the frame before the last and not on the last."""
        changes = self._lifecycle.changes
        return [] if changes is None else [track for track in self.tracks if track.id in changes.lost]

    @property
    def coasting(self) -> sv.Detections:
        """The predicted boxes of the confirmed tracks without a detection, as detections any annotator can draw.

        Confidence fades from that of the last detection to 0 at the end of the buffer; `data["missed"]` holds the
        frames since the last detection.
        """
        hidden = [track for track in self.tracks if track.state == "lost"]
        missed = np.array([track.missed for track in hidden])
        return detections_of(
            np.array([track.xyxy for track in hidden]),
            np.array([track.confidence for track in hidden]) * (1.0 - missed / (self._lifecycle.buffer + 1.0)),
            [track.class_id for track in hidden],
            np.array([track.id for track in hidden], np.int64),
            missed=missed,
        )

    @property
    def decisions(self) -> list[Decision]:
        """Why each row of the last frame got its id, or none; empty unless `tracker.explain` was set to True."""
        return self._decisions

    def filtered(self, detections: sv.Detections) -> sv.Detections:
        """The detections of the last update with the Kalman-filtered boxes of their tracks.

        Args:
            detections: What `update` returned for the last frame, or rows of it.

        Returns:
            A copy in which each row with the id of a living track has that track's box.
        """
        result = with_ids(detections, np.asarray(detections.tracker_id))
        boxes = dict(zip(self._tracks.id.tolist(), self.motion.boxes(self._tracks.state), strict=True))
        for row, number in enumerate(np.asarray(detections.tracker_id).tolist()):
            if number != NO_ID and number in boxes:
                result.xyxy[row] = boxes[number]
        return result

    def on(self, event: Event, callback: Callable[[Track], None]) -> None:
        """Call a function whenever something becomes of a track.

        Args:
            event: `"born"` (tentative, no id yet), `"confirmed"`, `"lost"` (its first frame without a detection),
                `"recovered"` (matched again) or `"removed"` (id -1 if it was never confirmed).
            callback: Called at the end of `update` with a snapshot of the track. Listeners survive `reset`, and stay
                behind when the tracker is copied or pickled.

        Raises:
            ValueError: If there is no such event.

        Example:
            >>> from trackers import DeepSORTTracker
            >>> DeepSORTTracker().on("confirmed", lambda track: None)
        """
        check_choice("event", event, get_args(Event))
        self._listeners.append((event, callback))
        self._lifecycle.listened = True

    def _emit_events(self) -> None:
        """Call whoever listens to what became of the tracks."""
        changes = self._lifecycle.changes
        if not self._listeners or changes is None:
            return
        tracks, removed = self._tracks, changes.removed
        numbered = {"confirmed": changes.confirmed, "lost": changes.lost, "recovered": changes.recovered}
        for event, callback in self._listeners:
            if event == "removed":
                tables = removed
            elif event == "born":
                tables = (tracks.take(np.arange(len(tracks) - changes.born, len(tracks))),)
            else:
                tables = (tracks.take(np.isin(tracks.id, numbered[event])),)
            for table in tables:
                for track in snapshots(self.motion, table, self._class_ids):
                    callback(track)
