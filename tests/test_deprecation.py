"""Names that have changed: the old one still works, and warns with the new one."""

from __future__ import annotations

from importlib import import_module

import pytest

import trackers.tools
from trackers.core import association_log
from trackers.core.steadysort.trust import Trust


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("trackers.companions", "DailyLabels", trackers.tools.DailyLabels),
        ("trackers.companions", "SingleObjectTracker", trackers.tools.SingleObjectTracker),
        ("trackers.companions", "Sighting", trackers.tools.TargetObservation),
        ("trackers.companions", "TrackStates", trackers.tools.TrackStates),
        ("trackers.companions", "bounding_rectangles", trackers.tools.bounding_rectangles),
        ("trackers.companions", "polygon_detections", trackers.tools.polygon_detections),
        ("trackers.core.journal", "Decision", association_log.Decision),
        ("trackers.core.journal", "Comparison", association_log.Comparison),
    ],
)
def test_names_that_moved(module: str, old: str, new: object) -> None:
    with pytest.warns(DeprecationWarning, match=f"{module}.{old} is now trackers"):
        assert getattr(import_module(module), old) is new


def test_names_that_never_were() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        import_module("trackers.companions").Nothing  # noqa: B018


def test_fields_of_trust() -> None:
    trust = Trust(0.01, 0.2)
    for old, value in {"strange": 0.01, "mixed": 0.2, "counts": True}.items():
        with pytest.warns(DeprecationWarning, match=rf"trust\.{old} is now trust\."):
            assert getattr(trust, old) == value
