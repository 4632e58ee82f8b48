"""What is refused before anything is changed: frames out of step, and columns that are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.vectors import EMBEDDING
from trackers.core.time import as_seconds

if TYPE_CHECKING:
    import supervision as sv

COLUMNS = ("identity", "identity_name")
"""What identities add to `data`."""


def time_in_step(camera: str, timestamp: float | None, last: float, newest: float, tolerance: float) -> float:
    """The time of a frame, if it goes with the others.

    Args:
        camera: Name of the camera.
        timestamp: Seconds.
        last: Time of the camera's last frame.
        newest: Time of the newest frame of all.
        tolerance: Seconds a frame may be behind it.

    Raises:
        TypeError: If it is no number of seconds.
        ValueError: If it is not finite, not after the camera's last frame, or too far behind the others.
    """
    if timestamp is None:
        raise ValueError("cameras need one clock: expected timestamp=... in seconds, but got None")
    timestamp = as_seconds(timestamp)
    if timestamp <= last:
        raise ValueError(f"time runs backwards on camera {camera!r}: got {timestamp} s after {last} s")
    if timestamp < newest - tolerance:
        raise ValueError(
            f"camera {camera!r} is out of step: got {timestamp} s, {newest - timestamp:.3f} s behind the newest frame "
            f"of another; {tolerance} s are tolerated"
        )
    return timestamp


def new_columns(detections: sv.Detections | None) -> int:
    """Length of the vectors that come with detections, 0 without any.

    Raises:
        ValueError: If the detections have a column that is about to be added.
    """
    data = getattr(detections, "data", {})
    taken = [name for name in COLUMNS if name in data]
    if taken:
        raise ValueError(f"detections.data has a column {taken[0]!r} already, which update adds; rename it")
    given = data.get(EMBEDDING)
    return 0 if given is None or np.ndim(given) != 2 or len(given) == 0 else int(np.shape(given)[-1])
