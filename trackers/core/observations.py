"""The observations of one frame."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np

from trackers.appearance.vectors import has_embedding
from trackers.association.assignment import NO_MATCH, Match
from trackers.association.pairs import Pairs
from trackers.boxes import Bools, Floats, Ints, Vectors
from trackers.core.association_log import AssociationLog


@dataclass
class Observations:
    """The rows of one frame that can be tracked.

    Attributes:
        boxes: Boxes in pixels, shape `(n, 4)`.
        measured: The same in the coordinates of the motion model, shape `(n, 4)`.
        scores: Confidences, 1 where the detector gave none, shape `(n,)`.
        vectors: Unit appearance vectors, zero where unknown, shape `(n, d)`; `(n, 0)` without appearance.
        group: Group of classes each detection may match in, shape `(n,)`.
        class_id: Class of each detection, shape `(n,)`; None where the detector has no classes.
        raw: The vectors as the extractor gave them, where a learned map stands between, shape `(n, d)`; else `(n, 0)`.
        elapsed: Frames since the previous update, 1 unless frames carry timestamps.
        expired: Tracks whose buffer ran out between the previous frame and this one, a mask; None where none did.
        association_log: What the stages compared; None unless `tracker.explain` is set.
        camera: Motion of the camera since the previous frame, shape `(3, 3)`; None for a camera that stands still.
        predicted: State of the tracks on this frame, shape `(tracks, 5, 4)`, where it was computed before `_step`.
        unambiguous: Tracks and detections that motion alone matches.
        not_embedded: Those of them whose detection has no embedding, as none was needed.
    """

    boxes: Floats
    measured: Floats
    scores: Floats
    vectors: Vectors
    group: Ints
    class_id: Ints | None = None
    raw: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    elapsed: float = 1.0
    expired: Bools | None = None
    association_log: AssociationLog | None = None
    camera: Floats | None = None
    predicted: Floats | None = None
    unambiguous: Match = NO_MATCH
    not_embedded: Match = NO_MATCH

    def record(self, measure: str, pairs: Pairs, values: Floats, limit: float) -> None:
        """Log what a stage compared, where a log is kept.

        Args:
            measure: Name of the number, such as `"cosine"`.
            pairs: The pairs compared.
            values: The number of each pair, NaN where it is undefined, shape `(k,)`.
            limit: The limit that decides.
        """
        if self.association_log is not None:
            self.association_log.write(measure, Pairs(pairs.track, pairs.detection, values), limit)

    @functools.cached_property
    def embedded(self) -> Bools:
        """Which detections have a vector, a mask `(n,)`; to be asked once the vectors are there."""
        return has_embedding(self.vectors)

    def __len__(self) -> int:
        """Number of detections."""
        return len(self.boxes)
