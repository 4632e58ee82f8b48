"""Every parameter that is data can be set from Python, from the YAML of `model.track` and from the command line."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from PIL import Image

yaml = pytest.importorskip("yaml", reason="the extra `cli` is not installed")
pytest.importorskip("jsonargparse", reason="the extra `cli` is not installed")

from trackers.cli import main  # noqa: E402
from trackers.core.registry import TRACKERS, find  # noqa: E402
from trackers.integrations.ultralytics.settings import NAMES, read_settings  # noqa: E402
from trackers.pipeline import choices  # noqa: E402

OTHER: dict[str, Any] = {
    "adapt": True,
    "appearance_gate": "motion",
    "appearance_iou_threshold": 0.4,
    "appearance_momentum": 0.8,
    "appearance_threshold": 0.17,
    "appearance_weight": 0.9,
    "camera_motion": "sparse_flow",
    "cascade": False,
    "class_agnostic": [[0, 2], [1, 3]],
    "direction_frames": 5,
    "direction_weight": 0.3,
    "distance_metric": "euclidean",
    "embed": "ambiguous",
    "embed_budget": 4,
    "frame_rate": 12.0,
    "gallery_size": 7,
    "gating": "position",
    "high_confidence_threshold": 0.55,
    "lost_track_buffer": 17,
    "low_confidence_iou_threshold": 0.45,
    "low_confidence_threshold": 0.15,
    "minimum_consecutive_frames": 5,
    "minimum_iou_threshold": 0.23,
    "motion_model": "xywh",
    "occlusion_limit": 0.4,
    "reid_memory": 4.0,
    "track_activation_threshold": 0.66,
}
"""A value of each parameter that is no tracker's default."""

NO_DATA = {"feature_extractor", "device", "selection"}
"""An extractor has options of its own, `device` is where it is moved to, a selection is an object."""

CASES = [
    (name, parameter)
    for name in TRACKERS
    for parameter in inspect.signature(find(TRACKERS, name)).parameters
    if parameter not in NO_DATA
]
NONE = [
    (name, parameter)
    for name, parameter in CASES
    if "None" in str(inspect.signature(find(TRACKERS, name)).parameters[parameter].annotation)
    and parameter != "appearance_threshold"  # None is the extractor's
]


def by_yaml(name: str, parameter: str, value: Any) -> Any:
    """The tracker that `model.track(tracker="mine.yaml")` makes."""
    alias = next(alias for alias, ours in NAMES.items() if ours == name)
    content = {"tracker_type": alias, parameter: value}
    if "feature_extractor" in inspect.signature(find(TRACKERS, name)).parameters:
        content["feature_extractor"] = "stripes"
    Path("mine.yaml").write_text(yaml.safe_dump(content))
    settings = read_settings("mine.yaml", ())
    assert settings is not None
    return settings.build(None, [30.0])[0]


def by_command_line(name: str, parameter: str, value: Any) -> Any:
    """The tracker that `trackers track` tracks with; the run itself is a real one, of two frames."""
    made: list[Any] = []
    make = choices.make_tracker

    def noted(*arguments: Any) -> Any:
        made.append(make(*arguments))
        return made[-1]

    for folder in ("one/img1", "one/det"):
        Path(folder).mkdir(parents=True)
    Path("one/det/det.txt").write_text("1,-1,10,10,40,90,0.9,-1,-1,-1\n2,-1,11,10,40,90,0.9,-1,-1,-1\n")
    for number in (1, 2):
        Image.new("RGB", (160, 120)).save(f"one/img1/{number:06d}.png")
    option = f"--tracker.{parameter}={value if isinstance(value, str) else json.dumps(value)}"
    with mock.patch("trackers.pipeline.settings.make_tracker", noted):
        code = main(
            [
                "track",
                "one/img1",
                "--detections",
                "one/det/det.txt",
                "--tracker",
                name,
                "--extractor",
                "none",
                option,
                "--output",
                "out.txt",
            ]
        )
    assert code == 0
    assert made
    return made[0]


def same(value: Any, expected: Any) -> bool:
    """Whether a parameter has the value, in whatever order of the classes in a group."""
    if isinstance(expected, list):
        return sorted(map(sorted, value)) == sorted(map(sorted, expected))
    return bool(value == expected)


@pytest.mark.parametrize(("name", "parameter"), CASES, ids=str)
def test_a_value_comes_through_each_door(name: str, parameter: str) -> None:
    value = "xyah" if (name, parameter) == ("botsort", "motion_model") else OTHER[parameter]
    default = inspect.signature(find(TRACKERS, name)).parameters[parameter].default
    assert value != default, "the value must differ, or nothing is tested"
    for tracker in (
        find(TRACKERS, name)(**{parameter: value}),
        by_yaml(name, parameter, value),
        by_command_line(name, parameter, value),
    ):
        assert type(tracker) is find(TRACKERS, name)
        assert same(getattr(tracker, parameter), value)


@pytest.mark.parametrize(("name", "parameter"), NONE, ids=str)
def test_none_comes_through_each_door(name: str, parameter: str) -> None:
    assert getattr(by_yaml(name, parameter, None), parameter) is None
    assert getattr(by_command_line(name, parameter, None), parameter) is None
