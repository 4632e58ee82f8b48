"""Parameters are checked when the tracker is made and whenever they are set, and are attributes of their name."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from tests.contract.conftest import ALL_TRACKERS
from trackers import BoTSORTTracker, ByteTrackTracker, DeepSORTTracker, OCSORTTracker, SORTTracker, SteadySORTTracker

TRACKERS = [BoTSORTTracker, ByteTrackTracker, DeepSORTTracker, OCSORTTracker, SORTTracker, SteadySORTTracker]
NUMBERS = [
    (tracker, name)
    for tracker in TRACKERS
    for name, parameter in inspect.signature(tracker).parameters.items()
    if isinstance(parameter.default, float | int) and not isinstance(parameter.default, bool)
]


@pytest.mark.parametrize(("tracker", "name"), NUMBERS)
@pytest.mark.parametrize("wrong", [-1, float("nan"), "much"])
def test_a_number_out_of_range_is_refused_at_birth_and_later(tracker: Any, name: str, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=name):
        tracker(**{name: wrong})
    living = tracker()
    before = getattr(living, name)
    with pytest.raises((TypeError, ValueError), match=name):
        setattr(living, name, wrong)
    assert getattr(living, name) == before


@pytest.mark.parametrize("name", ["distance_metric", "gating", "embed"])
def test_a_name_that_is_none_of_the_choices_is_refused(name: str) -> None:
    tracker = DeepSORTTracker()
    with pytest.raises(ValueError, match=f"{name} must be one of"):
        setattr(tracker, name, "other")


def test_the_two_confidence_thresholds_stay_in_order() -> None:
    tracker = ByteTrackTracker(high_confidence_threshold=0.6, low_confidence_threshold=0.1)
    with pytest.raises(ValueError, match=r"low_confidence_threshold must be between 0.0 and 0.6, but got 0.7"):
        tracker.low_confidence_threshold = 0.7
    with pytest.raises(ValueError, match=r"high_confidence_threshold must be between 0.1 and 1.0, but got 0.05"):
        tracker.high_confidence_threshold = 0.05
    tracker.high_confidence_threshold = 0.8
    tracker.low_confidence_threshold = 0.7
    assert (tracker.low_confidence_threshold, tracker.high_confidence_threshold) == (0.7, 0.8)


@pytest.mark.parametrize("name", ALL_TRACKERS)
def test_every_parameter_is_an_attribute(name: str) -> None:
    tracker = ALL_TRACKERS[name]()
    for parameter in inspect.signature(type(tracker)).parameters:
        assert parameter == "device" or hasattr(tracker, parameter)


@pytest.mark.parametrize(
    "parameter", ["class_agnostic", "camera_motion", "minimum_consecutive_frames", "lost_track_buffer"]
)
def test_what_all_trackers_share_is_described_in_the_same_words(parameter: str) -> None:
    """Each constructor says it itself, where editors find it; this keeps the six from drifting apart."""
    first_sentences = set()
    for kind in TRACKERS:
        documentation = inspect.getdoc(kind) or ""
        entry = re.search(rf"^    {parameter}: (.*?)(?=^    \w+: |^\S)", documentation, re.MULTILINE | re.DOTALL)
        assert entry is not None, kind
        first_sentences.add(" ".join(entry[1].split()).partition(". ")[0].rstrip("."))
    assert len(first_sentences) == 1
