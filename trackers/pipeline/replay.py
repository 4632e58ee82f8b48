"""Results drawn over the frames they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from trackers.boxes import Image
from trackers.io import FrameSource, MOTSequence, read_result, read_sequence
from trackers.io.result_reader import class_names
from trackers.io.sequences import is_sequence
from trackers.pipeline.frame import TrackedFrame
from trackers.pipeline.hindsight import frames_of_table, no_rows
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.sinks import OUTPUT_SUFFIXES
from trackers.pipeline.track import Summary, open_frames, run
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
        sequence: The sequence folder, with frames; or any other source of frames, such as a video.
        results: MOT text with ids, or `.csv` or `.jsonl` as `trackers.io.ResultWriter` writes them.
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
    folder = read_sequence(sequence) if is_sequence(sequence) else None
    source = open_frames(sequence if folder is None else frames_of(folder))
    if source is None:
        raise ValueError(f"{sequence} has no frames to draw on; give a video, or a folder of images")
    table, _ = read_result(results, last_frame=None if folder is None else folder.length)
    replayed = _replayed(source, table, class_names(Path(results)))
    summary = run(replayed, outputs, frame_rate=source.frame_rate, show=show, overwrite=overwrite)
    last = int(table.frame.max(initial=0))
    if summary.stopped or folder is not None or last <= summary.frames:
        return summary
    return replace(summary, notes=(f"{results} goes to frame {last}, but {sequence} has {summary.frames} frames",))


def frames_of(sequence: MOTSequence) -> Path:
    """Where the frames of a sequence are read from.

    Raises:
        FileNotFoundError: If it has none.
    """
    if sequence.frames is None:
        raise FileNotFoundError(f"{sequence.folder} has no frames: neither a folder of images nor a video in it")
    return sequence.folder


def _replayed(source: FrameSource, table: BoxTable, names: Mapping[int, str]) -> Iterator[TrackedFrame]:
    found = dict(frames_of_table(table, names))
    for number, image in source:
        yield TrackedFrame(number, image, found.get(number, no_rows()))
