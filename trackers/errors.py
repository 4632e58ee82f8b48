"""Errors of this package and the checks that raise them.

Everything raised on purpose is a `TypeError`, a `ValueError`, or a `MissingDependencyError` (an `ImportError`).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from types import ModuleType

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "reid": ("torch", "torchvision", "timm", "safetensors"),
    "onnx": ("onnx", "onnxruntime"),
    "openvino": ("openvino",),
    "ultralytics": ("lap", "ultralytics"),
    "eval": ("tabulate", "trackeval"),
    "cli": ("av", '"jsonargparse[signatures,shtab]"', "pooch", "pyyaml", "threadpoolctl", "tqdm"),
    "tune": ("optuna",),
    "opencv": ("opencv-python",),
    "ray": ("ray",),
}
"""Packages of each extra, as a shell takes them: what brings a missing part, however this library was installed."""


class MissingDependencyError(ImportError):
    """An optional dependency is needed now and is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency, or say which packages bring it.

    Args:
        module: Name of the module to import, such as `"torch"`.
        extra: Extra of this package that it belongs to, a key of `EXTRAS`.

    Returns:
        The imported module.

    Raises:
        MissingDependencyError: If the module cannot be found.

    Example:
        >>> require("json", extra="reid").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        packages = " ".join(EXTRAS[extra])
        message = f"{module} is not installed and is needed here; install it with: pip install {packages}"
        raise MissingDependencyError(message, name=error.name) from error


def check_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Refuse a number outside `[low, high]`.

    Args:
        name: Parameter name for the message.
        value: The number.
        low: Smallest allowed number.
        high: Largest allowed number.

    Raises:
        TypeError: If `value` is not a number.
        ValueError: If `value` lies outside the range, is infinite or NaN.

    Example:
        >>> check_range("minimum_iou_threshold", 0.3, 0.0, 1.0)
    """
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, but got {type(value).__name__}: {value!r}")
    if not low <= float(value) <= high or math.isinf(value):
        bounds = (
            f"at least {low} and finite"
            if math.isinf(value)
            else f"at least {low}"
            if high == math.inf
            else f"between {low} and {high}"
        )
        raise ValueError(f"{name} must be {bounds}, but got {value!r}")


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Refuse a name that is not among the known ones.

    Args:
        name: Parameter name for the message.
        value: The name given.
        choices: The names that exist.

    Raises:
        ValueError: If `value` is not one of `choices`.

    Example:
        >>> check_choice("gating", "state", ("state", "position"))
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, but got {value!r}")
