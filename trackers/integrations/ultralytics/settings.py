"""The YAML files that choose and tune a tracker for `model.track(tracker=...)`.

`tracker_type` names the tracker, everything else is a parameter of its constructor. `feature_extractor` is a name, or
a mapping with `name` and parameters; `detector` stands for the maps of the detector that is running.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackers.appearance.detector_features import DetectorFeatures
from trackers.core.base import Tracker
from trackers.core.registry import EXTRACTORS, TRACKERS, find
from trackers.errors import require
from trackers.pipeline.choices import Choice, check_options, make_extractor, make_tracker, read_yaml

TAKEN = ("bytetrack", "botsort", "ocsort")
"""Names that Ultralytics gave to trackers of its own and that keep their meaning."""

NAMES = {f"trackers-{name}" if name in TAKEN else name: name for name in TRACKERS}
"""Our trackers by the name they go by inside Ultralytics."""

DETECTOR = "detector"


@dataclass(frozen=True)
class Settings:
    """A tracker for `model.track`.

    Attributes:
        tracker: Its name in `trackers.core.registry` and the parameters given.
        extractor: Its feature extractor, None for none.
    """

    tracker: Choice
    extractor: Choice | None

    def build(self, predictor: Any, frame_rates: Sequence[float]) -> list[Tracker[Any]]:
        """New trackers that share one feature extractor, so that their boxes can be embedded together.

        Args:
            predictor: The Ultralytics predictor they are for.
            frame_rates: Frames per second of each stream; the settings' own goes first.

        Returns:
            One tracker for each stream.
        """
        extractor: Any = None
        if self.extractor is not None and self.extractor.name == DETECTOR:
            extractor = DetectorFeatures(**self.extractor.options)
            extractor.read(predictor)
        elif self.extractor is not None:
            extractor = make_extractor(self.extractor)
        choices = [Choice(self.tracker.name, {"frame_rate": rate, **self.tracker.options}) for rate in frame_rates]
        return [make_tracker(choice, extractor) for choice in choices]


def read_settings(tracker: str | Path, theirs: Collection[str]) -> Settings | None:
    """Read what `tracker=` names.

    Args:
        tracker: Path of a YAML file, or one of our names with `.yaml`: without such a file, all parameters are default.
        theirs: Names of Ultralytics' own trackers.

    Returns:
        The settings; None if they are not for one of our trackers.

    Raises:
        ValueError: If the file names no tracker there is, or a parameter that the tracker or the extractor has not.
    """
    path = Path(tracker)
    if not path.is_file():
        return _settings({"tracker_type": path.stem}, path) if path.name.removesuffix(".yaml") in NAMES else None
    content = read_yaml(path, extra="ultralytics")
    name = content.get("tracker_type") if isinstance(content, dict) else None
    if isinstance(name, str) and name in NAMES:
        return _settings(content, path)
    if isinstance(name, str) and name in theirs:
        return None
    known = [*NAMES, *theirs]
    close = difflib.get_close_matches(str(name), known, n=3)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    raise ValueError(f"{path} has tracker_type {name!r}; {hint}Known are {', '.join(known)}")


def _settings(content: dict[str, Any], path: Path) -> Settings:
    options = dict(content)
    name = NAMES[options.pop("tracker_type")]
    wanted = options.pop("feature_extractor", DETECTOR if name == "deepsort" else None)
    try:
        make_tracker(Choice(name, options))  # names and values are checked before a model runs
        return Settings(Choice(name, options), None if wanted is None else _extractor(wanted))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _extractor(wanted: Any) -> Choice:
    options = dict(wanted) if isinstance(wanted, dict) else {"name": wanted}
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise ValueError(f"expected feature_extractor to be a name or a mapping with a name, but got {wanted!r}")
    check_options(name, DetectorFeatures if name == DETECTOR else find(EXTRACTORS, name), options)
    return Choice(name, options)


def write_yaml(path: str | Path) -> Path:
    """Write a tracker's parameters, with their defaults and what they mean, for editing.

    `frame_rate` is commented out: it is the source's own unless the file sets it.

    Args:
        path: The file to write; its name without `.yaml` is the tracker's, as in `"deepsort.yaml"`.

    Returns:
        The path.

    Raises:
        ValueError: If there is no such tracker.
        FileExistsError: If the file exists.

    Example:
        >>> import tempfile
        >>> path = write_yaml(Path(tempfile.mkdtemp()) / "sort.yaml")
        >>> print(path.read_text().splitlines()[0])
        tracker_type: sort
    """
    path = Path(path)
    if path.stem not in NAMES:
        raise ValueError(f"expected the file to be called after one of {', '.join(NAMES)}, but got {path.name!r}")
    yaml = require("yaml", extra="ultralytics")
    tracker = find(TRACKERS, NAMES[path.stem])
    meaning = dict(re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", inspect.getdoc(tracker) or "", re.MULTILINE))
    lines = [f"tracker_type: {path.stem}"]
    for name, parameter in inspect.signature(tracker).parameters.items():
        default = DETECTOR if name == "feature_extractor" and path.stem == "deepsort" else parameter.default
        lines += ["", *(f"# {line.strip()}" for line in meaning.get(name, "").splitlines())]
        line = yaml.safe_dump({name: default}, default_flow_style=False).strip()
        lines.append(f"# {line}" if name == "frame_rate" else line)
    with path.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path
