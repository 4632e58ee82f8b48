"""A tracker's vectors and memories pass through the map that it learns on the way."""

from __future__ import annotations

from functools import partial
from typing import Any

from trackers.appearance.adaptation.running import RunningAdaptation
from trackers.appearance.average import with_width
from trackers.core.observations import Observations


def map_vectors(adaptation: RunningAdaptation, tracks: Any, observations: Observations, limit: float) -> None:
    """Map the vectors of a frame, and those in the tracks; a map due on this frame is adopted first.

    Args:
        adaptation: The map; it takes up the frame.
        tracks: Tracks with embeddings.
        observations: The frame; its vectors are mapped, and `raw` keeps them as they were.
        limit: The tracker's largest cosine distance of a match.
    """
    raw = observations.vectors
    adopted = adaptation.advance(observations.boxes, raw, observations.elapsed, limit)
    project = partial(adaptation.project, limit=limit)
    tracks.raw = with_width(tracks.raw, raw.shape[1])
    tracks.adopt(project, adopted)
    observations.raw, observations.vectors = raw, project(raw)
