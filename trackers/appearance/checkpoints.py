"""Weights from files: safetensors and plain state dicts, never pickled code."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from trackers.errors import require

WRAPPERS = ("state_dict", "model_state_dict", "state_dict_ema", "model_ema", "model", "net")
"""Keys under which training scripts keep the weights."""

PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.")
"""What wrappers put before every name."""

CLASSIFIERS = ("classifier.", "head.", "head_dist.", "fc.", "head.fc.", "last_linear.")
"""First part of the names of a classifier, which a feature extractor has no use for."""


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read a state dict, without wrappers and prefixes.

    Args:
        path: A `.safetensors` file, or one written by `torch.save(model.state_dict(), path)`.

    Returns:
        Tensors by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, holds pickled objects, or no weights.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"expected a file of weights (.safetensors, .pth, .pt, .bin), but there is none at {path}"
        )
    if path.suffix.lower() == ".safetensors":
        loaded: Any = _read_safetensors(path)
    else:
        loaded = _read_torch(path)
    for wrapper in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
            break
    weights = (
        {str(key): value for key, value in loaded.items() if isinstance(value, torch.Tensor)}
        if isinstance(loaded, dict)
        else {}
    )
    if not weights:
        raise ValueError(
            f"expected a state dict (names and tensors) in {path}, but got {type(loaded).__name__} without any"
        )
    return _without_prefixes(weights)


def load_weights(model: torch.nn.Module, weights: dict[str, torch.Tensor], path: str | Path) -> None:
    """Put weights into a model; a classifier the model does not have is left out.

    Args:
        model: Filled in place.
        weights: Tensors by name.
        path: Where they come from, for messages.

    Raises:
        ValueError: If they belong to another architecture.
    """
    own = model.state_dict()
    missing = sorted(set(own) - set(weights))
    extra = sorted(name for name in set(weights) - set(own) if not name.startswith(CLASSIFIERS))
    misshapen = sorted(name for name in set(own) & set(weights) if own[name].shape != weights[name].shape)
    if missing or extra or misshapen:
        first = [
            f"{len(names)} {what} ({names[0]}, ...)"
            for what, names in (("missing", missing), ("unknown", extra), ("of another shape", misshapen))
            if names
        ]
        raise ValueError(
            f"the weights in {path} belong to another architecture than {type(model).__name__}: of {len(own)} tensors "
            f"expected, {', '.join(first)}; check the model name against the file"
        )
    model.load_state_dict({name: weights[name] for name in own})


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file."""
    require("safetensors", extra="reid")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(str(path))
    except SafetensorError as error:
        raise damaged(path, error) from error


def _read_torch(path: Path) -> Any:
    """Tensors of a file written by `torch.save`, refusing everything but tensors and plain containers."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol", category=UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights_only" not in str(error).lower() and "unsupported" not in str(error).lower():
            raise damaged(path, error) from error
        raise ValueError(
            f"{path} holds pickled Python objects, which could run any code when loaded; save the weights alone, with "
            "torch.save(model.state_dict(), path) or safetensors, or load the module yourself and pass it in"
        ) from error
    except Exception as error:  # there is no end to what a damaged pickle can raise
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> ValueError:
    """The error for a file that cannot be read."""
    reason = str(error).partition("\n")[0] or "it is empty"
    return ValueError(
        f"{path} ({path.stat().st_size} bytes) is not a readable file of weights ({reason}); "
        "it may be a truncated download or a pointer file: fetch it again and compare its size"
    )


def _without_prefixes(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take off prefixes that every name has."""
    found = next((prefix for prefix in PREFIXES if all(name.startswith(prefix) for name in weights)), None)
    if found is None:
        return weights
    return _without_prefixes({name.removeprefix(found): value for name, value in weights.items()})
