"""Track objects: what the older package returns, filled from the tracker's table after each frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from trackers.boxes import Bools, Floats, Vectors
from trackers.compat.deep_sort_realtime.detections import Detection

TENTATIVE, CONFIRMED, DELETED = "tentative", "confirmed", "deleted"


class Track:
    """One track; the same object from birth to deletion.

    Subclass it to keep state of your own and pass the class as `override_track_class`; call `super().__init__` with
    what your constructor receives. Each frame, `update` is called on a track that was matched and `mark_missed` on one
    that was not.

    Args:
        mean: Kalman mean (centre, aspect ratio, height, and their velocities), shape `(8,)`.
        covariance: Kalman covariance, shape `(8, 8)`.
        track_id: Name of the track, such as `"1"` or `"2024-06-01_1"`.
        n_init: Hits after which it is confirmed.
        max_age: Frames it may be missed.
        feature: Unit vector of its first detection, shape `(d,)`, or None.
        original_ltwh: Box of its first detection, shape `(4,)`.
        det_class: Class of its first detection.
        det_conf: Confidence of its first detection.
        instance_mask: Mask of its first detection.
        others: Whatever was passed with its first detection.

    Attributes:
        hits: Frames with a detection.
        age: Frames since birth, the first one included.
        time_since_update: Frames since the last detection.
    """

    def __init__(
        self,
        mean: Floats,
        covariance: Floats,
        track_id: str,
        n_init: int,
        max_age: int,
        feature: Vectors | None = None,
        original_ltwh: Floats | None = None,
        det_class: Any = None,
        det_conf: float | None = None,
        instance_mask: Bools | None = None,
        others: Any = None,
    ) -> None:
        """Start a tentative track."""
        self.mean = mean
        self.covariance = covariance
        self.track_id = track_id
        self.n_init = n_init
        self.max_age = max_age
        self.latest_feature = feature
        self.original_ltwh = original_ltwh
        self.det_class = det_class
        self.det_conf = det_conf
        self.instance_mask = instance_mask
        self.others = others
        self.hits = 1
        self.age = 1
        self.time_since_update = 0
        self.state = TENTATIVE

    def update(self, kf: None, detection: Detection) -> None:
        """Called when the track was matched.

        Args:
            kf: Always None: the filter has run already.
            detection: The detection of this frame.
        """
        self.original_ltwh = detection.ltwh
        self.det_class = detection.class_name
        self.det_conf = detection.confidence
        self.instance_mask = detection.instance_mask
        self.others = detection.others

    def mark_missed(self) -> None:
        """Called when the track was not matched on a frame, also on the one it is deleted on."""
        self.original_ltwh = self.det_class = self.det_conf = self.instance_mask = self.others = None

    def is_tentative(self) -> bool:
        """Whether it has too few hits yet."""
        return self.state == TENTATIVE

    def is_confirmed(self) -> bool:
        """Whether it is confirmed and alive."""
        return self.state == CONFIRMED

    def is_deleted(self) -> bool:
        """Whether it is gone."""
        return self.state == DELETED

    def to_ltwh(self, orig: bool = False, orig_strict: bool = False) -> Floats | None:
        """Box as left, top, width, height, shape `(4,)`.

        Args:
            orig: The detected box instead of the filtered one, where there is one on this frame.
            orig_strict: With `orig`, None where there is no detection on this frame.

        Returns:
            The box.
        """
        if orig and (orig_strict or self.original_ltwh is not None):
            return None if self.original_ltwh is None else self.original_ltwh.copy()
        centre_x, centre_y, aspect, height = self.mean[:4]
        width = aspect * height
        return np.array([centre_x - width / 2.0, centre_y - height / 2.0, width, height])

    def to_ltrb(self, orig: bool = False, orig_strict: bool = False) -> Floats | None:
        """Box as left, top, right, bottom, shape `(4,)`; arguments as in `to_ltwh`."""
        box = self.to_ltwh(orig, orig_strict)
        if box is not None:
            box[2:] += box[:2]
        return box

    to_tlwh = to_ltwh
    to_tlbr = to_ltrb

    def get_det_class(self) -> Any:
        """Class of this frame's detection, None without one."""
        return self.det_class

    def get_det_conf(self) -> float | None:
        """Confidence of this frame's detection, None without one."""
        return self.det_conf

    def get_instance_mask(self) -> Bools | None:
        """Instance mask of this frame's detection, None without one."""
        return self.instance_mask

    def get_det_supplementary(self) -> Any:
        """What was passed in `others` for this frame's detection, None without one."""
        return self.others

    def get_feature(self) -> Vectors | None:
        """The newest appearance vector of the track, of unit length, shape `(d,)`; None without appearance."""
        return self.latest_feature


def track_class_of(override: Any) -> type[Track]:
    """The class to make tracks of.

    Args:
        override: A subclass of `Track`, or None.

    Returns:
        The class.

    Raises:
        TypeError: If it is neither.
    """
    if override is None:
        return Track
    if isinstance(override, type) and issubclass(override, Track):
        return override
    raise TypeError(f"override_track_class must be a subclass of Track, but got {override!r}")
