"""Drawing tracks on frames with supervision's annotators."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Image
from trackers.errors import check_range
from trackers.images import as_bgr

if TYPE_CHECKING:
    import supervision as sv

ANNOTATORS = {
    "box": "BoxAnnotator",
    "round-box": "RoundBoxAnnotator",
    "corner": "BoxCornerAnnotator",
    "ellipse": "EllipseAnnotator",
    "triangle": "TriangleAnnotator",
    "dot": "DotAnnotator",
    "color": "ColorAnnotator",
    "blur": "BlurAnnotator",
    "pixelate": "PixelateAnnotator",
    "heatmap": "HeatMapAnnotator",
    "label": "LabelAnnotator",
    "trace": "TraceAnnotator",
}
"""Annotators by name, and the class of `supervision` each one is."""


@dataclass(frozen=True)
class Drawing:
    """What is drawn on a frame.

    Attributes:
        annotators: Names of annotators, drawn in this order: box, round-box, corner, ellipse, triangle, dot,
            color, blur, pixelate, heatmap, label, trace.
        trace_length: Frames a trace goes back.
        thickness: Line width in pixels; None suits the size of the frame.

    Raises:
        ValueError: If an annotator is unknown, or a number is not above 0.
    """

    annotators: Sequence[str] = ("trace", "box", "label")
    trace_length: int = 30
    thickness: int | None = None

    def __post_init__(self) -> None:
        """Check the names and numbers."""
        for name in self.annotators:
            if name not in ANNOTATORS:
                close = difflib.get_close_matches(name, ANNOTATORS, n=2)
                hint = f"did you mean {' or '.join(close)}? " if close else ""
                raise ValueError(f"unknown annotator {name!r}; {hint}Known are {', '.join(ANNOTATORS)}")
        check_range("trace_length", self.trace_length, 1)
        if self.thickness is not None:
            check_range("thickness", self.thickness, 1)


DEFAULT = Drawing()
"""Traces, boxes and labels."""


def make_annotator(drawing: Drawing, size: tuple[int, int]) -> Callable[[Image, sv.Detections], Image]:
    """Make a function that draws tracks on a copy of a frame.

    Args:
        drawing: What to draw.
        size: Width and height of the frames.

    Returns:
        The function; rows without a track are not drawn. Frames are those that `trackers.images.as_bgr` takes.
    """
    import supervision as sv

    thickness = drawing.thickness or sv.calculate_optimal_line_thickness(size)
    scale = sv.calculate_optimal_text_scale(size)
    by_track = sv.ColorLookup.TRACK
    options: dict[str, dict[str, Any]] = {
        "label": {"text_scale": scale, "text_thickness": 1, "text_padding": 4, "color_lookup": by_track},
        "trace": {"trace_length": drawing.trace_length, "thickness": thickness, "color_lookup": by_track},
        **{name: {"color_lookup": by_track} for name in ("dot", "color", "triangle")},
        **{name: {} for name in ("blur", "pixelate", "heatmap")},
    }
    default = {"thickness": thickness, "color_lookup": by_track}
    annotators = [(name, getattr(sv, ANNOTATORS[name])(**options.get(name, default))) for name in drawing.annotators]

    def annotate(image: Image, detections: sv.Detections) -> Image:
        tracked: Any = detections[np.asarray(detections.tracker_id) >= 0]
        picture: Image = np.array(as_bgr(image), order="C")
        for name, annotator in annotators:
            if name == "label":
                picture = annotator.annotate(picture, tracked, labels=_labels(tracked))
            elif len(tracked) or name == "heatmap":
                picture = annotator.annotate(picture, tracked)
        return picture

    return annotate


def _labels(tracked: sv.Detections) -> list[str]:
    """Class and id, the id in brackets where the box was interpolated."""
    names = tracked.data.get("class_name", [""] * len(tracked))
    marks = tracked.data.get("interpolated", [False] * len(tracked))
    ids = [f"({i})" if mark else f"{i}" for i, mark in zip(np.asarray(tracked.tracker_id).tolist(), marks, strict=True)]
    return [f"{name} {i}".strip() for i, name in zip(ids, names, strict=True)]
