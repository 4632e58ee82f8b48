"""Vectors of the boxes of a frame by a network that is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.embedding import embed_frames, embed_images
from trackers.appearance.loading import Loaded
from trackers.boxes import Vectors
from trackers.errors import require

if TYPE_CHECKING:
    import supervision as sv
    from typing_extensions import Self


class NetworkExtractor:
    """A feature extractor that runs a network on the crops of the boxes; subclasses say where networks come from."""

    @cached_property
    def dimension(self) -> int:
        """Length of the vectors."""
        return int(self.embed([np.full((8, 8, 3), 128, np.uint8)]).shape[1])

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Vectors:
        """Appearance vectors of the boxes of a frame.

        Args:
            frame: uint8 image, BGR of shape `(h, w, 3)`, BGRA of shape `(h, w, 4)`, or grey of shape `(h, w)`.
            detections: n boxes; never changed. Instance masks are used if the `mask` option asks for them.

        Returns:
            Unit vectors, float32, shape `(n, d)`. A box that cannot be seen in the frame (outside it, thinner than a
            pixel, not finite), and one for which the model gives zeros or NaN, gets a row of zeros.

        Raises:
            TypeError: If the frame is not an array of uint8.
            ValueError: If the frame has not the shape of an image, or the model does not give one vector per crop.
        """
        return self.extract_batch([frame], [detections])[0]

    def extract_batch(self, frames: Sequence[npt.NDArray[Any]], detections: Sequence[sv.Detections]) -> list[Vectors]:
        """Appearance vectors of the boxes of several frames, in as few forward passes as `batch_size` allows.

        Args:
            frames: Images as in `extract_features`, of any sizes.
            detections: Boxes of each frame.

        Returns:
            What `extract_features` gives for each frame, up to rounding.

        Raises:
            TypeError: If a frame is not an array of uint8.
            ValueError: If there are not as many frames as detections, or as in `extract_features`.
        """
        vectors = embed_frames(self._network, frames, detections)
        if vectors is None:
            return [np.zeros((len(boxes), self.dimension), np.float32) for boxes in detections]
        return vectors

    def embed(self, images: Sequence[npt.NDArray[Any]] | npt.NDArray[Any]) -> Vectors:
        """Appearance vectors of images that are crops already.

        Args:
            images: BGR images of any sizes.

        Returns:
            Unit vectors, float32, shape `(n, d)`.

        Raises:
            TypeError: If an image is not an array of uint8.
            ValueError: If an image has not the shape of one.
        """
        vectors = embed_images(self._network, images)
        return np.zeros((0, self.dimension), np.float32) if vectors is None else vectors

    @property
    def runtime(self) -> str:
        """What runs the model, such as `"torch"`; `"auto"` until the first batch has settled it."""
        return str(getattr(self._network, "runtime", "torch"))

    def to(self, device: Any) -> Self:
        """Move the model to another device, in place.

        Args:
            device: As in the constructor.

        Returns:
            This extractor.

        Raises:
            ValueError: If the device is not there.
        """
        self._network.to(device)
        return self

    def export(self, path: str | Path, *, format: str = "onnx") -> Path:
        """Write the model to a file for `from_onnx` or `from_torchscript`, and check that its output is the same.

        Args:
            path: File to write.
            format: `"onnx"` (keeps the preprocessing in the file) or `"torchscript"`.

        Returns:
            The path.

        Raises:
            TypeError: If the model does not run in PyTorch.
            ValueError: If the written file gives other vectors than the model.
        """
        require("torch", extra="reid")
        from trackers.appearance.exporting import export

        return export(self._network, path, format=format)

    @classmethod
    def _of(cls, loaded: Loaded, appearance_threshold: float | None) -> Self:
        """An extractor that runs on a loaded network."""
        extractor = cls.__new__(cls)
        extractor._adopt(loaded, appearance_threshold)
        return extractor

    def _adopt(self, loaded: Loaded, appearance_threshold: float | None) -> None:
        """Run on this network; a threshold that is given counts more than the known one."""
        given = appearance_threshold is not None
        self.appearance_threshold = appearance_threshold if given else loaded.appearance_threshold
        self._network = loaded.network
