"""`DeepSort` with the interface of the older package: raw detections in, track objects out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.association.selection import not_suppressed
from trackers.boxes import Floats, Ints, Vectors, trackable
from trackers.compat.deep_sort_realtime.detections import Detection, corners_of, detections_of
from trackers.compat.deep_sort_realtime.embedders import Embedder, stacked_masks
from trackers.compat.deep_sort_realtime.track import CONFIRMED, DELETED, TENTATIVE, Track, track_class_of
from trackers.compat.numbered import NO_ROW, NumberedTracker, moments
from trackers.errors import check_range
from trackers.tools.polygons import polygon_masks


class DeepSort:
    """Drop-in for `deep_sort_realtime.deepsort_tracker.DeepSort`, on `DeepSORTTracker`.

    Args:
        max_iou_distance: Largest 1 - IoU of a match in the last stage.
        max_age: Frames a confirmed track may be missed and be found again.
        n_init: Hits after which a track is confirmed.
        nms_max_overlap: IoU above which the less confident of two detections is left out; 1.0 leaves out none.
        max_cosine_distance: Largest cosine distance of a match.
        nn_budget: Vectors kept per track; None keeps all.
        gating_only_position: Gate on the centre alone.
        override_track_class: Subclass of `Track` to make tracks of.
        embedder: Name of an embedder, see `Embedder`; None if you pass vectors, or to track by motion alone.
        half: Half precision where the embedder runs on a GPU.
        bgr: Whether frames come in OpenCV's order of colours.
        embedder_gpu: Run the embedder on a GPU where there is one.
        embedder_model_name: Another model for the embedder.
        embedder_wts: File of weights for the embedder.
        polygon: Whether detections are polygons.
        today: Day for the names of tracks, which then look like `"2024-06-01_1"` and start at 1 each day.

    Raises:
        TypeError: If `override_track_class` is not a subclass of `Track`.
        ValueError: If a parameter is out of range.

    Example:
        >>> tracker = DeepSort(n_init=1, embedder=None)
        >>> [track.track_id for track in tracker.update_tracks([([10, 10, 40, 80], 0.9, "person")])]
        ['1']
    """

    def __init__(
        self,
        max_iou_distance: float = 0.7,
        max_age: int = 30,
        n_init: int = 3,
        nms_max_overlap: float = 1.0,
        max_cosine_distance: float = 0.2,
        nn_budget: int | None = None,
        gating_only_position: bool = False,
        override_track_class: type[Track] | None = None,
        embedder: str | None = "mobilenet",
        half: bool = True,
        bgr: bool = True,
        embedder_gpu: bool = True,
        embedder_model_name: str | None = None,
        embedder_wts: str | Path | None = None,
        polygon: bool = False,
        today: date | None = None,
    ) -> None:
        """Store the parameters; the embedder is loaded when it is first used."""
        check_range("max_iou_distance", max_iou_distance, 0.0, 1.0)
        check_range("nms_max_overlap", nms_max_overlap, 0.0, 1.0)
        self._track_class = track_class_of(override_track_class)
        self.n_init, self.max_age, self.polygon, self.today = n_init, max_age, polygon, today
        self.nms_max_overlap = nms_max_overlap
        self.embedder = (
            None if embedder is None else Embedder(embedder, half, bgr, embedder_gpu, embedder_model_name, embedder_wts)
        )
        self.tracker = NumberedTracker(
            lost_track_buffer=max_age,
            track_activation_threshold=0.0,
            minimum_consecutive_frames=n_init,
            minimum_iou_threshold=round(1.0 - max_iou_distance, 9),
            appearance_threshold=max_cosine_distance,
            gallery_size=nn_budget,
            gating="position" if gating_only_position else "state",
        )
        self._tracks: dict[int, Track] = {}
        self._names = 0

    def update_tracks(
        self,
        raw_detections: Sequence[Any],
        embeds: Sequence[Any] | npt.NDArray[Any] | None = None,
        frame: npt.NDArray[Any] | None = None,
        today: date | None = None,
        others: Sequence[Any] | None = None,
        instance_masks: Sequence[Any] | None = None,
    ) -> list[Track]:
        """Track the detections of the next frame.

        Args:
            raw_detections: A list of `([left, top, width, height], confidence, class)`; with `polygon=True`,
                `[polygons, classes, confidences]`, a polygon being a flat list `[x1, y1, x2, y2, ...]`.
            embeds: One vector for each detection; without them the embedder computes them from the frame.
            frame: The image, uint8, shape `(height, width, 3)`.
            today: The day of the frame; on a new one, names start at 1 again.
            others: Anything to carry along with each detection, which `get_det_supplementary` gives back; with
                `polygon=True` its polygon unless given.
            instance_masks: Pixels of each object, shape `(height, width)`; the embedder sees nothing else.

        Returns:
            The living tracks, tentative ones included, oldest first.

        Raises:
            TypeError: If the detections are not a list.
            ValueError: If a detection is malformed, the lists differ in length, or vectors must be made and there is
                no frame.
        """
        # Everything is checked before anything is changed.
        detections = self.create_detections(raw_detections, embeds, instance_masks, others)
        if embeds is None and self.embedder is not None and detections:
            if frame is None:
                raise ValueError("pass embeds, or the frame for the embedder; or set embedder=None")
            embeds = self._embeds(frame, raw_detections, detections)
        if today is not None and today != self.today:
            self.today = today
            self.refresh_track_ids()
        kept = self._kept(detections)
        self.tracker.update(self._as_supervision(detections, embeds, kept))
        return self._tracks_now(detections, kept)

    def generate_embeds(
        self, frame: npt.NDArray[Any], raw_detections: Sequence[Any], instance_masks: Sequence[Any] | None = None
    ) -> list[Vectors]:
        """Vectors of raw detections by the embedder, one for each.

        Args:
            frame: The image.
            raw_detections: As in `update_tracks`.
            instance_masks: As in `update_tracks`.

        Returns:
            Unit vectors; zeros for a box that cannot be seen in the frame.

        Raises:
            ValueError: If there is no embedder.
        """
        detections = self.create_detections(raw_detections, None, instance_masks)
        return self._embeds(frame, raw_detections, detections)

    def create_detections(
        self,
        raw_detections: Sequence[Any],
        embeds: Sequence[Any] | npt.NDArray[Any] | None = None,
        instance_masks: Sequence[Any] | None = None,
        others: Sequence[Any] | None = None,
    ) -> list[Detection]:
        """Detection objects from raw detections and what belongs to them; arguments as in `update_tracks`."""
        if others is None and self.polygon and len(raw_detections):
            others = raw_detections[0]
        return detections_of(
            raw_detections, polygon=self.polygon, embeds=embeds, instance_masks=instance_masks, others=others
        )

    def refresh_track_ids(self) -> None:
        """Start the names of new tracks at 1 again; living tracks keep theirs, and no name is given twice at a time."""
        self._names = 0

    def delete_all_tracks(self) -> None:
        """Remove all tracks and their embeddings; names start at 1 again."""
        self.tracker.reset()
        self._tracks = {}
        self._names = 0

    def _embeds(
        self, frame: npt.NDArray[Any], raw_detections: Sequence[Any], detections: list[Detection]
    ) -> list[Vectors]:
        if self.embedder is None:
            raise ValueError("there is no embedder: name one, as in DeepSort(embedder='mobilenet')")
        masks = stacked_masks([detection.instance_mask for detection in detections], frame)
        if masks is None and self.polygon and detections:
            masks = polygon_masks(raw_detections[0], (frame.shape[1], frame.shape[0]))
        return self.embedder.embed_boxes(frame, corners_of(detections), masks)

    def _kept(self, detections: list[Detection]) -> Ints:
        """Rows that are boxes and are not suppressed, ascending."""
        boxes = corners_of(detections)
        rows = np.flatnonzero(trackable(boxes))
        if self.nms_max_overlap < 1.0:
            scores = np.array([np.nan if one.confidence is None else one.confidence for one in detections], np.float64)
            rows = rows[not_suppressed(boxes[rows], scores[rows], self.nms_max_overlap)]
        return rows

    def _as_supervision(
        self, detections: list[Detection], embeds: Sequence[Any] | npt.NDArray[Any] | None, kept: Ints
    ) -> Any:
        """What the tracker takes; confidence stays outside, since every detection may start a track."""
        import supervision as sv

        data: Any = {} if embeds is None else {"embedding": np.asarray([embeds[row] for row in kept])}
        return sv.Detections(xyxy=corners_of(detections)[kept], data=data)

    def _tracks_now(self, detections: list[Detection], kept: Ints) -> list[Track]:
        """Bring the track objects up to the tracker's table."""
        table = self.tracker.table
        means, covariances = moments(table.state)
        before, self._tracks = self._tracks, {}
        names = {track.track_id for track in before.values()}
        for i, number in enumerate(table.number.tolist()):
            detection = None if table.row[i] == NO_ROW else detections[kept[table.row[i]]]
            if number in before:
                track = before.pop(number)
                track.mean, track.covariance = means[i], covariances[i]
                track.hits, track.age = int(table.hits[i]), int(table.age[i]) + 1
                track.time_since_update = int(table.missed[i])
                track.latest_feature = track.latest_feature if detection is None else table.vector(i)
                _emit_events(track, CONFIRMED if table.confirmed[i] else TENTATIVE, detection)
            else:
                assert detection is not None
                track = self._new_track(means[i], covariances[i], table.vector(i), detection, names)
                track.state = CONFIRMED if table.confirmed[i] else TENTATIVE
            self._tracks[number] = track
        for track in before.values():
            track.time_since_update += 1
            _emit_events(track, DELETED, None)
        return list(self._tracks.values())

    def _new_track(
        self, mean: Floats, covariance: Floats, feature: Vectors | None, detection: Detection, names: set[str]
    ) -> Track:
        """A track object with the next name that no living track has."""
        prefix = "" if self.today is None else f"{self.today.isoformat()}_"
        self._names += 1
        while f"{prefix}{self._names}" in names:
            self._names += 1
        return self._track_class(
            mean,
            covariance,
            f"{prefix}{self._names}",
            self.n_init,
            self.max_age,
            feature=feature,
            original_ltwh=detection.get_ltwh(),
            det_class=detection.class_name,
            det_conf=detection.confidence,
            instance_mask=detection.instance_mask,
            others=detection.others,
        )


def _emit_events(track: Track, state: str, detection: Detection | None) -> None:
    """Say to a track what has become of it."""
    track.state = state
    if detection is None:
        track.mark_missed()
    else:
        track.update(None, detection)
