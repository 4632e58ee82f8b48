"""Two passes over a source: track it to its end, then write what hindsight makes of the tracks."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.vectors import EMBEDDING
from trackers.boxes import Image
from trackers.core.rows import detections_of
from trackers.pipeline.frame import TrackedFrame
from trackers.refinement import refine

if TYPE_CHECKING:
    import supervision as sv

    from trackers.table import BoxTable


def refined_frames(
    tracked: Iterator[TrackedFrame], again: Iterable[tuple[int, Image | None]], frame_rate: float
) -> Iterator[TrackedFrame]:
    """Refine tracked frames, all of which are awaited first.

    Boxes of all frames are in memory; images, appearance vectors and masks are not kept.

    Args:
        tracked: Tracked frames, numbers ascending.
        again: The numbers and images once more; what comes after the last tracked number is left alone.
        frame_rate: Frames per second.

    Yields:
        The refined frames.
    """
    found: list[sv.Detections] = []
    for number, _, detections in tracked:
        found += [_no_rows()] * (number - 1 - len(found))
        found.append(_without_pictures(detections))
    refined = refine(found, frame_rate=frame_rate)
    for number, image in again:
        if number > len(refined):
            return
        yield TrackedFrame(number, image, refined[number - 1])


def check_can_be_read_again(source: str | Path) -> None:
    """Refuse a source that goes by only once.

    Raises:
        ValueError: If it is a camera or a stream.
    """
    if re.match(r"\d+$|[a-z]+://", str(source)):
        raise ValueError(f"{source} cannot be read twice to refine its tracks; trackers.FixedLag refines streams")


def frames_of_table(
    table: BoxTable, class_names: Mapping[int, str] | None = None
) -> Iterator[tuple[int, sv.Detections]]:
    """Each frame number of a table of boxes and its rows as detections, with the names of their classes if given."""
    import supervision as sv

    known = bool(len(table)) and bool((table.class_id >= 0).all())
    names = np.array([(class_names or {}).get(number, "") for number in table.class_id.tolist()], np.str_)
    xyxy = table.xyxy
    for number in np.unique(table.frame).tolist():
        rows = slice(*np.searchsorted(table.frame, [number, number + 1]).tolist())
        yield (
            number,
            sv.Detections(
                xyxy=xyxy[rows],
                confidence=table.confidence[rows],
                class_id=table.class_id[rows] if known else None,
                tracker_id=table.tracker_id[rows],
                data={
                    "interpolated": table.interpolated[rows],
                    **({"class_name": names[rows]} if class_names else {}),
                },
            ),
        )


def _without_pictures(detections: sv.Detections) -> sv.Detections:
    kept = copy.copy(detections)
    kept.mask = None
    kept.data = {name: column for name, column in detections.data.items() if name != EMBEDDING}
    return kept


def _no_rows() -> sv.Detections:
    return detections_of(np.empty((0, 4)), np.empty(0), [], np.empty(0, np.int64))
