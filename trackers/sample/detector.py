"""A classical people detector that goes by the pixels it is given, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from trackers.sample.background import Background, Frame
from trackers.sample.people import Perspective, find_people

if TYPE_CHECKING:
    import supervision as sv


class FigureDetector:
    """Finds walking figures by their difference from a learned background.

    The camera may stand still or pan level. The detector learns the background, and how tall people are at every
    row, from the frames it is called with, so it is best to fit it to some frames of the video before.

    Args:
        minimum_confidence: Boxes below are left out.

    Example:
        >>> from trackers.sample import FigureDetector, Scene
        >>> scene = Scene(figures=3, length=20, size=(320, 180))
        >>> detector = FigureDetector().fit(scene.frame(i) for i in range(0, 20, 5))
        >>> detections = detector(scene.frame(0))
        >>> detections.xyxy.shape[1]
        4
    """

    def __init__(self, minimum_confidence: float = 0.3) -> None:
        self.minimum_confidence = minimum_confidence
        self._background = Background()
        self._perspective: Perspective | None = None

    def fit(self, frames: Iterable[Frame]) -> FigureDetector:
        """Learn the background and the perspective from frames of the video, in order and spread over it."""
        for frame in frames:
            self(frame)
        self._background.trust()
        return self

    def __call__(self, frame: Frame) -> sv.Detections:
        """Detections of one frame, BGR uint8 of shape ``(height, width, 3)``: boxes, confidence and class 0."""
        import supervision as sv

        mask, first = self._background(frame)
        if self._perspective is None:
            self._perspective = Perspective(len(mask))
        people = find_people(mask, self._perspective)
        boxes = np.array([person.box for person in people], dtype=np.float32).reshape(-1, 4) * self._background.step
        boxes[:, [0, 2]] = (boxes[:, [0, 2]] + first).clip(0, frame.shape[1])
        boxes[:, [1, 3]] = boxes[:, [1, 3]].clip(0, frame.shape[0])
        confidence = np.array([person.score for person in people], dtype=np.float32)
        keep = confidence >= self.minimum_confidence
        return sv.Detections(
            xyxy=boxes[keep], confidence=confidence[keep], class_id=np.zeros(int(keep.sum()), dtype=np.int64)
        )
