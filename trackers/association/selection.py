"""Which detections take part in tracking at all.

None of this belongs to the published algorithms; it is what their scripts do to detections beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trackers.boxes import Bools, Floats, overlap
from trackers.errors import check_range


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Leaves weak, small and doubled detections out of tracking; they stay in the result, with id -1.

    Attributes:
        minimum_confidence: Lowest confidence that takes part, on whatever scale the detector has; None takes all.
        minimum_height: Lowest height of a box in pixels.
        maximum_overlap: IoU above which the less confident of two boxes is left out (non-maximum suppression over all
            classes); 1.0 leaves out none.

    Raises:
        ValueError: If a limit is out of range.

    Example:
        >>> selection = Selection(minimum_confidence=0.5, maximum_overlap=0.6)
        >>> boxes = np.array([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 10.0, 10.0], [50.0, 0.0, 60.0, 10.0]])
        >>> selection.keep(boxes, np.array([0.8, 0.9, 0.3])).tolist()
        [False, True, False]
    """

    minimum_confidence: float | None = None
    minimum_height: float = 0.0
    maximum_overlap: float = 1.0

    def __post_init__(self) -> None:
        """Check the limits."""
        if self.minimum_confidence is not None:
            check_range("minimum_confidence", self.minimum_confidence, -math.inf)
        check_range("minimum_height", self.minimum_height, 0.0)
        check_range("maximum_overlap", self.maximum_overlap, 0.0, 1.0)

    def keep(self, boxes: Floats, scores: Floats) -> Bools:
        """Tell which detections take part.

        Args:
            boxes: Boxes of one frame, shape `(n, 4)`.
            scores: Their confidences, shape `(n,)`.

        Returns:
            Mask of shape `(n,)`.
        """
        kept = boxes[:, 3] - boxes[:, 1] >= self.minimum_height
        if self.minimum_confidence is not None:
            kept &= scores >= self.minimum_confidence
        if self.maximum_overlap < 1.0:
            kept[kept] = not_suppressed(boxes[kept], scores[kept], self.maximum_overlap)
        return np.asarray(kept)


def not_suppressed(boxes: Floats, scores: Floats, maximum_overlap: float) -> Bools:
    """Greedy non-maximum suppression: keep a box unless it overlaps a better one that is kept.

    Args:
        boxes: Boxes, shape `(n, 4)`.
        scores: Confidences, shape `(n,)`; of equal ones the first is the better.
        maximum_overlap: Largest IoU of two boxes that are both kept.

    Returns:
        Mask of shape `(n,)`.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = boxes[order]
    kept = np.ones(len(boxes), np.bool_)
    for rank in range(len(boxes)):
        if kept[rank]:
            kept[rank + 1 :] &= overlap(ranked[rank], ranked[rank + 1 :]) <= maximum_overlap
    mask = np.empty_like(kept)
    mask[order] = kept
    return mask


def check_selection(value: object) -> None:
    """Refuse what is neither a selection nor None.

    Raises:
        TypeError: If it is neither.

    Example:
        >>> check_selection(Selection(minimum_height=20))
    """
    if not isinstance(value, Selection | None):
        got = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
        raise TypeError(f"selection must be a Selection(...) or None, but got {got}")
