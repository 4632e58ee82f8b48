"""Camera motion between two frames, from their pixels. Needs OpenCV (extra `opencv`).

Each method finds where points of the background went; a similarity (shift, turn, zoom) is fitted to them, and is
believed only if it explains them better than a camera that stands still.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats
from trackers.errors import require
from trackers.images import as_bgr

Grey = npt.NDArray[np.uint8]

CORNERS = 600
"""Most background points that are followed."""

FEWEST_POINTS = 12
"""Points without which no motion is estimated."""

NOISE_RADIUS = 2.0
"""A hypothesis explains a point that it misses by up to this many standard deviations."""

SIGNIFICANCE = 3.0
"""Standard deviations by which a motion must explain more points than standing still."""


class Picture(NamedTuple):
    """A frame as the estimators see it.

    Attributes:
        grey: Intensities, reduced in size, shape `(h, w)`.
        background: 255 where nothing that is tracked is visible, 0 elsewhere, shape `(h, w)`.
        scale: Size of a pixel of the frame in pixels of `grey`.
    """

    grey: Grey
    background: Grey
    scale: float


class Points(NamedTuple):
    """Background points before and after, in pixels of the reduced frame, shape `(k, 2)` each."""

    before: Floats
    after: Floats


def picture(frame: npt.NDArray[Any], boxes: Floats, longest_side: int) -> Picture:
    """Reduce a BGR or grey frame, and mark the boxes `(n, 4)` as foreground."""
    cv2 = require("cv2", "opencv")
    image = np.ascontiguousarray(as_bgr(frame))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    scale = min(1.0, longest_side / max(grey.shape))
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    background = np.full(grey.shape, 255, np.uint8)
    limit = np.array(grey.shape[::-1] * 2)
    for x1, y1, x2, y2 in np.clip(np.rint(boxes * scale), 0, limit).astype(int).tolist():
        background[y1:y2, x1:x2] = 0
    return Picture(grey, background, scale)


def points_by_flow(before: Picture, after: Picture) -> Points:
    """Corners of the background, followed by pyramidal Lucas-Kanade flow there and back."""
    cv2 = require("cv2", "opencv")
    apart = 0.01 * max(before.grey.shape)
    corners = cv2.goodFeaturesToTrack(before.grey, CORNERS, 0.01, apart, mask=before.background)
    if corners is None:
        return Points(np.empty((0, 2)), np.empty((0, 2)))
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before.grey, after.grey, corners, None)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(after.grey, before.grey, moved, None)
    returned = np.hypot(*(back - corners)[:, 0].T) < 0.5
    good = (found[:, 0] == 1) & (found_back[:, 0] == 1) & returned & in_background(moved[:, 0], after)
    return Points(corners[good, 0].astype(np.float64), moved[good, 0].astype(np.float64))


def points_by_orb(before: Picture, after: Picture) -> Points:
    """ORB key points of the background that are each other's best match."""
    cv2 = require("cv2", "opencv")
    orb = cv2.ORB_create(CORNERS)
    first, described = orb.detectAndCompute(before.grey, before.background)
    second, described_too = orb.detectAndCompute(after.grey, after.background)
    if described is None or described_too is None:
        return Points(np.empty((0, 2)), np.empty((0, 2)))
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(described, described_too)
    return Points(
        np.array([first[match.queryIdx].pt for match in matches]).reshape(-1, 2),
        np.array([second[match.trainIdx].pt for match in matches]).reshape(-1, 2),
    )


def in_background(points: npt.NDArray[Any], of: Picture) -> Bools:
    """Mask of the points `(k, 2)` that lie in the picture and on no box."""
    column, row = np.rint(points).astype(int).T
    height, width = of.grey.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    inside[inside] = of.background[row[inside], column[inside]] > 0
    return np.asarray(inside)


def similarity(points: Points) -> Floats | None:
    """The similarity `(2, 3)` that most points agree on, by RANSAC; None if there is none."""
    cv2 = require("cv2", "opencv")
    if len(points.before) < FEWEST_POINTS:
        return None
    matrix, _ = cv2.estimateAffinePartial2D(points.before, points.after, ransacReprojThreshold=1.5)
    return None if matrix is None or not np.isfinite(matrix).all() else np.asarray(matrix)


def by_correlation(before: Picture, after: Picture, start: Floats | None) -> Floats | None:
    """The rigid motion `(2, 3)` under which the pictures correlate best (Evangelidis 2008); None if it diverges."""
    cv2 = require("cv2", "opencv")
    matrix = np.eye(2, 3, dtype=np.float32) if start is None else start.astype(np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)
    try:
        _, matrix = cv2.findTransformECC(
            before.grey, after.grey, matrix, cv2.MOTION_EUCLIDEAN, stop, after.background, 5
        )
    except cv2.error:
        return None
    return np.asarray(matrix, np.float64)


def is_noise(matrix: Floats, points: Points) -> bool:
    """Whether a motion explains the points no better than a camera that stands still.

    The yardstick is the scatter of the points about the motion itself: its standard deviation, times two, is how far a
    point may be from where a hypothesis takes it. A motion that shifts the typical point by no more than that is below
    its own noise. So is one that does not explain significantly more points than standing still (McNemar's test on
    the points that only one of the two explains), such as that of a crowd in front of a still camera.

    Args:
        matrix: The motion, shape `(2, 3)`.
        points: The background points.

    Returns:
        True if the motion is to be taken for none.
    """
    predicted = points.before @ matrix[:, :2].T + matrix[:, 2]
    missed = np.hypot(*(predicted - points.after).T)
    radius = NOISE_RADIUS * np.median(missed) / np.sqrt(np.log(4.0))  # the median of a Rayleigh distribution
    if np.median(np.hypot(*(predicted - points.before).T)) <= radius:
        return True
    by_motion, by_rest = missed <= radius, np.hypot(*(points.after - points.before).T) <= radius
    gained, lost = int((by_motion & ~by_rest).sum()), int((by_rest & ~by_motion).sum())
    return bool(gained - lost <= SIGNIFICANCE * np.sqrt(gained + lost))
