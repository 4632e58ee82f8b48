"""Random scenes of several cameras with drawn vectors: what the tests of identities run on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import supervision as sv

Vectors = npt.NDArray[np.float32]


def people(seed: int, count: int, length: int = 64) -> Vectors:
    """A unit vector for each of some people."""
    vectors = np.random.default_rng([seed, 1]).standard_normal((count, length)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def noisy(rng: np.random.Generator, vectors: Vectors, noise: float) -> Vectors:
    """The vectors with noise of so much length added."""
    length = vectors.shape[1]
    return np.asarray(vectors + noise / np.sqrt(length) * rng.standard_normal(vectors.shape), np.float32)


def frame_of(x: npt.ArrayLike, vectors: Vectors | None, ids: npt.ArrayLike | None = None) -> sv.Detections:
    """People who stand in a row at some columns, with their vectors and the ids a tracker would give."""
    left = np.asarray(x, np.float64).reshape(-1)
    boxes = np.column_stack((left, np.full(len(left), 100.0), left + 40.0, np.full(len(left), 220.0)))
    found = sv.Detections(xyxy=boxes, confidence=np.full(len(left), 0.9))
    if vectors is not None:
        found.data["embedding"] = vectors
    if ids is not None:
        found.data["track"] = np.asarray(ids, np.int64)
    return found


class GivenIds:
    """A tracker whose ids are given in advance, in `detections.data["track"]`."""

    def update(
        self, detections: sv.Detections, frame: object = None, *, timestamp: float | None = None
    ) -> sv.Detections:
        tracked = sv.Detections(
            xyxy=detections.xyxy.copy(), confidence=detections.confidence, data=dict(detections.data)
        )
        tracked.tracker_id = np.asarray(detections.data["track"], np.int64)
        return tracked
