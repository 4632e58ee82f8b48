"""What a user of several cameras sees: rows, names, files, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.identity.drawn import GivenIds, frame_of, noisy, people
from trackers import DeepSORTTracker, SORTTracker, StripeFeatureExtractor
from trackers.identity import CameraLinks, IdentityGallery, MultiCameraTracker
from trackers.streams import MultiStreamTracker

VECTORS = people(0, 6)


def cameras_of(*names: str, **options: Any) -> MultiCameraTracker:
    return MultiCameraTracker({name: GivenIds() for name in names}, **options)


def column(found: sv.Detections, name: str) -> list[Any]:
    values: list[Any] = np.asarray(found.data[name]).tolist()
    return values


def walk(
    cameras: MultiCameraTracker, camera: str, who: int, track: int, start: float, seconds: float = 2.0
) -> sv.Detections:
    """One person alone on a camera; returns the last frame."""
    rng = np.random.default_rng([who, track])
    result = sv.Detections.empty()
    for time in np.arange(start, start + seconds, 0.1):
        found = frame_of([10.0 * (time - start)], noisy(rng, VECTORS[[who]], 0.4), [track])
        result = cameras.update(camera, found, timestamp=float(time))
    return result


def test_one_identity_over_cameras_and_a_new_one_for_somebody_else() -> None:
    cameras = cameras_of("door", "yard")
    assert column(walk(cameras, "door", 0, 1, 0.0), "identity") == [1]
    assert column(walk(cameras, "yard", 0, 1, 5.0), "identity") == [1]
    assert column(walk(cameras, "yard", 1, 2, 10.0), "identity") == [2]
    assert [event.kind for event in cameras.events] == ["new", "found", "new"]


def test_a_name_given_once_is_known_on_every_camera() -> None:
    cameras = cameras_of("door", "yard")
    walk(cameras, "door", 0, 1, 0.0)
    assert cameras.enroll("cow 17", camera="door", tracker_id=1) == 1
    result = walk(cameras, "yard", 0, 4, 5.0)
    assert column(result, "identity_name") == ["cow 17"]
    assert result.data["identity_name"].dtype.kind == "U"  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="called 'cow 17'"):
        cameras.enroll("cow 18", camera="yard", tracker_id=4)
    with pytest.raises(ValueError, match="no track 9"):
        cameras.enroll("cow 18", camera="yard", tracker_id=9)


def test_somebody_enrolled_is_named_and_others_are_not() -> None:
    gallery = IdentityGallery(threshold=0.4)
    gallery.enroll("guest", vectors=VECTORS[[0]])
    cameras = cameras_of("door", gallery=gallery)
    assert column(walk(cameras, "door", 0, 1, 0.0), "identity_name") == ["guest"]
    assert column(walk(cameras, "door", 1, 2, 5.0), "identity_name") == [""]


def test_a_track_that_never_had_a_vector_is_somebody_new() -> None:
    cameras = cameras_of("door", "yard", gallery=IdentityGallery(threshold=0.4))
    walk(cameras, "door", 0, 1, 0.0)
    for time in np.arange(5.0, 10.0, 0.1):
        result = cameras.update("yard", frame_of([10.0], 0.0 * VECTORS[[1]], [1]), timestamp=float(time))
    assert column(result, "identity") == [2]
    assert column(walk(cameras, "door", 0, 4, 20.0), "identity") == [1]


def test_frames_without_rows_and_without_detector() -> None:
    cameras = MultiCameraTracker({"door": SORTTracker()})
    for time, found in enumerate((sv.Detections.empty(), None)):
        result = cameras.update("door", found, timestamp=float(time))
        for name, kind in (("identity", "i"), ("identity_name", "U")):
            column = np.asarray(result.data[name])
            assert column.shape == (0,)
            assert column.dtype.kind == kind


def test_the_trackers_own_ids_are_those_it_gives_alone() -> None:
    rng = np.random.default_rng(1)
    alone, cameras = DeepSORTTracker(), MultiCameraTracker({"door": DeepSORTTracker()})
    for step in range(30):
        found = frame_of([10.0 * step, 700.0 - 10.0 * step], noisy(rng, VECTORS[:2], 0.3))
        before = {name: np.array(value) for name, value in found.data.items()}
        one = alone.update(found, timestamp=step / 10)
        other = cameras.update("door", found, timestamp=step / 10)
        np.testing.assert_array_equal(one.tracker_id, other.tracker_id)
        np.testing.assert_array_equal(one.xyxy, other.xyxy)
        assert found.tracker_id is None
        assert found.data.keys() == before.keys()


@pytest.mark.parametrize(
    ("camera", "found", "time", "message"),
    [
        ("cellar", frame_of([0.0], VECTORS[:1], [1]), 9.0, "no camera 'cellar'; there are 'door', 'yard'"),
        ("door", frame_of([0.0], VECTORS[:1], [1]), None, "one clock"),
        ("door", frame_of([0.0], VECTORS[:1], [1]), np.nan, "finite number of seconds"),
        ("door", frame_of([0.0], VECTORS[:1], [1]), 1.0, "backwards"),
        ("yard", frame_of([0.0], VECTORS[:1], [1]), 0.2, "out of step"),
        ("yard", frame_of([0.0], np.ones((1, 9), np.float32), [1]), 9.0, "64 numbers"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(camera: str, found: Any, time: Any, message: str) -> None:
    cameras = cameras_of("door", "yard")
    walk(cameras, "door", 0, 1, 0.0)
    with pytest.raises(ValueError, match=message):
        cameras.update(camera, found, timestamp=time)
    again = walk(cameras, "door", 0, 1, 2.0)
    assert column(again, "identity") == [1]


def test_columns_of_the_same_name_are_refused() -> None:
    found = frame_of([0.0], VECTORS[:1], [1])
    found.data["identity"] = np.array([3])
    with pytest.raises(ValueError, match="'identity' already"):
        cameras_of("door").update("door", found, timestamp=0.0)


def test_late_frames_are_accepted_within_the_tolerance() -> None:
    cameras = cameras_of("door", "yard", tolerance=0.5)
    walk(cameras, "door", 0, 1, 0.0)
    result = cameras.update("yard", frame_of([0.0], VECTORS[[1]], [1]), timestamp=1.5)
    assert column(result, "identity") == [-1]


def test_a_file_goes_on_where_the_other_was(tmp_path: Path) -> None:
    def frames(seed: int, start: int, stop: int) -> list[tuple[str, sv.Detections, float]]:
        rng = np.random.default_rng(seed)
        return [
            (name, frame_of([8.0 * step, 300.0], noisy(rng, VECTORS[:2], 0.3)), step / 10)
            for step in range(start, stop)
            for name in ("door", "yard")
        ]

    links = CameraLinks({("door", "yard"): (0, 9)}, overlap=True)
    one = MultiCameraTracker({name: SORTTracker() for name in ("door", "yard")}, links=links)
    for name, found, time in frames(0, 0, 30):
        one.update(name, found, timestamp=time)
    one.enroll("ann", camera="door", tracker_id=1)
    one.save(tmp_path / "farm.npz")
    other = MultiCameraTracker.load(tmp_path / "farm.npz", {name: SORTTracker() for name in ("door", "yard")})
    for name, found, time in frames(1, 30, 50):
        first, second = one.update(name, found, timestamp=time), other.update(name, found, timestamp=time)
        for column in ("identity", "identity_name"):
            np.testing.assert_array_equal(first.data[column], second.data[column])
        np.testing.assert_array_equal(first.tracker_id, second.tracker_id)
    with pytest.raises(ValueError, match="has a camera 'yard'"):
        MultiCameraTracker.load(tmp_path / "farm.npz", {"door": SORTTracker()})


def test_a_removed_identity_is_gone_everywhere() -> None:
    cameras = cameras_of("door", "yard")
    walk(cameras, "door", 0, 1, 0.0)
    cameras.enroll("ann", camera="door", tracker_id=1)
    cameras.remove(1)
    assert cameras.gallery.identities == []
    assert not cameras.events
    result = walk(cameras, "yard", 0, 1, 5.0)
    assert column(result, "identity") == [2]
    assert column(result, "identity_name") == [""]
    with pytest.raises(ValueError, match="no identity 1"):
        cameras.remove(1)


def test_an_explanation_tells_the_numbers() -> None:
    cameras = cameras_of("door", "yard")
    walk(cameras, "door", 0, 1, 0.0)
    walk(cameras, "door", 1, 2, 3.0)
    walk(cameras, "yard", 0, 1, 7.0)
    explanation = cameras.explain("yard", 1)
    assert explanation.identity == 1
    assert [one.identity for one in explanation.candidates] == [1, 2]
    assert explanation.candidates[0].camera == "door"
    assert explanation.candidates[0].distance <= explanation.limits.accept < explanation.candidates[1].distance
    assert "identity 1" in str(explanation)


def test_pixels_alone_are_enough() -> None:
    gallery = IdentityGallery(StripeFeatureExtractor())
    cameras = MultiCameraTracker({"door": SORTTracker(), "yard": SORTTracker()}, gallery=gallery)
    picture = np.full((300, 900, 3), 90, np.uint8)
    picture[100:220, 200:240] = (30, 30, 220)
    for step in range(40):
        name = "door" if step < 15 else "yard"
        result = cameras.update(name, frame_of([200.0], None), picture, timestamp=step / 10)
    assert column(result, "identity") == [1]


def test_many_streams_in_place_of_a_dict() -> None:
    rng = np.random.default_rng(0)
    cameras = MultiCameraTracker(MultiStreamTracker(lambda name: SORTTracker()))
    single = MultiCameraTracker({name: SORTTracker() for name in ("door", "yard")})
    for step in range(30):
        found = {name: frame_of([300.0], noisy(rng, VECTORS[[k]], 0.3)) for k, name in enumerate(("door", "yard"))}
        together = cameras.update(found, timestamps=step / 10)
        for name, frame in found.items():
            one = single.update(name, frame, timestamp=step / 10)
            np.testing.assert_array_equal(together[name].data["identity"], one.data["identity"])
    assert {name: column(frame, "identity") for name, frame in together.items()} == {"door": [1], "yard": [2]}


def test_links_say_what_they_are() -> None:
    links = CameraLinks({("a", "b"): (1, 5), ("b", "a"): (3, 9), ("c", "b"): {"overlap": True}})
    assert links.shortest("a", "b") == 1.0
    assert links.shortest("b", "a") == 3.0
    assert links.shortest("a", "c") == 1.0
    assert links.shortest("b", "c") == -np.inf
    for wrong in ({("a", "a"): (1, 2)}, {("a", "b"): (2, 1)}, {("a", "b"): (-1, 1)}, {("a", "b"): {"secs": 1}}):
        with pytest.raises(ValueError, match=r"camera|seconds|link"):
            CameraLinks(wrong)
    with pytest.raises(TypeError, match="pair of camera names"):
        CameraLinks({"ab": (1, 2)})  # type: ignore[dict-item]
