"""Boxes of whole tracks smoothed, so that they neither tremble nor lag."""

from __future__ import annotations

import numpy as np

from trackers.boxes import Bools, Floats
from trackers.motion import kalman
from trackers.motion.models import Deviation, MotionModel, boxes_of_centre_size, centre_size
from trackers.motion.smoothing import smooth_tracks
from trackers.refinement.rows import TrackRows

JITTER = 0.05
"""Standard deviation of a box of confidence 1, in box heights; one of less confidence jitters more in proportion."""

PACE, GROWTH = 0.85, 0.2
"""How much the velocity of the centre and of the size drifts in a second, in box heights per second."""

ABRUPT = 0.9
"""A track whose boxes lie off its smoothed path by more than so many times their jitter turns faster than `PACE`
allows, and keeps its boxes."""

LOWEST_CONFIDENCE = 0.05
"""Below it, and above 1, confidence says no more about the jitter."""


def motion_model(frame_rate: float) -> MotionModel:
    """Centre and size with a velocity that drifts, in box heights and seconds whatever the frame rate.

    White noise of the acceleration moves the velocity by `drift * sqrt(t)` and the position by `drift * sqrt(t^3 / 3)`
    within a frame of t seconds.
    """
    drift = np.array([PACE, PACE, GROWTH, GROWTH]) * frame_rate**-1.5  # box heights per frame
    return MotionModel(
        coordinates=centre_size,
        to_boxes=boxes_of_centre_size,
        scale=lambda coordinates: coordinates[:, 3:],
        initial=(Deviation(weight=(JITTER,) * 4), Deviation(weight=(JITTER,) * 4)),
        process=(Deviation(weight=(drift / np.sqrt(3.0)).tolist()), Deviation(weight=drift.tolist())),
        measurement=Deviation(weight=(JITTER,) * 4),
        size_powers=(1, 1),
    )


def smoothed_boxes(rows: TrackRows, frame_rate: float) -> Floats:
    """Boxes given the whole stretch each one is in, shape `(n, 4)`; a track that moves abruptly keeps those it had."""
    model = motion_model(frame_rate)
    doubt = 1.0 / np.clip(rows.confidence, LOWEST_CONFIDENCE, 1.0)
    states = smooth_tracks(model, rows.boxes, rows.lengths, ~rows.interpolated, doubt)
    found = centre_size(rows.boxes)
    off = (states[:, kalman.POSITION] - found) / (JITTER * found[:, 3] * doubt)[:, None]
    kept = ~rows.interpolated & _abrupt(rows, np.mean(off * off, axis=1))
    return np.where(kept[:, None], rows.boxes, model.boxes(states))


def _abrupt(rows: TrackRows, off: Floats) -> Bools:
    """Whether the found boxes of each row's track lie off its path, given the squared jitters of each row."""
    _, track = np.unique(rows.track, return_inverse=True)
    found = np.where(rows.interpolated, 0.0, 1.0)
    mean = np.bincount(track, off * found) / np.maximum(np.bincount(track, found), 1.0)
    return np.asarray(mean[track] > ABRUPT**2)
