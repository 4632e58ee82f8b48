"""Tracks that the detector was unsure of from beginning to end: mostly reflections, posters, and heads of others."""

from __future__ import annotations

import numpy as np

from trackers.boxes import Bools, Floats, Ints
from trackers.lifecycle import NO_ID

RELATIVE_CONFIDENCE = 0.65
"""Least mean confidence of a track, as a share of the median confidence of all tracked boxes of its class."""


def without_unsure(ids: Ints, confidence: Floats, class_id: Ints, found: Bools, share: float) -> Ints:
    """Take the id from tracks whose boxes are much less confident than those of other tracks of their class.

    Confidence below 0 or above 1 is no probability, and says nothing; then every track keeps its id.

    Args:
        ids: Track ids, -1 without a track, shape `(n,)`.
        confidence: Scores, shape `(n,)`.
        class_id: Classes, shape `(n,)`; a track is of the class of its first box.
        found: Mask of the rows that a detector found, shape `(n,)`.
        share: Least mean confidence of a track, as a share of the median of its class; 0 keeps all.

    Returns:
        Ids, shape `(n,)`.

    Example:
        >>> ids, confidence = np.array([1, 2, 1, 2]), np.array([0.9, 0.3, 0.8, 0.4])
        >>> without_unsure(ids, confidence, np.full(4, -1), np.full(4, True), 0.65).tolist()
        [1, -1, 1, -1]
    """
    counted = (ids >= 0) & found
    if share <= 0.0 or not counted.any() or confidence[counted].min() < 0.0 or confidence[counted].max() > 1.0:
        return ids
    tracks, first, track = np.unique(ids[counted], return_index=True, return_inverse=True)
    mean = np.bincount(track, confidence[counted]) / np.bincount(track)
    of_class = class_id[counted][first]
    expected = np.empty(len(tracks))
    for number in np.unique(of_class).tolist():
        members = of_class == number
        expected[members] = np.median(confidence[counted][members[track]])
    kept: Ints = ids.copy()
    kept[np.isin(ids, tracks[mean < share * expected])] = NO_ID
    return kept
