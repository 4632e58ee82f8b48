"""Several cameras as plain data: identities, tracks and trackers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

from trackers.identity.gallery import IdentityGallery
from trackers.identity.links import CameraLinks

KIND, VERSION = "MultiCameraTracker", 1
"""What the file holds, and the version of its format."""


class Cameras(Protocol):
    """What a `MultiCameraTracker` goes on from."""

    _last: Any
    _now: Any
    _spots: Any
    _streams: Any
    _tracklets: Any
    gallery: Any
    links: Any
    tolerance: Any
    trackers: Any


def cameras_state(cameras: Cameras) -> dict[str, Any]:
    """Everything but extractors and events, as numbers, names and arrays."""
    trackers = {name: one.state_dict() for name, one in cameras.trackers.items() if hasattr(one, "state_dict")}
    return {
        "kind": KIND,
        "version": VERSION,
        "tolerance": cameras.tolerance,
        "now": None if cameras._now == -math.inf else cameras._now,
        "last": [list(cameras._last), list(cameras._last.values())],
        "links": cameras.links.state(),
        "gallery": cameras.gallery.state_dict(),
        "tracklets": cameras._tracklets.state(),
        "spots": None if cameras._spots is None else cameras._spots.state(),
        "names": list(trackers),
        "trackers": {str(place): state for place, state in enumerate(trackers.values())},
    }


def gallery_and_links(state: Mapping[str, Any], feature_extractor: Any) -> tuple[IdentityGallery, CameraLinks]:
    """What a state needs before there are cameras.

    Raises:
        ValueError: If it is no state of cameras, of another version, or of another extractor.
    """
    if state.get("kind") != KIND or state.get("version") != VERSION:
        raise ValueError(
            f"expected a file of {KIND} of version {VERSION}, but got one of {state.get('kind')!r} of version "
            f"{state.get('version')!r}"
        )
    return IdentityGallery.from_state(state["gallery"], feature_extractor), CameraLinks.from_state(state["links"])


def restore_cameras(cameras: Cameras, state: Mapping[str, Any]) -> None:
    """Take up a state.

    Raises:
        ValueError: If a camera of the state has no tracker, or its tracker has other parameters.
    """
    known = list(state["names"])
    if cameras._streams is None:
        missing = [name for name in known if name not in cameras.trackers]
        if missing:
            names = ", ".join(map(repr, cameras.trackers)) or "none"
            raise ValueError(f"the file has a camera {missing[0]!r}, but trackers has {names}")
        for place, name in enumerate(known):
            cameras.trackers[name].load_state_dict(state["trackers"][str(place)])
    else:
        kind = type(cameras._streams).__name__
        cameras._streams.load_state_dict({"version": 1, "tracker": kind, "names": known, "states": state["trackers"]})
        cameras.trackers = cameras._streams.trackers
    cameras._tracklets.load(state["tracklets"])
    if cameras._spots is not None and state["spots"] is not None:
        cameras._spots.load(state["spots"])
    cameras._now = -math.inf if state["now"] is None else float(state["now"])
    cameras._last = {name: float(time) for name, time in zip(*state["last"], strict=True)}
