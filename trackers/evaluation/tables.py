"""Tables of scores, for people (text, Markdown) and for programs (JSON, CSV)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from trackers.errors import check_choice, require
from trackers.evaluation.scores import Scores

SCORE_COLUMNS = {
    "HOTA": "hota",
    "DetA": "deta",
    "AssA": "assa",
    "IDF1": "idf1",
    "MOTA": "mota",
    "MOTP": "motp",
    "IDSW": "id_switches",
    "Frag": "fragmentations",
    "TP": "true_positives",
    "FP": "false_positives",
    "FN": "false_negatives",
}
"""Columns of a table of scores and the attribute of `Scores` each one shows."""

PERCENT = frozenset({"HOTA", "DetA", "AssA", "IDF1", "MOTA", "MOTP", "undecided"})
"""Columns that hold a share, shown in percent to people and as a fraction to programs."""

STYLES = ("text", "markdown", "json", "csv")

Row = Mapping[str, Any]


def score_rows(scores: Sequence[Scores]) -> list[Row]:
    """Turn scores into table rows, one per sequence.

    Example:
        >>> from trackers.evaluation import evaluate_sequence
        >>> from trackers.table import BoxTable
        >>> truth = BoxTable.from_rows(frame=[1, 2], tracker_id=[1, 1], xywh=[[0, 0, 9, 9], [1, 0, 9, 9]])
        >>> rows = score_rows([evaluate_sequence(truth, truth, name="one")])
        >>> rows[0]["sequence"], rows[0]["HOTA"], rows[0]["IDSW"]
        ('one', 1.0, 0)
    """
    return [
        {"sequence": one.name, **{label: getattr(one, name) for label, name in SCORE_COLUMNS.items()}} for one in scores
    ]


def format_table(rows: Sequence[Row], style: str = "text") -> str:
    """Write rows as a table.

    Args:
        rows: Dictionaries with the same keys, which become the columns.
        style: `"text"` or `"markdown"`, where shares are percentages with one decimal, or `"json"` or
            `"csv"`, where every number has all its digits.

    Returns:
        The table, without a newline at its end.

    Raises:
        ValueError: If the style is unknown.
        MissingDependencyError: If `tabulate` (extra `eval`) is not installed, for `"text"` and `"markdown"`.

    Example:
        >>> print(format_table([{"sequence": "one", "HOTA": 0.5371, "IDSW": 114}], style="markdown"))
        | sequence   |   HOTA |   IDSW |
        |:-----------|-------:|-------:|
        | one        |   53.7 |    114 |
    """
    check_choice("style", style, STYLES)
    if style == "json":
        return json.dumps(list(rows), indent=2)
    if style == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().rstrip("\n")
    shown = [{label: _show(label, value) for label, value in row.items()} for row in rows]
    align = ["left" if isinstance(value, str) else "right" for value in rows[0].values()] if rows else None
    layout = {"text": "simple", "markdown": "pipe"}[style]
    table = require("tabulate", "eval").tabulate(
        shown, headers="keys", tablefmt=layout, disable_numparse=True, colalign=align
    )
    return str(table)


def _show(label: str, value: object) -> str:
    if isinstance(value, float):
        return f"{100 * value:.1f}" if label in PERCENT else f"{value:.1f}"
    return str(value)
