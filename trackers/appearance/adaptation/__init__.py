"""Appearance that learns from the user's own video, without labels."""

from trackers.appearance.adaptation.extractor import AdaptedExtractor
from trackers.appearance.adaptation.learning import AdaptationReport
from trackers.appearance.adaptation.video import adapt, adapt_vectors, adapt_videos

__all__ = ["AdaptationReport", "AdaptedExtractor", "adapt", "adapt_vectors", "adapt_videos"]
