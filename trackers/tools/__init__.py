"""Tools around any tracker: per-track state, daily labels, single-object tracking, polygons."""

from trackers.tools.daily import DailyLabels
from trackers.tools.polygons import bounding_rectangles, polygon_detections
from trackers.tools.single import SingleObjectTracker, TargetObservation
from trackers.tools.states import TrackStates

__all__ = [
    "DailyLabels",
    "SingleObjectTracker",
    "TargetObservation",
    "TrackStates",
    "bounding_rectangles",
    "polygon_detections",
]
