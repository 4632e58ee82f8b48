"""A gallery as plain data, and a gallery from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from trackers.identity.camera_means import CameraMeans
from trackers.identity.crops import probe, same_extractor
from trackers.identity.store import VectorStore

VERSION = 1
"""Version of the format."""


class Gallery(Protocol):
    """What an `IdentityGallery` goes on from."""

    _next: Any
    calibration: Any
    cameras: Any
    feature_extractor: Any
    means: Any
    names: Any
    size: Any
    store: Any
    threshold: Any
    vectors_per_identity: Any


def gallery_state(gallery: Gallery) -> dict[str, Any]:
    """Everything but the extractor, as numbers, names and arrays."""
    return {
        "version": VERSION,
        "kind": "IdentityGallery",
        "threshold": gallery.threshold,
        "vectors_per_identity": gallery.vectors_per_identity,
        "size": gallery.size,
        "names": {str(identity): name for identity, name in gallery.names.items()},
        "cameras": list(gallery.cameras),
        "next": gallery._next,
        "probe": probe(gallery.feature_extractor),
        "means": gallery.means.state(),
        "store": gallery.store.state(),
        "calibration": gallery.calibration.distances.copy(),
    }


def restored_gallery(kind: Callable[..., Any], state: Mapping[str, Any], feature_extractor: Any) -> Any:
    """The gallery a state was taken from, with its extractor again.

    Raises:
        ValueError: If it is no state of a gallery, of another version, or of another extractor.
    """
    if state.get("kind") != "IdentityGallery" or state.get("version") != VERSION:
        raise ValueError(
            f"expected an IdentityGallery of version {VERSION}, but got {state.get('kind')!r} of version "
            f"{state.get('version')!r}"
        )
    same_extractor(state.get("probe"), probe(feature_extractor))
    try:
        gallery = kind(
            feature_extractor,
            state["threshold"],
            vectors_per_identity=state["vectors_per_identity"],
            size=state["size"],
        )
        gallery.names = {int(identity): str(name) for identity, name in state["names"].items()}
        gallery.cameras = [str(name) for name in state["cameras"]]
        gallery._next = int(state["next"])
        gallery.means = CameraMeans.from_state(state["means"])
        gallery.store = VectorStore(gallery.means)
        gallery.store.load(state["store"])
        gallery.calibration.distances = np.array(state["calibration"], np.float64)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the gallery is damaged: {error!r}") from error
    return gallery
