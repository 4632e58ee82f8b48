"""`trackers track`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from trackers.boxes import Image
from trackers.cli.progress import progress_bar
from trackers.pipeline.choices import Choice, default_confidence, default_extractor, make_extractor, make_tracker
from trackers.pipeline.detectors import brings_vectors, default_detections, open_detector, sequence_length
from trackers.pipeline.draw import DEFAULT, Drawing
from trackers.pipeline.preview import open_preview
from trackers.pipeline.track import Summary, has_frames, track_video


def track(
    source: str,
    *,
    tracker: Choice,
    extractor: Choice | None = None,
    detections: str | None = None,
    confidence: float | None = None,
    classes: Sequence[str] = (),
    output: Sequence[str] = (),
    draw: Drawing = DEFAULT,
    only: Sequence[int] = (),
    frame_rate: float | None = None,
    explain: bool = False,
    preview: bool = False,
    overwrite: bool = False,
) -> str:
    """Track a video, a camera, a stream, a folder of images, a MOT sequence or the embedded sample.

    Args:
        source: Video file, folder of images, MOT sequence folder, index of a camera, URL (http, rtsp, ...),
            `sample` for the embedded sample, or a detections file to track without frames.
        tracker: Chosen by name. Default: steadysort, which keeps ids best.
        extractor: Chosen by name; none for none. Default: stripes for steadysort if there are frames and the
            detections bring no vectors.
        detections: Where detections come from: a file (MOT text, the original DeepSORT's .npy, our .npz),
            the name or path of an Ultralytics model such as yolo11n.pt, or `sample` for the detector of the
            embedded sample. Default: det/det.txt of a MOT sequence, the sample's own detector on the sample.
        confidence: Lowest confidence of a detection. Default: what suits the tracker for a model (0.5 for sort
            and deepsort, 0.1 for the others) and for a .npz of `trackers embed`; everything from other files.
        classes: Names or numbers of the classes to track, such as person. Default: all.
        output: Files to write, such as out.mp4 and out.txt: annotated video (.mp4, .mkv, ...), MOT text
            (.txt), CSV (.csv), JSON lines (.jsonl).
        draw: How tracks are drawn.
        only: Ids of the tracks to write and draw. Default: all.
        frame_rate: Frames per second of the source, where it does not tell.
        explain: Write to JSON lines why each detection got its id or none.
        preview: Show the annotated frames in a window; q ends the run.
        overwrite: Replace existing files.

    Returns:
        What was done, in words.
    """
    found = detections or default_detections(source)
    detect = open_detector(
        found,
        confidence=default_confidence(tracker, found) if confidence is None else confidence,
        classes=classes,
        last_frame=sequence_length(source),
    )
    if extractor is None:
        extractor = default_extractor(tracker, frames=has_frames(source), vectors=brings_vectors(found))
    model = make_tracker(tracker, make_extractor(extractor))
    model.explain = explain
    with contextlib.ExitStack() as stack:
        show: Callable[[Image], bool] | None = stack.enter_context(open_preview()) if preview else None
        summary = track_video(
            source,
            model,
            detect,
            output,
            frame_rate=frame_rate,
            progress=progress_bar,
            drawing=draw,
            only=only,
            overwrite=overwrite,
            show=show,
        )
    return describe(summary, output)


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
    if output:
        lines.append("written: " + ", ".join(output))
    return "\n".join(lines)
