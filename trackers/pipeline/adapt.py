"""Learn from sources what tells their objects apart, and track with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trackers.appearance.adaptation import AdaptedExtractor, adapt_videos
from trackers.appearance.vectors import EMBEDDING
from trackers.boxes import Image
from trackers.io import read_ahead, read_detections
from trackers.io.frames import kind_of
from trackers.io.source import without_password
from trackers.pipeline.detectors import FILE_SUFFIXES, Detect
from trackers.pipeline.track import open_frames

if TYPE_CHECKING:
    import supervision as sv

Progress = Callable[..., Any]


def adapt_sources(
    sources: Sequence[tuple[str, Detect]], extractor: Any = None, progress: Progress | None = None
) -> AdaptedExtractor:
    """Learn from videos, or from files of detections with vectors.

    Args:
        sources: Each source, as in `trackers.pipeline.track.open_frames`, with its detector.
        extractor: Gives the vectors; None where all are stored beside the detections.
        progress: Wraps the frames of a source, given their number.

    Returns:
        The adapted extractor.

    Raises:
        ValueError: If a source has neither frames for an extractor nor vectors.
        OSError: If a source is not there.
    """
    return adapt_videos((_frames(source, detect, progress) for source, detect in sources), extractor)


def check_twice_readable(source: str) -> None:
    """Refuse a source that cannot be read twice.

    Raises:
        ValueError: If it is a camera or a stream.
    """
    if kind_of(source) in ("camera", "pipe", "address"):
        raise ValueError(
            f"--adapt reads the source twice, and {without_password(source)} cannot be; --tracker.adapt true learns "
            "while it runs"
        )


def _frames(source: str, detect: Detect, progress: Progress | None) -> Iterator[tuple[Image | None, sv.Detections]]:
    """Frames of a source with their detections; a detection keeps vectors that it brings."""
    import supervision as sv

    frames = open_frames(source)
    if frames is None and not source.lower().endswith(FILE_SUFFIXES):
        raise ValueError(f"{source} has no frames to learn from")
    count = len(read_detections(source)) if frames is None else frames.frame_count
    numbered: Any = ((number, None) for number in range(1, (count or 0) + 1)) if frames is None else read_ahead(frames)
    expected = 1
    for number, image in numbered if progress is None else progress(numbered, count):
        for _ in range(expected, number):
            yield None, sv.Detections.empty()
        expected = number + 1
        found = detect(number, image)
        yield (None if EMBEDDING in found.data else image), found


def with_mapped_vectors(detect: Detect, extractor: Any) -> Detect:
    """A detector whose detections bring vectors as an adapted extractor maps them; the same for any other extractor."""
    if not isinstance(extractor, AdaptedExtractor):
        return detect

    def mapped(number: int, image: Image | None) -> sv.Detections:
        found = detect(number, image)
        if EMBEDDING in found.data:
            found.data[EMBEDDING] = extractor.transform(found.data[EMBEDDING])
        return found

    return mapped
