"""Run a PyTorch module on the CPU by a faster runtime: the same vectors in about half the time.

The module is written as ONNX once, and kept on disk by its content. The runtime that opens it is compared with PyTorch
before its vectors are used.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from trackers.appearance.model_cache import content_key, kept
from trackers.appearance.openvino_model import open_model
from trackers.errors import check_choice, require

RUNTIMES = ("auto", "openvino", "onnxruntime", "torch")
"""Names of runtimes; `"auto"` takes the first of the others that is installed and gives the module's vectors."""

PACKAGES = {"openvino": ("openvino", "openvino"), "onnxruntime": ("onnxruntime", "onnx")}
"""Module to import and extra that brings it, for each runtime but PyTorch."""

PARITY = 0.9999
"""Smallest cosine similarity between a runtime's vector and PyTorch's."""

PROBES = 3
"""Random crops that are compared besides the first real ones."""

Session = Callable[[npt.NDArray[np.float32]], npt.NDArray[Any]]
"""From crops, channels last, shape `(k, h, w, 3)`, to vectors `(k, d)`."""


class CpuRuntime:
    """A module that runs in OpenVINO or ONNX Runtime where these give its vectors, else in PyTorch.

    Which one is settled at the first batch: the module is exported (or found in the cache), opened, and compared with
    PyTorch on that batch and on random crops.

    Args:
        module: Maps a float32 tensor `(k, 3, h, w)` on the CPU to vectors `(k, d)`; in evaluation mode.
        runtime: One of `RUNTIMES`.

    Raises:
        ValueError: If the runtime is unknown.
        MissingDependencyError: If the one named is not installed.

    Example:
        >>> module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
        >>> CpuRuntime(module, "torch")(torch.ones(2, 3, 8, 8)).shape
        torch.Size([2, 3])
    """

    def __init__(self, module: torch.nn.Module, runtime: str) -> None:
        """Check that the runtime is there; nothing is exported yet."""
        check_choice("runtime", runtime, RUNTIMES)
        if runtime in PACKAGES:
            require(*PACKAGES[runtime])
        self._module, self._asked = module, runtime
        self._session: Session | None = None
        self._settled = runtime == "torch"

    @property
    def name(self) -> str:
        """The runtime in use: the one asked for until the first batch, then the one that was settled on."""
        return self._asked if not self._settled else getattr(self._session, "runtime", "torch")

    def __call__(self, batch: torch.Tensor) -> Any:
        """The module's output for crops `(k, 3, h, w)`."""
        if not self._settled:
            self._settle(batch)
        if self._session is None:
            return self._module(batch)
        return torch.from_numpy(self._session(_channels_last(batch)))

    def _settle(self, batch: torch.Tensor) -> None:
        """Take the first runtime that gives the module's vectors."""
        self._settled = True
        expected = self._module(batch)
        if not (
            isinstance(expected, torch.Tensor)
            and expected.shape[:1] == batch.shape[:1]
            and expected[0].squeeze().ndim == 1
        ):
            return  # not vectors: the extractor says so
        if self._asked == "auto" and isinstance(self._module, torch.jit.ScriptModule):
            return  # a graph of PyTorch's own, which its exporter cannot trace
        names = [name for name in PACKAGES if importlib.util.find_spec(PACKAGES[name][0]) is not None]
        reasons = []
        for name in names if self._asked == "auto" else [self._asked]:
            try:
                self._session = self._verified(name, batch, expected)
                return
            except Exception as error:  # whatever an exporter or runtime fails in, PyTorch runs the module
                first = str(error).strip().partition("\n")[0]
                reasons.append(f"{name}: {type(error).__name__}: {first}")
        if self._asked != "auto":
            raise ValueError(f"this model cannot run in {reasons[0]}; leave runtime='auto', or take runtime='torch'")
        if reasons:
            warnings.warn(
                f"the model runs in PyTorch, as other runtimes cannot run it ({'; '.join(reasons)}); "
                "runtime='torch' silences this",
                stacklevel=2,
            )

    def _verified(self, name: str, batch: torch.Tensor, expected: torch.Tensor) -> Session:
        """A session whose vectors are the module's; a kept export that is not of this module is made again."""
        generator = torch.Generator().manual_seed(0)
        size = (int(batch.shape[2]), int(batch.shape[3]))
        probe = torch.randn((PROBES, 3, *size), generator=generator)
        tests = [(batch, expected), (probe, self._module(probe))]
        key = content_key(self._module, size)
        for fresh in (False, True):
            path = kept(f"{key}.onnx", lambda: exported(self._module, size), fresh=fresh)
            with nullcontext() if fresh else suppress(Exception):  # a kept file may be damaged
                session: Session = OPENERS[name](path)
                similarity = min(_similarity(session(_channels_last(crops)), vectors) for crops, vectors in tests)
                if similarity >= PARITY:
                    return session
        raise ValueError(f"its vectors differ from PyTorch's: cosine similarity {similarity:.4f}")


class _ChannelsLast(torch.nn.Module):
    """A module that takes its images channels last, as crops lie in memory."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self._module = module

    def forward(self, images: torch.Tensor) -> Any:
        return self._module(images.permute(0, 3, 1, 2))


def exported(module: torch.nn.Module, size: tuple[int, int]) -> bytes:
    """The module as an ONNX file that takes crops channels last, in any number.

    Args:
        module: Maps `(k, 3, h, w)` to `(k, d)`; not changed.
        size: Height and width of the crops.

    Returns:
        The file's content.
    """
    content: Any = io.BytesIO()
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings(), _silent_exporter():
        warnings.simplefilter("ignore")  # the exporter's own remarks about versions and tracing
        torch.onnx.export(
            _ChannelsLast(module).eval(),
            (torch.zeros((2, *size, 3)),),
            content,
            input_names=["crops"],
            output_names=["vectors"],
            dynamic_axes={"crops": {0: "batch"}, "vectors": {0: "batch"}},
            dynamo=False,
        )
    return bytes(content.getvalue())


def _silent_exporter() -> AbstractContextManager[Any]:
    """The exporter prints its graph to standard output where it fails, whatever it was asked to."""
    from unittest.mock import patch

    log = "_jit_onnx_log"
    return patch.object(torch._C, log, lambda *_: None) if hasattr(torch._C, log) else nullcontext()


class OpenVINOSession:
    """An ONNX file in OpenVINO, held to float32, on as many threads as PyTorch takes."""

    runtime = "openvino"

    def __init__(self, path: Path | bytes) -> None:
        """Compile it, or load what was compiled before."""
        self._request = open_model(path, torch.get_num_threads())

    def __call__(self, crops: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Vectors of crops `(k, h, w, 3)`."""
        return np.array(self._request.infer([crops], share_inputs=True)[0])


class OnnxRuntimeSession:
    """An ONNX file in ONNX Runtime; its threads sleep between passes, as PyTorch's work then."""

    runtime = "onnxruntime"

    def __init__(self, path: Path | bytes) -> None:
        """Open it."""
        onnxruntime = require("onnxruntime", "onnx")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = torch.get_num_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = path if isinstance(path, bytes) else str(path)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __call__(self, crops: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Vectors of crops `(k, h, w, 3)`."""
        return np.asarray(self._session.run(None, {"crops": crops})[0])


OPENERS: dict[str, Callable[[Path | bytes], Any]] = {"openvino": OpenVINOSession, "onnxruntime": OnnxRuntimeSession}


def _channels_last(batch: torch.Tensor) -> npt.NDArray[np.float32]:
    """Crops `(k, 3, h, w)` as an array `(k, h, w, 3)`; without a copy where they lie in memory like that."""
    return np.ascontiguousarray(batch.permute(0, 2, 3, 1).numpy())


def _similarity(found: npt.NDArray[Any], expected: torch.Tensor) -> float:
    """Smallest cosine similarity of the rows; rows that are zero or not finite in both count as equal."""
    before = expected.float().numpy().reshape(len(expected), -1).astype(np.float64)
    after = np.asarray(found, np.float64).reshape(len(found), -1)
    if before.shape != after.shape:
        return -1.0
    length = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosine = np.einsum("ij,ij->i", before, after) / np.where(length > 0.0, length, 1.0)
    nothing = ~(np.isfinite(before).all(1) & before.any(1)) & ~(np.isfinite(after).all(1) & after.any(1))
    return float(np.where(nothing, 1.0, np.nan_to_num(cosine, nan=-1.0)).min(initial=1.0))
