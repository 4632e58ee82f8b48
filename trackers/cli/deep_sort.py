"""`trackers deep-sort`, `trackers deep-sort-embed` and `trackers replay`: the original script's workflow."""

from __future__ import annotations

import contextlib
from pathlib import Path

from trackers.cli.failures import finished
from trackers.io.sequences import is_sequence
from trackers.pipeline.choices import Choice, make_extractor
from trackers.pipeline.deep_sort import ScriptOptions, embed_sequence, track_benchmark, track_sequence
from trackers.pipeline.preview import open_preview
from trackers.pipeline.replay import replay


def deep_sort(
    sequence: Path,
    output: Path,
    *,
    detections: Path | None = None,
    min_confidence: float = 0.3,
    min_detection_height: float = 0.0,
    nms_max_overlap: float = 1.0,
    max_cosine_distance: float = 0.2,
    nn_budget: int | None = 100,
    overwrite: bool = False,
) -> str:
    """Track a MOT sequence, or a folder of them, from its detections, with the options of the original script.

    Examples:
        trackers deep-sort MOT16-09 MOT16-09.txt --detections MOT16-09.npy --nn-budget 100
        trackers deep-sort MOT16 results --detections vectors

    Args:
        sequence: MOT sequence folder, or a folder of such folders.
        output: MOT text to write; for several sequences, the folder for them.
        detections: File of detections, the 138-column .npy of the original among others; for several
            sequences, the folder of such files. Default: `det/det.txt` of each sequence.
        min_confidence: Lowest confidence of a detection, on the scale of the file.
        min_detection_height: Lowest height of a detection in pixels.
        nms_max_overlap: IoU above which the less confident of two detections is left out; 1.0 leaves out
            none.
        max_cosine_distance: Largest cosine distance of a match.
        nn_budget: Vectors kept per track; null keeps all.
        overwrite: Replace existing files.

    Returns:
        What was done, in words.
    """
    options = ScriptOptions(
        min_confidence=min_confidence,
        min_detection_height=min_detection_height,
        nms_max_overlap=nms_max_overlap,
        max_cosine_distance=max_cosine_distance,
        nn_budget=nn_budget,
    )
    if is_sequence(sequence):
        done = {
            sequence.name: track_sequence(sequence, output, detections=detections, options=options, overwrite=overwrite)
        }
    else:
        done = track_benchmark(sequence, output, detections=detections, options=options, overwrite=overwrite)
    lines = [f"{name}: {summary.frames} frames, {summary.tracks} tracks" for name, summary in done.items()]
    return finished([*done.values()][-1], "\n".join([*lines, f"written: {output}"]))


def deep_sort_embed(
    sequence: Path,
    output: Path,
    *,
    extractor: Choice | None = None,
    detections: Path | None = None,
    overwrite: bool = False,
) -> str:
    """Compute the vectors of a MOT sequence's detections, in the .npy format of the original script.

    Examples:
        trackers deep-sort-embed MOT16-09 MOT16-09.npy --extractor osnet_x0_25.pth

    Args:
        sequence: MOT sequence folder with frames.
        output: File to write, .npy: ten columns of MOT text and the vector.
        extractor: Chosen by name.
        detections: MOT text. Default: `det/det.txt` of the sequence.
        overwrite: Replace an existing file.

    Returns:
        What was written, in words.
    """
    if extractor is None:
        raise ValueError("say what makes the vectors, such as --extractor osnet_x0_25.pth or --extractor stripes")
    rows = embed_sequence(sequence, output, make_extractor(extractor), detections=detections, overwrite=overwrite)
    return f"{rows} detections\nwritten: {output}"


def replay_results(
    sequence: str,
    results: Path,
    output: Path | None = None,
    *,
    show: bool = False,
    overwrite: bool = False,
) -> str:
    """Draw a result over the frames it belongs to, into a video, a window, or both.

    Examples:
        trackers replay MOT16-09 MOT16-09.txt --output MOT16-09.mp4
        trackers replay street.mp4 street.jsonl --show

    Args:
        sequence: MOT sequence folder with frames, video, or folder of images.
        results: Result to draw: MOT text, .csv or .jsonl as `trackers track` writes them.
        output: Video to write. Default: none.
        show: Open a window.
        overwrite: Replace an existing file.

    Returns:
        What was done, in words.

    Raises:
        ValueError: If there is nothing to do.
    """
    if output is None and not show:
        raise ValueError("nothing to do: name a video to write, or open a window with --show")
    with open_preview() if show else contextlib.nullcontext() as window:
        summary = replay(sequence, results, output, show=window, overwrite=overwrite)
    written = "" if output is None else f"\nwritten: {output}"
    lines = [f"{summary.frames} frames, {summary.tracks} tracks", *summary.notes]
    return finished(summary, "\n".join(lines) + written)
