"""The appearance vectors of a frame's detections, wherever they come from."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats, Vectors

if TYPE_CHECKING:
    import supervision as sv

    from trackers.appearance.protocol import FeatureExtractor

FeatureFunction = Callable[["npt.NDArray[Any]", "sv.Detections"], Any]
"""A plain function in place of a `FeatureExtractor`: `(frame, detections)` to vectors of shape `(n, d)`."""

EMBEDDING = "embedding"
"""Key of `detections.data` under which vectors may be given."""

SMALLEST_LENGTH, LARGEST_LENGTH = 1e-100, 1e100
"""Between these, the square of a vector's length loses nothing."""


def extracted(
    detections: sv.Detections | None,
    frame: npt.NDArray[Any] | None,
    extractor: FeatureExtractor | FeatureFunction | None,
) -> Any:
    """What an extractor returns for the detections of a frame, as it comes.

    Args:
        detections: The n detections to compute vectors of, or None for none.
        frame: The image they were found on.
        extractor: An object with `extract_features(frame, detections)`, a callable of the same form, or None.

    Returns:
        Vectors of shape `(n, d)`; None without detections or without an extractor.

    Raises:
        ValueError: If there is no frame.
    """
    if extractor is None or detections is None or len(detections) == 0:
        return None
    if frame is None:
        raise ValueError(
            "expected the frame that the detections were found on, but got None: the feature extractor needs it. "
            f'Call update(detections, frame), or give vectors in detections.data["{EMBEDDING}"]'
        )
    extract: Any = getattr(extractor, "extract_features", extractor)
    return extract(frame, detections)


def extracted_batch(
    detections: Sequence[sv.Detections],
    frames: Sequence[npt.NDArray[Any]],
    extractor: FeatureExtractor | FeatureFunction,
) -> list[Any]:
    """What an extractor returns for the detections of several frames, in one call where it can.

    Args:
        detections: Detections of each frame.
        frames: The images they were found on.
        extractor: As in `extracted`. If it has a method `extract_batch(frames, detections)`, that gets all frames at
            once; otherwise it is called frame by frame.

    Returns:
        Vectors for each frame, of equal value up to rounding either way; None for a frame without detections may stand
        in place of an empty array.

    Raises:
        ValueError: If the extractor does not return vectors for each frame.

    Example:
        >>> import supervision as sv
        >>> boxes = sv.Detections(xyxy=np.array([[0.0, 0.0, 4.0, 8.0]]))
        >>> brightness = lambda frame, boxes: [[float(frame.mean()), 1.0] for _ in boxes.xyxy]
        >>> extracted_batch([boxes, boxes], [np.zeros((9, 9, 3)), np.ones((9, 9, 3))], brightness)
        [[[0.0, 1.0]], [[1.0, 1.0]]]
    """
    batch: Any = getattr(extractor, "extract_batch", None)
    if batch is None or len(frames) < 2:
        return [extracted(boxes, frame, extractor) for boxes, frame in zip(detections, frames, strict=True)]
    vectors = list(batch(frames, detections))
    if len(vectors) != len(frames):
        raise ValueError(
            f"extract_batch must return one array of vectors for each of the {len(frames)} frames, but returned "
            f"{len(vectors)}"
        )
    return vectors


def unit_vectors(vectors: Any, count: int, name: str) -> Vectors:
    """Check vectors and scale each to unit length; a zero or non-finite one becomes zero.

    Args:
        vectors: Array-like of shape `(count, d)`.
        count: Number of detections.
        name: Where the vectors come from, for messages.

    Returns:
        A new float32 array of shape `(count, d)`.

    Raises:
        ValueError: If the shape is not `(count, d)`.
        TypeError: If the vectors are not numbers.

    Example:
        >>> unit_vectors([[3.0, 4.0], [0.0, 0.0]], 2, "vectors").round(1).tolist()
        [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    if hasattr(vectors, "detach"):
        vectors = vectors.detach().cpu().numpy()
    try:
        array = np.array(vectors, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be one vector of numbers per detection: {error}") from error
    if array.size == 0 and len(array) == count:
        return np.empty((count, 0), np.float32)
    if array.ndim != 2 or len(array) != count:
        raise ValueError(
            f"{name} must hold one vector for each of the {count} detections, shape ({count}, d), "
            f"but got shape {array.shape}"
        )
    length = _lengths(array)
    usual = (length > SMALLEST_LENGTH) & (length < LARGEST_LENGTH)
    if np.count_nonzero(usual) < count:
        odd = ~usual
        rows = np.where(np.isfinite(array[odd]).all(axis=1, keepdims=True), array[odd], 0.0)
        largest = np.abs(rows).max(axis=1, keepdims=True)
        array[odd] = np.divide(rows, largest, out=rows, where=largest > 0.0)
        length[odd] = np.where(largest[:, 0] > 0.0, _lengths(rows), 1.0)
    return np.divide(array, length[:, None], out=np.empty(array.shape, np.float32), casting="same_kind")


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))


def has_embedding(vectors: Vectors) -> Bools:
    """Mask `(n,)` of the rows that hold a vector; a zero row, shape `(n, d)`, says nothing.

    Example:
        >>> has_embedding(np.array([[0.6, 0.8], [0.0, 0.0]], np.float32)).tolist()
        [True, False]
    """
    if vectors.shape[1] == 0:
        return np.zeros(len(vectors), np.bool_)
    known: Bools = vectors[:, 0] != 0.0  # mostly enough, and a fraction of the time
    if np.count_nonzero(known) < len(known):
        rest = (~known).nonzero()[0]
        known[rest] = vectors.take(rest, axis=0).any(axis=1)
    return known


def on_device(extractor: Any, device: str | None) -> Any:
    """Check an extractor and move it to a device, if one is named.

    Args:
        extractor: An object with `extract_features`, a callable, or None.
        device: Name of a device; None leaves the extractor where it is.

    Returns:
        The extractor, on the device.

    Raises:
        TypeError: If the extractor is neither.
        ValueError: If it cannot be moved.
    """
    if extractor is not None and (wrong := _misused(extractor)):
        raise TypeError(
            "feature_extractor must have a method extract_features(frame, detections) or be a callable of that form, "
            f"but got {wrong}"
        )
    if device is None or extractor is None:
        return extractor
    if not hasattr(extractor, "to"):
        raise ValueError(f"device={device!r} is given, but {type(extractor).__name__} has no method to(device)")
    return extractor.to(device)


def recommended_threshold(extractor: Any, default: float) -> float:
    """The appearance threshold for the vectors of an extractor.

    Args:
        extractor: An extractor; its attribute `appearance_threshold` is the one for its vectors.
        default: For an extractor without that attribute, and, with a warning, for one whose attribute is None: a model
            that nobody has measured.

    Returns:
        The largest cosine distance of a match.
    """
    own = getattr(extractor, "appearance_threshold", default)
    if own is None:
        warnings.warn(
            f"the appearance threshold of this model is not known, and {default} may be far off for its vectors: "
            "measure it on your video with trackers.appearance.calibration.calibrate, and set appearance_threshold",
            stacklevel=4,
        )
    return default if own is None else float(own)


def _misused(extractor: Any) -> str:
    """What was given in place of an extractor, with what to write; empty for an extractor."""
    if isinstance(extractor, type):
        return f"the class {extractor.__name__}: make an object of it, {extractor.__name__}(...)"
    if isinstance(extractor, str | PathLike):
        return f"the path {str(extractor)!r}: load it with DeepSORTFeatureExtractor({str(extractor)!r})"
    if hasattr(extractor, "state_dict") and not hasattr(extractor, "extract_features"):
        return f"the network {type(extractor).__name__}: wrap it with DeepSORTFeatureExtractor(network)"
    return "" if callable(getattr(extractor, "extract_features", extractor)) else type(extractor).__name__
