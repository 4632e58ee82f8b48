"""A PyTorch module compiled by `torch.compile`, with the plain one behind it."""

from __future__ import annotations

import warnings
from typing import Any

import torch


class Compiled:
    """Runs a module compiled; where that fails, as it is.

    The first passes compile, which takes from seconds to minutes. With CUDA graphs every new number of crops would be
    recorded anew, so batches are filled up to the next power of two.

    Args:
        model: Maps a tensor `(k, ...)` to one of k rows.
        graphs: Record CUDA graphs, and fill up batches.
    """

    def __init__(self, model: torch.nn.Module, *, graphs: bool) -> None:
        """Compile nothing yet."""
        self._model, self._graphs = model, graphs
        self._compiled: Any = torch.compile(model, dynamic=True, mode="reduce-overhead" if graphs else None)

    def __call__(self, batch: torch.Tensor) -> Any:
        """The module's output for a batch; valid until the next call if graphs are recorded."""
        if self._compiled is None:
            return self._model(batch)
        count = len(batch)
        filled = batch
        if self._graphs:
            filled = batch.new_zeros((bucket(count), *batch.shape[1:])).contiguous(memory_format=torch.channels_last)
            filled[:count] = batch
        try:
            output = self._compiled(filled)
        except Exception as error:  # whatever compiler, driver or model it fails in, the plain module runs
            reason = str(error).strip().partition("\n")[0]
            warnings.warn(
                f"the model could not be compiled and runs as it is ({type(error).__name__}: {reason}); "
                "leave compile=True out",
                stacklevel=2,
            )
            self._compiled = None
            return self._model(batch)
        return output[:count] if isinstance(output, torch.Tensor) else output


def bucket(count: int) -> int:
    """The next power of two: so many crops a graph is recorded for.

    Example:
        >>> bucket(5), bucket(64)
        (8, 64)
    """
    return 1 << (count - 1).bit_length()
