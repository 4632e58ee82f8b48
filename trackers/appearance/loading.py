"""From whatever a user has, a module, a name or a file, to a network that is ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from trackers.appearance.network import Network
from trackers.appearance.preprocessing import Preprocessing
from trackers.errors import require

PERSON_SIZE = (256, 128)
"""Height and width that person re-identification models are trained on."""

RUNTIME = ("batch_size", "half", "transforms")
OPTIONS = (*(item.name for item in fields(Preprocessing) if item.name != "size"), *RUNTIME)
"""Names of the options every way of loading takes."""


def network(source: Any, device: Any, input_size: int | Sequence[int] | None, options: dict[str, Any]) -> Network:
    """Make a network of a module or file.

    Args:
        source: A `torch.nn.Module`, a path, or a network that is ready.
        device: Device name.
        input_size: Height and width, one number for both, or None for the model's own.
        options: Values for names in `OPTIONS`.

    Returns:
        The network on its device.

    Raises:
        TypeError: If the source or an option is of no known kind.
        ValueError: If a file cannot be used, or an option is out of range.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise TypeError(f"unknown option {unknown[0]!r}; known ones are {', '.join(OPTIONS)}")
    size = input_size_pair(input_size)
    if isinstance(source, (str, Path)):
        return _from_file(Path(source), device, size, options)
    if hasattr(source, "cut"):
        ready: Network = source
        return ready
    return _from_module(source, device, size, options)


def timm_features(
    name: str, input_size: int | Sequence[int] | None, pretrained: bool, pooled: bool, options: dict[str, Any]
) -> Any:
    """A timm model as a module from crops to vectors; `options` go to `timm_models.create_model`."""
    require("torch", extra="reid")
    from trackers.appearance.timm_models import Features, create_model

    model = create_model(name, pretrained=pretrained, size=input_size_pair(input_size), **options)
    return Features(model, pooled=pooled)


def input_size_pair(input_size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Height and width from one number or two.

    Example:
        >>> input_size_pair(224), input_size_pair([256, 128]), input_size_pair(None)
        ((224, 224), (256, 128), None)
    """
    if input_size is None:
        return None
    height, width = (input_size, input_size) if isinstance(input_size, int) else input_size
    return height, width


def _from_module(module: Any, device: Any, size: tuple[int, int] | None, options: dict[str, Any]) -> Network:
    """A PyTorch module with the preprocessing it carries, or that of ImageNet."""
    torch = require("torch", extra="reid")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            "expected a torch.nn.Module, or the path of a checkpoint, TorchScript or ONNX file, but got "
            f"{type(module).__name__}; a model of timm is loaded by DeepSORTFeatureExtractor.from_timm(name)"
        )
    from trackers.appearance.timm_models import Features, model_settings
    from trackers.appearance.torch_network import TorchNetwork

    if hasattr(module, "forward_head") and hasattr(module, "forward_features"):
        module = Features(module)
    settings = model_settings(module.model) if isinstance(module, Features) else {}
    runtime = {name: options[name] for name in RUNTIME if name in options}
    chosen = {name: value for name, value in options.items() if name not in RUNTIME}
    settings = {"size": PERSON_SIZE, **settings, **chosen, **({} if size is None else {"size": size})}
    return TorchNetwork(module, device=device, preprocessing=Preprocessing(**settings), **runtime)


def _from_file(path: Path, device: Any, size: tuple[int, int] | None, options: dict[str, Any]) -> Network:
    """A network from a file that tells by itself what is in it."""
    raise NotImplementedError
