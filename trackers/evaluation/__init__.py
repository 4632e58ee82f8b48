"""Scores of tracking results against ground truth: HOTA, CLEAR and Identity."""

from trackers.evaluation.scores import (
    COMBINED,
    MOT17_DISTRACTORS,
    MOT20_DISTRACTORS,
    Scores,
    combine,
    evaluate,
    evaluate_sequence,
)
from trackers.evaluation.switches import Switch, find_switches
from trackers.evaluation.tables import SCORE_COLUMNS, format_table, score_rows

__all__ = [
    "COMBINED",
    "MOT17_DISTRACTORS",
    "MOT20_DISTRACTORS",
    "SCORE_COLUMNS",
    "Scores",
    "Switch",
    "combine",
    "evaluate",
    "evaluate_sequence",
    "find_switches",
    "format_table",
    "score_rows",
]
