"""Everything the page shows, gathered and put into one file that needs nothing else."""

from __future__ import annotations

import html
import importlib.resources
import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trackers.boxes import Image, Ints
from trackers.evaluation import evaluate_sequence, find_switches, score_rows
from trackers.io.whole import whole_file
from trackers.pipeline.report.pictures import Pictures, take_pictures
from trackers.table import BoxTable

Reasons = Mapping[int, Mapping[int, str]]
"""By track (-1 for none) and frame: why."""


def write_report(
    path: str | Path,
    result: BoxTable,
    *,
    title: str = "tracks",
    truth: BoxTable | None = None,
    frames: Iterable[tuple[int, Image]] = (),
    frame_rate: float = 30.0,
    reasons: Reasons | None = None,
    about: Mapping[str, str] | None = None,
) -> None:
    """Write a page about a result.

    Args:
        path: File to write.
        result: The result.
        title: What the page is called.
        truth: Ground truth, for scores and ID switches.
        frames: Numbers and images of the source, read once; none shows boxes on an empty ground.
        frame_rate: Frames per second.
        reasons: Why ids were given or refused, where the tracker recorded it.
        about: What else is shown at the top, such as the tracker, its settings, the source and the date.

    Raises:
        ValueError: If the result is empty.
    """
    if not len(result):
        raise ValueError("there is no track to show: the result is empty")
    last_frame = int(max(result.frame.max(), 0 if truth is None else truth.frame.max(initial=0)))
    compared = _compared(result, truth, last_frame)
    switches = [one["frame"] for one in (compared["truth"] or {"switches": []})["switches"]]
    pictures = take_pictures(frames, result, last_frame, switches)
    content = {
        "title": title,
        "about": dict(about or {}),
        "frames": last_frame,
        "rate": frame_rate,
        **_ground(result, truth, pictures),
        "stills": pictures.stills,
        "tracks": _tracks(result, pictures, reasons or {}),
        "counts": _counts(result.frame[~result.interpolated], last_frame),
        "refused": dict((reasons or {}).get(-1, {})),
        **compared,
    }
    with whole_file(path) as beside:
        beside.write_text(_page(title, content), encoding="utf-8")


def _ground(result: BoxTable, truth: BoxTable | None, pictures: Pictures) -> dict[str, Any]:
    """Size of the frames, or where there are none of the space that is used."""
    corners = [one.xyxy[:, 2:].max(axis=0) for one in (result, truth) if one is not None and len(one)]
    width, height = pictures.size if pictures.size[0] else np.max(corners, axis=0).tolist()
    return {"width": float(width), "height": float(height)}


def _tracks(result: BoxTable, pictures: Pictures, reasons: Reasons) -> list[dict[str, Any]]:
    found = []
    for tracker_id in np.unique(result.tracker_id).tolist():
        rows = result.rows(result.tracker_id == tracker_id)
        found.append(
            {
                "id": tracker_id,
                "frames": rows.frame.tolist(),
                "boxes": rows.xywh.round().astype(int).tolist(),
                "confidence": round(float(rows.confidence.mean()), 3),
                "gaps": _gaps(rows.frame[~rows.interpolated]),
                "interpolated": _stretches(rows.frame[rows.interpolated]),
                "crops": pictures.crops.get(tracker_id, []),
                "why": dict(reasons.get(tracker_id, {})),
            }
        )
    return found


def _gaps(frames: Ints) -> list[list[int]]:
    """First and last frame of each stretch in which a track was not matched."""
    ends = np.flatnonzero(np.diff(frames) > 1)
    return [[int(frames[i]) + 1, int(frames[i + 1]) - 1] for i in ends]


def _stretches(frames: Ints) -> list[list[int]]:
    """First and last frame of each stretch without a frame missing."""
    ends = np.flatnonzero(np.diff(frames, prepend=-1, append=frames[-1:] + 2) > 1)
    return [[int(frames[start]), int(frames[stop - 1])] for start, stop in itertools.pairwise(ends.tolist())]


def _counts(frame: Ints, last_frame: int) -> list[int]:
    counts: list[int] = np.bincount(frame, minlength=last_frame + 1)[1:].tolist()
    return counts


def _compared(result: BoxTable, truth: BoxTable | None, last_frame: int) -> dict[str, Any]:
    if truth is None:
        return {"truth": None}
    counted = truth.rows(truth.confidence != 0)
    scores = dict(score_rows([evaluate_sequence(truth, result)])[0])
    scores.pop("sequence")
    return {
        "truth": {
            "scores": scores,
            "switches": [one._asdict() for one in find_switches(truth, result)],
            "counts": _counts(counted.frame, last_frame),
            "objects": len(np.unique(counted.tracker_id)),
        }
    }


def _page(title: str, content: Mapping[str, Any]) -> str:
    files = importlib.resources.files("trackers.pipeline.report")
    parts = {name: (files / f"page.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    data = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")
    filled = {"title": html.escape(title), "css": parts["css"], "js": parts["js"], "data": data}
    page = parts["html"]
    for name, text in filled.items():
        page = page.replace(f"<!--{name}-->", text)
    return page
