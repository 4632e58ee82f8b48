"""`trackers eval`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trackers.evaluation import (
    MOT17_DISTRACTORS,
    MOT20_DISTRACTORS,
    check_truth,
    evaluate,
    evaluate_classes,
    evaluate_sequence,
    format_table,
    join,
    score_rows,
)
from trackers.io import pair_results, read_mot, read_result
from trackers.pipeline.multicam.changes import count_events
from trackers.table import BoxTable

Style = Literal["text", "markdown", "json", "csv"]
Distractors = Literal["none", "mot17", "mot20"]

DISTRACTORS: dict[str, tuple[int, ...]] = {"none": (), "mot17": MOT17_DISTRACTORS, "mot20": MOT20_DISTRACTORS}

ALL_CAMERAS = "ALL CAMERAS"
"""Name of the scores of all cameras as one sequence."""

Pairs = Mapping[str, tuple[BoxTable, BoxTable]]


def evaluate_files(
    truth: Path,
    result: Path,
    *,
    distractors: Distractors = "none",
    skip_interpolated: bool = False,
    cameras: bool = False,
    style: Style = "text",
) -> str:
    """Score results against ground truth: HOTA, CLEAR (MOTA, ID switches, ...) and Identity (IDF1).

    Examples:
        trackers eval MOT17-02-SDP MOT17-02-SDP.txt
        trackers eval MOT17/train results --distractors mot17 --style markdown

    Where the truth has several classes and the result has classes, a row for each class follows.

    Args:
        truth: Ground truth: a MOT text file, a MOT sequence folder, a folder of them (<SEQ>/gt/gt.txt), or a
            folder of files (<SEQ>.txt).
        result: Results: MOT text, .csv or .jsonl as `trackers track` writes them, a folder of such files (<SEQ>.txt,
            <SEQ>.csv, ...), or a folder as TrackEval wants it (data/<SEQ>.txt).
        distractors: Forgive boxes on distractors (people on vehicles, statues, reflections, ...) as the
            official score of MOT16 and MOT17, or of MOT20, does.
        skip_interpolated: Leave out the boxes of filled gaps, which `trackers refine` adds.
        cameras: The sequences are cameras, and an id is one identity over all of them: the last row scores them as one
            sequence, one camera after another. Rows at -1 are undecided; their share is a column, and they are no
            result. Events per identity are another, where the folder of results has an `events.csv`.
        style: How the table is written.

    Returns:
        The table.
    """
    pairs = {
        name: (read_mot(true, last_frame=length), read_result(found, last_frame=length)[0])
        for name, (true, found, length) in pair_results(truth, result).items()
    }
    if skip_interpolated:
        pairs = {name: (true, found.rows(~found.interpolated)) for name, (true, found) in pairs.items()}
    if cameras:
        return format_table(camera_rows(pairs, DISTRACTORS[distractors], count_events(result)), style)
    scores = evaluate(pairs, distractors=DISTRACTORS[distractors])
    check_truth(scores)
    classes = [] if distractors != "none" else evaluate_classes(pairs)
    return format_table(score_rows([*scores, *classes]), style)


def camera_rows(pairs: Pairs, distractors: Sequence[int] = (), events: int | None = None) -> list[dict[str, Any]]:
    """Score each camera, and all of them as one sequence.

    Args:
        pairs: Truth and result by camera, with identities for ids; -1 for a row that is undecided.
        distractors: See `trackers.evaluation.evaluate_sequence`.
        events: Changes of identities in the whole run; None where they are not known.

    Returns:
        Table rows as `trackers.evaluation.score_rows` makes them, with the share of rows that are undecided and, in
        the last one, events per identity.
    """
    truth, result = ({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
    every = {**pairs, ALL_CAMERAS: join(truth, result)}
    scores = [
        evaluate_sequence(true, found.rows(found.tracker_id != -1), name=name, distractors=distractors)
        for name, (true, found) in every.items()
    ]
    check_truth(scores)
    shares = [float((found.tracker_id == -1).mean()) if len(found) else 0.0 for _, found in every.values()]
    rows = [{**row, "undecided": share} for row, share in zip(score_rows(scores), shares, strict=True)]
    if events is not None:
        ids = every[ALL_CAMERAS][1].tracker_id
        per_identity = events / max(len(np.unique(ids[ids != -1])), 1)
        rows = [{**row, "events per identity": None} for row in rows[:-1]] + [
            {**rows[-1], "events per identity": per_identity}
        ]
    return rows
