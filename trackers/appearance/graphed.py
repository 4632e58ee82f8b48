"""A PyTorch module on CUDA, run as recorded graphs: one launch in place of hundreds."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from trackers.appearance.compiled import bucket

PARITY = 0.999
"""Smallest cosine similarity between a graph's vector and the module's, in half precision."""


class Graphed:
    """Records the forward pass of a module as a CUDA graph and replays it.

    A graph holds for one number of crops, so batches are filled up to the next power of two. Each graph is compared
    with the module when it is recorded. A module with hooks, whose Python code a graph would leave out, one that
    cannot be recorded, and one whose graph gives other vectors run as they are.

    Args:
        model: Maps a tensor `(k, 3, h, w)` on CUDA to vectors `(k, d)`; in evaluation mode.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        """Record nothing yet."""
        self._model = model
        self._graphs: dict[torch.Size, tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]] = {}
        self._pool: Any = None
        self._records = not any(
            isinstance(part, torch.jit.ScriptModule) or part._forward_hooks or part._forward_pre_hooks
            for part in model.modules()
        )

    def __call__(self, batch: torch.Tensor) -> Any:
        """The module's output for a batch, in memory that the next call of the same size writes to."""
        if not self._records:
            return self._model(batch)
        size = torch.Size((bucket(len(batch)), *batch.shape[1:]))
        if size not in self._graphs:
            try:
                self._graphs[size] = self._recorded(batch, size)
            except Exception as error:  # whatever cannot be recorded runs as it is
                reason = str(error).strip().partition("\n")[0]
                warnings.warn(
                    f"the model cannot be recorded as a CUDA graph and runs as it is ({type(error).__name__}: "
                    f"{reason}); runtime='torch' silences this",
                    stacklevel=2,
                )
                self._records = False
                return self._model(batch)
        graph, crops, vectors = self._graphs[size]
        crops[: len(batch)] = batch
        graph.replay()
        return vectors[: len(batch)]

    def _recorded(
        self, batch: torch.Tensor, size: torch.Size
    ) -> tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]:
        """A graph for batches of a size, with the memory it reads and the memory it writes."""
        crops = batch.new_zeros(size).contiguous(memory_format=torch.channels_last)
        crops[: len(batch)] = batch
        stream = torch.cuda.Stream(batch.device)  # type: ignore[no-untyped-call,unused-ignore]
        stream.wait_stream(torch.cuda.current_stream(batch.device))
        with torch.cuda.stream(stream):  # libraries choose their kernels and take their memory before recording
            for _ in range(2):
                expected = self._model(crops)
        torch.cuda.current_stream(batch.device).wait_stream(stream)
        if not isinstance(expected, torch.Tensor) or expected.shape[:1] != size[:1]:
            raise ValueError("expected one tensor with a row per crop")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=stream, capture_error_mode="thread_local"):
            vectors = self._model(crops)
        self._pool = graph.pool()
        graph.replay()
        one, other = (each[: len(batch)].float().flatten(1) for each in (vectors, expected))
        similarity = float(torch.nn.functional.cosine_similarity(one, other).min())
        if not similarity >= PARITY:
            raise ValueError(f"its vectors differ from the module's: cosine similarity {similarity:.4f}")
        return graph, crops, vectors
