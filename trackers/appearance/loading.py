"""From whatever a user has, a module, a name or a file, to a network that is ready to run."""

from __future__ import annotations

import copy
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from trackers.appearance.known import known_model
from trackers.appearance.network import Network
from trackers.appearance.preprocessing import Preprocessing
from trackers.errors import require

PERSON_SIZE = (256, 128)
"""Height and width that person re-identification models are trained on."""

RUNTIME = ("batch_size", "half", "transforms", "compile", "runtime")
OPTIONS = (*(item.name for item in fields(Preprocessing) if item.name != "size"), *RUNTIME)
"""Names of the options every way of loading takes."""

Size = int | Sequence[int] | None


class Loaded(NamedTuple):
    """A network and what is known of its vectors.

    Attributes:
        network: Ready to run.
        appearance_threshold: Recommended cosine distance limit; None where it is not known.
    """

    network: Network
    appearance_threshold: float | None = None


def from_source(source: Any, device: Any, input_size: Size, options: dict[str, Any]) -> Loaded:
    """Load a `torch.nn.Module`, a file of any known kind, or a network that is ready.

    Args:
        source: Module, path or network.
        device: Device name.
        input_size: Height and width, one number for both, or None for the model's own.
        options: Values for names in `OPTIONS`.

    Returns:
        The network on its device.

    Raises:
        TypeError: If the source or an option is of no known kind.
        ValueError: If a file cannot be used, or an option is out of range.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.suffix.lower() == ".onnx":
            return from_onnx(path, device, input_size, None, options)
        if _is_torchscript(path):
            return from_torchscript(path, device, input_size, options)
        return from_checkpoint(path, None, device, input_size, options)
    if hasattr(source, "cut"):
        return Loaded(source)
    return from_module(copy.deepcopy(source), device, input_size, options)


def from_module(module: Any, device: Any, input_size: Size, options: dict[str, Any]) -> Loaded:
    """Load a PyTorch module, which nobody else holds, with the preprocessing it carries or that of ImageNet."""
    torch = require("torch", extra="reid")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            "expected a torch.nn.Module, or the path of a checkpoint, TorchScript or ONNX file, but got "
            f"{type(module).__name__}; a model of timm is loaded by DeepSORTFeatureExtractor.from_timm(name)"
        )
    from trackers.appearance.folding import fold_batch_norms
    from trackers.appearance.timm_models import Features, model_settings
    from trackers.appearance.torch_network import TorchNetwork

    if hasattr(module, "forward_head") and hasattr(module, "forward_features"):
        module = Features(module)
    settings = model_settings(module.model) if isinstance(module, Features) else {}
    runtime, chosen = _split(options)
    size = input_size_pair(input_size) or settings.pop("size", PERSON_SIZE)
    preprocessing = Preprocessing(**{**settings, **chosen, "size": size})
    fold_batch_norms(module.eval(), size)
    return Loaded(TorchNetwork(module, device=device, preprocessing=preprocessing, **runtime))


def from_timm(
    name: str, device: Any, input_size: Size, *, pretrained: bool, pooled: bool, options: dict[str, Any]
) -> Loaded:
    """Load a model of timm; what is not in `OPTIONS` goes to `trackers.appearance.timm_models.create_model`."""
    require("torch", extra="reid")
    from trackers.appearance.timm_models import Features, create_model

    ours = {key: value for key, value in options.items() if key in OPTIONS}
    theirs = {key: value for key, value in options.items() if key not in OPTIONS}
    model = create_model(name, pretrained=pretrained, size=input_size_pair(input_size), **theirs)
    loaded = from_module(Features(model, pooled=pooled), device, input_size, ours)
    return loaded._replace(appearance_threshold=_threshold(name))


def from_checkpoint(
    path: str | Path, architecture: str | None, device: Any, input_size: Size, options: dict[str, Any]
) -> Loaded:
    """Load weights for a model of timm, or for OSNet, which is recognised by its names."""
    require("torch", extra="reid")
    if architecture is not None and not architecture.startswith("osnet"):
        options = {**options, "checkpoint_path": path}
        return from_timm(architecture, device, input_size, pretrained=False, pooled=True, options=options)
    from trackers.appearance.checkpoints import load_weights, read_weights
    from trackers.appearance.osnet import OSNet, is_osnet

    weights = read_weights(path)
    if not is_osnet(weights):
        raise ValueError(
            f"the architecture of {path} cannot be inferred from its {len(weights)} tensors ({next(iter(weights))}, "
            "...); name it, as in DeepSORTFeatureExtractor.from_checkpoint(path, architecture='mobilenetv2_100') for a "
            "model of timm, or build the module yourself and pass it in"
        )
    model = OSNet.like(weights)
    load_weights(model, weights, path)
    threshold = _threshold(Path(path).stem) or _threshold("osnet")
    return from_module(model, device, input_size, options)._replace(appearance_threshold=threshold)


def from_torchscript(path: str | Path, device: Any, input_size: Size, options: dict[str, Any]) -> Loaded:
    """Load a TorchScript archive."""
    torch = require("torch", extra="reid")
    from trackers.appearance.checkpoints import damaged

    if not _is_torchscript(Path(path)):
        raise ValueError(f"{path} is not a TorchScript file; write one with torch.jit.trace(model, example).save(path)")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*torch.jit")
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit")
        try:
            module = torch.jit.load(str(path), map_location="cpu")
        except RuntimeError as error:
            raise damaged(Path(path), error) from error
    return from_module(module, device, input_size, options)._replace(appearance_threshold=_threshold(Path(path).stem))


def from_onnx(path: str | Path, device: Any, input_size: Size, output: str | None, options: dict[str, Any]) -> Loaded:
    """Load an ONNX file; a known file name brings the preprocessing it wants."""
    from trackers.appearance.onnx_network import OnnxNetwork

    runtime, chosen = _split(options)
    for name in ("half", "transforms", "compile"):
        if runtime.pop(name, None):
            raise TypeError(f"{name} is for PyTorch models; an ONNX file has its precision, input and graph fixed")
    known = known_model(Path(path).stem)
    settings = {**(known.settings if known else {}), **chosen}
    network = OnnxNetwork(
        Path(path), device=device, size=input_size_pair(input_size), settings=settings, output=output, **runtime
    )
    return Loaded(network, _threshold(Path(path).stem))


def input_size_pair(input_size: Size) -> tuple[int, int] | None:
    """Height and width from one number or two.

    Example:
        >>> input_size_pair(224), input_size_pair([256, 128]), input_size_pair(None)
        ((224, 224), (256, 128), None)
    """
    if input_size is None:
        return None
    height, width = (input_size, input_size) if isinstance(input_size, int) else input_size
    return height, width


def _split(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the runtime, and those of the preprocessing."""
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise TypeError(f"unknown option {unknown[0]!r}; known ones are {', '.join(OPTIONS)}")
    runtime = {name: value for name, value in options.items() if name in RUNTIME}
    return runtime, {name: value for name, value in options.items() if name not in RUNTIME}


def _threshold(name: str) -> float | None:
    """Recommended threshold of a model known by name."""
    known = known_model(name)
    return known.appearance_threshold if known else None


def _is_torchscript(path: Path) -> bool:
    """Whether a file is an archive of TorchScript code, not of tensors alone."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())
