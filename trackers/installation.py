"""Which distributions the folder of this package belongs to."""

from __future__ import annotations

import warnings
from pathlib import Path


def warn_of_shared_folder() -> None:
    """Warn where another distribution has installed its files into the folder of this one.

    Both bring a package `trackers`, so the later one has overwritten files of the earlier, and pip does not notice.
    """
    package = Path(__file__).parent
    for other in package.parent.glob("trackers-*.dist-info"):
        if any(package.parent.glob("deepsort_trackers-*.dist-info")):
            version = other.name.removesuffix(".dist-info").partition("-")[2]
            warnings.warn(
                f"{package} mixes the files of two packages, deepsort-trackers and trackers {version} (Roboflow's "
                "library has that name); run `pip uninstall trackers deepsort-trackers`, then install one of them",
                stacklevel=2,
            )
