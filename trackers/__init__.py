"""Multi-object tracking for `supervision`: DeepSORT as published."""

from trackers.core.botsort.tracker import BoTSORTTracker
from trackers.core.bytetrack.tracker import ByteTrackTracker
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.core.ocsort.tracker import OCSORTTracker
from trackers.core.sort.tracker import SORTTracker
from trackers.errors import MissingDependencyError

__all__ = [
    "BoTSORTTracker",
    "ByteTrackTracker",
    "DeepSORTTracker",
    "MissingDependencyError",
    "OCSORTTracker",
    "SORTTracker",
]
