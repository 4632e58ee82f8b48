"""From frames and their boxes to vectors, on any network."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.crops import object_masks, windows
from trackers.appearance.network import Network, checked_vectors
from trackers.boxes import Ints, Vectors
from trackers.images import as_bgr

if TYPE_CHECKING:
    import supervision as sv


def embed_frames(
    network: Network, frames: Sequence[npt.NDArray[Any]], detections: Sequence[sv.Detections]
) -> list[Vectors] | None:
    """Unit vectors of the boxes of several frames, as many boxes in a forward pass as the network takes.

    Args:
        network: The network.
        frames: Images, of any sizes.
        detections: Boxes of each frame.

    Returns:
        Vectors `(n, d)` of the n boxes of each frame, zeros where a box cannot be seen; None if none of all can.
    """
    settings = network.preprocessing
    images = [as_bgr(frame) for frame in frames]
    found = [
        windows(boxes.xyxy, image.shape[0], image.shape[1], settings.padding)
        for image, boxes in zip(images, detections, strict=True)
    ]
    rows = [np.flatnonzero(visible) for _, visible in found]
    owner, row = np.repeat(np.arange(len(rows)), [len(one) for one in rows]), np.concatenate([np.empty(0, int), *rows])
    if len(owner) == 0:
        return None
    loaded = {frame: network.load(images[frame]) for frame in np.unique(owner).tolist()}

    def crops(frame: int, block: Ints) -> Any:
        masks = None if settings.mask is None else object_masks(detections[frame], block, images[frame].shape)
        return network.cut(loaded[frame], found[frame][0][block], masks)

    outputs = []
    for block in _blocks(np.arange(len(owner)), network):
        pieces = [crops(frame, row[block[owner[block] == frame]]) for frame in np.unique(owner[block]).tolist()]
        outputs.append(_forward(network, pieces, len(block)))
    output = np.concatenate(outputs)
    vectors = [np.zeros((len(visible), output.shape[1]), np.float32) for _, visible in found]
    for frame in loaded:
        vectors[frame][rows[frame]] = output[owner == frame]
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
