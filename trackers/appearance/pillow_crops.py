"""Crops as arrays, cut and resized by Pillow: for runtimes that do without PyTorch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from trackers.appearance.preprocessing import Preprocessing
from trackers.boxes import Bools, Image, Ints

_FILTERS = {"bilinear": Pillow.Resampling.BILINEAR, "bicubic": Pillow.Resampling.BICUBIC}


def cut_windows(image: Image, windows: Ints, masks: Bools | None, settings: Preprocessing) -> npt.NDArray[np.uint8]:
    """Cut and resize windows of a frame, with antialiasing.

    Args:
        image: BGR frame, shape `(height, width, 3)`.
        windows: Whole-pixel corners, shape `(k, 4)`.
        masks: Pixels of each object, shape `(k, height, width)`, or None.
        settings: Size, interpolation, fit and colour of what is not the object's.

    Returns:
        Crops of shape `(k, *size, 3)`, colours in the frame's order.

    Example:
        >>> frame = np.zeros((40, 60, 3), np.uint8)
        >>> cut_windows(frame, np.array([[0, 0, 10, 20]]), None, Preprocessing(size=(8, 4))).shape
        (1, 8, 4, 3)
    """
    fill = settings.fill()
    crops = np.empty((len(windows), *settings.size, 3), np.uint8)
    crops[:] = fill
    corners = np.concatenate((windows, settings.places(windows)), axis=1).tolist()
    for index, (left, top, right, bottom, x1, y1, x2, y2) in enumerate(corners):
        window = image[top:bottom, left:right]
        if masks is not None:
            window = np.where(masks[index, top:bottom, left:right, None], window, fill)
        resized = Pillow.fromarray(np.ascontiguousarray(window)).resize(
            (x2 - x1, y2 - y1), _FILTERS[settings.interpolation]
        )
        crops[index, y1:y2, x1:x2] = np.asarray(resized)
    return crops


def to_array(crops: npt.NDArray[np.uint8], settings: Preprocessing) -> npt.NDArray[np.float32]:
    """Scale crops and bring their colours into the model's order, shape `(k, h, w, 3)`."""
    factor, offset = settings.affine()
    ordered = crops[..., ::-1] if settings.color == "rgb" else crops
    scaled: npt.NDArray[np.float32] = ordered.astype(np.float32) * factor.astype(np.float32)
    scaled += offset.astype(np.float32)
    weight = settings.center_weight()
    if weight is not None:
        scaled *= weight[:, :, None]
    return scaled
