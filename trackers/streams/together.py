"""One frame of each of several trackers: all boxes that share a feature extractor go through it in one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.appearance.vectors import extracted, extracted_batch
from trackers.core.base import Tracker

if TYPE_CHECKING:
    import supervision as sv

    from trackers.core.prepared import PreparedFrame


@dataclass
class StreamFrame:
    """A frame for a tracker, and what becomes of it.

    Attributes:
        tracker: The tracker of the stream.
        detections: Detections of the frame; None where no detector was run.
        frame: The image, None where there is none.
        timestamp: Time of the frame in seconds, or None.
        tracked: What the tracker returned, None while it has not.
        error: Why the frame was refused; the tracker is then as it was.
        prepared: The frame after the first half of its update.
        vectors: Vectors of its boxes, where the extractor was asked.
    """

    tracker: Tracker[Any]
    detections: sv.Detections | None
    frame: Any = None
    timestamp: float | None = None
    tracked: sv.Detections | None = None
    error: Exception | None = None
    prepared: PreparedFrame | None = None
    vectors: Any = None


def update_together(frames: Sequence[StreamFrame]) -> None:
    """Update the trackers of several frames; every frame ends with `tracked` or with an `error`.

    The ids are those of `tracker.update` called on each frame in order. Several frames of one tracker are taken one
    after the other, but embedded together where which boxes need a vector does not depend on the tracks.

    Args:
        frames: The frames, in order for each tracker.
    """
    _embed_ahead(frames)
    for now in _rounds(frames):
        for one in now:
            _prepare(one)
        _embed(one for one in now if one.vectors is None)
        for one in now:
            _complete(one)


def _rounds(frames: Sequence[StreamFrame]) -> list[list[StreamFrame]]:
    """The first frame of each tracker, the second of each that has one, and so on."""
    rounds: list[list[StreamFrame]] = []
    taken: Counter[int] = Counter()
    for one in frames:
        number = taken[id(one.tracker)]
        taken[id(one.tracker)] += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(one)
    return rounds


def _embed_ahead(frames: Sequence[StreamFrame]) -> None:
    """Embed the frames of trackers that have several, where that can be done before the first is tracked."""
    count = Counter(id(one.tracker) for one in frames)
    ahead = [
        one
        for one in frames
        if count[id(one.tracker)] > 1
        and one.detections is not None
        and one.tracker.feature_extractor is not None
        and one.tracker.camera_motion is None
        and getattr(one.tracker, "embed", "always") == "always"
    ]
    for one in ahead:
        _prepare(one)
    _embed(ahead)
    for one in ahead:
        one.error = None  # it comes again, on the frame's turn


def _prepare(one: StreamFrame) -> None:
    """First half of an update; a frame that was embedded ahead keeps its vectors if they are for the same rows."""
    before, one.prepared = one.prepared, None
    if one.detections is None:
        return
    try:
        one.prepared = one.tracker.prepare(one.detections, one.frame, timestamp=one.timestamp)
    except Exception as error:
        one.error = error
        return
    if one.vectors is not None and not _same_rows(before, one.prepared):
        one.vectors = None


def _same_rows(before: PreparedFrame | None, now: PreparedFrame) -> bool:
    if before is None or before.to_embed is None or now.to_embed is None:
        return False
    return np.array_equal(before.to_embed.xyxy, now.to_embed.xyxy)


def _embed(frames: Iterable[StreamFrame]) -> None:
    """Compute the vectors that prepared frames want, one batch for each extractor."""
    groups: dict[int, list[tuple[StreamFrame, sv.Detections]]] = {}
    for one in frames:
        if one.error is None and one.prepared is not None and one.prepared.to_embed is not None:
            groups.setdefault(id(one.tracker.feature_extractor), []).append((one, one.prepared.to_embed))
    for group in groups.values():
        extractor = group[0][0].tracker.feature_extractor
        try:
            found = extracted_batch([rows for _, rows in group], [one.frame for one, _ in group], extractor)
        except Exception:  # one frame may have spoiled the batch, so each is tried alone
            for one, rows in group:
                _embed_alone(one, rows)
            continue
        for (one, _), vectors in zip(group, found, strict=True):
            one.vectors = vectors


def _embed_alone(one: StreamFrame, rows: sv.Detections) -> None:
    try:
        one.vectors = extracted(rows, one.frame, one.tracker.feature_extractor)
    except Exception as error:
        one.error = error


def _complete(one: StreamFrame) -> None:
    """Second half of an update."""
    if one.error is not None:
        return
    try:
        if one.prepared is None:
            one.tracked = one.tracker.update(None, timestamp=one.timestamp)
        else:
            one.tracked = one.tracker.complete(one.prepared, one.vectors)
    except Exception as error:
        one.error = error
