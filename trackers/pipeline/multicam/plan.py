"""What a file of cameras says: sources, links between them, and who is known."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trackers.core.time import as_seconds
from trackers.identity import CameraLinks
from trackers.identity.identification import PairOfTracks
from trackers.io.source import check_rate
from trackers.io.text import read_text
from trackers.pipeline.choices import read_yaml


@dataclass(frozen=True)
class CameraPlan:
    """One camera.

    Attributes:
        source: As in `trackers track`.
        detections: As in `trackers track`; None for the default of the source.
        frame_rate: Frames per second where the source does not tell.
        starts: Seconds on the common clock at which the first frame was taken.
    """

    source: str
    detections: str | None = None
    frame_rate: float | None = None
    starts: float = 0.0


@dataclass(frozen=True)
class Plan:
    """All cameras.

    Attributes:
        cameras: By name, in the order in which an instant is settled.
        links: How they lie to each other.
        names: Pictures by name.
    """

    cameras: Mapping[str, CameraPlan]
    links: CameraLinks = field(default_factory=CameraLinks)
    names: Mapping[str, list[Path]] = field(default_factory=dict)


def read_plan(path: str | Path) -> Plan:
    """Read a YAML file with `cameras`, and if wanted `links` and `names`.

    Args:
        path: The file. Sources and pictures in it are relative to its folder.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If something in it is not as it should be.
    """
    path = Path(path)
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("cameras"), dict) or not content["cameras"]:
        raise ValueError(f"{path} needs a section 'cameras' with a source for each name")
    unknown = content.keys() - {"cameras", "links", "names"}
    if unknown:
        raise ValueError(f"{path} has a section {min(unknown)!r}; there are cameras, links and names")
    cameras = {str(name): _camera(path, str(name), value) for name, value in content["cameras"].items()}
    links = CameraLinks()
    for entry in content.get("links") or ():
        if not isinstance(entry, dict) or {"from", "to"} - entry.keys():
            raise ValueError(f"{path}: a link needs 'from' and 'to', but got {entry!r}")
        fields = {key: value for key, value in entry.items() if key not in ("from", "to")}
        extra = fields.keys() - {"seconds", "overlap", "homography"}
        absent = [end for end in (entry["from"], entry["to"]) if end not in cameras]
        if extra or absent:
            raise ValueError(f"{path}: the link {entry!r} names {(sorted(extra) or absent)[0]!r}, which is not known")
        links.add(entry["from"], entry["to"], **fields)
    names = {
        str(name): [path.parent / one for one in ([files] if isinstance(files, str) else files)]
        for name, files in (content.get("names") or {}).items()
    }
    return Plan(cameras, links, names)


def _camera(path: Path, name: str, value: Any) -> CameraPlan:
    fields = {"source": value} if isinstance(value, str | int) else value
    if not isinstance(fields, dict) or "source" not in fields:
        raise ValueError(f"{path}: camera {name!r} needs a source")
    unknown = fields.keys() - {"source", "detections", "frame_rate", "starts"}
    if unknown:
        raise ValueError(
            f"{path}: camera {name!r} has {min(unknown)!r}; there are source, detections, frame_rate and starts"
        )
    try:
        frame_rate = None if fields.get("frame_rate") is None else float(fields["frame_rate"])
        starts = as_seconds(float(fields.get("starts", 0.0)))
        check_rate(frame_rate)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: camera {name!r}: {error}") from error
    source = _beside(path, str(fields["source"]))
    detections = fields.get("detections")
    return CameraPlan(
        source=source,
        detections=None if detections is None else _beside(path, str(detections)),
        frame_rate=frame_rate,
        starts=starts,
    )


def _beside(path: Path, name: str) -> str:
    """A name as a path beside the file where there is one, else the name."""
    beside = path.parent / name
    return str(beside) if beside.exists() else name


def read_pairs(path: str | Path) -> dict[str, list[PairOfTracks]]:
    """Read pairs of tracks that a person has judged.

    Args:
        path: CSV without a header: `same` or `different`, camera, id, camera, id.

    Returns:
        The pairs by judgement.

    Raises:
        ValueError: If a line is not of that form.
    """
    pairs: dict[str, list[PairOfTracks]] = {"same": [], "different": []}
    lines = read_text(Path(path), "CSV of pairs").splitlines()
    for number, row in enumerate(csv.reader(lines, skipinitialspace=True), start=1):
        if not row:
            continue
        try:
            judgement, first, one, second, other = (text.strip() for text in row)
            pairs[judgement.lower()].append(((first, int(one)), (second, int(other))))
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"{path}, line {number}: expected same or different, camera, id, camera, id, but got {row}"
            ) from error
    return pairs
