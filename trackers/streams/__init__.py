"""Many cameras at once: a tracker for each stream, one batch for all networks."""

from trackers.streams.multi import MultiStreamTracker

__all__ = ["MultiStreamTracker"]
