"""A frame on its way from the tracker to where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trackers.boxes import Image

if TYPE_CHECKING:
    import supervision as sv


class TrackedFrame(NamedTuple):
    """A frame and what the tracker returned: number from 1, image where there is one, detections."""

    number: int
    image: Image | None
    detections: sv.Detections
