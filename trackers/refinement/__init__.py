"""Tracks made better with hindsight, for files and for streams that can wait."""

from trackers.refinement.fixed_lag import FixedLag
from trackers.refinement.refine import refine

__all__ = ["FixedLag", "refine"]
