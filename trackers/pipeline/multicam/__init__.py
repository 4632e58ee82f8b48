"""Several recordings or live cameras at once: one identity for one object, as files and as a page."""

from trackers.pipeline.multicam.changes import count_events, write_events
from trackers.pipeline.multicam.page import write_page
from trackers.pipeline.multicam.plan import CameraPlan, Plan, read_pairs, read_plan
from trackers.pipeline.multicam.run import CameraRun, identity_rows, run_cameras, write_results

__all__ = [
    "CameraPlan",
    "CameraRun",
    "Plan",
    "count_events",
    "identity_rows",
    "read_pairs",
    "read_plan",
    "run_cameras",
    "write_events",
    "write_page",
    "write_results",
]
