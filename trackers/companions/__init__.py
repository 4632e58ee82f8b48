"""What works beside any tracker, from the outside: states of your own, names by day, one object alone, polygons."""

from trackers.companions.daily import DailyLabels
from trackers.companions.polygons import bounding_rectangles, polygon_detections
from trackers.companions.single import Sighting, SingleObjectTracker
from trackers.companions.states import TrackStates

__all__ = [
    "DailyLabels",
    "Sighting",
    "SingleObjectTracker",
    "TrackStates",
    "bounding_rectangles",
    "polygon_detections",
]
