"""Names of trackers and feature extractors, for people who write no Python."""

from __future__ import annotations

from collections.abc import Mapping

from trackers.appearance.registry import EXTRACTORS, FILES, find

__all__ = ["EXTRACTORS", "FILES", "TRACKERS", "find"]

TRACKERS: Mapping[str, str] = {
    "sort": "trackers.core.sort.tracker:SORTTracker",
    "deepsort": "trackers.core.deepsort.tracker:DeepSORTTracker",
    "bytetrack": "trackers.core.bytetrack.tracker:ByteTrackTracker",
    "ocsort": "trackers.core.ocsort.tracker:OCSORTTracker",
    "steadysort": "trackers.core.steadysort.tracker:SteadySORTTracker",
    "botsort": "trackers.core.botsort.tracker:BoTSORTTracker",
}
"""Where each tracker is, by its name."""
