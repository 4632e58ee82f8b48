"""A frame between the two halves of an update: everything but its vectors is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.vectors import unit_vectors
from trackers.boxes import Bools, Vectors
from trackers.core.observations import Observations
from trackers.core.time import Time

if TYPE_CHECKING:
    import supervision as sv


@dataclass(eq=False)
class PreparedFrame:
    """What `Tracker.prepare` makes of a frame and `Tracker.complete` goes on from.

    Attributes:
        detections: All detections of the frame, as they were given.
        frame: The image, None where there is none.
        time: Time of the frame.
        usable: Which detections take part, shape `(m,)`.
        observations: Those n detections as arrays, still without vectors.
        wanted: Which of the n have a say by their appearance, shape `(n,)`; None without appearance.
        camera: State of the camera after the frame; None for one that stands still.
        vectors: Unit vectors that came with the detections, shape `(n, d)`, or None.
        to_embed: The k detections whose vectors the feature extractor is to compute on `frame`; None for none.
    """

    detections: sv.Detections
    frame: npt.NDArray[Any] | None
    time: Time
    usable: Bools
    observations: Observations
    wanted: Bools | None
    camera: Mapping[str, Any] | None
    vectors: Vectors | None = None
    to_embed: sv.Detections | None = None

    def described_by(self, vectors: Any, length: int | None) -> Vectors:
        """Unit vectors of all n detections, zero where none is wanted or known.

        Args:
            vectors: One for each row of `to_embed`, shape `(k, d)`, or None.
            length: Length of the vectors on earlier frames, None if there were none.

        Returns:
            Shape `(n, d)`; `(n, 0)` where there has been no appearance.

        Raises:
            ValueError: If there is not one vector for each row, or their length is another than before.
            TypeError: If the vectors are not numbers.
        """
        count = len(self.observations)
        expected = 0 if self.to_embed is None else len(self.to_embed)
        found = None if vectors is None else unit_vectors(vectors, expected, "the feature extractor's result")
        given = found if self.vectors is None else self.vectors
        width = 0 if given is None else given.shape[1]
        if width and length not in (None, width):
            raise ValueError(
                f"expected vectors of {length} numbers as on earlier frames, but got {width}; "
                "call reset() before changing the feature extractor"
            )
        if given is None or not width or self.wanted is None:
            return np.zeros((count, width or length or 0), np.float32)
        if np.count_nonzero(self.wanted) == count:
            return given
        described = np.zeros((count, width), np.float32)
        described[self.wanted] = given[self.wanted] if given is self.vectors else given
        return described
