"""The sample with three cameras: one person is one over all of them, and the test bed of identities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import SORTTracker
from trackers.identity import CameraLinks, IdentityGallery, MultiCameraTracker
from trackers.sample.cameras import WAY, CameraScene, camera_scenes

LINKS = CameraLinks({("yard", "hall"): (3, 9), ("street", "hall"): (3, 9)}, overlap=[("yard", "street")])


@pytest.fixture(scope="module")
def scenes() -> dict[str, CameraScene]:
    return camera_scenes(0, 4)


def sighted(scene: CameraScene) -> dict[int, list[int]]:
    """Frames in which each person is visible."""
    found: dict[int, list[int]] = {}
    for index in range(0, len(scene), 5):
        for one in np.asarray(scene.truth(index).tracker_id).tolist():
            found.setdefault(one, []).append(index)
    return found


def test_everybody_is_on_all_cameras_and_ways_take_their_time(scenes: dict[str, CameraScene]) -> None:
    there = {name: sighted(scene) for name, scene in scenes.items()}
    assert {name: set(found) for name, found in there.items()} == {name: {1, 2, 3, 4} for name in scenes}
    for one in range(1, 5):
        assert set(there["yard"][one]) & set(there["street"][one])
        assert not set(there["hall"][one]) & (set(there["yard"][one]) | set(there["street"][one]))
        left = max(index for index in there["yard"][one] if index < min(there["hall"][one]))
        assert WAY[0] <= (min(there["hall"][one]) - left) / 25.0 <= WAY[1] + 3.0


def test_cameras_differ_in_light_and_embeddings_and_people_do_not(scenes: dict[str, CameraScene]) -> None:
    again = camera_scenes(0, 4)
    np.testing.assert_array_equal(scenes["hall"].frame(60), again["hall"].frame(60))
    assert scenes["hall"].frame(0).mean() < 0.92 * scenes["yard"].frame(0).mean()
    means = {}
    for name, scene in scenes.items():
        found = [scene.detections(index) for index in range(0, len(scene), 50)]
        vectors = np.concatenate([np.asarray(one.data["embedding"]) for one in found])
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        means[name] = vectors.mean(axis=0)
    assert np.linalg.norm(means["yard"] - means["hall"]) > 0.3


def played(scenes: dict[str, CameraScene], **options: Any) -> tuple[MultiCameraTracker, dict[tuple[str, int], int]]:
    """All cameras to the end, and the person that each track follows most."""
    cameras = MultiCameraTracker(
        {name: SORTTracker(minimum_consecutive_frames=3) for name in scenes}, links=LINKS, **options
    )
    votes: dict[tuple[str, int], list[int]] = {}
    for index in range(0, len(scenes["yard"]), 3):
        for name, scene in scenes.items():
            tracked = cameras.update(name, scene.detections(index), timestamp=index / 25.0)
            assert isinstance(tracked, sv.Detections)
            ids, who = np.asarray(tracked.tracker_id), np.asarray(tracked.data["object"])
            for number, person in zip(ids.tolist(), who.tolist(), strict=True):
                if number >= 0:
                    votes.setdefault((name, number), []).append(person)
    return cameras, {track: int(np.median(people)) for track, people in votes.items() if len(people) >= 15}


def test_hindsight_joins_the_tracks_of_one_person_over_the_cameras(scenes: dict[str, CameraScene]) -> None:
    cameras, owner = played(scenes)
    found = cameras.link()
    pairs = [(one, other) for one in owner for other in owner if one < other and min(owner[one], owner[other]) > 0]
    right = [(found[one] == found[other] >= 0) == (owner[one] == owner[other]) for one, other in pairs]
    assert np.mean(right) > 0.9


def test_who_is_enrolled_is_named_and_others_are_not(scenes: dict[str, CameraScene]) -> None:
    gallery = IdentityGallery()
    rows = [scenes["yard"].detections(index) for index in range(0, len(scenes["yard"]), 20)]
    for person in (1, 2):
        vectors = [np.asarray(one.data["embedding"])[np.asarray(one.data["object"]) == person] for one in rows]
        gallery.enroll(f"person {person}", vectors=np.concatenate(vectors), camera="yard")
    cameras, owner = played(scenes, gallery=gallery)
    found = cameras.link()
    names = {track: cameras.gallery.names.get(found[track], "") for track in owner}
    others = [track for track, person in owner.items() if person not in (1, 2)]
    assert len(others) >= 6
    assert [names[track] for track in others if names[track]] == []
    known = [names[track] == f"person {person}" for track, person in owner.items() if person in (1, 2)]
    assert np.mean(known) > 0.5
