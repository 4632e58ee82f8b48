"""Names of feature extractors, for people who write no Python, and how a name is found."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

EXTRACTORS: Mapping[str, str] = {
    "stripes": "trackers.appearance.stripes:StripeFeatureExtractor",
    "timm": "trackers.core.deepsort.feature_extractor:DeepSORTFeatureExtractor.from_timm",
    "checkpoint": "trackers.core.deepsort.feature_extractor:DeepSORTFeatureExtractor",
}
"""Where each feature extractor is, by its name."""


FILES: Mapping[str, str] = {
    ".npz": "trackers.appearance.adaptation.extractor:AdaptedExtractor.load",
    **dict.fromkeys((".pth", ".pt", ".tar", ".ckpt", ".bin", ".safetensors", ".onnx"), EXTRACTORS["checkpoint"]),
}
"""Endings of files that stand for a name, and what loads them: adapted extractors, weights, TorchScript and ONNX."""


def find(names: Mapping[str, str], name: str) -> Any:
    """Find a tracker or an extractor by its name.

    Args:
        names: Where each is, by its name.
        name: A name in it, the name of a class in it, or the place of a class elsewhere:
            `"package.module:Class"`; for an extractor also a file that loads as one:
            of an adapted one, `"mine.npz"`, of weights, `"osnet_x0_25.pth"`, or of a network, `"model.onnx"`.

    Returns:
        The class, or the function that makes one.

    Raises:
        ValueError: If there is none; the message lists close matches.

    Example:
        >>> find(EXTRACTORS, "stripes").__name__
        'StripeFeatureExtractor'
        >>> find(EXTRACTORS, "strips")
        Traceback (most recent call last):
        ...
        ValueError: unknown name 'strips'; did you mean 'stripes'? ...
    """
    if is_file(name) and names is EXTRACTORS:
        return partial(_imported(FILES[Path(name).suffix.lower()]), name)
    classes = {place.rpartition(":")[2]: place for place in names.values()}
    place = names.get(name) or classes.get(name) or (name if ":" in name else None)
    if place is None:
        close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(f"unknown name {name!r}; {hint}Known are {', '.join(names)}")
    return _imported(place)


def is_file(name: str) -> bool:
    """Whether a name is that of a file which loads as a feature extractor.

    Example:
        >>> is_file("runs/osnet.PTH"), is_file("stripes"), is_file("package.module:Class")
        (True, False, False)
    """
    return Path(name).suffix.lower() in FILES


def _imported(place: str) -> Any:
    """What stands at `"package.module:name"`."""
    module, _, path = place.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ValueError(f"{place} cannot be found: {error}") from error
    return found
