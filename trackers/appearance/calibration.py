"""A distance threshold for any extractor, measured on the user's own video.

Two boxes in one frame are two objects; two boxes in consecutive frames that overlap each other and nothing else are
one. So any video with detections says by itself how far vectors of one object and of two lie apart.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, Ints, Vectors, overlap

if TYPE_CHECKING:
    import supervision as sv

    from trackers.appearance.protocol import FeatureExtractor

HIGH_OVERLAP = 0.5
"""Least IoU of two boxes that are taken for one object on the next frame."""

CLEAR_OVERLAP = 0.1
"""Largest IoU of such a box with any other: beyond, the two may have been mixed up."""

LONGEST_GAP = 30
"""Frames over which vectors of one object are compared, as tracks are found again after a while."""

USELESS_OVERLAP = 0.25
"""Share of pairs on the wrong side of the best threshold from which on appearance is called useless."""


@dataclass(frozen=True)
class Calibration:
    """Distances of one object to itself and to others, and where they part.

    Attributes:
        threshold: Cosine distance that parts them best: as large a share of the same-object pairs below as of the
            different-object pairs above. Where no pair lies between, it is the middle of the gap.
        error: Share of pairs of each kind on the wrong side of it, from 0 to 0.5.
        same: Cosine distances between vectors of one object, shape `(s,)`.
        different: Cosine distances between vectors of two objects, shape `(k,)`.
        as_good: Lowest and highest threshold that leave at most one object's share of the pairs more on the wrong
            side: what the choice between few objects is worth.
        gap: Width of the gap between the two kinds, 0 where they overlap.
    """

    threshold: float
    error: float
    same: Floats
    different: Floats
    as_good: tuple[float, float]
    gap: float

    def __str__(self) -> str:
        """Both histograms as text, one line per step of distance."""
        edges = np.linspace(0.0, max(1.0, float(self.different.max(initial=0.0))), 21)
        lines = [
            f"threshold {self.threshold:.3f}, {self.error:.1%} on the wrong side; from {self.as_good[0]:.3f} to "
            f"{self.as_good[1]:.3f} is as good",
            f"{len(self.same)} pairs of one object, {len(self.different)} of two; "
            + (f"a gap of {self.gap:.3f} between them" if self.gap else "they overlap"),
            f"{'distance':>12}  same / different",
        ]
        counts = [np.histogram(values, edges)[0] / max(len(values), 1) for values in (self.same, self.different)]
        for low, high, same, different in zip(edges[:-1], edges[1:], *counts, strict=True):
            mark = "<" if low <= self.threshold < high else " "
            bars = f"{'#' * round(40 * same):<40}|{'#' * round(40 * different)}".rstrip()
            lines.append(f"{low:5.2f} - {high:4.2f} {mark}{bars}")
        return "\n".join(lines)


def calibrate(
    frames: Iterable[npt.NDArray[Any]], detections: Iterable[sv.Detections], extractor: FeatureExtractor
) -> Calibration:
    """Measure where an extractor's vectors of one object and of two part, on a video without any labels.

    Args:
        frames: Consecutive frames; a few hundred with several objects each are enough.
        detections: Detections of each frame.
        extractor: The extractor to measure.

    Returns:
        The threshold, for `DeepSORTTracker(appearance_threshold=...)`, with the distances it comes from. A
        `UserWarning` says so if the two kinds overlap too much for appearance to be of use.

    Raises:
        ValueError: If the frames do not hold a pair of each kind, or frames and detections differ in number.

    Example:
        >>> import supervision as sv
        >>> from trackers.appearance.stripes import StripeFeatureExtractor
        >>> frame = np.zeros((100, 100, 3), np.uint8)
        >>> frame[:, 50:] = 255
        >>> boxes = sv.Detections(xyxy=np.array([[10.0, 10, 30, 70], [60, 10, 80, 70]]))
        >>> result = calibrate([frame] * 3, [boxes] * 3, StripeFeatureExtractor())
        >>> result.error
        0.0
    """
    same: list[Floats] = []
    different: list[Floats] = []
    chains: list[list[Vectors]] = []
    before, last = np.empty((0, 4)), np.empty(0, np.int64)
    for frame, found in zip(frames, detections, strict=True):
        boxes = found.xyxy.astype(np.float64)
        vectors = extractor.extract_features(frame, found)
        visible = np.asarray(vectors.any(axis=1))
        boxes, vectors = boxes[visible], vectors[visible]
        if len(boxes):
            different.append((1.0 - vectors @ vectors.T)[np.triu_indices(len(boxes), 1)].astype(np.float64))
        last = _continue(chains, before, last, boxes, vectors)
        before = boxes
    for chain in chains:
        stack = np.array(chain)
        gaps = np.subtract.outer(np.arange(len(stack)), np.arange(len(stack)))
        same.append((1.0 - stack @ stack.T)[(gaps > 0) & (gaps <= LONGEST_GAP)].astype(np.float64))
    objects = sum(len(chain) > 1 for chain in chains)
    return _part(np.concatenate([*same, np.empty(0)]), np.concatenate([*different, np.empty(0)]), objects)


def continued(before: Floats, boxes: Floats) -> tuple[Ints, Ints]:
    """Boxes of two frames that are one object: they overlap well, and neither overlaps anything else.

    Args:
        before: Boxes of the previous frame, shape `(n, 4)`.
        boxes: Boxes of this frame, shape `(m, 4)`.

    Returns:
        Rows of `before` and of `boxes`.

    Example:
        >>> [side.tolist() for side in continued(np.array([[0.0, 0, 10, 20]]), np.array([[1.0, 0, 11, 20]]))]
        [[0], [0]]
    """
    shared = overlap(before[:, None], boxes[None])
    touching = shared > CLEAR_OVERLAP
    alone = (overlap(boxes[:, None], boxes[None]) > CLEAR_OVERLAP).sum(axis=0) == 1
    certain = (shared > HIGH_OVERLAP) & (touching.sum(axis=1, keepdims=True) == 1) & (touching.sum(axis=0) == 1) & alone
    old, new = certain.nonzero()
    return old, new


def _continue(
    chains: list[list[Vectors]], before: Floats, last: npt.NDArray[np.int64], boxes: Floats, vectors: Vectors
) -> npt.NDArray[np.int64]:
    """Add each box to the chain of the box that it surely continues, or begin one; returns the chains' numbers."""
    numbers = np.full(len(boxes), -1)
    old, new = continued(before, boxes)
    numbers[new] = last[old]
    begun = np.flatnonzero(numbers < 0)
    numbers[begun] = len(chains) + np.arange(len(begun))
    chains.extend([] for _ in begun)
    for number, vector in zip(numbers.tolist(), vectors, strict=True):
        chains[number].append(vector)
    return numbers


def _part(same: Floats, different: Floats, objects: int) -> Calibration:
    """The threshold with equal shares of both kinds on the wrong side."""
    if not len(same) or not len(different):
        raise ValueError(
            "expected frames with at least two objects each, some of them seen alone on consecutive frames, but got "
            f"{len(same)} pairs of one object and {len(different)} of two; pass more frames, in order and none left out"
        )
    edges = np.sort(np.concatenate((same, different)))
    missed = 1.0 - np.searchsorted(np.sort(same), edges, side="right") / len(same)
    mixed = np.searchsorted(np.sort(different), edges, side="right") / len(different)
    best = int(np.argmin(np.abs(missed - mixed)))
    wrong = np.maximum(missed, mixed)  # constant from each edge to the next
    error = float(wrong[best])
    ends = np.append(edges[1:], edges[-1])
    threshold = 0.5 * float(edges[best] + ends[best])
    as_good = wrong <= error + 1.0 / objects
    if error >= USELESS_OVERLAP:
        warnings.warn(
            f"appearance tells these objects apart badly: {error:.0%} of the pairs lie on the wrong side of the best "
            f"threshold, {threshold:.3f}; use a model trained for them, or track by motion alone",
            stacklevel=3,
        )
    gap = max(0.0, float(different.min() - same.max()))
    return Calibration(
        threshold, error, same, different, (float(edges[as_good].min()), float(ends[as_good].max())), gap
    )
