"""How a source is tracked, or embedded, as plain data: it travels to another process or another machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trackers import __version__
from trackers.boxes import Image
from trackers.errors import check_range
from trackers.io import write_detections
from trackers.io.sequences import is_sequence
from trackers.io.source import check_rate, without_password
from trackers.pipeline.adapt import adapt_sources, check_twice_readable, with_mapped_vectors
from trackers.pipeline.choices import (
    Choice,
    default_confidence,
    default_extractor,
    files_of,
    make_extractor,
    make_tracker,
)
from trackers.pipeline.detectors import (
    brings_vectors,
    default_detections,
    filtered,
    from_table,
    open_detector,
    sequence_length,
    stored_table,
)
from trackers.pipeline.draw import DEFAULT, Drawing
from trackers.pipeline.embed import observe
from trackers.pipeline.notes import Watched, counted_anew, no_tracks, other_range
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.sinks import OUTPUT_SUFFIXES
from trackers.pipeline.track import Summary, has_frames, open_frames, track_video

Progress = Callable[..., Any]
"""Wraps an iterator, given the number of its items, to show how far it is."""


@dataclass(frozen=True)
class TrackSettings:
    """Everything `trackers track` gets but the source and the outputs.

    Attributes:
        tracker: Chosen by name. Default: steadysort, which keeps ids best.
        extractor: Chosen by name; none for none. Default: stripes for steadysort if there are frames and the
            detections bring no vectors.
        detections: Model such as yolo11n.pt, or file of detections. A model is one of Ultralytics. The file may be MOT
            text, the .npy of the original DeepSORT, our .npz, .csv or .jsonl, COCO JSON, or a folder of YOLO labels;
            `sample` is the detector of the embedded sample. Default: det/det.txt of a MOT sequence, the sample's own
            detector on the sample.
        confidence: Lowest confidence of a detection. Default: what suits the tracker for a model (0.5 for sort
            and deepsort, 0.1 for the others) and for a .npz of `trackers embed`; everything from other files.
        classes: Classes to track, by name or number. Default: all.
        draw: How tracks are drawn.
        only: Ids of the tracks to write and draw. Default: all.
        frame_rate: Frames per second, where SOURCE does not tell.
        explain: Write to JSON lines why each detection got its id or none, and in the first how they were made.
        refine: Track the file to its end first, then write tracks improved with hindsight, as `trackers refine` does.
        adapt: Read the file twice: learn first what tells its objects apart, then track with that. For a camera or a
            stream, `--tracker.adapt true` learns on the way.
    """

    tracker: Choice
    extractor: Choice | None = None
    detections: str | None = None
    confidence: float | None = None
    classes: Sequence[str] = ()
    draw: Drawing = DEFAULT
    only: Sequence[int] = ()
    frame_rate: float | None = None
    explain: bool = False
    refine: bool = False
    adapt: bool = False

    def check(self) -> None:
        """Refuse options that are wrong in themselves, before anything is opened.

        Raises:
            ValueError: If the tracker has no such option, or a number is out of range.
        """
        make_tracker(self.tracker)
        check_rate(self.frame_rate)
        if self.confidence is not None:
            check_range("confidence", self.confidence, -1e9, 1e9)

    def run(
        self,
        source: str,
        outputs: Sequence[str | Path],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        show: Callable[[Image], bool] | None = None,
    ) -> Summary:
        """Track a source with a new tracker and a new detector.

        Args:
            source: As in `trackers.pipeline.track.open_frames`.
            outputs: Files to write.
            overwrite: Replace existing files.
            progress: Wraps the frames.
            show: Called with each annotated frame; tells whether to go on.

        Returns:
            What was done.

        Raises:
            ValueError: If something does not fit, as in `track_video`.
            OSError: If a file is not there, or cannot be written.
        """
        self.check()
        found = detections_for(source, self.detections)
        check_outputs(outputs, OUTPUT_SUFFIXES, overwrite=overwrite, inputs=self.inputs(source))
        lowest = default_confidence(self.tracker, found) if self.confidence is None else self.confidence
        table = stored_table(found, last_frame=sequence_length(source), source=source)
        if table is None:
            detect = open_detector(found, confidence=lowest, classes=self.classes)
        else:
            detect = filtered(from_table(table), lowest, self.classes)
        extractor = self.extractor
        if extractor is None:
            extractor = default_extractor(self.tracker, frames=has_frames(source), vectors=brings_vectors(found))
        model = make_extractor(extractor)
        if self.adapt:
            check_twice_readable(source)
            model = adapt_sources([(source, detect)], model, progress)
        detect = with_mapped_vectors(detect, model)
        tracker = make_tracker(self.tracker, model)
        tracker.explain = self.explain
        watched = Watched(detect)
        summary = track_video(
            source,
            tracker,
            watched,
            outputs,
            frame_rate=self.frame_rate,
            refine=self.refine,
            follow_rate="frame_rate" not in self.tracker.options,
            progress=progress,
            drawing=self.draw,
            only=self.only,
            overwrite=overwrite,
            show=show,
            about=self._about(source, found, extractor) if self.explain else None,
        )
        notes = [] if summary.tracks or self.only or summary.stopped else no_tracks(watched, tracker)
        if table is not None and not summary.stopped:
            notes += other_range(found, table, watched.last_frame) + counted_anew(found, source)
        return replace(summary, notes=tuple(notes))

    def inputs(self, source: str) -> list[str]:
        """What is read to track a source: files and folders, and names that are none."""
        return [source, detections_for(source, self.detections), *files_of(self.tracker, self.extractor)]

    def _about(self, source: str, detections: str, extractor: Choice) -> dict[str, Any]:
        """What the result tells of its run."""
        return {
            "tracker": str(self.tracker),
            "settings": dict(self.tracker.options),
            "extractor": str(extractor),
            "detections": detections,
            "source": without_password(source),
            "version": __version__,
        }


@dataclass(frozen=True)
class EmbedSettings:
    """Everything `trackers embed` gets but the source and the output.

    Attributes:
        extractor: The feature extractor; None keeps the boxes alone.
        detections: Model such as yolo11n.pt, or file of detections. A model is one of Ultralytics. The file may be MOT
            text, COCO JSON, a folder of YOLO labels, or what `trackers track` and `trackers embed` write. Default:
            det/det.txt of a MOT sequence.
        confidence: Lowest confidence of a detection.
        classes: Names or numbers of the classes to keep. Default: all.
    """

    extractor: Choice | None = None
    detections: str | None = None
    confidence: float | None = None
    classes: Sequence[str] = ()

    def run(
        self,
        source: str,
        outputs: Sequence[str | Path],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Summary:
        """Detect and embed on every frame of a source.

        Args:
            source: As in `trackers.pipeline.track.open_frames`.
            outputs: One file, `.npz`.
            overwrite: Replace an existing file.
            progress: Wraps the frames.

        Returns:
            Frames and boxes written.

        Raises:
            ValueError: If the source has no frames.
            OSError: If a file is not there, or cannot be written.
        """
        found = detections_for(source, self.detections)
        check_outputs(outputs, (".npz",), overwrite=overwrite, inputs=self.inputs(source))
        frames = open_frames(source)
        if frames is None:
            raise ValueError(f"{source} has no frames to embed")
        detect = open_detector(
            found,
            confidence=self.confidence,
            classes=self.classes,
            last_frame=sequence_length(source),
            source=source,
        )
        extractor = None if self.extractor is None else make_extractor(self.extractor)
        embedded = observe(frames, detect, extractor)
        if progress is not None:
            embedded = progress(embedded, frames.frame_count)
        (output,) = outputs
        table = write_detections(output, embedded, overwrite=overwrite)
        return Summary(frames=len(table), boxes=len(table.frame))

    def inputs(self, source: str) -> list[str]:
        """What is read to embed a source: files and folders, and names that are none."""
        return [source, detections_for(source, self.detections), *files_of(self.extractor)]


def detections_for(source: str, pattern: str | None) -> str:
    """Where the detections of a source come from.

    Args:
        source: The source.
        pattern: A name or a path; `{folder}` is a MOT sequence folder itself or the folder a video is in, `{name}` the
            name of the sequence or of the video without its ending. None takes the default of the source.

    Returns:
        A name for `open_detector`.

    Raises:
        ValueError: If the pattern has other fields, or the source has no default.

    Example:
        >>> detections_for("videos/door.mp4", "{folder}/boxes/{name}.npz")
        'videos/boxes/door.npz'
    """
    if pattern is None:
        return default_detections(source)
    if "{" not in pattern or Path(pattern).exists():
        return pattern
    path = Path(source)
    folder, name = (path, path.name) if is_sequence(path) else (path.parent, path.stem)
    try:
        return pattern.format(folder=folder.as_posix(), name=name)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{pattern}: only {{folder}} and {{name}} are filled in, not {error}") from error
