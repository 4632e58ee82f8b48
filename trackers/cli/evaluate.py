"""`trackers eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from trackers.evaluation import MOT17_DISTRACTORS, MOT20_DISTRACTORS, evaluate, format_table, score_rows
from trackers.io import pair_results, read_mot

Style = Literal["text", "markdown", "json", "csv"]
Distractors = Literal["none", "mot17", "mot20"]

DISTRACTORS: dict[str, tuple[int, ...]] = {"none": (), "mot17": MOT17_DISTRACTORS, "mot20": MOT20_DISTRACTORS}


def evaluate_files(
    truth: Path,
    result: Path,
    *,
    distractors: Distractors = "none",
    skip_interpolated: bool = False,
    style: Style = "text",
) -> str:
    """Score results against ground truth: HOTA, CLEAR (MOTA, ID switches, ...) and Identity (IDF1).

    Args:
        truth: Ground truth: a MOT text file, a MOT sequence folder, a folder of them (<SEQ>/gt/gt.txt), or a
            folder of files (<SEQ>.txt).
        result: Results: a MOT text file, a folder of files (<SEQ>.txt), or a folder as TrackEval wants it
            (data/<SEQ>.txt).
        distractors: Forgive boxes on distractors (people on vehicles, statues, reflections, ...) as the
            official score of MOT16 and MOT17, or of MOT20, does.
        skip_interpolated: Leave out the boxes of filled gaps, which `trackers refine` adds.
        style: How the table is written.

    Returns:
        The table.
    """
    pairs = {
        name: (read_mot(true, last_frame=length), read_mot(found, last_frame=length))
        for name, (true, found, length) in pair_results(truth, result).items()
    }
    if skip_interpolated:
        pairs = {name: (true, found.rows(~found.interpolated)) for name, (true, found) in pairs.items()}
    return format_table(score_rows(evaluate(pairs, distractors=DISTRACTORS[distractors])), style)
