"""Networks that run in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from trackers.appearance.preprocessing import Preprocessing
from trackers.appearance.torch_crops import cut_batch, cut_each, to_input
from trackers.boxes import Bools, Image, Ints

CPU_BATCH = 16
"""Crops per forward pass on a CPU: larger batches outgrow its caches (see `docs/feature-extractors.md`)."""

ACCELERATOR_BATCH = 128

Transforms = Callable[[Any], Any]
"""From a Pillow image in RGB to a tensor of shape `(3, h, w)`."""


class TorchNetwork:
    """A module on a device, with the preprocessing it wants.

    Args:
        model: Maps a float tensor `(k, 3, h, w)` to vectors `(k, d)`.
        device: `"auto"`, or a device PyTorch knows, such as `"cpu"` or `"cuda:0"`.
        preprocessing: What the crops look like.
        batch_size: Crops per forward pass; None picks 16 on a CPU and 128 elsewhere.
        half: Half precision; None takes it on CUDA alone.
        transforms: The model's own preprocessing of one crop, in place of `preprocessing`.

    Raises:
        ValueError: If the device is not there, or half precision is asked of one without it.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        device: Any,
        preprocessing: Preprocessing,
        batch_size: int | None = None,
        half: bool | None = None,
        transforms: Transforms | None = None,
    ) -> None:
        """Move the model to its device."""
        self.preprocessing = preprocessing
        self.model, self._transforms = model.eval(), transforms
        self._asked_batch, self._asked_half = batch_size, half
        self.to(device)

    def to(self, device: Any) -> None:
        """Move the model to a device, in the precision and batch size that suit it unless they were given."""
        self.device = torch_device(device)
        cuda = self.device.type == "cuda"
        if self._asked_half and not cuda:
            raise ValueError(f"half precision needs a CUDA device, but the device is {self.device}; leave half=None")
        self.dtype = torch.float16 if cuda and self._asked_half is not False else torch.float32
        self.batch_size = self._asked_batch or (CPU_BATCH if self.device.type == "cpu" else ACCELERATOR_BATCH)
        self.model = self.model.to(self.device, self.dtype)
        if not isinstance(self.model, torch.jit.ScriptModule):
            self.model = self.model.to(memory_format=torch.channels_last)
        weight = self.preprocessing.center_weight()
        self._weight = None if weight is None else torch.from_numpy(weight).to(self.device)

    def load(self, image: Image) -> torch.Tensor:
        """Bring a BGR frame to the device, once, as bytes; shape `(1, 3, height, width)`."""
        pixels = np.ascontiguousarray(image)
        tensor = torch.from_numpy(pixels if pixels.flags.writeable else pixels.copy())
        if self.device.type == "cuda":
            tensor = tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device).permute(2, 0, 1)[None]

    def cut(self, image: torch.Tensor, windows: Ints, masks: Bools | None) -> torch.Tensor:
        """Model input for the windows of a loaded frame, shape `(k, 3, h, w)`."""
        with torch.inference_mode():
            if self._transforms is not None:
                return self._transformed(image, windows)
            cut = cut_each if self.device.type == "cpu" else cut_batch
            crops = cut(image, windows, masks, self.preprocessing)
            return to_input(crops, self.preprocessing, self._weight)

    def forward(self, crops: Sequence[torch.Tensor]) -> Any:
        """The model's answer, brought back as float32 if it is one tensor."""
        with torch.inference_mode():
            batch = crops[0] if len(crops) == 1 else torch.cat(list(crops))
            batch = batch.to(self.dtype, memory_format=torch.channels_last)
            answer = self.model(batch)
            if not isinstance(answer, torch.Tensor):
                return answer
            if self.preprocessing.flip:
                answer = answer + self.model(batch.flip(3))
            return answer.float().cpu().numpy()

    def _transformed(self, image: torch.Tensor, windows: Ints) -> torch.Tensor:
        """Crops by the user's own preprocessing, one at a time."""
        from PIL import Image as PillowImage

        assert self._transforms is not None
        pixels = image[0].permute(1, 2, 0).cpu().numpy()[..., ::-1]
        pieces = [
            torch.as_tensor(self._transforms(PillowImage.fromarray(np.ascontiguousarray(pixels[y1:y2, x1:x2]))))
            for x1, y1, x2, y2 in windows.tolist()
        ]
        if any(piece.shape != pieces[0].shape or piece.ndim != 3 for piece in pieces):
            shapes = sorted({tuple(piece.shape) for piece in pieces})
            raise ValueError(f"expected transforms to return tensors of one shape (3, height, width), but got {shapes}")
        return torch.stack(pieces).to(self.device)


def torch_device(device: Any) -> torch.device:
    """The device a name stands for; `"auto"` and None take CUDA, then Apple's MPS, then the CPU.

    Raises:
        ValueError: If the name is unknown or the device is not there.

    Example:
        >>> torch_device("cpu")
        device(type='cpu')
    """
    if device is None or device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device must be 'auto', 'cpu', 'cuda', 'cuda:<n>' or 'mps', but got {device!r}") from error
    missing = (found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count()) or (
        found.type == "mps" and not torch.backends.mps.is_available()
    )
    if missing:
        raise ValueError(f"device {device!r} is not there (torch.cuda.device_count() is {torch.cuda.device_count()})")
    return found
