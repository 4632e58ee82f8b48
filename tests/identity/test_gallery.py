"""The gallery: enrolment, search, files, two galleries, and the right to be deleted."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.identity.drawn import people
from trackers import StripeFeatureExtractor
from trackers.identity import IdentityGallery
from trackers.identity.limits import Calibration

RED = np.full((120, 60, 3), (30, 30, 200), np.uint8)
BLUE = np.full((120, 60, 3), (200, 60, 30), np.uint8)


def test_pictures_are_enrolled_and_found_again() -> None:
    gallery = IdentityGallery(StripeFeatureExtractor())
    red, blue = gallery.enroll("red", images=[RED, RED[10:]]), gallery.enroll("blue", images=[BLUE])
    assert (red, blue) == (1, 2)
    assert gallery.names == {1: "red", 2: "blue"}
    assert gallery.enroll("red", images=[RED[:, 5:]]) == red
    identities, distances = gallery.search(gallery.export(blue).vectors, k=3)
    assert identities.tolist() == [[blue, red, -1]]
    assert distances[0, 0] == pytest.approx(0.0, abs=1e-6)
    assert distances[0, 2] == np.inf


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"images": []}, "at least one picture"),
        ({"vectors": np.zeros((2, 8))}, "usable"),
        ({"vectors": np.ones((1, 9))}, "8 numbers"),
        ({}, "one of the two"),
        ({"images": [RED], "vectors": np.ones((1, 8))}, "one of the two"),
        ({"images": [np.zeros((0, 5, 3), np.uint8)]}, "expected a frame"),
    ],
)
def test_an_enrolment_that_cannot_be_used_changes_nothing(given: dict[str, object], message: str) -> None:
    gallery = IdentityGallery(lambda frame, boxes: np.ones((len(boxes), 8)))
    gallery.enroll("known", vectors=np.eye(8)[:1])
    with pytest.raises(ValueError, match=message):
        gallery.enroll("new", **given)  # type: ignore[arg-type]
    assert gallery.names == {1: "known"}
    assert len(gallery.store) == 1


def test_a_file_holds_everything(tmp_path: Path) -> None:
    gallery = IdentityGallery(threshold=0.3)
    for number, vector in enumerate(people(0, 5)):
        gallery.enroll(f"cow {number}", vectors=[vector], camera="barn", timestamp=float(number))
    gallery.save(tmp_path / "gallery.npz")
    again = IdentityGallery.load(tmp_path / "gallery.npz")
    assert again.names == gallery.names
    assert again.limits == gallery.limits
    assert again.cameras == ["barn"]
    query = people(1, 3)
    for one, other in zip(gallery.search(query, 2, camera="barn"), again.search(query, 2, camera="barn"), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.new_identity() == 6
    assert not [path for path in tmp_path.iterdir() if path.name != "gallery.npz"]


def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path) -> None:
    gallery = IdentityGallery(StripeFeatureExtractor())
    gallery.enroll("red", images=[RED])
    path = tmp_path / "gallery.npz"
    gallery.save(path)
    with pytest.raises(ValueError, match="another extractor"):
        IdentityGallery.load(path, lambda frame, boxes: np.ones((len(boxes), 192)))
    with pytest.raises(ValueError, match="another extractor"):
        IdentityGallery.load(path, lambda frame, boxes: np.ones((len(boxes), 9)))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match="damaged"):
        IdentityGallery.load(path, StripeFeatureExtractor())


def test_two_galleries_become_one() -> None:
    one, other = IdentityGallery(threshold=0.3), IdentityGallery(threshold=0.3)
    vectors = people(0, 4)
    one.enroll("a", vectors=vectors[:1])
    other.enroll("b", vectors=vectors[1:2], camera="door")
    other.enroll("a", vectors=vectors[2:3])
    numbers = one.merge(other)
    assert one.names == {1: "a", 2: "b"}
    assert numbers == {1: 2, 2: 1}
    assert len(one.export(1).vectors) == 2
    assert one.export(2).cameras == ["door"]
    short = IdentityGallery()
    short.enroll("c", vectors=[[1.0, 0.0]])
    with pytest.raises(ValueError, match="numbers"):
        one.merge(short)
    assert one.names == {1: "a", 2: "b"}


def test_removing_leaves_nothing() -> None:
    gallery = IdentityGallery(threshold=0.3)
    gallery.enroll("a", vectors=people(0, 3))
    gallery.remove(1)
    assert gallery.identities == []
    assert len(gallery.store) == 0
    assert gallery.names == {}
    for call in (gallery.export, gallery.remove):
        with pytest.raises(ValueError, match="no identity 1"):
            call(1)
    assert gallery.enroll("b", vectors=people(1, 1)) == 2


def test_memory_is_bounded_and_names_stay() -> None:
    gallery = IdentityGallery(threshold=0.3, vectors_per_identity=5, size=60)
    gallery.enroll("kept", vectors=people(9, 2))
    for number in range(40):
        identity = gallery.new_identity()
        gallery.add_views(identity, people(number, 10), camera=-1, time=float(number), source=number)
        assert len(gallery.export(identity).vectors) == 5
        assert len(gallery.store) <= 60
    assert gallery.names == {1: "kept"}
    assert len(gallery.export(1).vectors) == 2
    assert 41 in gallery.identities
    assert 2 not in gallery.identities


def test_a_gallery_can_be_pickled() -> None:
    gallery = IdentityGallery(StripeFeatureExtractor())
    gallery.enroll("red", images=[RED])
    again = pickle.loads(pickle.dumps(gallery))
    assert again.search(gallery.export(1).vectors)[0].tolist() == [[1]]


def test_taking_the_mean_off_finds_people_on_another_camera() -> None:
    rng = np.random.default_rng(0)
    centres, offsets = people(0, 30), 1.5 * people(1, 2)
    gallery = IdentityGallery(threshold=0.5)

    def unit(vectors: np.typing.NDArray[np.floating]) -> np.typing.NDArray[np.float32]:
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    first, second = (unit(centres + offset + 0.1 * rng.standard_normal(centres.shape)) for offset in offsets)
    for camera, vectors in (("one", first), ("two", second)):
        for vector in vectors:
            gallery.means.add(gallery.camera_number(camera), vector)
    for number, vector in enumerate(first):
        gallery.enroll(str(number), vectors=[vector], camera="one")

    def right() -> float:
        return float((gallery.search(second, camera="two")[0][:, 0] == np.arange(1, 31)).mean())

    raw = right()
    gallery.means.renew()
    assert right() > raw + 0.2
    assert right() > 0.9


@pytest.mark.parametrize("candidates", [0, 1, 5, 50])
def test_measured_limits_are_stricter_for_names_and_let_few_pass(candidates: int) -> None:
    distances = np.sort(np.random.default_rng(0).uniform(0.2, 1.0, 1000))
    calibration = Calibration()
    calibration.add(distances)
    named, other = (calibration.limits(None, candidates, named=one) for one in (True, False))
    assert named.accept <= other.accept
    for limits, chance in ((named, 0.1), (other, 1.0)):
        passing = float((distances <= limits.accept).mean())
        assert passing <= min(0.05, chance / max(candidates, 2)) + 0.001
    assert calibration.limits(0.4, candidates, named=False) == calibration.limits(0.4, candidates)
