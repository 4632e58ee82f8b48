"""A score for each class, and what is missing where there can be none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from trackers.evaluation.scores import Scores, combine, evaluate_sequence
from trackers.table import BoxTable

Pairs = Mapping[str, tuple[BoxTable, BoxTable]]


def evaluate_classes(pairs: Pairs) -> list[Scores]:
    """Score each class by itself, all sequences taken together.

    Args:
        pairs: Truth and result by name of the sequence.

    Returns:
        The scores of each class of the truth, named `"class 3"`. None where the rows of the truth that count have fewer
        than two classes, or the result has no classes.

    Raises:
        ValueError: As in `evaluate_sequence`, and if truth and result have classes but none in common.

    Example:
        >>> table = BoxTable.from_rows(frame=[1, 1], tracker_id=[1, 2], xywh=np.ones((2, 4)), class_id=[1, 3])
        >>> [(one.name, one.hota) for one in evaluate_classes({"one": (table, table)})]
        [('class 1', 1.0), ('class 3', 1.0)]
    """
    known = _classes(truth.rows(truth.confidence != 0) for truth, _ in pairs.values())
    found = _classes(result for _, result in pairs.values())
    if len(known) < 2 or not found:
        return []
    if not set(known) & set(found):
        raise ValueError(f"the truth has the classes {_listed(known)} and the result {_listed(found)}: none in common")
    return [
        combine(
            [
                evaluate_sequence(truth.rows(truth.class_id == number), result.rows(result.class_id == number))
                for truth, result in pairs.values()
            ],
            name=f"class {number}",
        )
        for number in known
    ]


def check_truth(scores: Sequence[Scores]) -> None:
    """Refuse scores for which there was nothing to find.

    Args:
        scores: Scores of sequences, or of several together.

    Raises:
        ValueError: If no true box counts in any of them.
    """
    if not any(one.true_positives + one.false_negatives for one in scores):
        raise ValueError(
            "nothing is left of the truth: it has no row, or none that counts (column 7 is 0, or another class than "
            "the distractors leave)"
        )


def _classes(tables: Iterable[BoxTable]) -> list[int]:
    return sorted({number for table in tables for number in np.unique(table.class_id).tolist() if number >= 0})


def _listed(classes: list[int]) -> str:
    return ", ".join(map(str, classes))
