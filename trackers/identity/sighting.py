"""What one camera saw at one instant, as arrays: the rows of confirmed tracks and their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.vectors import EMBEDDING, extracted, has_embedding, unit_vectors
from trackers.boxes import Bools, Floats, Ints, Vectors, covered

if TYPE_CHECKING:
    import supervision as sv

LARGEST_COVER = 0.7
"""Share of a box that a nearer one may cover before its vector is left out."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """Rows of confirmed tracks of one camera at one instant.

    Attributes:
        camera: Number of the camera.
        time: Seconds.
        ids: Ids of the tracks, shape `(n,)`.
        feet: Middle of the lower side of each box in pixels, shape `(n, 2)`.
        heights: Heights of the boxes in pixels, shape `(n,)`.
        weights: How good each vector is: confidence times the square of the share not covered, shape `(n,)`; 0
            without one.
        vectors: Unit vectors, zero where there is none, shape `(n, d)`.
    """

    camera: int
    time: float
    ids: Ints
    feet: Floats
    heights: Floats
    weights: Floats
    vectors: Vectors


def sighting_of(
    camera: int,
    time: float,
    tracked: sv.Detections,
    frame: npt.NDArray[Any] | None,
    extractor: Any,
    own: dict[int, Vectors],
    wanted: Bools,
) -> Sighting:
    """The sighting of a frame.

    Args:
        camera: Number of the camera.
        time: Seconds.
        tracked: What the tracker returned; vectors in its data are used.
        frame: The image, for the extractor.
        extractor: Asked where there are no vectors in the data, about wanted boxes that little covers; None is not.
        own: Vectors of the tracker's own tracks by id, used where there is nothing else.
        wanted: Rows whose vector is of use, shape `(n,)`.
    """
    ids = np.asarray(tracked.tracker_id, np.int64)
    boxes = np.asarray(tracked.xyxy, np.float64).reshape(-1, 4)
    kept = ids >= 0
    score = np.ones(len(ids)) if tracked.confidence is None else np.asarray(tracked.confidence, np.float64)
    sound = np.isfinite(boxes).all(axis=1)
    weight = np.zeros(len(ids))
    cover = covered(boxes[sound])
    weight[sound] = np.where(
        cover <= LARGEST_COVER, np.nan_to_num(score[sound]).clip(0.05, 1.0) * (1.0 - cover) ** 2, 0.0
    )
    vectors = _vectors(tracked, frame, extractor, own, ids, wanted & kept & (weight > 0.0))
    weight = np.where(has_embedding(vectors) if vectors.shape[1] else False, weight, 0.0)
    boxes = boxes[kept]
    feet = np.column_stack((boxes[:, [0, 2]].mean(axis=1), boxes[:, 3])) if len(boxes) else np.empty((0, 2))
    return Sighting(camera, time, ids[kept], feet, boxes[:, 3] - boxes[:, 1], weight[kept], vectors[kept])


def _vectors(
    tracked: sv.Detections,
    frame: npt.NDArray[Any] | None,
    extractor: Any,
    own: dict[int, Vectors],
    ids: Ints,
    wanted: Bools,
) -> Vectors:
    """Unit vectors of the rows, zero where there is none, shape `(n, d)`."""
    if EMBEDDING in tracked.data:
        return unit_vectors(tracked.data[EMBEDDING], len(ids), f'detections.data["{EMBEDDING}"]')
    if extractor is not None and frame is not None:
        if not wanted.any():
            return np.zeros((len(ids), 0), np.float32)
        rows: Any = tracked[wanted]
        found = unit_vectors(extracted(rows, frame, extractor), len(rows), "the feature extractor's result")
        vectors = np.zeros((len(ids), found.shape[1]), np.float32)
        vectors[wanted] = found
        return vectors
    length = max((len(vector) for vector in own.values()), default=0)
    vectors = np.zeros((len(ids), length), np.float32)
    for row in np.flatnonzero(wanted).tolist():
        vectors[row] = own.get(int(ids[row]), 0.0)
    return vectors


def own_vectors(tracker: Any, tracked: sv.Detections, wanted: Bools) -> dict[int, Vectors]:
    """Vectors of a tracker's own confirmed tracks by id; none where there are vectors in the data, or none is wanted.

    Args:
        tracker: The tracker; one without `tracks` has none.
        tracked: What it returned.
        wanted: Rows whose vector is of use, shape `(n,)`.
    """
    if EMBEDDING in tracked.data or not wanted.any():
        return {}
    tracks = getattr(tracker, "tracks", [])
    return {one.id: one.vector for one in tracks if one.state == "confirmed" and one.vector is not None}
