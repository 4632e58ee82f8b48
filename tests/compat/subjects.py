"""The native tracker and the stand-in behind one small interface, so that one test asks both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import supervision as sv

from trackers import DeepSORTTracker
from trackers.association.selection import Selection
from trackers.compat.deep_sort_realtime import DeepSort

Name = Any


class Native:
    """`DeepSORTTracker` with parameters under the older names."""

    def __init__(self, **options: Any) -> None:
        renamed = {
            "n_init": "minimum_consecutive_frames",
            "max_age": "lost_track_buffer",
            "nn_budget": "gallery_size",
            "max_cosine_distance": "appearance_threshold",
        }
        overlap = options.pop("nms_max_overlap", 1.0)
        options = {renamed[name]: value for name, value in options.items()}
        options.setdefault("gallery_size", None)
        self.tracker = DeepSORTTracker(
            track_activation_threshold=0.0, selection=Selection(maximum_overlap=overlap), **options
        )

    def names(self, ltwh: Sequence[Any], embeds: Any = None) -> list[Name | None]:
        """Name of the confirmed track of each row, None without one."""
        boxes = np.array(ltwh, np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        # supervision refuses boxes that are not finite when they are made, but not afterwards.
        detections = sv.Detections(xyxy=np.zeros_like(boxes), confidence=np.linspace(0.9, 0.8, len(boxes)))
        detections.xyxy = boxes
        if embeds is not None:
            detections.data["embedding"] = np.array(embeds)
        ids = np.asarray(self.tracker.update(detections).tracker_id)
        return [None if number < 0 else str(number) for number in ids]

    def reset(self) -> None:
        """Remove everything."""
        self.tracker.reset()


class Compat:
    """`DeepSort` of the stand-in."""

    def __init__(self, **options: Any) -> None:
        self.tracker = DeepSort(embedder=None, **options)

    def names(self, ltwh: Sequence[Any], embeds: Any = None) -> list[Name | None]:
        """Name of the confirmed track of each row, None without one."""
        scores = np.linspace(0.9, 0.8, len(ltwh))
        raw = [(list(box), score, "person") for box, score in zip(ltwh, scores, strict=True)]
        found: list[Name | None] = [None] * len(raw)
        for track in self.tracker.update_tracks(raw, embeds=embeds, others=list(range(len(raw)))):
            row = track.get_det_supplementary()
            if track.is_confirmed() and row is not None:
                found[row] = track.track_id
        return found

    def reset(self) -> None:
        """Remove everything."""
        self.tracker.delete_all_tracks()


Subject = Native | Compat
