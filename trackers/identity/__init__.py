"""One identity for one object: over several cameras, over days, by name."""

from trackers.identity.events import Event
from trackers.identity.explanation import Candidate, Explanation
from trackers.identity.gallery import IdentityGallery
from trackers.identity.limits import Limits
from trackers.identity.links import CameraLinks, Link
from trackers.identity.multicamera import MultiCameraTracker
from trackers.identity.record import IdentityRecord

__all__ = [
    "CameraLinks",
    "Candidate",
    "Event",
    "Explanation",
    "IdentityGallery",
    "IdentityRecord",
    "Limits",
    "Link",
    "MultiCameraTracker",
]
