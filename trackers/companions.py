"""The old name of `trackers.tools`."""

from trackers.deprecation import renamed

_SAME = ("DailyLabels", "SingleObjectTracker", "TrackStates", "bounding_rectangles", "polygon_detections")
__getattr__ = renamed(
    __name__,
    {name: f"trackers.tools.{name}" for name in _SAME} | {"Sighting": "trackers.tools.TargetObservation"},
)
