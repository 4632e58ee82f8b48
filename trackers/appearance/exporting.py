"""Write a network to a file that runs elsewhere, and check that its output is the same."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trackers.appearance.onnx_network import METADATA, OnnxNetwork, settings_metadata
from trackers.appearance.torch_network import TorchNetwork
from trackers.errors import check_choice, require

PARITY = 0.999
"""Smallest cosine similarity allowed between the vectors before and after the export."""


def export(network: Any, path: str | Path, *, format: str = "onnx") -> Path:
    """Write a PyTorch network as ONNX or TorchScript.

    Args:
        network: A `TorchNetwork`; its model is not changed.
        path: File to write.
        format: `"onnx"`, with the preprocessing kept inside, or `"torchscript"`.

    Returns:
        The path.

    Raises:
        TypeError: If the network does not run in PyTorch.
        ValueError: If the written file does not give the output of the network; it is removed then.
        MissingDependencyError: If onnx or onnxruntime is needed and not installed.
    """
    check_choice("format", format, ("onnx", "torchscript"))
    if not isinstance(network, TorchNetwork):
        raise TypeError(
            f"expected a network that runs in PyTorch, but got {type(network).__name__}; it is a file already"
        )
    path = Path(path)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((3, 3, *network.preprocessing.size), generator=generator)
    plain = TorchNetwork(network.model, device=network.device, preprocessing=network.preprocessing, runtime="torch")
    expected = _plain(plain.forward([images.to(network.device)]))
    example = images[:2].to(network.device, network.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own remarks about versions and tracing
        if format == "onnx":
            _write_onnx(network, example, path)
            written: Any = OnnxNetwork(path, device="cpu", settings={})
            output = written.forward([images.permute(0, 2, 3, 1).numpy()])
        else:
            jit: Any = torch.jit
            jit.trace(network.model, example).save(str(path))
            written = jit.load(str(path), map_location=network.device)
            output = TorchNetwork(written, device=network.device, preprocessing=network.preprocessing).forward(
                [images.to(network.device)]
            )
    likeness = float((expected * _plain(output)).sum(1).min())
    if not likeness >= PARITY:
        path.unlink()
        raise ValueError(
            f"the exported file gives other vectors than the model: cosine similarity {likeness:.4f}, expected at "
            f"least {PARITY}; the model may depend on its batch or on chance"
        )
    return path


def _write_onnx(network: TorchNetwork, example: torch.Tensor, path: Path) -> None:
    """Write an ONNX file with a free batch size and the preprocessing in its metadata."""
    onnx = require("onnx", extra="onnx")
    torch.onnx.export(
        network.model,
        (example,),
        str(path),
        input_names=["images"],
        output_names=["vectors"],
        dynamic_axes={"images": {0: "batch"}, "vectors": {0: "batch"}},
        dynamo=False,
    )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {METADATA: settings_metadata(network.preprocessing)})
    onnx.save(model, str(path))


def _plain(output: Any) -> Any:
    """Rows of unit length."""
    rows = np.asarray(output, np.float64).reshape(len(output), -1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
