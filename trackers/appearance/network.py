"""What the feature extractor asks of a runtime, and what it makes of a network's output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from trackers.appearance.blocks import Blocks
from trackers.appearance.preprocessing import Preprocessing
from trackers.appearance.vectors import unit_vectors
from trackers.boxes import Bools, Image, Ints, Vectors

CLASS_COUNTS = (1000, 11221, 11821, 12000, 21841, 21843)
"""Numbers of classes of the ImageNet classifiers in circulation."""

FEWEST_NUMBERS = 10
"""Shorter vectors are never taken for class scores."""


class Network(Protocol):
    """A model in one runtime: cuts its crops, runs on them.

    Attributes:
        preprocessing: What the crops look like.
        blocks: How many crops go into a forward pass.
    """

    preprocessing: Preprocessing
    blocks: Blocks

    def to(self, device: Any) -> None:
        """Move to another device."""
        ...

    def load(self, image: Image) -> Any:
        """Bring a BGR frame to where crops are cut."""
        ...

    def cut(self, image: Any, windows: Ints, masks: Bools | None) -> Any:
        """Crops of a loaded frame, one for each window `(k, 4)`; `masks` `(k, height, width)` tell the objects.

        They are valid until the next call for that frame.
        """
        ...

    def forward(self, crops: Sequence[Any]) -> Any:
        """The network's output, as it came, to the k crops of one or several calls of `cut`; first axis k."""
        ...


def checked_vectors(output: Any, count: int) -> Vectors:
    """Unit vectors from a network's output.

    Args:
        output: What the network returned for `count` crops.
        count: Number of crops.

    Returns:
        float32 array of shape `(count, d)`; a zero row where the network gave zeros, NaN or infinity.

    Raises:
        ValueError: If the output is not one vector per crop, or holds class scores.

    Example:
        >>> checked_vectors(np.ones((2, 4, 1, 1)), 2).shape
        (2, 4)
    """
    shape = tuple(getattr(output, "shape", ()))
    if not shape:
        raise ValueError(
            f"expected one array of shape ({count}, d) from the model, but got {type(output).__name__}; "
            "wrap the model so that it returns only its feature vectors"
        )
    if len(shape) < 2 or shape[0] != count or any(side != 1 for side in shape[2:]):
        raise ValueError(
            f"expected one feature vector for each crop from the model, shape ({count}, d), but got shape {shape}; "
            "pool its feature map, or choose another output"
        )
    vectors = np.asarray(output, np.float32).reshape(count, -1)
    if _class_scores(vectors):
        raise ValueError(
            f"expected feature vectors from the model, but its {vectors.shape[1]} numbers look like class scores; "
            "remove its classifier, or load it by from_timm, which does"
        )
    return unit_vectors(vectors, count, "the model's output")


def _class_scores(vectors: Vectors) -> bool:
    """Whether the rows have as many numbers as ImageNet has classes, or are probabilities that add up to 1."""
    if vectors.shape[1] < FEWEST_NUMBERS:
        return False
    probabilities = (vectors >= 0.0).all(axis=1) & (np.abs(vectors.sum(axis=1) - 1.0) < 1e-4)
    return vectors.shape[1] in CLASS_COUNTS or (len(vectors) > 0 and bool(np.all(probabilities)))
