"""A page that shows who was where: a row for each identity, bars for its tracks, doubtful ones first."""

from __future__ import annotations

import html
import importlib.resources
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trackers.io.whole import whole_file
from trackers.pipeline.report.pictures import take_pictures
from trackers.pipeline.track import open_frames

COLOURS = ("#2f6f9f", "#c2642d", "#3d8c5f", "#8a4f9e", "#a3892b", "#9b3f4f", "#4d7f86", "#6b6f78")
PICTURES_EACH = 1
"""Pictures of a track on the page."""

Crops = Mapping[tuple[str, int], str]


def take_crops(cameras: Mapping[str, Any], runs: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    """A picture of each track, as a data URL; none of cameras without frames or whose source is live.

    Args:
        cameras: Plans of the cameras by name.
        runs: What was found on each.
    """
    crops = {}
    for name, run in runs.items():
        source = cameras[name].source
        if not run.frame or not Path(source).exists():
            continue
        frames = open_frames(source)
        if frames is None:
            continue
        for tracker_id, found in take_pictures(frames, run.table(run.tracker_id), 0).crops.items():
            crops[name, tracker_id] = found[len(found) // 2][1]
    return crops


def write_page(path: Path, rows: Sequence[Sequence[Any]], crops: Crops, title: str) -> None:
    """Write the page; it needs no other file and no network.

    Args:
        path: File to write.
        rows: Who was where, as `identity_rows` gives it.
        crops: Picture of each track.
        title: What the page is called.

    Raises:
        ValueError: If there is nobody.
    """
    if not rows:
        raise ValueError("there is nobody to show: no track has an identity")
    begin, end = min(row[4] for row in rows), max(row[5] for row in rows)
    cameras = list(dict.fromkeys(row[2] for row in rows))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(cameras)}
    groups: dict[int, list[Sequence[Any]]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    order = sorted(groups, key=lambda one: (min(row[6] for row in groups[one]), one))
    scale = 100.0 / max(end - begin, 1e-9)
    body = "\n".join(_identity(groups[one], colours, crops, begin, scale) for one in order)
    legend = "".join(f'<span style="background:{colours[name]}">{html.escape(name)}</span>' for name in cameras)
    page = importlib.resources.files("trackers.pipeline.multicam").joinpath("page.html").read_text(encoding="utf-8")
    filled = {
        "title": html.escape(title),
        "summary": f"{len(groups)} identities, {len(rows)} tracks, {len(cameras)} cameras, {begin:.1f} to {end:.1f} s",
        "legend": legend,
        "rows": body,
    }
    for name, text in filled.items():
        page = page.replace(f"<!--{name}-->", text)
    with whole_file(path) as beside:
        beside.write_text(page, encoding="utf-8")


def _identity(
    rows: Sequence[Sequence[Any]], colours: Mapping[str, str], crops: Crops, begin: float, scale: float
) -> str:
    """One row of the page."""
    identity, name = rows[0][0], rows[0][1]
    bars, pictures = [], []
    for _, _, camera, tracker_id, start, stop, confidence in rows:
        place = f"left:{(start - begin) * scale:.2f}%;width:max(3px,{(stop - start) * scale:.2f}%)"
        label = html.escape(
            f"{camera}, track {tracker_id}, {start:.1f} to {stop:.1f} s, confidence {confidence:.2f}", quote=True
        )
        track = f'data-camera="{html.escape(camera, quote=True)}" data-track="{tracker_id}"'
        style = f"{place};background:{colours[camera]};opacity:{0.35 + 0.65 * confidence:.2f}"
        bars.append(f'<button class="bar" {track} style="{style}" title="{label}" aria-label="{label}"></button>')
        if (camera, tracker_id) in crops:
            pictures.append(f'<img src="{crops[camera, tracker_id]}" alt="{label}" title="{label}">')
    head = html.escape(f"{identity} {name}".strip())
    least = min(row[6] for row in rows)
    return (
        f'<section data-identity="{identity}"><h2>{head}</h2><small>{least:.2f}</small>'
        f'<div class="way">{"".join(bars)}</div><div class="pictures">{"".join(pictures)}</div></section>'
    )
