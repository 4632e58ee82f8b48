"""Multi-object tracking for `supervision`: DeepSORT as published."""

from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.association.selection import Selection
from trackers.core.base import Tracker
from trackers.core.botsort.tracker import BoTSORTTracker
from trackers.core.bytetrack.tracker import ByteTrackTracker
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.core.ocsort.tracker import OCSORTTracker
from trackers.core.sort.tracker import SORTTracker
from trackers.core.steadysort.tracker import SteadySORTTracker
from trackers.errors import MissingDependencyError
from trackers.installation import warn_of_shared_folder as _warn_of_shared_folder
from trackers.refinement import FixedLag, refine
from trackers.streams.multi import MultiStreamTracker

__version__ = "0.1.0"

__all__ = [
    "BoTSORTTracker",
    "ByteTrackTracker",
    "DeepSORTFeatureExtractor",
    "DeepSORTTracker",
    "FixedLag",
    "MissingDependencyError",
    "MultiStreamTracker",
    "OCSORTTracker",
    "SORTTracker",
    "Selection",
    "SteadySORTTracker",
    "StripeFeatureExtractor",
    "Tracker",
    "refine",
]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


_warn_of_shared_folder()
