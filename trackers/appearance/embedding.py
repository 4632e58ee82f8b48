"""From a frame and its boxes to vectors, on any network."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.crops import as_bgr, object_masks, windows
from trackers.appearance.network import Network, checked_vectors
from trackers.boxes import Ints, Vectors

if TYPE_CHECKING:
    import supervision as sv


def embed_boxes(network: Network, frame: npt.NDArray[Any], detections: sv.Detections) -> Vectors | None:
    """Unit vectors `(n, d)` of the n boxes of a frame, zeros where a box cannot be seen; None if none can."""
    image = as_bgr(frame)
    settings = network.preprocessing
    corners, visible = windows(detections.xyxy, image.shape[0], image.shape[1], settings.padding)
    rows = np.flatnonzero(visible)
    if len(rows) == 0:
        return None
    loaded = network.load(image)
    answers = []
    for block in _blocks(rows, network):
        masks = None if settings.mask is None else object_masks(detections, block, image.shape)
        answers.append(_forward(network, [network.cut(loaded, corners[block], masks)], len(block)))
    vectors = np.zeros((len(corners), answers[0].shape[1]), np.float32)
    vectors[rows] = np.concatenate(answers)
    return vectors


def embed_images(network: Network, images: Iterable[npt.NDArray[Any]]) -> Vectors | None:
    """Unit vectors `(n, d)` of n BGR images; None if there are none."""
    crops = []
    for image in map(as_bgr, images):
        whole = np.array([[0, 0, image.shape[1], image.shape[0]]])
        crops.append(network.cut(network.load(image), whole, None))
    if not crops:
        return None
    blocks = _blocks(np.arange(len(crops)), network)
    return np.concatenate([_forward(network, [crops[row] for row in block], len(block)) for block in blocks])


def _blocks(rows: Ints, network: Network) -> list[Ints]:
    """Rows in the blocks that the network takes them in."""
    return np.split(rows, np.cumsum(network.blocks.split(len(rows)))[:-1])


def _forward(network: Network, crops: Sequence[Any], count: int) -> Vectors:
    """Unit vectors of one block, and its time."""
    start = time.perf_counter()
    vectors = checked_vectors(network.forward(crops), count)
    network.blocks.timed(count, time.perf_counter() - start)
    return vectors
