"""`trackers refine`."""

from __future__ import annotations

from pathlib import Path

from trackers.io import ResultWriter
from trackers.io.result_reader import class_names
from trackers.pipeline.hindsight import frames_of_table
from trackers.pipeline.outputs import check_outputs
from trackers.refinement import refine


def refine_result(
    result: Path,
    *,
    output: Path,
    frame_rate: float = 30.0,
    longest_gap: float = 3.0,
    smooth: bool = True,
    relative_confidence: float = 0.65,
    overwrite: bool = False,
) -> str:
    """Improve a result with hindsight: leave false tracks out, fill gaps, smooth boxes.

    Examples:
        trackers refine result.txt --output better.txt
        trackers refine result.jsonl --output better.jsonl --frame-rate 25 --longest-gap 2

    Args:
        result: Result to improve: MOT text, .csv or .jsonl as `trackers track` writes them.
        output: File to write: MOT text (.txt), CSV (.csv) or JSON lines (.jsonl); filled boxes are marked in it.
        frame_rate: Frames per second of the video; a result does not tell it.
        longest_gap: Seconds of the longest gap that is filled; 0 fills none.
        smooth: `--smooth false` leaves the boxes that were found as they are.
        relative_confidence: Least mean confidence of a track, as a share of the median of its class; less confident
            tracks are left out, 0 leaves none out.
        overwrite: Replace an existing file.

    Returns:
        What was done, in words.
    """
    check_outputs([output], (".txt", ".csv", ".jsonl"), overwrite=overwrite, inputs=[result])
    better = refine(
        result, frame_rate=frame_rate, longest_gap=longest_gap, smooth=smooth, relative_confidence=relative_confidence
    )
    kept = better.rows(better.tracker_id >= 0)
    with ResultWriter(output, overwrite=overwrite) as writer:
        for number, detections in frames_of_table(kept, class_names(result)):
            writer.write(number, detections)
    unsure = len(better) - len(kept)
    return (
        f"{len(kept)} boxes, {int(kept.interpolated.sum())} of them interpolated"
        + (f"; {unsure} boxes of unsure tracks left out" if unsure else "")
        + f"\nwritten: {output}"
    )
