"""Track a source of frames from its first to its last, and write what was found."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.appearance.detector_features import DetectorFeatures
from trackers.boxes import Image
from trackers.core.association_log import Decision
from trackers.core.base import Tracker
from trackers.io import Faults, FrameSource, SourceFrame, open_source, overlapped, read_ahead, read_detections
from trackers.io.sequences import VIDEO_SUFFIXES, is_sequence, read_sequence
from trackers.io.source import check_rate
from trackers.pipeline.detectors import FILE_SUFFIXES, SAMPLE, Detect, is_sample
from trackers.pipeline.frame import TrackedFrame as TrackedFrame
from trackers.pipeline.hindsight import check_can_be_read_again, refined_frames
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.sinks import OUTPUT_SUFFIXES, open_sinks

if TYPE_CHECKING:
    import supervision as sv

Frames = Iterable[tuple[int, "Image | None"]]


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        frames: Frames tracked.
        tracks: Tracks confirmed.
        boxes: Boxes that got an id.
        seconds: Time it took.
        broken_frames: Frames that could not be decoded.
        reconnections: How often a stream was opened again.
        stopped: Whether the run ended early.
        interrupted: Whether it was Ctrl-C that ended it.
        notes: What may not be as it was meant, a sentence each.
    """

    frames: int = 0
    tracks: int = 0
    boxes: int = 0
    seconds: float = 0.0
    broken_frames: int = 0
    reconnections: int = 0
    stopped: bool = False
    interrupted: bool = False
    notes: tuple[str, ...] = ()

    @property
    def frames_per_second(self) -> float:
        """Frames tracked per second, reading and writing included."""
        return self.frames / self.seconds if self.seconds else 0.0


def open_frames(source: str | Path, *, frame_rate: float | None = None) -> FrameSource | None:
    """Open a source of frames, which may be the embedded sample; None where there are only detections.

    Args:
        source: As in `trackers.io.open_source`, or `"sample"`, or a detections file.
        frame_rate: Frames per second where the source does not tell.

    Returns:
        The source, or None for a detections file and for a MOT sequence folder without frames.
    """
    if is_sample(source):
        from trackers.sample import Scene

        scene = Scene()

        def read(_: Faults) -> Iterator[SourceFrame]:
            for index, image in enumerate(scene.frames()):
                yield SourceFrame.at(index / scene.frame_rate, index + 1, image)

        return FrameSource(SAMPLE, scene.frame_rate, len(scene), read)
    return open_source(source, frame_rate=frame_rate) if has_frames(source) else None


def has_frames(source: str | Path) -> bool:
    """Tell whether a source has frames: not a detections file, nor a MOT sequence folder without images and video."""
    path = Path(source)
    if path.suffix.lower() in FILE_SUFFIXES and path.is_file():
        return False
    return not is_sequence(path) or read_sequence(path).frames is not None


def source_rate(source: str | Path, frame_rate: float | None = None) -> float:
    """Frames per second of a source without images: as given, by `seqinfo.ini`, or 30.

    Raises:
        ValueError: If it is given and no rate.
    """
    check_rate(frame_rate)
    return frame_rate or (read_sequence(source).frame_rate if is_sequence(source) else None) or 30.0


def count_frames(source: Path) -> int:
    """Number of frames of a source without images."""
    if source.is_file():
        return len(read_detections(source))
    length = read_sequence(source).length
    if length is None:
        raise ValueError(f"{source} has neither frames nor a seqinfo.ini that tells their number")
    return length


def track_frames(
    frames: Frames, detect: Detect, tracker: Tracker[Any], *, overlap: bool = False
) -> Iterator[TrackedFrame]:
    """Track frame by frame.

    A number that is missing is a frame that was lost: the tracker skips it.

    Args:
        frames: Numbers, ascending from 1, and images, or None in place of an image; the time of a
            `trackers.io.SourceFrame` goes to the tracker.
        detect: Finds the detections of a frame.
        tracker: The tracker.
        overlap: Read and detect ahead, each on a thread of its own, while the tracker embeds and associates. Not with
            an extractor that reads the maps of the detector, which are those of the frame detected last.

    Yields:
        Each frame with its detections and their ids; where `tracker.explain` is set, `data["reason"]` tells
        why.

    Example:
        >>> import supervision as sv
        >>> from trackers import DeepSORTTracker
        >>> box = sv.Detections(xyxy=np.array([[0.0, 0.0, 10.0, 20.0]]), confidence=np.array([0.9]))
        >>> frames = track_frames([(1, None), (2, None), (3, None)], lambda *_: box, DeepSORTTracker())
        >>> [frame.detections.tracker_id.tolist() for frame in frames]
        [[-1], [-1], [1]]
    """

    def detected(frame: tuple[int, Image | None]) -> tuple[Any, sv.Detections]:
        return frame, detect(*frame)

    last = 0
    before: float | None = None
    for frame, found in overlapped(frames, detected) if overlap else map(detected, frames):
        (number, image), time = frame, getattr(frame, "time", None)
        for lost in range(last + 1, number):
            share = (lost - last) / (number - last)
            tracker.skip(timestamp=None if time is None else _between(before, time, share, tracker.frame_rate, number))
        last, before = number, time
        detections = tracker.update(found, image, timestamp=time)
        if tracker.explain:
            detections.data["reason"] = np.array([_reason(one) for one in tracker.decisions], dtype=object)
        yield TrackedFrame(number, image, detections)


def _between(before: float | None, now: float, share: float, frame_rate: float, number: int) -> float:
    """Time of a frame that was lost: evenly spaced, or a frame apart where the first ones are lost."""
    start = now - number / frame_rate if before is None else before
    return start + (now - start) * share


def _reason(decision: Decision) -> str:
    return ", ".join([decision.outcome, *map(str, decision.comparisons)])


def run(
    tracked: Iterator[TrackedFrame],
    outputs: Sequence[str | Path] = (),
    *,
    only: Collection[int] = (),
    overwrite: bool = False,
    **options: Any,
) -> Summary:
    """Pull frames through a tracker and write them; an interruption ends the run with all files complete.

    Args:
        tracked: Frames, as `track_frames` yields them.
        outputs: Files to write: a video (`.mp4`, `.mkv`, ...), or results (`.txt`, `.csv`, `.jsonl`).
        only: Ids to write and draw; none means all.
        overwrite: Replace existing files.
        **options: `frame_rate`, `drawing` and `show` of `trackers.pipeline.sinks.open_sinks`.

    Returns:
        What was done.

    Raises:
        FileExistsError: If a file exists and `overwrite` is not set.
        OSError: If a file cannot be written.
        ValueError: If there is no frame, or an ending is unknown. No file is left behind in that case.
    """
    check_outputs(outputs, OUTPUT_SUFFIXES, overwrite=overwrite)
    start = time.perf_counter()
    first = next(tracked, None)
    if first is None:
        raise ValueError("there are no frames to track")
    size = None if first.image is None else (first.image.shape[1], first.image.shape[0])
    summary, ids = Summary(), set[int]()
    try:
        with open_sinks(outputs, size, overwrite=overwrite, **options) as put:
            for number, image, detections in itertools.chain([first], tracked):
                shown = _only(detections, only)
                found = np.asarray(shown.tracker_id)[np.asarray(shown.tracker_id) >= 0]
                ids.update(found.tolist())
                summary = replace(summary, frames=summary.frames + 1, boxes=summary.boxes + len(found))
                if not put(number, image, shown):
                    summary = replace(summary, stopped=True)
                    break
    except KeyboardInterrupt:
        summary = replace(summary, stopped=True, interrupted=True)
    return replace(summary, tracks=len(ids), seconds=time.perf_counter() - start)


def _only(detections: sv.Detections, ids: Collection[int]) -> sv.Detections:
    if not ids:
        return detections
    return detections[np.isin(np.asarray(detections.tracker_id), list(ids))]  # type: ignore[return-value]


def track_video(
    source: str | Path,
    tracker: Tracker[Any],
    detect: Detect,
    outputs: Sequence[str | Path] = (),
    *,
    frame_rate: float | None = None,
    refine: bool = False,
    follow_rate: bool = False,
    progress: Callable[[Iterator[TrackedFrame], int | None], Iterator[TrackedFrame]] | None = None,
    **options: Any,
) -> Summary:
    """Track a source to its end; reading, detecting, tracking and writing overlap.

    Args:
        source: As in `open_frames`.
        tracker: The tracker.
        detect: Finds the detections of a frame.
        outputs: Files to write.
        frame_rate: Frames per second where the source does not tell.
        refine: Track the source to its end first, then write the tracks that `trackers.refine` makes of it.
        follow_rate: Set the tracker's `frame_rate` to that of the source.
        progress: Wraps the frames, given their number, to show how far they are.
        **options: As in `run`.

    Returns:
        What was done.

    Raises:
        ValueError: If there are no frames, a stream is to be refined, and as in `run`.
    """
    if refine:
        check_can_be_read_again(source)
    check_outputs(outputs, OUTPUT_SUFFIXES, overwrite=bool(options.get("overwrite")))
    frames = open_frames(source, frame_rate=frame_rate)
    rate = frames.frame_rate if frames else source_rate(source, frame_rate)
    if follow_rate:
        tracker.frame_rate = rate
    count = frames.frame_count if frames else count_frames(Path(source))
    ahead = frames is not None and not _reads_detector(tracker.feature_extractor)
    numbered: Frames = ((i, None) for i in range(1, (count or 0) + 1))
    if frames is not None:
        numbered = frames if ahead else read_ahead(frames)
    tracked = track_frames(numbered, detect, tracker, overlap=ahead)
    if progress is not None:
        tracked = progress(tracked, count)
    if refine:
        again = _images_again(frames, outputs, options) or ((i, None) for i in itertools.count(1))
        tracked = refined_frames(tracked, again, rate)
    summary = run(tracked, outputs, frame_rate=rate, **options)
    if frames is None:
        return summary
    faults = frames.faults
    return replace(summary, broken_frames=faults.broken_frames, reconnections=faults.reconnections)


def _reads_detector(extractor: Any) -> bool:
    """Whether an extractor takes its vectors from the detector's last call, under a learned map or not."""
    return any(isinstance(one, DetectorFeatures) for one in (extractor, getattr(extractor, "extractor", None)))


def _images_again(
    source: FrameSource | None, outputs: Sequence[str | Path], options: Mapping[str, Any]
) -> Frames | None:
    """The frames once more, faults counted apart; None where nothing is drawn."""
    drawn = options.get("show") is not None or any(Path(path).suffix.lower() in VIDEO_SUFFIXES for path in outputs)
    return read_ahead(replace(source, faults=Faults())) if source is not None and drawn else None
