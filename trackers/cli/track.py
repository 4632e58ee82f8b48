"""`trackers track`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from trackers.boxes import Image
from trackers.cli.failures import finished
from trackers.cli.folder import Jobs, check_one_video, run_folder
from trackers.cli.progress import progress_bar
from trackers.pipeline.preview import open_preview
from trackers.pipeline.settings import TrackSettings
from trackers.pipeline.track import Summary


def track(
    source: str,
    *,
    settings: TrackSettings,
    output: Sequence[str] = (),
    preview: bool = False,
    overwrite: bool = False,
    output_dir: Path | None = None,
    output_format: Sequence[str] = ("txt",),
    shard: str | None = None,
    jobs: Jobs,
) -> str:
    """Track a video, a camera, a stream, images, or the embedded sample.

    Examples:
        trackers track sample --output sample.mp4
        trackers track street.mp4 --detections yolo11n.pt --output out.mp4 out.txt
        trackers track MOT17-02-SDP --tracker bytetrack --output MOT17-02-SDP.txt
        trackers track rtsp://camera/stream --detections yolo11n.pt --classes person car --preview

    Args:
        source: Video, folder of images, MOT sequence, camera (0), URL, or `sample`. Also a picture, a pattern such as
            frames/*.png, a device, - for standard input, or a file of detections, which is tracked without frames. The
            sample is embedded.
        settings: How it is tracked.
        output: Files to write, such as out.mp4 out.txt. Annotated video (.mp4, .mkv, ...), MOT text (.txt), CSV (.csv),
            JSON lines (.jsonl).
        preview: Show the frames in a window; q ends the run.
        overwrite: Replace existing files. One that is there stays until the new one is whole.
        output_dir: Folder of results; SOURCE is a folder of videos. Each video and MOT sequence in it has its own.
            Those that have one already are left as they are, so that running again resumes. In --detections {folder}
            and {name} stand for the folder and the name of each.
        output_format: Endings of the results in --output-dir: txt, csv, jsonl, mp4, ...
        shard: Do a share of the videos, such as 3/8 for the third of eight.
        jobs: Where they run.

    Returns:
        What was done, in words.
    """
    written = output if output_dir is None else output_format
    if settings.explain and not any(str(name).lower().endswith("jsonl") for name in written):
        raise ValueError("--explain writes to JSON lines: name an output such as out.jsonl")
    if output_dir is not None:
        if output or preview:
            raise ValueError("with --output-dir every video has its own files: leave --output and --preview out")
        settings.check()
        return run_folder(source, output_dir, settings, output_format, jobs, shard=shard, overwrite=overwrite)
    check_one_video(jobs, shard, output_format)
    with contextlib.ExitStack() as stack:
        show: Callable[[Image], bool] | None = stack.enter_context(open_preview()) if preview else None
        shown = progress_bar if output or preview else _progress_of_nothing
        summary = settings.run(source, output, overwrite=overwrite, progress=shown, show=show)
    return finished(summary, describe(summary, output))


def _progress_of_nothing(items: Iterable[Any], total: int | None = None, unit: str = "frame") -> Iterator[Any]:
    """A progress bar, and before it a line that the work is lost."""
    print("trackers: no --output is given, so nothing will be written", file=sys.stderr)
    return progress_bar(items, total, unit)


def describe(summary: Summary, output: Sequence[str]) -> str:
    """Say what a run did.

    Example:
        >>> print(describe(Summary(frames=300, tracks=15, boxes=1518, seconds=10.0), ["out.mp4"]))
        300 frames, 15 tracks, 1518 boxes, 30.0 frames per second
        written: out.mp4
    """
    lines = [
        f"{summary.frames} frames, {summary.tracks} tracks, {summary.boxes} boxes, "
        f"{summary.frames_per_second:.1f} frames per second"
    ]
    if summary.stopped:
        lines.append("stopped early; what is written is complete up to the last frame")
    if summary.broken_frames:
        lines.append(f"{summary.broken_frames} broken frames")
    if summary.reconnections:
        lines.append(f"the stream was opened again {summary.reconnections} times")
    lines += summary.notes
    if output:
        lines.append("written: " + ", ".join(output))
    return "\n".join(lines)
