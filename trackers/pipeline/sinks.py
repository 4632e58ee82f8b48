"""Everything a tracked frame goes to: result files, videos, a window."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackers.boxes import Image
from trackers.io import ResultWriter, VideoWriter, WriteBehind
from trackers.io.sequences import VIDEO_SUFFIXES
from trackers.pipeline.draw import DEFAULT, Drawing, make_annotator

if TYPE_CHECKING:
    import supervision as sv

Put = Callable[[int, "Image | None", "sv.Detections"], bool]
"""Takes a frame number, its image and what the tracker returned; tells whether to go on."""

OUTPUT_SUFFIXES = (*VIDEO_SUFFIXES, ".txt", ".csv", ".jsonl")
"""Endings of files that can be written: videos and results."""


@contextlib.contextmanager
def open_sinks(
    outputs: Sequence[str | Path],
    size: tuple[int, int] | None,
    *,
    frame_rate: float = 30.0,
    drawing: Drawing = DEFAULT,
    overwrite: bool = False,
    show: Callable[[Image], bool] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Iterator[Put]:
    """Open files, and close all of them at the end whatever happens.

    Videos are encoded on threads of their own.

    Args:
        outputs: Files to write.
        size: Width and height of the frames, None where there are no images.
        frame_rate: Frames per second of a video.
        drawing: What is drawn on the frames of a video.
        overwrite: Replace existing files.
        show: Called with each annotated frame; tells whether to go on.
        about: What JSON lines tell of the run, in their first row.

    Yields:
        A function to hand every frame to.

    Raises:
        ValueError: If frames are to be drawn and there are none.
        OSError: If a file cannot be written.
    """
    paths = [Path(path) for path in outputs]
    videos = [path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES]
    annotate = None
    if videos or show:
        if size is None:
            raise ValueError("there are no frames to draw on; leave out the video and the preview")
        annotate = make_annotator(drawing, size)
    with contextlib.ExitStack() as stack:
        results = [path for path in paths if path not in videos]
        writers = [stack.enter_context(ResultWriter(path, overwrite=overwrite, about=about)) for path in results]
        encoders = [
            stack.enter_context(VideoWriter(path, frame_rate=frame_rate, overwrite=overwrite)) for path in videos
        ]
        behind = [stack.enter_context(WriteBehind(encoder.write)) for encoder in encoders]

        def put(number: int, image: Image | None, detections: sv.Detections) -> bool:
            for writer in writers:
                writer.write(number, detections)
            if annotate is None or image is None:
                return True
            picture = annotate(image, detections)
            for one in behind:
                one.put(picture)
            return show is None or show(picture)

        yield put
