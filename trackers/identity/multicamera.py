"""Several cameras with a tracker each, and identities over all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.core.parameters import between, fixed
from trackers.core.rows import with_ids
from trackers.core.state_file import read_state, write_state
from trackers.identity.admission import new_columns, time_in_step
from trackers.identity.cameras_state import cameras_state, gallery_and_links, restore_cameras
from trackers.identity.gallery import IdentityGallery
from trackers.identity.identification import Identification
from trackers.identity.links import CameraLinks
from trackers.identity.settling import wants_vector
from trackers.identity.sighting import own_vectors, sighting_of
from trackers.identity.tracklets import UNDECIDED

if TYPE_CHECKING:
    import supervision as sv


class MultiCameraTracker(Identification):
    """Gives one identity to one object over all cameras and times; each camera keeps its tracker and its ids.

    Rows of instant t are decided from what was known before t. When time moves on, the instant is settled camera by
    camera, in the order of `trackers`: the order of calls within an instant has no say.

    Two tracks of one camera never have one identity at once, nobody gets from one camera to another faster than the
    links allow, and the identity of a track changes only by an event.

    Args:
        trackers: A tracker of its own for each camera, by name; or a `MultiStreamTracker`.
        gallery: Identities known before, and the feature extractor; None starts an empty one. Vectors come from
            `detections.data["embedding"]`, else from the gallery's extractor, else from the tracker's own tracks.
        links: How the cameras lie to each other, as they are now; None rules nothing out.
        tolerance: Seconds by which a frame of one camera may be later than the newest of another.

    Attributes:
        events: What became of identities, oldest first; the newest 10,000.

    Raises:
        TypeError: If `trackers` is neither a mapping nor has `trackers` and `update`.
        ValueError: If two cameras share a tracker.

    Example:
        >>> import numpy as np, supervision as sv
        >>> from trackers import SORTTracker
        >>> cameras = MultiCameraTracker({name: SORTTracker(minimum_consecutive_frames=1) for name in ("door", "yard")})
        >>> def person(x, t):
        ...     box = np.array([[x, 0.0, x + 20, 60]])
        ...     return sv.Detections(xyxy=box, confidence=np.ones(1), data={"embedding": np.array([[0.6, 0.8]])})
        >>> for t in np.arange(0.0, 1.0, 0.1):
        ...     tracked = cameras.update("door", person(10 * t, t), timestamp=t)
        >>> tracked.data["identity"].tolist()
        [1]
        >>> for t in np.arange(5.0, 6.0, 0.1):
        ...     tracked = cameras.update("yard", person(10 * t, t), timestamp=t)
        >>> tracked.data["identity"].tolist()
        [1]
    """

    gallery: IdentityGallery = fixed()
    links: CameraLinks = fixed()
    tolerance: float = between(0.0)

    def __init__(
        self,
        trackers: Mapping[str, Any] | Any,
        gallery: IdentityGallery | None = None,
        links: CameraLinks | None = None,
        *,
        tolerance: float = 0.5,
    ) -> None:
        """Check the parameters and start without tracks."""
        self._streams = None if isinstance(trackers, Mapping) else trackers
        if self._streams is not None and not (hasattr(trackers, "trackers") and hasattr(trackers, "update")):
            raise TypeError(
                f"trackers must map camera names to trackers, or be a MultiStreamTracker, got {type(trackers).__name__}"
            )
        self.trackers: dict[str, Any] = dict(trackers) if isinstance(trackers, Mapping) else trackers.trackers
        if len({id(one) for one in self.trackers.values()}) < len(self.trackers):
            raise ValueError("every camera needs a tracker of its own, but two cameras share one")
        super().__init__(self.trackers, gallery, links)
        self.tolerance = tolerance
        self._last: dict[str, float] = {}

    def update(
        self,
        camera: str | Mapping[str, Any],
        detections: sv.Detections | None = None,
        frame: npt.NDArray[Any] | None = None,
        *,
        timestamp: float | None = None,
        timestamps: Mapping[str, float] | float | None = None,
    ) -> Any:
        """Track the next frame of a camera, or of several at once.

        Args:
            camera: Name of the camera; or a mapping from names to detections, or to `(detections, frame)`.
            detections: Detections of the frame, as for any tracker; never changed.
            frame: The image they were found on; may be left out where vectors are in `detections.data["embedding"]`.
            timestamp: Seconds on a clock that all cameras share.
            timestamps: The same for several cameras: by name, or one for all.

        Returns:
            New detections, as the camera's tracker returns them, with `data["identity"]`, int64 of shape `(n,)`, -1
            while undecided, and `data["identity_name"]`, str of shape `(n,)`, "" for nobody known. For several cameras
            a dict of them.

        Raises:
            TypeError: If the detections are not `sv.Detections`.
            ValueError: If the camera is not known, time runs backwards, vectors have another length than before, or
                the detections have columns of these names already; nothing is changed then.
        """
        if isinstance(camera, Mapping):
            return self._update_together(camera, timestamps)
        timestamp = self._check(camera, detections, timestamp)
        if self._streams is None:
            tracked = self.trackers[camera].update(detections, frame, timestamp=timestamp)
        else:
            tracked = self._streams.update({camera: (detections, frame)}, timestamps={camera: timestamp})[camera]
        return self._take(camera, tracked, frame, timestamp)

    def _update_together(self, frames: Mapping[str, Any], timestamps: Any) -> dict[str, sv.Detections]:
        times = dict(timestamps) if isinstance(timestamps, Mapping) else dict.fromkeys(frames, timestamps)
        halves = {name: given if isinstance(given, tuple) else (given, None) for name, given in frames.items()}
        for name, (detections, _) in halves.items():
            times[name] = self._check(name, detections, times.get(name))
        order = sorted(halves, key=lambda name: times[name])
        if self._streams is None:
            return {name: self.update(name, *halves[name], timestamp=times[name]) for name in order}
        try:
            self._streams.update(frames, timestamps=times)
        finally:
            found = self._streams.tracked
            taken = {
                name: self._take(name, found[name], halves[name][1], times[name]) for name in order if name in found
            }
        return {name: taken[name] for name in frames if name in taken}

    def save(self, path: str | Path) -> None:
        """Write everything to one file, which at no time is half written: identities, tracks and trackers.

        Raises:
            OSError: If it cannot be written; an older file at `path` is still there then.
        """
        self.settle()
        write_state(path, cameras_state(self))

    @classmethod
    def load(cls, path: str | Path, trackers: Any, *, feature_extractor: Any = None) -> MultiCameraTracker:
        """Go on from a file that `save` wrote.

        Args:
            path: The file. It is data alone: nothing in it is run.
            trackers: New trackers with the parameters of those that were saved, by the same names; they take up their
                states.
            feature_extractor: The extractor of the gallery, if it had one.

        Returns:
            A tracker that goes on where the other was, without its events. To begin another day with the same
            identities and new tracks, give `IdentityGallery.load` to the constructor instead.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged or of another version, a camera has no tracker, or the vectors came from
                another extractor.
        """
        state = read_state(path)
        gallery, links = gallery_and_links(state, feature_extractor)
        cameras = cls(trackers, gallery, links, tolerance=float(state["tolerance"]))
        restore_cameras(cameras, state)
        return cameras

    def _order(self) -> list[str]:
        """Names of the cameras in the order in which an instant is settled."""
        return list(self.trackers) if self._streams is None else sorted(self.trackers)

    def _check(self, camera: str, detections: sv.Detections | None, timestamp: float | None) -> float:
        """Refuse a frame that cannot be taken, before anything is changed; returns its time."""
        if self._streams is None and camera not in self.trackers:
            known = ", ".join(map(repr, self.trackers)) or "none"
            raise ValueError(f"there is no camera {camera!r}; there are {known}")
        length = new_columns(detections)
        self.gallery.check_length(length)
        self._tracklets.check_length(length)
        return time_in_step(camera, timestamp, self._last.get(camera, -math.inf), self._now, self.tolerance)

    def _take(self, camera: str, tracked: sv.Detections, frame: Any, timestamp: float) -> sv.Detections:
        """Note what a tracker returned, and add the identities."""
        if camera not in self.gallery.cameras:
            self.gallery.camera_number(camera)
            self._assigner.follow(self.links)
        number = self.gallery.cameras.index(camera)
        if timestamp > self._now:
            self.settle()
            self._now = timestamp
        self._last[camera] = timestamp
        ids = np.asarray(tracked.tracker_id, np.int64)
        rows = self._tracklets.newest(number, ids)
        wanted = wants_vector(self._tracklets, rows, timestamp)
        asked = self.gallery.feature_extractor is not None and frame is not None
        own = {} if asked else own_vectors(self.trackers[camera], tracked, wanted)
        sighting = sighting_of(number, timestamp, tracked, frame, self.gallery.feature_extractor, own, wanted)
        self.gallery.check_length(sighting.vectors.shape[1])
        self._tracklets.check_length(sighting.vectors.shape[1])
        self._pending.append(sighting)
        identity = np.full(len(ids), UNDECIDED)
        known = rows >= 0
        table = self._tracklets
        identity[known] = np.where(table["closed"][rows[known]], UNDECIDED, table["identity"][rows[known]])
        result = with_ids(tracked, tracked.tracker_id)  # type: ignore[arg-type]
        names = self.gallery.names
        result.data["identity"] = identity
        result.data["identity_name"] = np.array([names.get(one, "") for one in identity.tolist()], dtype=str)
        return result
