"""A parameter that is set on a living tracker acts from the next frame on, or is refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.contract.conftest import ALL_TRACKERS, walkers
from trackers import FixedLag, MultiStreamTracker, OCSORTTracker, SORTTracker, SteadySORTTracker
from trackers.association.selection import Selection
from trackers.core.base import Tracker
from trackers.identity import CameraLinks, IdentityGallery, MultiCameraTracker

Make = Callable[..., Tracker[Any]]
BOXES = np.array([[10.0, 20, 50, 120], [110.0, 20, 150, 120]])
CHANGES: dict[str, Any] = {
    "lost_track_buffer": 90,
    "frame_rate": 300.0,
    "minimum_consecutive_frames": 1,
    "class_agnostic": False,
    "selection": Selection(minimum_confidence=0.6),
    "camera_motion": lambda frame, boxes: None,
}


@pytest.fixture(params=ALL_TRACKERS.values(), ids=list(ALL_TRACKERS))
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def both(*classes: int) -> sv.Detections:
    return sv.Detections(xyxy=BOXES, confidence=np.full(2, 0.9), class_id=np.array(classes or (0, 1)))


def ids(tracker: Tracker[Any], detections: sv.Detections) -> list[int]:
    found: list[int] = np.asarray(tracker.update(detections).tracker_id).tolist()
    return found


@pytest.mark.parametrize(("name", "value"), CHANGES.items(), ids=list(CHANGES))
def test_set_before_the_first_frame_is_given_to_the_constructor(make: Make, name: str, value: Any) -> None:
    if name not in inspect.signature(type(make())).parameters:
        pytest.skip("a tracker without this parameter")
    given, later = make(**{name: value}), make()
    setattr(later, name, value)
    frames = list(walkers(40, missed=0.3, classes=2))
    assert [ids(later, frame) for frame in frames] == [ids(given, frame) for frame in frames]


@pytest.mark.parametrize(("name", "value"), [("lost_track_buffer", 300), ("frame_rate", 300.0)])
def test_a_longer_buffer_keeps_who_is_away(make: Make, name: str, value: float) -> None:
    tracker = make()
    for _ in range(6):
        known = ids(tracker, both())
    setattr(tracker, name, value)
    for _ in range(120):
        tracker.update(sv.Detections.empty())
    assert ids(tracker, both()) == known


def test_a_shorter_buffer_ends_who_is_away(make: Make) -> None:
    tracker = make(lost_track_buffer=300)
    for _ in range(6):
        ids(tracker, both())
    for _ in range(20):
        tracker.update(sv.Detections.empty())
    tracker.lost_track_buffer = 10
    tracker.update(sv.Detections.empty())
    assert tracker.tracks == []


def test_fewer_frames_confirm_at_once(make: Make) -> None:
    tracker = make(minimum_consecutive_frames=20)
    for _ in range(3):
        ids(tracker, both())
    tracker.minimum_consecutive_frames = 1
    assert sorted(ids(tracker, both())) == [1, 2]


def test_classes_kept_apart_from_now_on(make: Make) -> None:
    tracker = make()
    for _ in range(6):
        known = ids(tracker, both(0, 1))
    tracker.class_agnostic = False
    assert ids(tracker, both(0, 1)) == known
    assert not {1, 2} & set(ids(tracker, both(1, 0)))
    tracker.class_agnostic = [{0, 1, 2}]
    assert set(ids(tracker, both(2, 2))) <= {-1, 1, 2}


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "30", None])
@pytest.mark.parametrize("name", ["frame_rate", "lost_track_buffer"])
def test_what_is_no_rate_or_buffer_is_refused_by_name(make: Make, name: str, value: Any) -> None:
    tracker = make()
    if name == "lost_track_buffer" and (value == 0 or (value is None and isinstance(tracker, SteadySORTTracker))):
        setattr(tracker, name, value)  # no buffer; and for SteadySORT the one that follows from appearance
        assert getattr(tracker, name) == value
        return
    with pytest.raises((ValueError, TypeError), match=name):
        make(**{name: value})
    before = getattr(tracker, name)
    with pytest.raises((ValueError, TypeError), match=name):
        setattr(tracker, name, value)
    assert getattr(tracker, name) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("selection", "x"), ("selection", Selection), ("class_agnostic", "no"), ("class_agnostic", 3)],
)
def test_what_is_no_rule_is_refused_by_name(make: Make, name: str, value: Any) -> None:
    if name not in inspect.signature(type(make())).parameters:
        pytest.skip("a tracker without this parameter")
    tracker = make()
    for attempt in (lambda: setattr(tracker, name, value), lambda: make(**{name: value})):
        with pytest.raises(TypeError, match=f"{name} must be"):
            attempt()
    assert getattr(tracker, name) == getattr(make(), name)


def test_names_are_no_classes(make: Make) -> None:
    named = sv.Detections(xyxy=BOXES, confidence=np.full(2, 0.9), class_id=np.array(["car", "bus"]))
    with pytest.raises(TypeError, match=r"class_id must hold whole numbers, but holds <U3; .*data\['class_name'\]"):
        make().update(named)


def test_a_class_that_is_no_number_is_unknown(make: Make) -> None:
    tracker = make(class_agnostic=False)
    for classes in ([0.0, 1.0], [np.nan, 1.0], [0.0, np.nan]) * 4:
        found = ids(tracker, sv.Detections(xyxy=BOXES, confidence=np.full(2, 0.9), class_id=np.array(classes)))
    assert sorted(found) == [1, 2]


def test_what_cannot_change_says_so() -> None:
    tracker = OCSORTTracker()
    with pytest.raises(AttributeError, match="direction_frames is fixed"):
        tracker.direction_frames = 5


@pytest.mark.parametrize("name", [name for name in ALL_TRACKERS if name != "nearest"])
def test_every_number_of_a_constructor_is_checked_when_it_is_set(name: str) -> None:
    tracker = ALL_TRACKERS[name]()
    for name, parameter in inspect.signature(type(tracker)).parameters.items():
        if isinstance(parameter.default, float):
            with pytest.raises((ValueError, TypeError), match=name):
                setattr(tracker, name, float("nan"))


@pytest.mark.parametrize("missing", ["every third frame", "every third row"])
def test_no_class_is_not_class_0(make: Make, missing: str) -> None:
    """Objects at rest keep their ids through frames, and rows, whose class is not known."""
    boxes = np.array([[10.0 + 100 * i, 20, 50 + 100 * i, 120] for i in range(3)])
    tracker = make(class_agnostic=False)
    for i in range(14):
        classes: Any = np.array([0, 1, 2])
        if i % 3 == 2:
            classes = None if missing == "every third frame" else np.where(np.arange(3) == i % 2, -1, classes)
        found = ids(tracker, sv.Detections(xyxy=boxes, confidence=np.full(3, 0.9), class_id=classes))
    assert sorted(found) == [1, 2, 3]
    assert {track.class_id for track in tracker.tracks} == {0, 1, 2}


def test_a_track_without_a_class_takes_that_of_its_next_detection() -> None:
    tracker = SORTTracker(class_agnostic=False, minimum_consecutive_frames=1)
    one = sv.Detections(xyxy=BOXES[:1], confidence=np.full(1, 0.9))
    assert ids(tracker, one) == [1]
    for class_id, expected in ((7, 1), (7, 1), (8, 2)):
        detections = sv.Detections(xyxy=BOXES[:1], confidence=np.full(1, 0.9), class_id=np.array([class_id]))
        assert ids(tracker, detections) == [expected]


OTHER: dict[str, Any] = {
    "embed": "ambiguous",
    "device": "cpu",
    "embed_budget": 2,
    "distance_metric": "euclidean",
    "gating": "position",
    "cascade": False,
    "appearance_gate": "motion",
    "motion_model": "xywh",
    "lost_track_buffer": 5,
    "frame_rate": 10.0,
    "minimum_consecutive_frames": 1,
    "gallery_size": 2,
    "direction_frames": 5,
    "class_agnostic": False,
    "adapt": True,
    "selection": Selection(minimum_confidence=0.6),
    "camera_motion": lambda frame, boxes: np.array([[1.0, 0, 2], [0, 1, 1]]),
    "high_confidence_threshold": 0.8,
    "low_confidence_threshold": 0.35,
    "reid_memory": 2.0,
    "occlusion_limit": 0.5,
    "feature_extractor": lambda frame, boxes: np.eye(len(boxes), 4, dtype=np.float32) + 0.5,
}
"""Other values than the default."""


FIXED = ("adapt", "device", "direction_frames", "motion_model")


def other_value(parameter: inspect.Parameter) -> Any:
    if parameter.name in OTHER:
        return OTHER[parameter.name] if OTHER[parameter.name] != parameter.default else "xyah"
    return 0.6 if parameter.default is None else parameter.default * 0.7


CHANGED = [
    (name, parameter)
    for name, made in ALL_TRACKERS.items()
    if not isinstance(made, partial)
    for parameter in inspect.signature(made).parameters
]


@pytest.mark.parametrize(("name", "parameter"), CHANGED)
def test_every_parameter_acts_or_says_why_not(name: str, parameter: str) -> None:
    """Set on a new tracker it gives the ids of one that was made so; set later it acts from then on, or is refused."""
    made = ALL_TRACKERS[name]
    value = other_value(inspect.signature(made).parameters[parameter])
    frame = np.zeros((700, 700, 3), np.uint8)
    frames = list(walkers(40, missed=0.3, classes=2, vectors=parameter not in ("feature_extractor", "embed")))

    def run(tracker: Tracker[Any], part: list[sv.Detections]) -> list[list[int]]:
        return [np.asarray(tracker.update(one, frame).tracker_id).tolist() for one in part]

    given, later, living = made(**{parameter: value}), made(), made()
    if parameter in FIXED:
        run(living, frames[:20])
        with pytest.raises(AttributeError, match=f"{parameter} is fixed"):
            setattr(living, parameter, value)
        return
    setattr(later, parameter, value)
    assert run(later, frames) == run(given, frames)
    run(living, frames[:20])
    setattr(living, parameter, value)
    run(living, frames[20:])
    state = living.state_dict()["parameters"]
    assert parameter not in state or state[parameter] == given.state_dict()["parameters"][parameter]


def lag(seconds: float = 1.0, smooth: bool = True) -> FixedLag:
    return FixedLag(SORTTracker(minimum_consecutive_frames=1, frame_rate=10.0), seconds, smooth=smooth)


def test_a_lag_that_is_changed_counts_from_the_next_frame_on() -> None:
    changed = lag(seconds=5.0)
    frames = list(walkers(30))
    assert [changed.push(frame) for frame in frames[:20]] == [[]] * 20
    changed.seconds = 0.5
    assert len(changed.push(frames[20])) == 16, "what has waited long enough comes at once"
    assert len(changed.push(frames[21])) == 1
    for wrong in (-1, float("nan"), float("inf"), "1"):
        with pytest.raises((ValueError, TypeError), match="seconds"):
            changed.seconds = wrong  # type: ignore[assignment]
    assert changed.seconds == 0.5


def test_smoothing_is_turned_off_from_then_on() -> None:
    frames = list(walkers(30, missed=0.0))
    rough, turned = lag(0.5, smooth=False), lag(0.5)
    turned.smooth = False
    found = [[one.xyxy for frame in frames for one in each.push(frame)] for each in (rough, turned)]
    assert all(np.array_equal(one, other) for one, other in zip(*found, strict=True))


def test_errors_of_streams_are_kept_or_raised_as_it_says_now() -> None:
    streams = MultiStreamTracker(lambda name: SORTTracker())
    with pytest.raises(TypeError):
        streams.update({"a": "nothing"})  # type: ignore[dict-item]
    streams.on_error = "skip"
    assert streams.update({"a": "nothing"}) == {}  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="on_error must be one of"):
        streams.on_error = "ignore"
    assert streams.on_error == "skip"


def test_what_cameras_share_is_fixed_and_their_tolerance_acts() -> None:
    cameras = MultiCameraTracker({name: SORTTracker() for name in "ab"}, tolerance=0.0)
    for name, other in (("gallery", IdentityGallery()), ("links", CameraLinks())):
        with pytest.raises(AttributeError, match=f"{name} is fixed when a MultiCameraTracker is made"):
            setattr(cameras, name, other)
    cameras.update("a", both(), timestamp=10.0)
    with pytest.raises(ValueError, match="out of step"):
        cameras.update("b", both(), timestamp=9.0)
    cameras.tolerance = 2.0
    cameras.update("b", both(), timestamp=9.0)
    with pytest.raises(ValueError, match="tolerance"):
        cameras.tolerance = -1.0
