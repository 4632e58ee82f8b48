"""Appearance without a model: the colours of a box in horizontal stripes.

People and vehicles wear their colours in bands (hair, jacket, trousers), so a histogram for each band tells two of
them apart far better than one for the whole box. It needs no weights and NumPy alone, and is what a first step, a demo
or a test runs on; a re-identification model tells people apart better, see `docs/feature-extractors.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.crops import windows
from trackers.boxes import Image, Ints, Vectors
from trackers.images import as_bgr

if TYPE_CHECKING:
    import supervision as sv

STRIPES = 8
BINS = 8
ROWS, COLUMNS = 32, 8
"""Pixels sampled from each box, on a regular grid."""

CENTER_SIGMA = 0.2
"""Standard deviation of the weight across a box, as a fraction of its width: the border is mostly background."""

CHROMA_GAIN = 0.75
"""Stretch of the square root of a colour difference before it is binned: most lie close to grey."""

BASELINE = 0.5
"""Share of an even histogram taken off each histogram, so that unlike boxes lie further apart."""

_OPPONENTS = np.array([[0.114, 0.587, 0.299], [0.886, -0.587, -0.299], [-0.114, -0.587, 0.701]], np.float32).T / 255.0
"""From BGR to luma (ITU-R BT.601) and its differences to blue and red, `(3, 3)`."""


class StripeFeatureExtractor:
    """Colour histograms over horizontal stripes of each box; no weights, no other library, no GPU.

    In each of 8 stripes the luma and its differences to blue and to red fall into 8 bins each, pixels shared between
    the two nearest bins and weighted by a Gaussian across the box. Vectors are the square roots of the histograms
    (the Hellinger kernel), scaled to unit length: 192 numbers.

    Attributes:
        appearance_threshold: Cosine distance beyond which two vectors are taken for two objects, found by tracking
            quality on street sequences (`docs/feature-extractors.md`).
        recipe: Its name for those who write no Python, and its options.

    Example:
        >>> import supervision as sv
        >>> frame = np.zeros((100, 100, 3), np.uint8)
        >>> frame[:, 50:, 2] = 255  # black on the left, red on the right
        >>> boxes = np.array([[0, 0, 20, 60], [20, 30, 40, 90], [60, 0, 80, 60], [200, 0, 220, 60]], float)
        >>> vectors = StripeFeatureExtractor().extract_features(frame, sv.Detections(xyxy=boxes))
        >>> abs(1 - vectors @ vectors[0]).astype(float).round(2).tolist()
        [0.0, 0.0, 1.23, 1.0]
    """

    appearance_threshold: float = 0.2
    recipe: tuple[str, dict[str, Any]] | None = ("stripes", {})

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Vectors:
        """Colour vectors of the boxes of a frame.

        Args:
            frame: uint8 image, BGR of shape `(h, w, 3)`, BGRA of shape `(h, w, 4)`, or grey of shape `(h, w)`.
            detections: n boxes; never changed.

        Returns:
            Unit vectors, float32, shape `(n, 192)`; a row of zeros for a box that cannot be seen in the frame.

        Raises:
            TypeError: If the frame is not an array of uint8.
            ValueError: If the frame has not the shape of an image.
        """
        image = as_bgr(frame)
        corners, visible = windows(detections.xyxy, image.shape[0], image.shape[1])
        vectors = np.zeros((len(corners), STRIPES * BINS * 3), np.float32)
        if visible.any():
            vectors[visible] = _describe(_sample(image, corners[visible]))
        return vectors

    def to(self, device: Any) -> StripeFeatureExtractor:
        """Stay where it is: there is no network to move, and NumPy runs on the CPU whatever the device.

        Args:
            device: Any name.

        Returns:
            This extractor.
        """
        return self


def _sample(image: Image, corners: Ints) -> npt.NDArray[np.float32]:
    """Pixels of each window on a regular grid, shape `(n, ROWS, COLUMNS, 3)`."""
    start, sides = corners[:, :2, None], (corners[:, 2:] - corners[:, :2])[:, :, None]
    columns = start[:, 0] + sides[:, 0] * (2 * np.arange(COLUMNS) + 1) // (2 * COLUMNS)
    rows = start[:, 1] + sides[:, 1] * (2 * np.arange(ROWS) + 1) // (2 * ROWS)
    return image[rows[:, :, None], columns[:, None, :]].astype(np.float32)


def _describe(pixels: npt.NDArray[np.float32]) -> Vectors:
    """Unit vectors from sampled pixels, shape `(n, STRIPES * BINS * 3)`."""
    opponents = pixels @ _OPPONENTS
    channels = np.sqrt(np.abs(opponents))
    channels[..., 1:] = 0.5 + CHROMA_GAIN * np.copysign(channels[..., 1:], opponents[..., 1:])
    position = np.clip(channels * BINS - 0.5, 0.0, BINS - 1)[..., None]
    shares = np.maximum(1.0 - np.abs(position - np.arange(BINS, dtype=np.float32)), 0.0)
    histograms = _WEIGHTS @ shares.reshape(len(pixels), STRIPES, -1, 3 * BINS)
    vectors = (np.sqrt(histograms) - BASELINE / np.sqrt(BINS)).reshape(len(pixels), -1)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _pixel_weights() -> npt.NDArray[np.float32]:
    """Weight of each sampled pixel of a stripe, shape `(ROWS // STRIPES * COLUMNS,)`, adding up to 1."""
    across = (np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5
    weights = np.tile(np.exp(-0.5 * (across / CENTER_SIGMA) ** 2), ROWS // STRIPES)
    return np.asarray(weights / weights.sum(), np.float32)


_WEIGHTS = _pixel_weights()
