"""Frames as arrays: the one place that says what is taken for one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Image


def as_bgr(frame: npt.NDArray[Any]) -> Image:
    """View a frame as `(height, width, 3)`, whatever number of channels it came with.

    Args:
        frame: uint8 image of shape `(h, w)`, `(h, w, 1)` (grey), `(h, w, 3)` (BGR) or `(h, w, 4)` (BGRA).

    Returns:
        The image with three channels; the caller's own memory where it already has them.

    Raises:
        TypeError: If the frame is not an array of uint8.
        ValueError: If its shape is not that of an image.

    Example:
        >>> as_bgr(np.zeros((4, 6), np.uint8)).shape
        (4, 6, 3)
    """
    if not isinstance(frame, np.ndarray):
        raise TypeError(
            f"expected a frame as a numpy array of uint8, shape (height, width, 3), BGR, but got "
            f"{type(frame).__name__}; convert it first, a Pillow image with np.asarray(image)[..., ::-1]"
        )
    frame = np.asarray(frame)  # a masked array, or a matrix, is what is in it
    if frame.dtype != np.uint8:
        raise TypeError(
            f"expected a frame of uint8 values from 0 to 255, but got {frame.dtype}; "
            "scale and convert it first, as in (frame * 255).astype(np.uint8) for values from 0 to 1"
        )
    channels = frame.shape[2] if frame.ndim == 3 else 1
    if frame.ndim not in (2, 3) or channels not in (1, 3, 4) or 0 in frame.shape:
        raise ValueError(
            "expected a frame of shape (height, width), (height, width, 1), (height, width, 3) or (height, width, 4), "
            f"but got shape {frame.shape}; pass one image at a time, channels last"
        )
    if channels == 1:
        return np.repeat(frame.reshape(*frame.shape[:2], 1), 3, axis=2)
    return frame[..., :3]
