"""`trackers adapt`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trackers.cli.progress import progress_bar
from trackers.pipeline.adapt import adapt_sources
from trackers.pipeline.choices import Choice, files_of, make_extractor
from trackers.pipeline.detectors import brings_vectors, open_detector, sequence_length
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.settings import detections_for


def adapt(
    sources: Sequence[str],
    *,
    output: Path | None = None,
    extractor: Choice | None = None,
    detections: str | None = None,
    confidence: float | None = None,
    classes: Sequence[str] = (),
    overwrite: bool = False,
) -> str:
    """Learn from videos, without labels, what tells their objects apart.

    Examples:
        trackers adapt street.mp4 --detections yolo11n.pt --output street.npz
        trackers track street.mp4 --detections yolo11n.pt --extractor street.npz --output out.mp4

    Args:
        sources: Video files, folders of images, MOT sequence folders, `sample`, or files of `trackers embed`.
        output: File to write, .npz; `--extractor FILE` of the other commands reads it.
        extractor: Chosen by name. Default: stripes, and none for files with vectors.
        detections: Model such as yolo11n.pt, or file of detections. A model is one of Ultralytics. The file may be MOT
            text, COCO JSON, a folder of YOLO labels, or what `trackers track` and `trackers embed` write. Default:
            det/det.txt of a MOT sequence.
        confidence: Lowest confidence of a detection; those below 0.3 take no part in any case.
        classes: Names or numbers of the classes to learn from. Default: all.
        overwrite: Replace an existing file.

    Returns:
        What was learned, in words.
    """
    if output is None:
        raise ValueError("say where to write what is learned, such as --output mine.npz")
    if not sources:
        raise ValueError("say what to learn from: a video, or a file of `trackers embed`")
    places = [(source, detections_for(source, detections)) for source in sources]
    inputs = [one for place in places for one in place]
    check_outputs([output], (".npz",), overwrite=overwrite, inputs=[*inputs, *files_of(extractor)])
    stored = all(brings_vectors(found) for _, found in places)
    model = make_extractor(extractor or Choice("none" if stored else "stripes"))
    opened = [
        (
            source,
            open_detector(
                found, confidence=confidence, classes=classes, last_frame=sequence_length(source), source=source
            ),
        )
        for source, found in places
    ]
    adapted = adapt_sources(opened, model, progress_bar)
    adapted.save(output)
    return f"{adapted.report}\nwritten: {output}"
