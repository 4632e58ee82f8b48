"""`trackers refine`."""

from __future__ import annotations

from pathlib import Path

from trackers.io import ResultWriter
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
    overwrite: bool = False,
) -> str:
    """Improve a result with hindsight: fill gaps, smooth boxes.

    Args:
        result: Result to improve, MOT text or JSON lines.
        output: File to write: MOT text (.txt), CSV (.csv) or JSON lines (.jsonl); filled boxes are marked in it.
        frame_rate: Frames per second of the video; a result does not tell it.
        longest_gap: Seconds of the longest gap that is filled; 0 fills none.
        smooth: `--smooth false` leaves the boxes that were found as they are.
        overwrite: Replace an existing file.

    Returns:
        What was done, in words.
    """
    check_outputs([output], (".txt", ".csv", ".jsonl"), overwrite=overwrite, inputs=[result])
    better = refine(result, frame_rate=frame_rate, longest_gap=longest_gap, smooth=smooth)
    with ResultWriter(output, overwrite=overwrite) as writer:
        for number, detections in frames_of_table(better):
            writer.write(number, detections)
    return f"{len(better)} boxes, {int(better.interpolated.sum())} of them interpolated\nwritten: {output}"
