"""HOTA, CLEAR and Identity scores of a tracking result.

Conventions: truth and result are `BoxTable` (1-based frames, boxes as left, top, width, height in pixels). A
result box and a true box match at an IoU of 0.5 or more for CLEAR and Identity, and at 0.05 to 0.95 for HOTA.

Metrics: the numbers are computed by the `trackeval` package (extra `eval`), the reference implementation of
HOTA used by MOTChallenge; this module pairs truth with result and gives the scores names and types.

References: Luiten et al., "HOTA", IJCV 2021. Bernardin and Stiefelhagen, "CLEAR MOT metrics", 2008. Ristani
et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016 (Identity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from trackers.errors import require
from trackers.evaluation.pairing import check_ids, pair
from trackers.table import BoxTable

MOT17_DISTRACTORS = (2, 7, 8, 12)
"""Classes of MOT16 and MOT17 a result box may cover unpunished: person on vehicle, static person, distractor,
reflection."""

MOT20_DISTRACTORS = (2, 6, 7, 8, 12)
"""The same of MOT20, with non-motorised vehicles."""

COMBINED = "COMBINED"
"""Name of the scores of several sequences taken together."""


@dataclass(frozen=True)
class Scores:
    """What a result is worth, on one sequence or on several taken together.

    Attributes:
        name: Name of the sequence, or `"COMBINED"`.
        hota: Higher Order Tracking Accuracy, mean over the thresholds, in [0, 1].
        deta: Detection accuracy of HOTA.
        assa: Association accuracy of HOTA.
        loca: Localisation accuracy of HOTA.
        mota: Multi-object tracking accuracy of CLEAR, at most 1, may be negative.
        motp: Mean IoU of the matches of CLEAR.
        idf1: F1 score of the identities.
        id_switches: How often an object is taken over by another track.
        fragmentations: How often the track of an object is interrupted.
        true_positives: Matched boxes of CLEAR.
        false_positives: Result boxes without an object.
        false_negatives: True boxes that were not found.
        mostly_tracked: Objects found in more than 80 % of their frames.
        mostly_lost: Objects found in less than 20 % of their frames.
        id_true_positives: Boxes with the right identity.
        id_false_positives: Result boxes without or with the wrong identity.
        id_false_negatives: True boxes without or with the wrong identity.
        details: Every number TrackEval gave, by metric; what `combine` adds up.
    """

    name: str
    hota: float
    deta: float
    assa: float
    loca: float
    mota: float
    motp: float
    idf1: float
    id_switches: int
    fragmentations: int
    true_positives: int
    false_positives: int
    false_negatives: int
    mostly_tracked: int
    mostly_lost: int
    id_true_positives: int
    id_false_positives: int
    id_false_negatives: int
    details: Mapping[str, Mapping[str, Any]] = field(repr=False, compare=False)


def evaluate_sequence(
    truth: BoxTable,
    result: BoxTable,
    *,
    name: str = "",
    iou_threshold: float = 0.5,
    distractors: Sequence[int] = (),
) -> Scores:
    """Score one sequence.

    Rows of `truth` with confidence 0 do not count.

    Args:
        truth: The ground truth.
        result: The tracker's result.
        name: Name of the sequence, for tables.
        iou_threshold: IoU of a match, for CLEAR and Identity.
        distractors: Classes of `truth` whose boxes forgive the result boxes on them, as in the official MOT16
            and MOT17 score (`MOT17_DISTRACTORS`). Then class 1 (or no class) alone is to be tracked.

    Returns:
        The scores.

    Raises:
        ValueError: If an id is negative or occurs twice in a frame.
        MissingDependencyError: If `trackeval` is not installed.

    Example:
        >>> truth = BoxTable.from_rows(frame=[1, 2], tracker_id=[1, 1], xywh=[[0, 0, 9, 9], [1, 0, 9, 9]])
        >>> evaluate_sequence(truth, truth).hota
        1.0
    """
    for role, tracks in (("truth", truth), ("result", result)):
        check_ids(role, tracks)
    data = pair(truth, result, distractors)
    details = {label: metric.eval_sequence(data) for label, metric in _metrics(iou_threshold).items()}
    return _scores(name, details)


def combine(scores: Sequence[Scores], *, name: str = COMBINED) -> Scores:
    """Score several sequences together: counts are added up, ratios taken of the sums, as TrackEval does.

    Args:
        scores: Scores of single sequences, at least one.
        name: Name of the result.

    Returns:
        The scores of all of them.

    Raises:
        ValueError: If there are none.

    Example:
        >>> one = BoxTable.from_rows(frame=[1], tracker_id=[1], xywh=[[0, 0, 9, 9]])
        >>> none = BoxTable.from_rows(frame=[], tracker_id=[], xywh=[])
        >>> combine([evaluate_sequence(one, one), evaluate_sequence(one, none)]).mota
        0.5
    """
    if not scores:
        raise ValueError("there are no scores to combine; at least one sequence is needed")
    details = {
        label: metric.combine_sequences({str(i): one.details[label] for i, one in enumerate(scores)})
        for label, metric in _metrics(0.5).items()
    }
    return _scores(name, details)


def evaluate(pairs: Mapping[str, tuple[BoxTable, BoxTable]], *, distractors: Sequence[int] = ()) -> list[Scores]:
    """Score several sequences, each alone and then all together.

    Args:
        pairs: Truth and result by name of the sequence.
        distractors: See `evaluate_sequence`.

    Returns:
        The scores of each sequence in the order given, followed by the combined ones.

    Raises:
        ValueError: If there is no sequence, or as in `evaluate_sequence`.
    """
    scores = [
        evaluate_sequence(truth, result, name=name, distractors=distractors) for name, (truth, result) in pairs.items()
    ]
    return [*scores, combine(scores)]


@cache
def _metrics(iou_threshold: float) -> dict[str, Any]:
    metrics = require("trackeval", "eval").metrics
    config = {"THRESHOLD": iou_threshold, "PRINT_CONFIG": False}
    return {
        "HOTA": metrics.HOTA(),
        "CLEAR": metrics.CLEAR(dict(config)),
        "Identity": metrics.Identity(dict(config)),
    }


def _scores(name: str, details: Mapping[str, Mapping[str, Any]]) -> Scores:
    hota, clear, identity = details["HOTA"], details["CLEAR"], details["Identity"]
    return Scores(
        name=name,
        hota=float(np.mean(hota["HOTA"])),
        deta=float(np.mean(hota["DetA"])),
        assa=float(np.mean(hota["AssA"])),
        loca=float(np.mean(hota["LocA"])),
        mota=float(clear["MOTA"]),
        motp=float(clear["MOTP"]),
        idf1=float(identity["IDF1"]),
        id_switches=int(clear["IDSW"]),
        fragmentations=int(clear["Frag"]),
        true_positives=int(clear["CLR_TP"]),
        false_positives=int(clear["CLR_FP"]),
        false_negatives=int(clear["CLR_FN"]),
        mostly_tracked=int(clear["MT"]),
        mostly_lost=int(clear["ML"]),
        id_true_positives=int(identity["IDTP"]),
        id_false_positives=int(identity["IDFP"]),
        id_false_negatives=int(identity["IDFN"]),
        details=details,
    )
