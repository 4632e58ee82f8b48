"""Diagrams as SVG: how one update flows, the layers of the package, the matching cascade.

Text stands in filled boxes and lines are of a middle grey, so that they can be read on a light page and on a dark one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

PURPLE, TEAL, BLUE, ORANGE, GREY = "#5e35b1", "#00796b", "#1565c0", "#b53d00", "#546e7a"
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


class Drawing:
    """Boxes with text, and arrows."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self._parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, lines: str | Sequence[str], colour: str) -> None:
        """A box; the first line is bold, the others are small."""
        title, *others = [lines] if isinstance(lines, str) else lines
        self._parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="{colour}"/>')
        middle = y + height / 2 - 8.5 * len(others) + 5.5
        for index, line in enumerate((title, *others)):
            style = 'font-weight="600" font-size="16"' if index == 0 else 'font-size="14"'
            self._parts.append(
                f'<text x="{x + width / 2}" y="{middle + 18 * index}" text-anchor="middle" fill="#fff" {style}>'
                f"{html.escape(line)}</text>"
            )

    def arrow(self, *points: tuple[float, float]) -> None:
        """A line with a head at its end."""
        path = "M" + " L".join(f"{x} {y}" for x, y in points)
        self._parts.append(
            f'<path d="{path}" fill="none" stroke="#8a8a8a" stroke-width="2.5" marker-end="url(#head)"/>'
        )

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """A dashed frame."""
        self._parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" fill="none" stroke="#8a8a8a" '
            'stroke-width="1.5" stroke-dasharray="6 5"/>'
        )

    def svg(self) -> str:
        """The finished file."""
        width, height = self.size
        head = (
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="#8a8a8a"/></marker></defs>'
        )
        body = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="system-ui, sans-serif">\n{head}\n{body}\n</svg>\n'
        )


def flow() -> str:
    """How one update flows."""
    drawing = Drawing(560, 770)
    drawing.box(90, 5, 380, 52, ("sv.Detections, frame, timestamp", "as you have them"), GREY)
    drawing.arrow((280, 57), (280, 80))
    drawing.box(90, 82, 380, 52, ("rows become arrays", "bad rows and those left out wait aside"), GREY)
    drawing.arrow((180, 134), (180, 158))
    drawing.arrow((380, 134), (380, 158))
    drawing.box(60, 160, 210, 52, ("appearance", "a vector for each box"), TEAL)
    drawing.box(290, 160, 210, 52, ("camera", "how the background moved"), TEAL)
    drawing.arrow((165, 212), (165, 248))
    drawing.arrow((395, 212), (395, 248))
    drawing.frame(20, 238, 520, 376)
    drawing.box(60, 250, 440, 52, ("predict", "all tracks to the time of this frame"), PURPLE)
    drawing.arrow((280, 302), (280, 326))
    drawing.box(60, 328, 440, 52, ("candidates", "pairs of a track and a detection that may match"), BLUE)
    drawing.arrow((280, 380), (280, 404))
    drawing.box(60, 406, 440, 52, ("assign", "the cheapest matches, one to one"), BLUE)
    drawing.arrow((500, 432), (522, 432), (522, 354), (502, 354))
    drawing.arrow((280, 458), (280, 482))
    drawing.box(60, 484, 440, 52, ("correct", "filters get their boxes, tracks keep embeddings"), PURPLE)
    drawing.arrow((280, 536), (280, 556))
    drawing.box(60, 558, 440, 48, ("life of the tracks", "hits, misses, ids, deaths, births"), ORANGE)
    drawing.arrow((280, 606), (280, 640))
    drawing.box(90, 642, 380, 52, ("tracker.tracks, coasting, events", "the state of the tracker now"), GREY)
    drawing.arrow((280, 694), (280, 712))
    drawing.box(90, 714, 380, 52, ("the same rows with tracker_id", "-1 for rows without a confirmed track"), GREY)
    return drawing.svg()


def package_layers() -> list[list[str]]:
    """The layers of the package from top to bottom, as import-linter checks them."""
    contract = PYPROJECT.read_text(encoding="utf-8").partition('name = "imports point down"')[2]
    listed = re.search(r"layers = \[(.*?)\]", contract, re.DOTALL)
    assert listed is not None
    return [re.findall(r"\w+", line) for line in re.findall(r'"([^"]+)"', listed.group(1))]


def layers() -> str:
    """The layers of the package: each imports from those below it."""
    rows = package_layers()
    colours = (GREY, GREY, GREY, GREY, TEAL, TEAL, PURPLE, ORANGE, BLUE, TEAL, GREY, GREY)
    drawing = Drawing(560, 58 * len(rows) - 4)
    for index, (names, colour) in enumerate(zip(rows, colours, strict=True)):
        width = (552 - 8 * (len(names) - 1)) / len(names)
        for column, name in enumerate(names):
            drawing.box(4 + column * (width + 8), 58 * index + 3, width, 38, name, colour)
        if index:
            drawing.arrow((280, 58 * index - 17), (280, 58 * index + 1))
    return drawing.svg()


def cascade() -> str:
    """The matching cascade: who was matched last chooses first."""
    drawing = Drawing(560, 388)
    steps = (
        ("matched on the last frame", "tracks 1, 4", "detections a b c d e", PURPLE, "1 takes a, 4 takes c"),
        ("missed for 1 frame", "track 2", "left over: b d e", PURPLE, "2 takes b"),
        ("missed for 12 frames", "track 3", "left over: d e", PURPLE, "nothing similar in its gate"),
        ("last: by overlap", "young track", "left over: d e", BLUE, "it takes d"),
    )
    for index, (when, tracks, detections, colour, result) in enumerate(steps):
        y = 6 + 80 * index
        drawing.box(4, y, 216, 52, (when, tracks), colour)
        drawing.box(250, y, 306, 52, (detections, result), GREY)
        drawing.arrow((220, y + 26), (248, y + 26))
        drawing.arrow((403, y + 52), (403, y + 78))
    drawing.box(250, 326, 306, 52, ("left over: e", "starts a track"), ORANGE)
    return drawing.svg()


def logo() -> str:
    """The mark of the library: one object in three frames, with one id."""
    boxes = "".join(
        f'<rect x="{6 + 13 * step}" y="{30 - 8 * step}" width="20" height="26" rx="4" fill="none" stroke="#fff" '
        f'stroke-width="4" opacity="{0.35 + 0.3 * step:.2f}"/>'
        for step in range(3)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">\n'
        f'<rect width="64" height="64" rx="14" fill="{PURPLE}"/>\n{boxes}\n'
        '<circle cx="42" cy="27" r="4.5" fill="#ffca28"/>\n</svg>\n'
    )
