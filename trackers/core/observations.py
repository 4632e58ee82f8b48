"""One frame as a tracker sees it."""

from __future__ import annotations

from dataclasses import dataclass

from trackers.association.assignment import NO_MATCH, Match
from trackers.boxes import Floats, Ints, Vectors
from trackers.core.association_log import AssociationLog


@dataclass
class Observations:
    """The rows of one frame that can be tracked.

    Attributes:
        boxes: Boxes in pixels, shape `(n, 4)`.
        scores: Confidences, 1 where the detector gave none, shape `(n,)`.
        vectors: Unit appearance vectors, zero where unknown, shape `(n, d)`; `(n, 0)` without appearance.
        group: Group of classes each detection may match in, shape `(n,)`.
        class_id: Class of each detection, shape `(n,)`; None where the detector has no classes.
        elapsed: Frames since the previous update, 1 unless frames carry timestamps.
        association_log: Where the stages write down what they compared; None unless somebody asked.
        camera: Motion of the camera since the previous frame, shape `(3, 3)`; None for a camera that stands still.
        predicted: State of the tracks on this frame, shape `(tracks, 5, 4)`, where somebody needed it early.
        unambiguous: Tracks and detections that belong together whatever they look like.
        not_embedded: Those of them that nobody looked at.
    """

    boxes: Floats
    scores: Floats
    vectors: Vectors
    group: Ints
    class_id: Ints | None = None
    elapsed: float = 1.0
    association_log: AssociationLog | None = None
    camera: Floats | None = None
    predicted: Floats | None = None
    unambiguous: Match = NO_MATCH
    not_embedded: Match = NO_MATCH

    def __len__(self) -> int:
        """Number of detections."""
        return len(self.boxes)
