"""Several cameras go to another process on any frame, with the gallery and what they have learned, and go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.contract.test_travel import WAYS
from trackers import SORTTracker, StripeFeatureExtractor
from trackers.identity import IdentityGallery, MultiCameraTracker
from trackers.sample import Scene

SCENE = Scene(size=(320, 180), length=36, figures=4)


def cameras() -> MultiCameraTracker:
    gallery = IdentityGallery(StripeFeatureExtractor())
    return MultiCameraTracker({name: SORTTracker() for name in ("door", "hall", "yard")}, gallery)


def found(tracker: MultiCameraTracker, start: int, stop: int) -> list[Any]:
    rows = []
    for i in range(start, stop):
        for name in tracker.trackers:
            tracked = tracker.update(name, SCENE.detections(i), SCENE.frame(i), timestamp=i / 30)
            rows.append(np.asarray(tracked.data["identity"]).tolist())
    return rows


@pytest.mark.parametrize("stop", [0, 25])
@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_cameras_go_on_as_if_they_had_stayed(way: Callable[[Any], Any], stop: int) -> None:
    stayed, sent = cameras(), cameras()
    expected = found(stayed, 0, 36)
    before = found(sent, 0, stop)
    arrived = way(sent)
    assert before + found(arrived, stop, 36) == expected
    assert arrived.link() == stayed.link()
    assert before + found(sent, stop, 36) == expected, "the one that was sent goes on, too"


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_a_gallery_learns_on(way: Callable[[Any], Any]) -> None:
    gallery = IdentityGallery()
    vectors = np.eye(6, dtype=np.float32)
    gallery.enroll("Ann", vectors=vectors[:2])
    arrived = way(gallery)
    for one in (gallery, arrived):
        one.enroll("Bob", vectors=vectors[2:4])
        one.enroll("Ann", vectors=vectors[4:5])
    for mine, theirs in zip(gallery.search(vectors), arrived.search(vectors), strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    assert arrived.names == gallery.names
