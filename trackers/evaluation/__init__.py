"""Scores against ground truth: HOTA, CLEAR and Identity of tracking results, and what appearance vectors are worth."""

from trackers.evaluation.appearance import AppearanceScores, evaluate_extractor, evaluate_vectors
from trackers.evaluation.cameras import join
from trackers.evaluation.classes import check_truth, evaluate_classes
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
    "AppearanceScores",
    "Scores",
    "Switch",
    "check_truth",
    "combine",
    "evaluate",
    "evaluate_classes",
    "evaluate_extractor",
    "evaluate_sequence",
    "evaluate_vectors",
    "find_switches",
    "format_table",
    "join",
    "score_rows",
]
