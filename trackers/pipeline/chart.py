"""A picture of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trackers.pipeline.benchmark import NO_VECTORS, Outcome

MEASURES = {"HOTA": "hota", "IDF1": "idf1", "MOTA": "mota"}


def draw_chart(outcomes: Sequence[Outcome], path: str | Path) -> None:
    """Draw HOTA, IDF1 and MOTA of each tracker as bars, with ID switches and speed beside them.

    Args:
        outcomes: One per tracker, the best first.
        path: File to write; its ending chooses the format (`.png`, `.svg`, `.pdf`).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.2 + 0.6 * len(outcomes)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(outcomes))[::-1]
    height = 0.8 / len(MEASURES)
    for i, (label, attribute) in enumerate(MEASURES.items()):
        values = [100 * getattr(one.scores, attribute) for one in outcomes]
        bars = axes.barh(places + (1 - i) * height, values, height, label=label)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=7)
    names = [
        f"{one.tracker}{'' if one.extractor == NO_VECTORS else ' + ' + one.extractor}\n"
        f"{one.scores.id_switches} switches, {one.frames_per_second:.0f} fps"
        for one in outcomes
    ]
    axes.set_yticks(places, names, fontsize=8)
    axes.set_xlim(0, 100)
    axes.set_xlabel("percent")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", fontsize=8)
    figure.savefig(path, dpi=150)
