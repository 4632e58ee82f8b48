"""Networks that run in PyTorch."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from trackers.appearance.blocks import Blocks
from trackers.appearance.compiled import Compiled
from trackers.appearance.cpu_runtime import RUNTIMES, CpuRuntime
from trackers.appearance.graphed import Graphed
from trackers.appearance.preprocessing import Preprocessing
from trackers.appearance.torch_crops import cut_batch, cut_each, sent, to_input
from trackers.boxes import Bools, Image, Ints
from trackers.errors import check_choice

ACCELERATOR_BATCH = 128
"""Crops per forward pass where large batches win; on a CPU the number is measured."""

Transforms = Callable[[Any], Any]
"""From a Pillow image in RGB to a tensor of shape `(3, h, w)`."""


class LoadedFrame:
    """A frame where crops are cut.

    Attributes:
        image: BGR bytes, shape `(1, 3, height, width)`.
        input: Memory that the crops of one block after the other are written to, `(k, h, w, 3)`: fresh memory for
            each costs a page fault every 4 KiB. None where it is not reused.
    """

    def __init__(self, image: torch.Tensor) -> None:
        """Keep the frame."""
        self.image = image
        self.input: torch.Tensor | None = None

    def input_for(self, count: int, size: tuple[int, int]) -> torch.Tensor | None:
        """Memory for so many crops; valid until it is asked for again."""
        if self.image.device.type != "cpu":
            return None
        if self.input is None or len(self.input) < count:
            self.input = torch.empty((count, *size, 3))
        return self.input[:count]


class TorchNetwork:
    """A module on a device, with the preprocessing it wants.

    Args:
        model: Maps a float tensor `(k, 3, h, w)` to vectors `(k, d)`.
        device: `"auto"`, or a device of PyTorch, such as `"cpu"` or `"cuda:0"`.
        preprocessing: What the crops look like.
        batch_size: Most crops per forward pass; None measures on a CPU and takes 128 elsewhere.
        half: Half precision; None takes it on CUDA alone.
        transforms: The model's own preprocessing of one crop, in place of `preprocessing`.
        compile: Run the module through `torch.compile`, on CUDA as recorded graphs.
        runtime: What runs the module on a CPU, one of `trackers.appearance.cpu_runtime.RUNTIMES`; on other devices
            PyTorch does, on CUDA as recorded graphs unless it is `"torch"`.

    Raises:
        ValueError: If the device is not there, or half precision or a runtime is asked of one without it.
        MissingDependencyError: If the runtime named is not installed.
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
        compile: bool = False,
        runtime: str = "auto",
    ) -> None:
        """Move the model to its device."""
        self.preprocessing = preprocessing
        self.model, self._transforms = model.eval(), transforms
        check_choice("runtime", runtime, RUNTIMES)
        if compile and runtime not in ("auto", "torch"):
            raise ValueError(f"compile=True compiles for PyTorch, but runtime is {runtime!r}; leave one of them out")
        self._asked_batch, self._asked_half, self._compile = batch_size, half, compile
        self._asked_runtime = "torch" if compile else runtime
        self.to(device)

    def to(self, device: Any) -> None:
        """Move the model to a device, in the precision and batch size that suit it unless they were given."""
        self._asked_device = device
        self.device = torch_device(device)
        cuda = self.device.type == "cuda"
        if self._asked_half and not cuda:
            raise ValueError(f"half precision needs a CUDA device, but the device is {self.device}; leave half=None")
        self.dtype = torch.float16 if cuda and self._asked_half is not False else torch.float32
        on_cpu = self.device.type == "cpu"
        if self._asked_runtime not in ("auto", "torch") and not on_cpu:
            raise ValueError(f"runtime={self._asked_runtime!r} runs on the CPU, but the device is {self.device}")
        unlimited = None if self.device.type == "cpu" else ACCELERATOR_BATCH
        self.blocks = Blocks(unlimited if self._asked_batch is None else self._asked_batch)
        self.model = self.model.to(self.device, self.dtype)
        if not isinstance(self.model, torch.jit.ScriptModule):
            self.model = self.model.to(memory_format=torch.channels_last)
        self._run: Any = self.model
        if self._compile:
            self._run = Compiled(self.model, graphs=cuda)
        elif on_cpu:
            self._run = CpuRuntime(self.model, self._asked_runtime)
        elif cuda and self._asked_runtime == "auto":
            self._run = Graphed(self.model)
        weight = self.preprocessing.center_weight()
        self._weight = None if weight is None else torch.from_numpy(weight).to(self.device)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what `to` makes anew; the model on the CPU, TorchScript as the bytes of its file."""
        kept = {name: value for name, value in vars(self).items() if name not in ("_run", "_weight")}
        if isinstance(self.model, torch.jit.ScriptModule):
            content = io.BytesIO()
            with _quiet_torchscript():
                torch.jit.save(self.model, content)
            return {**kept, "model": content.getvalue()}
        return kept if self.device.type == "cpu" else {**kept, "model": copy.deepcopy(self.model).cpu()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Bring the model to the device that was asked for, which may be another on this machine."""
        vars(self).update(state)
        device, blocks = self.device, self.blocks
        if isinstance(self.model, bytes):
            with _quiet_torchscript():
                self.model = torch.jit.load(io.BytesIO(self.model), map_location="cpu")  # type: ignore[no-untyped-call]
        self.to(self._asked_device)
        if self.device == device:
            self.blocks = blocks

    @property
    def runtime(self) -> str:
        """What runs the module: the runtime asked for, and from the first batch on the one that was settled on."""
        return self._run.name if isinstance(self._run, CpuRuntime) else "torch"

    def load(self, image: Image) -> LoadedFrame:
        """Bring a BGR frame to the device, once, as bytes."""
        pixels = np.ascontiguousarray(image)
        pixels = pixels if pixels.flags.writeable else pixels.copy()
        return LoadedFrame(sent(pixels, self.device).permute(2, 0, 1)[None])

    def cut(self, image: LoadedFrame, windows: Ints, masks: Bools | None) -> torch.Tensor:
        """Model input for the windows of a loaded frame, shape `(k, 3, h, w)`; valid until the next call for it."""
        with torch.inference_mode():
            if self._transforms is not None:
                return self._transformed(image.image, windows)
            cut = cut_each if self.device.type == "cpu" else cut_batch
            crops = cut(image.image, windows, masks, self.preprocessing)
            memory = image.input_for(len(windows), self.preprocessing.size)
            return to_input(crops, self.preprocessing, self._weight, memory)

    def forward(self, crops: Sequence[torch.Tensor]) -> Any:
        """The model's output, brought back as float32 if it is one tensor."""
        with torch.inference_mode():
            batch = crops[0] if len(crops) == 1 else torch.cat(list(crops))
            batch = batch.to(self.dtype, memory_format=torch.channels_last)
            output = self._run(batch)
            if not isinstance(output, torch.Tensor):
                return output
            vectors = output.float().cpu().numpy()
            return vectors + self._run(batch.flip(3)).float().cpu().numpy() if self.preprocessing.flip else vectors

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


@contextlib.contextmanager
def _quiet_torchscript() -> Iterator[None]:
    """PyTorch calls TorchScript deprecated on every use; whoever has such a file has read it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*torch.jit")
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit")
        yield


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
