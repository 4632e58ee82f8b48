"""Two passes over a source: track it to its end, then write what hindsight makes of the tracks."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.vectors import EMBEDDING
from trackers.boxes import Image
from trackers.core.rows import detections_of
from trackers.io.frames import kind_of
from trackers.io.source import without_password
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
        found += [no_rows()] * (number - 1 - len(found))
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
    if kind_of(source) in ("camera", "pipe", "address"):
        shown = without_password(str(source))
        raise ValueError(f"{shown} cannot be read twice to refine its tracks; trackers.FixedLag refines streams")


def frames_of_table(
    table: BoxTable, class_names: Mapping[int, str] | None = None
) -> Iterator[tuple[int, sv.Detections]]:
    """Each frame number of a table of boxes and its rows as detections, with the names of their classes if given."""
    import supervision as sv

    known = bool((table.class_id >= 0).any())
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


def no_rows() -> sv.Detections:
    """A frame on which nothing is tracked."""
    return detections_of(np.empty((0, 4)), np.empty(0), [], np.empty(0, np.int64))
