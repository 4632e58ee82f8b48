"""A tracker or an extractor chosen by name with its parameters, as plain data."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from trackers.core.base import Tracker
from trackers.core.registry import EXTRACTORS, TRACKERS, find
from trackers.errors import require
from trackers.io.labels import is_label_folder
from trackers.io.text import read_text

NO_EXTRACTOR = "none"
"""Name that chooses no feature extractor, where there would be one by default."""


@dataclass(frozen=True)
class Choice:
    """A tracker or an extractor by its name, and parameters that differ from its defaults.

    Attributes:
        name: A name of `trackers.core.registry`.
        options: Parameters of the constructor.
        label: What tables call it.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def __str__(self) -> str:
        return self.label or self.name


def at_rate(choice: Choice, frame_rate: float | None) -> Choice:
    """The choice with the frame rate of a source, unless it has one of its own or the source tells none.

    Example:
        >>> at_rate(Choice("sort"), 25.0).options["frame_rate"]
        25.0
        >>> at_rate(Choice("sort", {"frame_rate": 5.0}), 25.0).options["frame_rate"]
        5.0
    """
    if frame_rate is None or "frame_rate" not in inspect.signature(find(TRACKERS, choice.name)).parameters:
        return choice
    return replace(choice, options={"frame_rate": frame_rate, **choice.options})


def make_tracker(choice: Choice, extractor: Any = None) -> Tracker[Any]:
    """Build a new tracker.

    Args:
        choice: Its name and parameters.
        extractor: Feature extractor to hand to it, or None.

    Returns:
        The tracker.

    Raises:
        ValueError: If the name or a parameter is unknown, or an extractor is given to a tracker that uses
        none. TypeError: If a parameter has the wrong type.

    Example:
        >>> make_tracker(Choice("deepsort", {"lost_track_buffer": 60})).total_confirmed
        0
    """
    tracker_class = find(TRACKERS, choice.name)
    options = dict(choice.options)
    if extractor is not None:
        if not uses_appearance(choice):
            raise ValueError(f"{choice.name} uses no appearance; leave the extractor out")
        options["feature_extractor"] = extractor
    check_options(choice.name, tracker_class, options)
    tracker: Tracker[Any] = tracker_class(**options)
    return tracker


def make_extractor(choice: Choice) -> Any:
    """Build a feature extractor; None for `Choice("none")`.

    Raises:
        ValueError: If the name or a parameter is unknown.
    """
    if choice.name == NO_EXTRACTOR:
        return None
    factory = find(EXTRACTORS, choice.name)
    check_options(choice.name, factory, choice.options)
    return factory(**choice.options)


def default_extractor(tracker: Choice, *, frames: bool, vectors: bool) -> Choice:
    """Choose the extractor of a tracker for which nobody chose one: the best that needs no download.

    Args:
        tracker: The tracker. SteadySORT gets the built-in stripes; the others are what they are in their papers.
        frames: Whether there are frames to compute vectors from.
        vectors: Whether the detections bring vectors of their own.

    Returns:
        The extractor, or `Choice("none")`.

    Example:
        >>> str(default_extractor(Choice("steadysort"), frames=True, vectors=False))
        'stripes'
        >>> str(default_extractor(Choice("deepsort"), frames=True, vectors=False))
        'none'
    """
    steady = find(TRACKERS, tracker.name) is find(TRACKERS, "steadysort")
    return Choice("stripes" if steady and frames and not vectors else NO_EXTRACTOR)


def default_confidence(tracker: Choice, detections: str | Path) -> float | None:
    """Choose the lowest confidence of the detections of a tracker for which nobody chose one.

    Args:
        tracker: The tracker; `trackers.Tracker.detection_confidence` is its own.
        detections: Where the detections come from, as for `trackers.pipeline.detectors.open_detector`.

    Returns:
        The tracker's own for what a model finds, also if it is kept in a `.npz`. None for other files: their scores may
        be on any scale.

    Example:
        >>> default_confidence(Choice("deepsort"), "yolo11n.pt"), default_confidence(Choice("deepsort"), "det.txt")
        (0.5, None)
    """
    others = (".txt", ".csv", ".npy", ".json", ".jsonl")
    if Path(detections).suffix.lower() in others or is_label_folder(Path(detections)):
        return None
    return float(getattr(find(TRACKERS, tracker.name), "detection_confidence", 0.1))


def files_of(*choices: Choice | None) -> list[str]:
    """What could be files among choices: a name such as `mine.npz`, and options such as weights.

    Example:
        >>> files_of(Choice("mine.npz"), None, Choice("checkpoint", {"model_or_checkpoint_path": "osnet.pth"}))
        ['mine.npz', 'checkpoint', 'osnet.pth']
    """
    chosen = [one for one in choices if one is not None]
    return [
        str(value) for one in chosen for value in (one.name, *one.options.values()) if isinstance(value, str | Path)
    ]


def uses_appearance(choice: Choice) -> bool:
    """Tell whether a tracker takes a feature extractor."""
    return "feature_extractor" in inspect.signature(find(TRACKERS, choice.name)).parameters


def check_options(name: str, factory: Any, options: Mapping[str, Any]) -> None:
    """Refuse parameters that do not exist, listing close ones.

    Raises:
        ValueError: If there is one.
    """
    parameters = inspect.signature(factory).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    for option in options:
        if option not in parameters:
            close = difflib.get_close_matches(str(option), parameters, n=3)
            hint = f"; did you mean {' or '.join(close)}?" if close else f"; it has {', '.join(parameters)}"
            raise ValueError(f"{name} has no parameter {option!r}{hint}")


def read_choice(text: str, section: str = "tracker") -> Choice:
    """Read a choice: a name, or a YAML file such as `trackers tune` writes.

    Args:
        text: A name, or the path of a YAML file.
        section: Section of the file: `"tracker"` or `"extractor"`.

    Returns:
        The choice; one from a file is labelled with the name of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file has no such section.
    """
    path = Path(text)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return Choice(text)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    content = read_yaml(path)
    found = content.get(section) if isinstance(content, dict) else None
    if not isinstance(found, dict) or "name" not in found:
        raise ValueError(f"{path} has no section {section!r} with a name in it")
    options = {name: value for name, value in found.items() if name != "name"}
    return Choice(str(found["name"]), options, path.stem)


def read_yaml(path: Path, extra: str = "cli") -> Any:
    """Read a YAML file as plain data.

    Args:
        path: The file.
        extra: Extra of this package that brings the parser.

    Returns:
        What is in it.

    Raises:
        ValueError: If it is not YAML.
    """
    yaml = require("yaml", extra)
    text = read_text(path, "YAML")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
