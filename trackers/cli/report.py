"""`trackers report`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from trackers.cli.progress import progress_bar
from trackers.io import read_mot, read_result
from trackers.io.result_reader import read_run
from trackers.io.sequences import is_sequence, read_sequence
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.report import write_report
from trackers.pipeline.track import open_frames


def report(
    result: Path,
    output: Path,
    *,
    source: str | None = None,
    truth: Path | None = None,
    title: str | None = None,
    tracker: str | None = None,
    overwrite: bool = False,
) -> str:
    """Write a page that shows a result: tracks over time, paths over frames, thumbnails, switches, reasons.

    Examples:
        trackers report result.jsonl page.html --source street.mp4
        trackers report MOT17-02-SDP.txt page.html --source MOT17-02-SDP

    Args:
        result: Result to show: MOT text, .csv or .jsonl; a .jsonl of `trackers track --explain` holds reasons
            too.
        output: Page to write, .html; it needs no other file and no network.
        source: Where the frames are: video file, folder of images, MOT sequence folder or `sample`. Default:
            none.
        truth: Ground truth, MOT text, for scores and ID switches. Default: that of a MOT sequence folder.
        title: Title of the page. Default: name of the result.
        tracker: What is shown as the tracker. Default: what JSON lines of `trackers track --explain` record.
        overwrite: Replace an existing file.

    Returns:
        What was written, in words.
    """
    check_outputs([output], (".html",), overwrite=overwrite, inputs=[result, source, truth])
    if truth is None and source is not None and is_sequence(source):
        truth = read_sequence(source).truth
    frames = open_frames(source) if source is not None else None
    table, reasons = read_result(result)
    write_report(
        output,
        table,
        title=title or result.stem,
        truth=None if truth is None else read_mot(truth),
        frames=() if frames is None else progress_bar(frames, frames.frame_count),
        frame_rate=30.0 if frames is None else frames.frame_rate,
        reasons=reasons,
        about=about_result(result, source, tracker),
    )
    return f"{_size(output.stat().st_size)}\nwritten: {output}"


def about_result(result: Path, source: str | None, tracker: str | None) -> dict[str, str]:
    """What the page says of a result: tracker, settings, source and date, as far as they are recorded."""
    run = read_run(result)
    settings = run.get("settings") or {}
    about = {
        "tracker": tracker or run.get("tracker") or "not recorded in the result",
        "settings": ", ".join(f"{name}={value}" for name, value in settings.items()) or ("defaults" if run else ""),
        "extractor": run.get("extractor", ""),
        "detections": run.get("detections", ""),
        "source": source or run.get("source", ""),
        "result": str(result),
        "date": f"{datetime.fromtimestamp(result.stat().st_mtime).astimezone():%Y-%m-%d %H:%M %Z}",
        "trackers": run.get("version", ""),
    }
    return {name: str(value) for name, value in about.items() if value}


def _size(count: int) -> str:
    """A number of bytes as people read it.

    Example:
        >>> _size(999), _size(48_200), _size(12_300_000)
        ('999 bytes', '48 kB', '12.3 MB')
    """
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
