"""Where every figure stands on the ground, at any time: smooth closed paths through waypoints.

A path costs a fixed number of waypoints and is evaluated in closed form, so a scene may have thousands of figures
and any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

Floats = npt.NDArray[np.float64]

SAMPLES_PER_SECOND, MOST_SAMPLES = 6.0, 600
"""Density of the table from which heading and walked distance are read, and its limit on long paths."""
TURNING = 1.8
"""Samples (standard deviation) over which a figure turns round."""


class Motion(NamedTuple):
    """State of ``n`` figures at one moment."""

    ground: Floats  # (n, 2) metres: to the right of the middle of the picture, and away from the camera
    speed: Floats  # (n,) metres per second
    heading: Floats  # (n, 2) unit vector on the ground: right, away
    walked: Floats  # (n,) metres since the start


class Paths:
    """Cubic Hermite paths of ``n`` figures through ``k`` waypoints each.

    Args:
        times: Seconds at which each waypoint is reached, strictly increasing per row, shape ``(n, k)``.
        points: Waypoints on the ground in metres (right, away), shape ``(n, k, 2)``. Two equal waypoints in a row
            make the figure stand still in between.
        periodic: Start again after the last waypoint, which must equal the first one; otherwise stand there.
        start: Seconds by which each figure is ahead on its path, shape ``(n,)``.
    """

    def __init__(self, times: Floats, points: Floats, *, periodic: bool = False, start: Floats | None = None) -> None:
        self.times = times
        self.points = points
        self.start = np.zeros(len(times)) if start is None else start
        self.period = times[:, -1] if periodic else np.full(len(times), np.inf)
        self._tangents = _tangents(times, points, periodic)
        self._samples = 2 + min(int(SAMPLES_PER_SECOND * float(times[:, -1].max(initial=0.0))), MOST_SAMPLES)
        self._heading, self._walked = self._walk(periodic)

    def __len__(self) -> int:
        return len(self.times)

    def at(self, seconds: float) -> Motion:
        """State of all figures at a time."""
        clock = self.start + seconds
        laps, clock = np.divmod(clock, self.period)
        ground, velocity = self._hermite(clock)
        last = self._walked.shape[1] - 1
        position = np.clip(clock / self.times[:, -1], 0.0, 1.0) * last
        low = np.minimum(position.astype(np.intp), last - 1)
        part = position - low
        rows = np.arange(len(self))
        walked = (1 - part) * self._walked[rows, low] + part * self._walked[rows, low + 1]
        walked += np.where(np.isfinite(self.period), laps, 0.0) * self._walked[:, -1]
        turn = (1 - part) * self._heading[rows, low] + part * self._heading[rows, low + 1]
        turn = np.where(np.abs(turn) > 1e-9, turn, 1.0)
        turn /= np.abs(turn)
        return Motion(ground, np.hypot(*velocity.T), np.stack([turn.real, turn.imag], axis=1), walked)

    def _hermite(self, clock: Floats) -> tuple[Floats, Floats]:
        """Positions and velocities at one time per figure."""
        rows = np.arange(len(self))
        clock = np.minimum(clock, self.times[:, -1])
        leg = np.clip((self.times <= clock[:, None]).sum(axis=1) - 1, 0, self.times.shape[1] - 2)
        begin, end = self.points[rows, leg], self.points[rows, leg + 1]
        duration = (self.times[rows, leg + 1] - self.times[rows, leg])[:, None]
        out, into = self._tangents[rows, leg] * duration, self._tangents[rows, leg + 1] * duration
        s = np.clip((clock[:, None] - self.times[rows, leg][:, None]) / duration, 0.0, 1.0)
        ground = (
            (2 * s**3 - 3 * s**2 + 1) * begin
            + (s**3 - 2 * s**2 + s) * out
            + (3 * s**2 - 2 * s**3) * end
            + (s**3 - s**2) * into
        )
        velocity = (6 * s**2 - 6 * s) * (begin - end) + (3 * s**2 - 4 * s + 1) * out + (3 * s**2 - 2 * s) * into
        return ground, velocity / duration

    def _walk(self, periodic: bool) -> tuple[npt.NDArray[np.complex128], Floats]:
        """Tables of heading (as unit complex numbers) and walked distance along each path."""
        fractions = np.linspace(0.0, 1.0, self._samples)
        ground = np.stack([self._hermite(f * self.times[:, -1])[0] for f in fractions], axis=1)
        step = np.diff(ground @ np.array([1.0, 1.0j]), axis=1)
        walked = np.concatenate([np.zeros((len(self), 1)), np.abs(step).cumsum(axis=1)], axis=1)
        moving = np.abs(step) > 0.02 * np.median(np.abs(step), axis=1, keepdims=True) + 1e-6
        latest = np.maximum.accumulate(np.where(moving, np.arange(step.shape[1]), -1), axis=1)
        latest = np.where(latest < 0, moving.argmax(axis=1)[:, None], latest)
        heading = np.take_along_axis(step, latest, axis=1)
        heading = np.concatenate([heading, heading[:, -1:]], axis=1)
        heading /= np.maximum(np.abs(heading), 1e-9)
        mode = "wrap" if periodic else "nearest"
        real, imag = (gaussian_filter1d(p, TURNING, axis=1, mode=mode) for p in (heading.real, heading.imag))
        smooth = real + 1j * imag
        return smooth, walked


def _tangents(times: Floats, points: Floats, periodic: bool) -> Floats:
    """Velocity at each waypoint, shape (n, k, 2): the mean of the legs it joins, zero beside a rest."""
    slopes = np.diff(points, axis=1) / np.diff(times, axis=1)[..., None]
    first, last = (slopes[:, -1:], slopes[:, :1]) if periodic else (slopes[:, :1], slopes[:, -1:])
    before, after = np.concatenate([first, slopes], axis=1), np.concatenate([slopes, last], axis=1)
    walking = before.any(axis=2, keepdims=True) & after.any(axis=2, keepdims=True)
    return np.asarray(0.5 * (before + after) * walking)


def wander(rng: np.random.Generator, count: int, width: Floats, depth: tuple[float, float]) -> Paths:
    """Paths of people who cross a place, stand still, leave the picture and come back.

    Args:
        rng: Source of all choices.
        count: Number of figures.
        width: Nearest and farthest visible width in metres.
        depth: Nearest and farthest distance in metres.
    """
    # One lap: cross, stand, stroll, leave to one side, wait outside, return, cross, stand, walk back to the start.
    across = np.array([-0.36, 0.30, 0.30, -0.05, 0.0, 0.0, 0.22, -0.28, -0.28, -0.36])
    side = rng.choice([-1.0, 1.0], size=(count, 1))
    lateral = side * (across + rng.uniform(-0.12, 0.12, (count, 10)))
    # People mostly walk along the street: their distance from the camera changes little from knot to knot.
    away = rng.uniform(0.0, 1.0, (count, 1)) ** 1.3 + rng.uniform(-0.22, 0.22, (count, 10))
    away[:, 5:7] += rng.uniform(-0.4, 0.4, (count, 1))
    away = np.clip(away, 0.0, 1.0)
    for knot, same in ((2, 1), (8, 7), (9, 0)):
        lateral[:, knot], away[:, knot] = lateral[:, same], away[:, same]
    z = depth[0] + (depth[1] - depth[0]) * away
    visible = width[0] + (width[1] - width[0]) * away
    x = lateral * visible
    outside = rng.choice([-1.0, 1.0], size=count)
    for knot in (4, 5):
        x[:, knot] = outside * (0.5 * visible[:, knot] + 0.9)
    x[:, 6] = outside * np.abs(x[:, 6])
    x[:, 7:9] = -outside[:, None] * np.abs(x[:, 7:9])
    points = np.stack([x, z], axis=2)
    pace = rng.uniform(1.05, 1.5, (count, 1))
    seconds = np.hypot(*np.moveaxis(np.diff(points, axis=1), 2, 0)) / pace
    rest = rng.uniform(0.8, 2.4, (count, 9))
    seconds = np.where(seconds == 0.0, rest, np.maximum(seconds, 1.0))
    times = np.concatenate([np.zeros((count, 1)), seconds.cumsum(axis=1)], axis=1)
    start = times[:, -1] * (rng.permutation(count) + rng.uniform(0.0, 1.0, count)) / max(count, 1)
    return Paths(times, points, periodic=True, start=start)


def script(walks: Sequence[Sequence[tuple[float, float, float]]]) -> Paths:
    """Paths written down by hand: for each figure its waypoints ``(seconds, metres right, metres away)``."""
    longest = max(len(walk) for walk in walks)
    rows = np.array(
        [
            [*walk, *((walk[-1][0] + 1.0 + extra, *walk[-1][1:]) for extra in range(longest - len(walk)))]
            for walk in walks
        ],
        dtype=np.float64,
    )
    return Paths(rows[..., 0], rows[..., 1:])
