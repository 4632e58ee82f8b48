"""How well vectors tell objects apart, measured on boxes whose objects are known.

Metrics:
    rank 1: Share of the boxes whose nearest vector on any other frame belongs to the same object.
    mean average precision: Of the list of all boxes on other frames, nearest first, how early the same object's come.
    separation: Chance that two boxes of one object lie closer than two of different ones (area under the ROC curve).
    found again: Share of the boxes whose nearest vector on the frame some seconds before belongs to the same object.

References: Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015 (rank 1, mean average precision).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats, Ints
from trackers.table import BoxTable

if TYPE_CHECKING:
    from trackers.appearance.protocol import FeatureExtractor


@dataclass(frozen=True)
class AppearanceScores:
    """What vectors are worth; every share is NaN where there is nothing to measure it on.

    Attributes:
        rank1: Share of boxes whose nearest vector on other frames is of the same object.
        mean_average_precision: Mean over the boxes of the average precision of the list of all boxes on other frames.
        separation: Chance that a pair of one object lies closer than a pair of two.
        same: Mean cosine distance between vectors of one object.
        different: Mean cosine distance between vectors of two objects.
        found_again: By seconds in between, share of boxes whose nearest vector of that earlier frame is right.
        boxes: Number of boxes with appearance.
    """

    rank1: float
    mean_average_precision: float
    separation: float
    same: float
    different: float
    found_again: Mapping[float, float]
    boxes: int


def evaluate_extractor(
    extractor: FeatureExtractor,
    frames: Iterable[npt.NDArray[Any]],
    truth: BoxTable,
    *,
    frame_rate: float = 30.0,
    every: int = 1,
    seconds: Sequence[float] = (1.0, 2.0, 5.0),
) -> AppearanceScores:
    """Score an extractor on a sequence with ground truth.

    Args:
        extractor: The extractor.
        frames: All frames of the sequence, the first being frame 1.
        truth: True boxes with ids; rows with confidence 0 do not count.
        frame_rate: Frames per second.
        every: Use every so many frames; on a long video neighbours say the same.
        seconds: Times after which an object should be found again; rounded to a multiple of `every` frames.

    Returns:
        The scores.

    Raises:
        ValueError: If none of the frames used has a true box.
    """
    import supervision as sv

    truth = truth.rows(truth.confidence != 0)
    vectors, identity, number = [], [], []
    for frame, image in enumerate(frames, start=1):
        here = np.flatnonzero(truth.frame == frame)
        if (frame - 1) % every or not len(here):
            continue
        vectors.append(np.asarray(extractor.extract_features(image, sv.Detections(xyxy=truth.xyxy[here]))))
        identity.append(truth.tracker_id[here])
        number.append(np.full(len(here), frame))
    if not vectors:
        raise ValueError("expected frames with true boxes, but none of those used has one; check the frame numbers")
    steps = {gap: every * max(1, round(gap * frame_rate / every)) for gap in seconds}
    return evaluate_vectors(np.concatenate(vectors), np.concatenate(identity), np.concatenate(number), steps)


def evaluate_vectors(
    vectors: npt.NDArray[Any], identity: Ints, frame: Ints | None = None, steps: Mapping[float, int] | None = None
) -> AppearanceScores:
    """Score vectors whose objects are known, such as those of a folder of crops: `extractor.embed(crops)`.

    Args:
        vectors: One vector per box, shape `(n, d)`; a zero row has no appearance and takes no part.
        identity: Object of each box, shape `(n,)`.
        frame: Frame of each box, shape `(n,)`; boxes of one frame are never compared for rank 1. None compares all.
        steps: Frames between, by the name they get in `found_again`.

    Returns:
        The scores.

    Raises:
        ValueError: If there is not one identity and one frame for each vector.

    Example:
        >>> embeddings = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]])
        >>> evaluate_vectors(embeddings, np.array([1, 2, 1, 2]), np.array([1, 1, 2, 2])).rank1
        1.0
    """
    vectors, identity = np.asarray(vectors, np.float64), np.asarray(identity)
    frame = np.arange(len(vectors)) if frame is None else np.asarray(frame)
    if not len(vectors) == len(identity) == len(frame):
        raise ValueError(
            f"expected one identity and one frame for each of the {len(vectors)} vectors, but got {len(identity)} and "
            f"{len(frame)}"
        )
    length = np.linalg.norm(vectors, axis=1)
    vectors, identity, frame = vectors[length > 0], identity[length > 0], frame[length > 0]
    vectors = vectors / length[length > 0, None]
    distance = 1.0 - vectors @ vectors.T
    same = identity[:, None] == identity[None, :]
    apart = frame[:, None] != frame[None, :]
    pairs = np.triu_indices(len(vectors), 1)
    of_one, of_two = distance[pairs][same[pairs]], distance[pairs][~same[pairs]]
    again = {
        name: _nearest_is_right(distance, same, frame[:, None] - frame[None, :] == step)
        for name, step in (steps or {}).items()
    }
    return AppearanceScores(
        rank1=_nearest_is_right(distance, same, apart),
        mean_average_precision=_mean_average_precision(distance, same, apart),
        separation=_separation(of_one, of_two),
        same=_mean(of_one),
        different=_mean(of_two),
        found_again=again,
        boxes=len(vectors),
    )


def _nearest_is_right(distance: Floats, same: Bools, allowed: Bools) -> float:
    """Share of the rows whose nearest allowed column is of the same object, over rows that have one of it."""
    rows = (same & allowed).any(axis=1)
    nearest = np.where(allowed, distance, np.inf)[rows].argmin(axis=1) if rows.any() else np.empty(0, int)
    return _mean(same[rows][np.arange(len(nearest)), nearest])


def _mean_average_precision(distance: Floats, same: Bools, allowed: Bools) -> float:
    """Mean over the rows of the precision at each place of the list where the same object comes."""
    order = np.where(allowed, distance, np.inf).argsort(axis=1, kind="stable")
    right = np.take_along_axis(same & allowed, order, axis=1)
    precision = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    found = right.sum(axis=1)
    return _mean((precision * right).sum(axis=1)[found > 0] / found[found > 0])


def _separation(of_one: Floats, of_two: Floats) -> float:
    """Area under the ROC curve, from the ranks of the distances (Mann-Whitney)."""
    if not len(of_one) or not len(of_two):
        return float("nan")
    from scipy.stats import rankdata  # half a second to import

    ranks = rankdata(np.concatenate((of_one, of_two)))[: len(of_one)].sum()
    below = ranks - len(of_one) * (len(of_one) + 1) / 2
    return float(1.0 - below / (len(of_one) * len(of_two)))


def _mean(values: npt.NDArray[Any]) -> float:
    """Mean, NaN of nothing."""
    return float(values.mean()) if len(values) else float("nan")
