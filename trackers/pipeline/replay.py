"""Results drawn over the frames they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from trackers.boxes import Image
from trackers.io import FrameSource, MOTSequence, open_source, read_mot, read_sequence
from trackers.pipeline.frame import TrackedFrame
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.sinks import OUTPUT_SUFFIXES
from trackers.pipeline.track import Summary, run
from trackers.table import BoxTable


def replay(
    sequence: str | Path,
    results: str | Path,
    output: str | Path | None = None,
    *,
    show: Callable[[Image], bool] | None = None,
    overwrite: bool = False,
) -> Summary:
    """Draw results over the frames of a sequence, into a video, a window, or both.

    Args:
        sequence: The sequence folder, with frames.
        results: MOT text with ids.
        output: Video to write, or None.
        show: Shows a frame and tells whether to go on, as `trackers.pipeline.preview.open_preview` gives it.
        overwrite: Replace an existing file.

    Returns:
        What was done.

    Raises:
        FileNotFoundError: If the sequence, its frames or the results are not there.
        FileExistsError: If the output exists and `overwrite` is not set.
        ValueError: If a file cannot be understood.
    """
    outputs = [] if output is None else [output]
    check_outputs(outputs, OUTPUT_SUFFIXES, overwrite=overwrite, inputs=[sequence, results])
    folder = read_sequence(sequence)
    source = open_source(frames_of(folder))
    table = read_mot(results, last_frame=folder.length)
    rate = folder.frame_rate or source.frame_rate
    return run(_replayed(source, table), outputs, frame_rate=rate, show=show, overwrite=overwrite)


def frames_of(sequence: MOTSequence) -> Path:
    """Where the frames of a sequence are read from.

    Raises:
        FileNotFoundError: If it has none.
    """
    if sequence.frames is None:
        raise FileNotFoundError(f"{sequence.folder} has no frames: neither a folder of images nor a video in it")
    return sequence.folder


def _replayed(source: FrameSource, table: BoxTable) -> Iterator[TrackedFrame]:
    import supervision as sv

    for number, image in source:
        rows = slice(*np.searchsorted(table.frame, [number, number + 1]).tolist())
        found = sv.Detections(xyxy=table.xyxy[rows], tracker_id=table.tracker_id[rows])
        found.data["interpolated"] = table.interpolated[rows]
        yield TrackedFrame(number, image, found)
