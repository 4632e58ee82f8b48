"""Models of timm: found by name, with weights from its hub or from a file, and the preprocessing they carry."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from trackers.appearance.checkpoints import load_weights, read_weights
from trackers.errors import require

HUB_PROBE_SECONDS = 5.0
CLIP_SIZES = {"B": "base", "L": "large", "H": "huge", "g": "giant", "bigG": "gigantic"}
"""How open_clip abbreviates the sizes of vision transformers."""

HUB_FILES = ("model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin")


def create_model(
    name: str,
    *,
    pretrained: bool = True,
    size: tuple[int, int] | None = None,
    checkpoint_path: str | Path | None = None,
    **options: Any,
) -> nn.Module:
    """Build a timm model without its classifier; branches that training alone needs (RepVGG, MobileOne) are merged.

    Args:
        name: Name in timm, such as `"resnet18"`; also `"hf-hub:..."` and `"local-dir:..."`.
        pretrained: Whether to fetch the weights of that name from timm's hub.
        size: Height and width of the input, for models that are built for one size.
        checkpoint_path: A file to take the weights from; no hub is asked then.
        **options: Passed on to `timm.create_model`.

    Returns:
        The model, in evaluation mode.

    Raises:
        ValueError: If timm has no such model, or the file does not fit the model.
        ConnectionError: If the hub cannot be reached; the message says which file to fetch.
        MissingDependencyError: If timm is not installed.
    """
    timm = require("timm", extra="reid")
    _check_name(timm, name)
    options = {"num_classes": 0, **options}
    if size is not None and _config(timm, name, "fixed_input_size"):
        options.setdefault("img_size", size)
    if checkpoint_path is None and pretrained:
        checkpoint_path = _cached(timm, name)
    if checkpoint_path is None and pretrained:
        _probe_hub(timm, name)
    fetch = pretrained and checkpoint_path is None
    try:
        model: nn.Module = timm.create_model(name, pretrained=fetch, **options)
    except RuntimeError as error:
        if "pretrained tag" in str(error):
            raise _unknown(timm, name) from error
        raise
    except OSError as error:
        raise _unreachable(timm, name) from error
    if checkpoint_path is not None:
        _fill(model, checkpoint_path)
    merged: nn.Module = timm.utils.reparameterize_model(model.eval(), inplace=True)
    return merged


def model_settings(model: nn.Module) -> dict[str, Any]:
    """Size, mean, std and interpolation from the model's own timm config; nothing for other modules."""
    if not isinstance(getattr(model, "pretrained_cfg", None), dict):
        return {}
    config = require("timm", extra="reid").data.resolve_model_data_config(model)
    return {
        "size": tuple(config["input_size"][1:]),
        "mean": tuple(config["mean"]),
        "std": tuple(config["std"]),
        "interpolation": "bicubic" if config["interpolation"] in ("bicubic", "lanczos") else "bilinear",
    }


class Features(nn.Module):
    """A timm model without its classifier, the model itself left as it is.

    Args:
        model: A timm model, with or without a classifier.
        pooled: One number per channel; False gives the whole feature map as one long vector.
    """

    def __init__(self, model: nn.Module, *, pooled: bool = True) -> None:
        """Wrap the model."""
        super().__init__()
        self.model = model
        self.pooled = pooled

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Features of a batch `(k, 3, h, w)`, shape `(k, d)`."""
        model: Any = self.model
        features: torch.Tensor = model.forward_features(batch)
        if self.pooled:
            features = model.forward_head(features, pre_logits=True)
        return features.flatten(1)


def _fill(model: nn.Module, path: str | Path) -> None:
    """Load a file of weights, through timm's own converter for the architecture where the names differ."""
    weights = read_weights(path)
    try:
        load_weights(model, weights, path)
    except ValueError:
        convert = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
        if convert is None:
            raise
        try:
            weights = convert(dict(weights), model)
        except (KeyError, RuntimeError, AttributeError, IndexError):
            weights = {}
        if not weights:
            raise
        load_weights(model, weights, path)


def _check_name(timm: Any, name: str) -> None:
    """Refuse a name that timm does not have."""
    if not isinstance(name, str):
        raise TypeError(f"model_name must be a name such as 'mobilenetv2_100', but got {type(name).__name__}: {name!r}")
    if not name.startswith(("hf-hub:", "hf_hub:", "local-dir:")) and not timm.is_model(name):
        raise _unknown(timm, name)


def _unknown(timm: Any, name: str) -> ValueError:
    """The error for a name that timm does not have, with names that are close."""
    known = timm.list_models(pretrained=True) if "." in name else timm.list_models()
    clip = _clip_pattern(name)
    if clip is not None:
        near = [model for model in timm.list_models(pretrained=True) if clip.match(model)]
        hint = f"of that network of open_clip, timm has {', '.join(map(repr, near)) or 'none'}."
    else:
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.5)
        hint = f"did you mean {', '.join(map(repr, near))}?" if near else "no name is close to it."
    return ValueError(f"timm {timm.__version__} has no model {name!r}; {hint} All names: timm.list_models()")


def _clip_pattern(name: str) -> re.Pattern[str] | None:
    """What timm calls the image network of a name of open_clip, such as `ViT-B-16` or `RN50x4`; None for others."""
    found = re.fullmatch(r"(RN|ViT-(\w+)[-/])(\d+(?:x\d+)?)(?:-quickgelu)?(?:-(\d{3}))?(?:-quickgelu)?", name)
    if found is None or found[2] not in (None, *CLIP_SIZES):
        return None
    if found[2] is None:
        return re.compile(rf"resnet{found[3]}_clip\.")
    return re.compile(rf"vit_{CLIP_SIZES[found[2]]}_patch{found[3]}_clip_(quickgelu_)?{found[4] or 224}\.(?!.*_ft_)")


def _config(timm: Any, name: str, key: str) -> Any:
    """One entry of timm's registry for a name; None for models it has to look up elsewhere."""
    return None if ":" in name else getattr(timm.models.get_pretrained_cfg(name, allow_unregistered=True), key, None)


def _repository(timm: Any, name: str) -> str | None:
    """Repository of a model on the hub, None for a model that has none."""
    if name.startswith("local-dir:"):
        return None
    return name.split(":", 1)[1].split("@")[0] if ":" in name else _config(timm, name, "hf_hub_id")


def _cached(timm: Any, name: str) -> str | None:
    """A file fetched from the hub before, so that no network is needed."""
    repository = _config(timm, name, "hf_hub_id")
    if not repository:
        return None
    hub = require("huggingface_hub", extra="reid")
    file = _config(timm, name, "hf_hub_filename")
    found = (hub.try_to_load_from_cache(repository, item) for item in ([file] if file else HUB_FILES))
    return next((item for item in found if isinstance(item, str)), None)


def _probe_hub(timm: Any, name: str) -> None:
    """Ask once whether the hub responds: its own client tries again for most of a minute."""
    repository = _repository(timm, name)
    if not repository:
        return
    hub = require("huggingface_hub", extra="reid")
    if ":" in name and isinstance(hub.try_to_load_from_cache(repository, "config.json"), str):
        return
    try:
        if hub.constants.HF_HUB_OFFLINE:
            raise OSError("HF_HUB_OFFLINE is set")
        hub.utils.get_session().head(hub.constants.ENDPOINT, timeout=HUB_PROBE_SECONDS)
    except Exception as error:  # the client library, and with it the error's type, differs between versions
        raise _unreachable(timm, name) from error


def _unreachable(timm: Any, name: str) -> ConnectionError:
    """The error for weights that cannot be fetched."""
    file = _config(timm, name, "hf_hub_filename") or HUB_FILES[0]
    fetch = (
        f"could not fetch the weights of {name!r}: the hub cannot be reached. On a machine that has a connection, "
        f"fetch {file!r} of the hub repository {_repository(timm, name) or name!r}"
    )
    if ":" in name:
        return ConnectionError(
            f"{fetch} with its config.json, put both into one folder on this one, and name that folder: "
            "'local-dir:/where/you/put/them'"
        )
    return ConnectionError(
        f"{fetch}, put it anywhere on this one, and pass checkpoint_path='/where/you/put/{file}'; or pass "
        "pretrained=False for random weights"
    )
