"""What a tracker shows of itself, and what it says to names that other libraries use."""

from __future__ import annotations

import copy
import inspect
import re
from typing import Any

import numpy as np
import pytest

import trackers
from tests.contract.conftest import ALL_TRACKERS
from trackers import (
    BoTSORTTracker,
    ByteTrackTracker,
    DeepSORTFeatureExtractor,
    DeepSORTTracker,
    OCSORTTracker,
    Selection,
    SORTTracker,
    SteadySORTTracker,
    StripeFeatureExtractor,
    Tracker,
)
from trackers.core.hints import METHODS, PARAMETERS

WITH_APPEARANCE = (BoTSORTTracker, DeepSORTTracker, SteadySORTTracker)


def known(tracker: type) -> set[str]:
    return set(inspect.signature(tracker).parameters)


@pytest.mark.parametrize(
    ("tracker", "parameter", "says"),
    [
        (SORTTracker, "max_age", "it is lost_track_buffer here"),
        (DeepSORTTracker, "max_cosine_distance", "it is appearance_threshold here"),
        (ByteTrackTracker, "track_thresh", "it is high_confidence_threshold here"),
        (ByteTrackTracker, "minimum_matching_threshold", "it is minimum_iou_threshold, 1 minus the threshold here"),
        (OCSORTTracker, "delta_t", "it is direction_frames here"),
        (BoTSORTTracker, "gmc_method", "it is camera_motion here"),
        (SteadySORTTracker, "hit_counter_max", "it is lost_track_buffer here"),
        (SORTTracker, "nn_budget", "its parameters are lost_track_buffer, frame_rate"),
    ],
)
def test_a_parameter_of_another_library(tracker: Any, parameter: str, says: str) -> None:
    with pytest.raises(TypeError, match=re.escape(f"{tracker.__name__} has no parameter {parameter!r}: {says}")):
        tracker(**{parameter: 1})


def test_a_parameter_of_no_library_is_refused_as_ever() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'bufer'"):
        SORTTracker(bufer=1)  # type: ignore[call-arg]


def test_every_hint_leads_to_a_parameter_that_exists() -> None:
    everything = set().union(*(known(type(make())) for make in ALL_TRACKERS.values()))
    assert {re.split("[,=]", here)[0] for here in PARAMETERS.values()} <= everything
    assert not set(PARAMETERS) & everything, "a name that a tracker has needs no hint"
    assert all(hasattr(SORTTracker(), re.match(r"\w+", here)[0]) for here in METHODS.values())  # type: ignore[index]
    assert not [name for name in METHODS if hasattr(SORTTracker(), name)]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_of_another_library(method: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"has no attribute {method!r}: it is {METHODS[method]} here")):
        getattr(DeepSORTTracker(), method)


@pytest.mark.parametrize("tracker", WITH_APPEARANCE)
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            StripeFeatureExtractor,
            r"the class StripeFeatureExtractor: make an object of it, StripeFeatureExtractor\(...\)",
        ),
        ("osnet.pth", r"the path 'osnet.pth': load it with DeepSORTFeatureExtractor\('osnet.pth'\)"),
        (3, "but got int"),
    ],
)
def test_what_is_no_extractor(tracker: Any, wrong: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        tracker(wrong)


@pytest.mark.extra
def test_a_bare_network_is_no_extractor() -> None:
    nn = pytest.importorskip("torch").nn
    with pytest.raises(TypeError, match=r"the network Linear: wrap it with DeepSORTFeatureExtractor\(network\)"):
        DeepSORTTracker(nn.Linear(2, 2))
    with pytest.warns(UserWarning, match="calibrate"):
        assert DeepSORTTracker(
            DeepSORTFeatureExtractor(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), device="cpu")
        ).feature_extractor


def test_a_selection_is_an_object() -> None:
    with pytest.raises(TypeError, match=r"selection must be a Selection\(...\) or None, but got the class Selection"):
        SORTTracker(selection=Selection)  # type: ignore[arg-type]


class Model:
    """An extractor that could have a threshold."""

    def __init__(self, appearance_threshold: float | None) -> None:
        self.appearance_threshold = appearance_threshold

    def extract_features(self, frame: Any, detections: Any) -> Any:
        return np.ones((len(detections), 2))


@pytest.mark.parametrize("tracker", WITH_APPEARANCE)
def test_a_threshold_nobody_knows_is_said_once_where_the_tracker_is_made(tracker: Any) -> None:
    with pytest.warns(UserWarning, match=r"not known.*calibrate") as caught:
        tracker(Model(None))
    (warning,) = caught
    assert warning.filename == __file__


@pytest.mark.parametrize("tracker", WITH_APPEARANCE)
def test_a_threshold_that_is_known_or_given_is_taken_in_silence(tracker: Any) -> None:
    assert tracker(Model(0.17)).appearance_threshold == 0.17
    assert tracker(Model(None), appearance_threshold=0.4).appearance_threshold == 0.4
    assert tracker(Model(0.0)).appearance_threshold == 0.0


@pytest.mark.parametrize("name", ALL_TRACKERS)
def test_a_tracker_shows_its_parameters(name: str) -> None:
    tracker = ALL_TRACKERS[name]()
    shown = repr(tracker)
    assert shown.startswith(f"{type(tracker).__name__}(")
    for parameter in known(type(tracker)) - {"device"}:
        assert f"{parameter}=" in shown
    tracker.lost_track_buffer = 77
    assert "lost_track_buffer=77" in repr(tracker)
    assert repr(copy.deepcopy(tracker)) == repr(tracker)


def test_objects_and_arrays_are_shown_in_short() -> None:
    tracker = BoTSORTTracker(
        StripeFeatureExtractor(), camera_motion=np.zeros((5, 2, 3)), selection=Selection(minimum_height=2)
    )
    shown = repr(tracker)
    assert "feature_extractor=StripeFeatureExtractor(" in shown
    assert "camera_motion=array of shape (5, 2, 3)" in shown
    assert "selection=Selection(" in shown
    assert " at 0x" not in shown


def test_a_list_of_trackers_has_a_type() -> None:
    several: list[Tracker[Any]] = [SORTTracker(), DeepSORTTracker()]
    assert all(isinstance(tracker, trackers.Tracker) for tracker in several)


def test_dir_lists_the_public_names_alone() -> None:
    assert dir(trackers) == sorted([*trackers.__all__, "__version__"])


def test_the_old_name_of_the_box_of_a_track_warns() -> None:
    import supervision as sv

    tracker = SORTTracker(minimum_consecutive_frames=1)
    tracker.update(sv.Detections(xyxy=np.array([[1.0, 2.0, 31.0, 42.0]]), confidence=np.array([0.9])))
    (track,) = tracker.tracks
    with pytest.warns(DeprecationWarning, match=r"Track.box is now Track.xyxy"):
        assert track.box is track.xyxy
