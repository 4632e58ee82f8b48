"""Multi-object tracking for `supervision`: DeepSORT as published."""

from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.association.selection import Selection
from trackers.core.botsort.tracker import BoTSORTTracker
from trackers.core.bytetrack.tracker import ByteTrackTracker
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.core.ocsort.tracker import OCSORTTracker
from trackers.core.sort.tracker import SORTTracker
from trackers.core.steadysort.tracker import SteadySORTTracker
from trackers.errors import MissingDependencyError

__all__ = [
    "BoTSORTTracker",
    "ByteTrackTracker",
    "DeepSORTFeatureExtractor",
    "DeepSORTTracker",
    "MissingDependencyError",
    "OCSORTTracker",
    "SORTTracker",
    "Selection",
    "SteadySORTTracker",
    "StripeFeatureExtractor",
]
