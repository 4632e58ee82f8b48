"""Better tracks, now that the whole video is there: early ids, no false tracks, gaps filled, boxes smoothed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from trackers.boxes import Bools, Floats, Ints, trackable
from trackers.errors import check_range
from trackers.io.result_reader import read_result
from trackers.lifecycle import NO_ID
from trackers.refinement.backdating import backdated
from trackers.refinement.detections import Frames
from trackers.refinement.gaps import LONGEST_GAP, fill_gaps
from trackers.refinement.rows import TrackRows, track_rows
from trackers.refinement.smoothing import smoothed_boxes
from trackers.refinement.unsure import RELATIVE_CONFIDENCE, without_unsure
from trackers.table import BoxTable

if TYPE_CHECKING:
    import supervision as sv


@overload
def refine(
    tracks: BoxTable | str | Path,
    *,
    frame_rate: float = ...,
    longest_gap: float = ...,
    smooth: bool = ...,
    relative_confidence: float = ...,
) -> BoxTable: ...
@overload
def refine(
    tracks: Iterable[sv.Detections],
    *,
    frame_rate: float = ...,
    longest_gap: float = ...,
    smooth: bool = ...,
    relative_confidence: float = ...,
) -> list[sv.Detections]: ...
def refine(
    tracks: BoxTable | str | Path | Iterable[sv.Detections],
    *,
    frame_rate: float = 30.0,
    longest_gap: float = LONGEST_GAP,
    smooth: bool = True,
    relative_confidence: float = RELATIVE_CONFIDENCE,
) -> BoxTable | list[sv.Detections]:
    """Improve tracks with hindsight.

    - A box without an id, of the class of a track, gets the track's id if it overlaps the track's box one frame later:
      these are the boxes before a track was confirmed or found again.
    - A track that the detector was unsure of from beginning to end, compared with others of its class, loses its id:
      most such tracks are no objects.
    - A gap is filled where the link across it is credible: not too long, not too far, between boxes of much the same
      height, and with the track known for a while on both sides.
    - Boxes are smoothed forwards and backwards, those of low confidence more (Rauch, Tung and Striebel 1965). A track
      that moves too abruptly for it keeps its boxes.

    No other id that was given is changed, and no row is removed.

    Args:
        tracks: A table of boxes, the path of a result (MOT text or JSON lines), or what a tracker returned, one
            `sv.Detections` per frame. Nothing of it is changed. Frame numbers that a table lacks are frames without
            boxes.
        frame_rate: Frames per second of the video; a result does not tell it.
        longest_gap: Seconds of the longest gap that is filled; 0 fills none, as counting wants it.
        smooth: False leaves the boxes that were found as they are.
        relative_confidence: Least mean confidence of a track, as a share of the median confidence of all tracked boxes
            of its class; 0 keeps every track. Confidence that is no probability, below 0 or above 1, keeps them, too.

    Returns:
        For a table or a path, a new table; its column `interpolated` marks the rows of filled gaps. For detections, a
        list of new ones of the same length: on each frame first its own rows in their order, then the interpolated
        ones, with the class and data of the nearest real row of the track, the mean confidence of the gap's ends and an
        empty mask. Every frame has `tracker_id`, int64, `data["interpolated"]`, bool, and all columns that any frame
        has. A tracked row that is no box, such as one of NaN, gets id -1.

    Raises:
        TypeError: If `tracks` is none of these.
        ValueError: If an id occurs twice on a frame, no frame has ids, or a column is missing on some of the frames.

    Example:
        >>> table = BoxTable.from_rows(
        ...     frame=[1, 2, 3, 6, 7, 8], tracker_id=4, xywh=[[x, 0, 20, 40] for x in (1, 2, 3, 6, 7, 8)]
        ... )
        >>> better = refine(table, frame_rate=30)
        >>> better.frame[better.interpolated].tolist(), better.xywh[better.interpolated][0].round(1).tolist()
        ([4, 5], [4.0, 0.0, 20.0, 40.0])
    """
    check_range("frame_rate", frame_rate, 1e-6, 1e6)
    check_range("longest_gap", longest_gap, 0.0)
    check_range("relative_confidence", relative_confidence, 0.0, 1.0)
    options = _Options(frame_rate, longest_gap, smooth, relative_confidence)
    if isinstance(tracks, (str, Path)):
        tracks = read_result(tracks)[0]
    if isinstance(tracks, BoxTable):
        ids, rows = _refined(
            tracks.frame,
            tracks.tracker_id,
            tracks.xyxy,
            tracks.confidence,
            tracks.class_id,
            tracks.interpolated,
            options,
        )
        return _table(tracks, ids, rows)
    frames = Frames(tracks)
    ids, rows = _refined(
        frames.number,
        frames.ids,
        frames.boxes,
        frames.confidence,
        frames.class_id,
        frames.interpolated,
        options,
    )
    return frames.refined(ids, rows)


class _Options(NamedTuple):
    frame_rate: float
    longest_gap: float
    smooth: bool
    relative_confidence: float


def _refined(
    frame: Ints,
    ids: Ints,
    boxes: Floats,
    confidence: Floats,
    class_id: Ints,
    interpolated: Bools,
    options: _Options,
) -> tuple[Ints, TrackRows]:
    """New ids of all rows, shape `(n,)`, and the refined rows of the tracks."""
    usable = trackable(boxes)
    ids = backdated(frame, np.where(usable, ids, NO_ID), boxes, class_id, usable)
    confidence = np.nan_to_num(confidence, nan=1.0)
    ids = without_unsure(ids, confidence, class_id, ~interpolated, options.relative_confidence)
    rows = track_rows(frame, ids, boxes, confidence, interpolated)
    if len(rows) == 0:
        return ids, rows
    rows = fill_gaps(rows, options.frame_rate, options.longest_gap)
    better = smoothed_boxes(rows, options.frame_rate)
    moved = rows.interpolated | options.smooth
    return ids, replace(rows, boxes=np.where(moved[:, None], better, rows.boxes))


def _table(tracks: BoxTable, ids: Ints, rows: TrackRows) -> BoxTable:
    """The table with refined rows; those of a frame keep their order, and new ones come after them."""
    xywh = tracks.xywh.copy()
    sized = np.concatenate((rows.boxes[:, :2], rows.boxes[:, 2:] - rows.boxes[:, :2]), axis=1)
    new = rows.added
    xywh[rows.source[~new]] = sized[~new]
    source = rows.source[new]
    return BoxTable.from_rows(
        frame=np.append(tracks.frame, rows.frame[new]),
        tracker_id=np.append(ids, rows.track[new]),
        xywh=np.concatenate((xywh, sized[new])),
        confidence=np.append(tracks.confidence, rows.confidence[new]),
        class_id=np.append(tracks.class_id, tracks.class_id[source]),
        visibility=np.append(tracks.visibility, tracks.visibility[source]),
        interpolated=np.append(tracks.interpolated, np.full(len(source), True)),
    )
