"""What a run says when it may not have done what was meant: nothing was tracked, or detections were not used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Image, trackable
from trackers.core.base import Tracker
from trackers.io import DetectionTable
from trackers.io.frames import place_of
from trackers.io.pictures import files_like, is_picture, numbers_of, pictures_in
from trackers.io.sequences import is_sequence
from trackers.pipeline.detectors import Detect

if TYPE_CHECKING:
    import supervision as sv


BY_NUMBER = (".txt", ".csv", ".jsonl", ".npy")
"""Files of detections whose rows name frames by their numbers."""


class Watched:
    """A detector that counts what it found.

    Attributes:
        boxes: Detections so far.
        usable: Those that are boxes: finite, of a width and a height above 0.
        best: Highest score so far, None where none had a score.
        last_frame: Number of the last frame it was asked for.
    """

    def __init__(self, detect: Detect) -> None:
        self._detect = detect
        self.boxes, self.usable, self.last_frame = 0, 0, 0
        self.best: float | None = None

    def __call__(self, number: int, image: Image | None) -> sv.Detections:
        """Detections of a frame."""
        found = self._detect(number, image)
        self.boxes += len(found)
        self.usable += int(trackable(np.asarray(found.xyxy, np.float64)).sum())
        self.last_frame = number
        if len(found) and found.confidence is not None:
            self.best = max(float(np.max(found.confidence)), -np.inf if self.best is None else self.best)
        return found


def no_tracks(watched: Watched, tracker: Tracker[Any]) -> list[str]:
    """Why a run without a track has none.

    Example:
        >>> from trackers import SORTTracker
        >>> watched = Watched(lambda *_: None)
        >>> watched.boxes, watched.usable, watched.best = 3, 3, 0.2
        >>> no_tracks(watched, SORTTracker())
        ['no detection could start a track: the highest score is 0.2, and track_activation_threshold is 0.25']
    """
    if not watched.boxes:
        return ["there was no detection to track; do --confidence and --classes leave any?"]
    if not watched.usable:
        return [f"none of {watched.boxes} detections is a box: each lacks a width or a height above 0"]
    threshold = getattr(tracker, "track_activation_threshold", None)
    if threshold is None or watched.best is None or watched.best >= threshold:
        return [f"none of {watched.boxes} detections became a track: {_confirmation(tracker)}"]
    best = f"the highest score is {watched.best:.4g}"
    return [f"no detection could start a track: {best}, and track_activation_threshold is {threshold:g}"]


def _confirmation(tracker: Tracker[Any]) -> str:
    """What it takes to become a track."""
    count = tracker.minimum_consecutive_frames
    times = "it takes some frames in a row" if count is None else f"minimum_consecutive_frames is {count}"
    return times if tracker.selection is None else f"{times}, and a selection leaves some out"


def other_range(name: str, table: DetectionTable, frames: int) -> list[str]:
    """Say that a file of detections has another range of frames than the source had.

    Args:
        name: Name of the file.
        table: What is in it.
        frames: Number of the last frame of the source.

    Example:
        >>> table = DetectionTable(np.array([4, 9]), np.ones((2, 4)), last_frame=9)
        >>> other_range("det.txt", table, 8)
        ['det.txt has detections up to frame 9, but the source ended with frame 8: 1 of 2 were not used']
        >>> other_range("det.txt", table, 100)
        ['det.txt has detections of frames 4 to 9 only, and the source has 100 frames']
    """
    if not len(table.frame) or not frames:
        return []
    first, last = int(table.frame[0]), int(table.frame[-1])
    if last > frames:
        beyond = int((table.frame > frames).sum())
        used = f"{beyond} of {len(table.frame)} were not used"
        return [f"{name} has detections up to frame {last}, but the source ended with frame {frames}: {used}"]
    if (last - first + 1) * 2 < frames:
        return [f"{name} has detections of frames {first} to {last} only, and the source has {frames} frames"]
    return []


def counted_anew(name: str, source: str) -> list[str]:
    """Say that pictures are frames in their order, where their names have other numbers that rows may mean.

    Args:
        name: Name of the file of detections.
        source: The source of frames.
    """
    if Path(name).suffix.lower() not in BY_NUMBER or is_sequence(source):
        return []
    place = place_of(source)
    paths = [path for path in (pictures_in(place) if place.is_dir() else files_like(source)) if is_picture(path)]
    numbers = sorted(numbers_of(paths) or ())
    if not numbers or numbers == list(range(1, len(numbers) + 1)):
        return []
    holes = "" if numbers[-1] - numbers[0] + 1 == len(numbers) else ", not all of them"
    return [
        f"the images of {source} are numbered {numbers[0]} to {numbers[-1]}{holes}; here they are frames 1 to "
        f"{len(numbers)} in that order, and so were the rows of {name} read"
    ]
