"""Track all cameras of a plan in the order of time, and write who was where."""

from __future__ import annotations

import csv
import heapq
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Image
from trackers.identity import IdentityGallery, MultiCameraTracker
from trackers.identity.identification import PairOfTracks
from trackers.io import SourceFrame, read_ahead, write_mot
from trackers.io.pictures import load_picture
from trackers.io.whole import whole_file
from trackers.pipeline.detectors import default_detections, open_detector, sequence_length
from trackers.pipeline.multicam.plan import CameraPlan, Plan
from trackers.pipeline.track import count_frames, open_frames, source_rate
from trackers.table import BoxTable

if TYPE_CHECKING:
    import supervision as sv

HEADER = ("identity", "name", "camera", "tracker_id", "from", "to", "confidence")
Moment = tuple[float, int, int, "Image | None"]
"""Seconds, place of the camera in the plan, number of the frame, image."""


@dataclass
class CameraRun:
    """What was found on one camera: a row for each box of a confirmed track.

    Attributes:
        frame_rate: Frames per second.
        starts: Seconds at which the first frame was taken.
        frame: Number of the frame of each row, from 1.
        time: Seconds on the common clock of each row.
        tracker_id: Id of each row's track.
        identity: Identity of each row, -1 while undecided.
        box: `(x1, y1, x2, y2)` of each row.
        score: Confidence of each row.
    """

    frame_rate: float
    starts: float
    frame: list[int] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    tracker_id: list[int] = field(default_factory=list)
    identity: list[int] = field(default_factory=list)
    box: list[list[float]] = field(default_factory=list)
    score: list[float] = field(default_factory=list)

    def add(self, number: int, time: float, tracked: sv.Detections) -> None:
        """Add the rows of a frame."""
        kept = np.flatnonzero(np.asarray(tracked.tracker_id) >= 0)
        scores = np.ones(len(tracked)) if tracked.confidence is None else np.asarray(tracked.confidence)
        self.frame += [number] * len(kept)
        self.time += [time] * len(kept)
        self.tracker_id += np.asarray(tracked.tracker_id)[kept].tolist()
        self.identity += np.asarray(tracked.data["identity"])[kept].tolist()
        self.box += tracked.xyxy[kept].tolist()
        self.score += scores[kept].tolist()

    def table(self, column: Sequence[int]) -> BoxTable:
        """The rows as a table, with `tracker_id` or `identity` for ids; rows at -1 are left out."""
        boxes = np.array(self.box).reshape(-1, 4)
        xywh = np.hstack((boxes[:, :2], boxes[:, 2:] - boxes[:, :2]))
        rows = BoxTable.from_rows(frame=self.frame, tracker_id=column, xywh=xywh, confidence=self.score)
        return rows.rows(rows.tracker_id >= 0)


def run_cameras(
    plan: Plan,
    make_tracker: Callable[[str], Any],
    extractor: Any,
    *,
    gallery: IdentityGallery | None = None,
    hindsight: bool = True,
    follow_rate: bool = False,
    pairs: Mapping[str, Sequence[PairOfTracks]] | None = None,
    progress: Callable[[Iterator[Moment]], Iterator[Moment]] = iter,
) -> tuple[MultiCameraTracker, dict[str, CameraRun]]:
    """Track all cameras to their ends.

    Args:
        plan: The cameras.
        make_tracker: Makes the tracker of a camera.
        extractor: Feature extractor of the identities, or None.
        gallery: Identities known before.
        hindsight: Decide all tracks anew at the end.
        follow_rate: Set the `frame_rate` of each tracker to that of its camera.
        pairs: Pairs of tracks that a person has judged, for hindsight.
        progress: Wraps the frames to show how far they are.

    Returns:
        The cameras after the last frame, and what was found on each.

    Raises:
        ValueError: If a source has no frames, or a name no usable picture.
    """
    gallery = IdentityGallery(extractor) if gallery is None else gallery
    for name, files in plan.names.items():
        gallery.enroll(name, images=[load_picture(one) for one in files])
    names = list(plan.cameras)
    detectors = [
        open_detector(one.detections or default_detections(one.source), last_frame=sequence_length(one.source))
        for one in plan.cameras.values()
    ]
    runs: dict[str, CameraRun] = {}
    streams = []
    for place, (name, one) in enumerate(plan.cameras.items()):
        rate, stream = _moments(place, one)
        runs[name] = CameraRun(rate, one.starts)
        streams.append(stream)
    trackers = {name: make_tracker(name) for name in names}
    for name, tracker in trackers.items():
        if follow_rate:
            tracker.frame_rate = runs[name].frame_rate
    cameras = MultiCameraTracker(trackers, gallery, plan.links)
    for time, place, number, image in progress(heapq.merge(*streams, key=lambda moment: moment[:3])):
        found = detectors[place](number, image)
        runs[names[place]].add(number, time, cameras.update(names[place], found, image, timestamp=time))
    cameras.settle()
    if hindsight:
        final = cameras.link(**(pairs or {}))
        for name, run in runs.items():
            run.identity = [final.get((name, one), -1) for one in run.tracker_id]
    return cameras, runs


def _moments(place: int, camera: CameraPlan) -> tuple[float, Iterator[Moment]]:
    """Frame rate of a camera, and its frames with their times."""
    frames = open_frames(camera.source, frame_rate=camera.frame_rate)
    if frames is None:
        rate = source_rate(camera.source, camera.frame_rate)
        numbers = range(1, count_frames(Path(camera.source)) + 1)
        return rate, ((camera.starts + (number - 1) / rate, place, number, None) for number in numbers)
    return frames.frame_rate, _on_the_clock(place, camera.starts, read_ahead(frames), frames.frame_rate)


def _on_the_clock(place: int, starts: float, frames: Iterable[SourceFrame], rate: float) -> Iterator[Moment]:
    """Frames of a source with times on the common clock, on which its first frame was taken at `starts`."""
    zero: float | None = None
    for frame in frames:
        if zero is None:
            zero = frame.time - (frame.number - 1) / rate
        yield starts + frame.time - zero, place, frame.number, frame.image


def identity_rows(cameras: MultiCameraTracker, runs: Mapping[str, CameraRun]) -> list[tuple[Any, ...]]:
    """Who was where, a row for each track, in the order of `HEADER`; ordered by identity and time."""
    rows = []
    for name, run in runs.items():
        ids = np.array(run.tracker_id, np.int64)
        for tracker_id in np.unique(ids).tolist():
            mine = np.flatnonzero(ids == tracker_id)
            identity = run.identity[int(mine[-1])]
            if identity < 0:
                continue
            first, last = (run.time[row] for row in (mine[0], mine[-1]))
            confidence = cameras.confidence(name, tracker_id)
            known = cameras.gallery.names.get(identity, "")
            rows.append((identity, known, name, tracker_id, round(first, 3), round(last, 3), round(confidence, 3)))
    return sorted(rows, key=lambda row: (row[0], row[4], row[2]))


def write_results(folder: Path, cameras: MultiCameraTracker, runs: Mapping[str, CameraRun]) -> list[Path]:
    """Write `<camera>.txt`, MOT text with identities for ids, and `identities.csv`."""
    written = []
    for name, run in runs.items():
        written.append(folder / f"{name}.txt")
        write_mot(written[-1], run.table(run.identity), overwrite=True)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER)
    table.writerows(identity_rows(cameras, runs))
    written.append(folder / "identities.csv")
    with whole_file(written[-1]) as beside:
        beside.write_text(text.getvalue(), encoding="utf-8")
    return written
