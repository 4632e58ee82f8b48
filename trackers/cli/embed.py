"""`trackers embed`."""

from __future__ import annotations

from pathlib import Path

from trackers.cli.folder import Jobs, check_one_video, run_folder
from trackers.cli.progress import progress_bar
from trackers.io import read_detections
from trackers.pipeline.settings import EmbedSettings


def embed(
    source: str,
    output: Path,
    *,
    settings: EmbedSettings,
    overwrite: bool = False,
    shard: str | None = None,
    jobs: Jobs,
) -> str:
    """Find detections and compute their appearance vectors once, and keep both in one file.

    Examples:
        trackers embed street.mp4 street.npz --detections yolo11n.pt --extractor stripes
        trackers embed videos vectors --detections yolo11n.pt --extractor osnet_x0_25.pth

    Args:
        source: Video file, folder of images, MOT sequence folder, `sample`, or a folder of videos.
        output: File to write, .npz; `trackers track --detections` and `trackers benchmark --detections` read
            it. For a folder of videos, the folder to write one such file for each into, as `trackers track
            --output-dir` does.
        settings: What is detected and embedded.
        overwrite: Replace existing files.
        shard: Do a share of the videos, such as 3/8 for the third of eight.
        jobs: Where they run.

    Returns:
        What was written, in words.
    """
    if output.suffix.lower() != ".npz" and Path(source).is_dir():
        return run_folder(source, output, settings, ("npz",), jobs, shard=shard, overwrite=overwrite)
    check_one_video(jobs, shard)
    settings.run(source, [output], overwrite=overwrite, progress=progress_bar)
    table = read_detections(output)
    size = f"vectors of {table.data['embedding'].shape[1]}" if "embedding" in table.data else "no vectors"
    return f"{len(table)} frames, {len(table.frame)} detections, {size}\nwritten: {output}"
