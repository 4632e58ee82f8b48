"""A detector that errs on purpose: jitter, misses, false alarms and imperfect appearance vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trackers.sample.paths import Floats

if TYPE_CHECKING:
    import supervision as sv


@dataclass(frozen=True)
class DetectionNoise:
    """How far the noisy detections of a scene are from its ground truth.

    ``DetectionNoise.none()`` gives the visible truth itself.

    Attributes:
        jitter: Standard deviation of each box edge, in box heights (across) and half of it (up and down) ...
        miss: Probability that a fully visible figure is missed.
        occlusion: Visibility at which half of the figures are missed; 0 finds everybody with a visible spot.
        false_alarms: Mean number of boxes per frame where there is nobody.
        confidence: Standard deviation of the confidence.
        embedding: Length of the noise on a vector of length 1; what hides a figure adds its own appearance.
    """

    jitter: float = 0.02
    miss: float = 0.03
    occlusion: float = 0.3
    false_alarms: float = 0.5
    confidence: float = 0.06
    embedding: float = 0.45

    @classmethod
    def none(cls) -> DetectionNoise:
        """No error at all."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def identity_vectors(seed: int, count: int, size: int) -> npt.NDArray[np.float32]:
    """Unit vectors of ``count`` objects; any two share a part, as real people do (cosine distance near 0.6)."""
    rng = np.random.default_rng([seed, 3])
    shared, own = _unit(rng.standard_normal((1, size))), _unit(rng.standard_normal((count, size)))
    return _unit(0.63 * shared + 0.78 * own)


def observe(
    truth: sv.Detections,
    *,
    embeddings: npt.NDArray[np.float32],
    noise: DetectionNoise,
    size: tuple[int, int],
    rng: np.random.Generator,
    people: bool = True,
) -> sv.Detections:
    """Noisy detections of one frame, most confident first.

    Args:
        truth: Visible ground truth, with ``data["visibility"]``.
        embeddings: Appearance of each truth row before noise, shape ``(n, d)``.
        noise: Levels of noise.
        size: Width and height of the frame; boxes end at its border.
        rng: Source of this frame's noise.
        people: Boxes are of people who stand: noise goes by their height. Otherwise it goes by each side.
    """
    import supervision as sv

    visibility = np.asarray(truth.data["visibility"], dtype=np.float64)
    found = _found(visibility, noise, rng)
    boxes, visibility = truth.xyxy[found].astype(np.float64), visibility[found]
    boxes += (_jitter if people else _jitter_by_side)(boxes, noise.jitter * (2.0 - visibility), rng)
    false_alarms = _false_alarms if people else _displaced
    alarms = false_alarms(truth.xyxy.astype(np.float64), int(rng.poisson(noise.false_alarms)), size, rng)
    boxes = np.concatenate([boxes, alarms])
    boxes = np.clip(boxes, 0.0, np.tile(np.array(size, dtype=np.float64), 2))
    confidence = np.concatenate([0.55 + 0.4 * visibility, rng.uniform(0.2, 0.6, len(alarms))])
    confidence += noise.confidence * rng.standard_normal(len(boxes))
    strange = _unit(rng.standard_normal((len(alarms), embeddings.shape[1])))
    vectors = np.concatenate([embeddings[found], strange])
    vectors += (noise.embedding / np.sqrt(embeddings.shape[1])) * rng.standard_normal(vectors.shape, dtype=np.float32)
    assert truth.tracker_id is not None
    objects = np.concatenate([truth.tracker_id[found], np.full(len(alarms), -1)])
    real = (boxes[:, 2] - boxes[:, 0] >= 2.0) & (boxes[:, 3] - boxes[:, 1] >= 2.0)
    order = np.argsort(-confidence, kind="stable")
    order = order[real[order]]
    return sv.Detections(
        xyxy=boxes[order].astype(np.float32),
        confidence=np.clip(confidence[order], 0.05, 0.99).astype(np.float32),
        class_id=np.zeros(len(order), dtype=np.int64),
        data={"embedding": _unit(vectors[order]), "object": objects[order].astype(np.int64)},
    )


def _found(visibility: Floats, noise: DetectionNoise, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    hidden = 1.0 / (1.0 + np.exp((visibility - noise.occlusion) / 0.05)) if noise.occlusion > 0 else 0.0
    return np.asarray(rng.uniform(size=len(visibility)) >= noise.miss + (1.0 - noise.miss) * hidden)


def _jitter(boxes: Floats, strength: Floats, rng: np.random.Generator) -> Floats:
    height = (boxes[:, 3] - boxes[:, 1])[:, None]
    return np.asarray(strength[:, None] * height * rng.standard_normal(boxes.shape) * [0.7, 1.0, 0.7, 1.0])


def _jitter_by_side(boxes: Floats, strength: Floats, rng: np.random.Generator) -> Floats:
    side = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return np.asarray(strength[:, None] * side * rng.standard_normal(boxes.shape))


def _displaced(boxes: Floats, count: int, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Boxes at random places, as large as objects of the frame."""
    sides = boxes[:, 2:] - boxes[:, :2] if len(boxes) else np.full((1, 2), 0.1 * size[0])
    half = 0.5 * rng.choice(sides, count) * rng.uniform(0.5, 1.1, (count, 1))
    middle = rng.uniform(0.0, 1.0, (count, 2)) * size
    return np.concatenate([middle - half, middle + half], axis=1)


def _false_alarms(boxes: Floats, count: int, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Boxes of people's shape at random places, as tall as the figures of the frame."""
    heights = boxes[:, 3] - boxes[:, 1] if len(boxes) else np.array([0.3 * size[1]])
    height = rng.choice(heights, count) * rng.uniform(0.5, 1.1, count)
    width = height * rng.uniform(0.3, 0.6, count)
    x, y = rng.uniform(0.0, size[0], count), rng.uniform(0.4 * size[1], size[1], count)
    return np.stack([x - width / 2, y - height, x + width / 2, y], axis=1)


def _unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)
