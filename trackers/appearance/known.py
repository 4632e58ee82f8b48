"""Models with known settings, by name: what they want, and at which distance their vectors part two objects.

The thresholds were settled by tracking quality, see `docs/feature-extractors.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class KnownModel:
    """What is known of a family of models.

    Attributes:
        appearance_threshold: Recommended cosine distance limit.
        settings: Fields of `Preprocessing` that differ from ImageNet's.
    """

    appearance_threshold: float
    settings: dict[str, Any] = field(default_factory=dict)


_RAW_BGR = {"color": "bgr", "scale": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}

KNOWN_MODELS = {
    "osnet*market1501*": KnownModel(0.25),
    "osnet*": KnownModel(0.3),
    "person-reidentification-retail*": KnownModel(0.3, _RAW_BGR),
    "mobilenetv2_100*": KnownModel(0.15),
}
"""By patterns of a model's or file's name, the first that fits."""


def known_model(name: str) -> KnownModel | None:
    """The entry for a name; None for a model that is not in the list.

    Example:
        >>> known_model("osnet_x0_25_msmt17").appearance_threshold
        0.3
    """
    return next((model for pattern, model in KNOWN_MODELS.items() if fnmatchcase(name, pattern)), None)
