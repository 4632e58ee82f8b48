"""`trackers embed`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trackers.cli.progress import progress_bar
from trackers.io import write_detections
from trackers.pipeline.choices import Choice, make_extractor
from trackers.pipeline.detectors import default_detections, open_detector
from trackers.pipeline.embed import observe
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.track import open_frames


def embed(
    source: str,
    output: Path,
    *,
    extractor: Choice | None = None,
    detections: str | None = None,
    confidence: float | None = None,
    classes: Sequence[str] = (),
    overwrite: bool = False,
) -> str:
    """Find detections and compute their appearance vectors once, and keep both in one file.

    Args:
        source: Video file, folder of images, MOT sequence folder, or `sample`.
        output: File to write, .npz; `trackers track --detections` and `trackers benchmark --detections` read
            it.
        extractor: Chosen by name; none keeps the boxes alone.
        detections: As in `trackers track`.
        confidence: Lowest confidence of a detection.
        classes: Names or numbers of the classes to keep. Default: all.
        overwrite: Replace an existing file.

    Returns:
        What was written, in words.
    """
    check_outputs([output], (".npz",), overwrite=overwrite)
    frames = open_frames(source)
    if frames is None:
        raise ValueError(f"{source} has no frames to look at")
    detect = open_detector(detections or default_detections(source), confidence=confidence, classes=classes)
    model = None if extractor is None else make_extractor(extractor)
    seen = progress_bar(observe(frames, detect, model), frames.frame_count)
    table = write_detections(output, seen, overwrite=overwrite)
    size = f"vectors of {table.data['embedding'].shape[1]}" if "embedding" in table.data else "no vectors"
    return f"{len(table)} frames, {len(table.frame)} detections, {size}\nwritten: {output}"
