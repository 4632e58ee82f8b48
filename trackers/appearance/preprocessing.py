"""What a model wants its crops to look like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, Ints
from trackers.errors import check_choice, check_range

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """How a window of a frame becomes the input of a model: `(pixel * scale - mean) / std`, after cutting and resizing.

    Attributes:
        size: Height and width of the model's input in pixels.
        mean: Mean of each channel, in the model's order of colours.
        std: Standard deviation of each channel, in the model's order of colours.
        scale: Factor applied to pixels of 0 to 255.
        interpolation: `"bilinear"` or `"bicubic"`, both with antialiasing.
        color: Order of the model's channels, `"rgb"` or `"bgr"`.
        fit: `"stretch"` fills the input with the window; `"letterbox"` keeps the window's aspect ratio and fills the
            rest with the mean colour.
        padding: Fraction of a box's width and height added on each side before cutting.
        mask: `"background"` paints pixels outside the instance mask of a detection in the mean colour.
        flip: Embed each crop and its mirror image and add the two vectors.
        center_sigma: Fade crops to the mean colour towards the border by a Gaussian whose standard deviation is this
            fraction of the side; None does not.

    Raises:
        ValueError: If a setting is outside its range.

    Example:
        >>> Preprocessing(size=(256, 128)).affine()[0].round(4).tolist()
        [0.0171, 0.0175, 0.0174]
    """

    size: tuple[int, int]
    mean: Sequence[float] = IMAGENET_MEAN
    std: Sequence[float] = IMAGENET_STD
    scale: float = 1.0 / 255.0
    interpolation: str = "bilinear"
    color: str = "rgb"
    fit: str = "stretch"
    padding: float = 0.0
    mask: str | None = None
    flip: bool = False
    center_sigma: float | None = None

    def __post_init__(self) -> None:
        """Check every setting; lists become tuples, so that settings can be a key."""
        for name in ("size", "mean", "std"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if any(int(side) != side or side < 1 for side in self.size):
            raise ValueError(f"input_size must be (height, width) in whole pixels, but got {self.size!r}")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != 3 or not all(math.isfinite(value) for value in values):
                raise ValueError(f"{name} must hold one number for each of 3 channels, but got {values!r}")
        if 0 in self.std:
            raise ValueError(f"std must not hold zeros, but got {self.std!r}")
        check_choice("interpolation", self.interpolation, ("bilinear", "bicubic"))
        check_choice("color", self.color, ("rgb", "bgr"))
        check_choice("fit", self.fit, ("stretch", "letterbox"))
        check_range("padding", self.padding, 0.0, 10.0)
        if self.mask is not None:
            check_choice("mask", self.mask, ("background",))
        if self.center_sigma is not None:
            check_range("center_sigma", self.center_sigma, 1e-3)

    def affine(self) -> tuple[Floats, Floats]:
        """Factor and offset of each channel, in the model's order of colours, each of shape `(3,)`."""
        std = np.asarray(self.std, np.float64)
        return self.scale / std, -np.asarray(self.mean, np.float64) / std

    def fill(self) -> npt.NDArray[np.uint8]:
        """The mean colour as a BGR pixel, shape `(3,)`: what becomes zero in the model's input."""
        color = np.clip(np.round(np.asarray(self.mean) / self.scale), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(color[::-1] if self.color == "rgb" else color)

    def places(self, windows: Ints) -> Ints:
        """Where in the input each window goes, as `(x1, y1, x2, y2)`, shape `(n, 4)`.

        Example:
            >>> Preprocessing(size=(100, 100), fit="letterbox").places(np.array([[0, 0, 20, 40]])).tolist()
            [[25, 0, 75, 100]]
        """
        height, width = self.size
        target = np.array([width, height])
        sides = np.broadcast_to(target, (len(windows), 2))
        if self.fit == "letterbox":
            given = np.maximum(windows[:, 2:] - windows[:, :2], 1)
            zoom = (target / given).min(axis=1, keepdims=True)
            sides = np.clip(np.floor(given * zoom + 0.5), 1, target).astype(np.int64)
        start = (target - sides) // 2
        return np.concatenate((start, start + sides), axis=1)

    def center_weight(self) -> npt.NDArray[np.float32] | None:
        """Weight of each input pixel, shape `(height, width)`, or None where all count equally."""
        if self.center_sigma is None:
            return None
        rows, columns = (np.linspace(-0.5, 0.5, side, dtype=np.float32) / self.center_sigma for side in self.size)
        return np.asarray(np.exp(-0.5 * (rows[:, None] ** 2 + columns[None, :] ** 2)), np.float32)
