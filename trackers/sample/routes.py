"""Where cars drive, fish swim and people walk: paths through waypoints on flat ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trackers.sample.paths import Floats, Paths

LANE, CORNER, FAR = 2.0, 7.0, 34.0
"""Metres of a lane's middle from that of its road, of a turn's begin from the crossing, and of a road's end."""

DIRECTIONS = {"east": (1.0, 0.0), "north": (0.0, 1.0), "west": (-1.0, 0.0), "south": (0.0, -1.0)}

EVERY = 1.5
"""Metres between two waypoints of a drive."""


class Traveller(NamedTuple):
    """Who travels, and when at which waypoint.

    Attributes:
        kind: `"car"`, `"fish"` or `"person"`.
        body: Length, width and height in metres.
        times: Seconds of its waypoints, shape `(k,)`.
        points: Its waypoints in metres, east and north, shape `(k, 2)`.
    """

    kind: str
    body: tuple[float, float, float]
    times: Floats
    points: Floats


def drive(
    start: float, into: str, out: str, pace: float = 8.0, body: tuple[float, float, float] = (4.3, 1.9, 1.5)
) -> Traveller:
    """A car that drives into a crossing in one direction and out in another, on the right, slower in a turn."""
    heading, leaving = np.array(DIRECTIONS[into]), np.array(DIRECTIONS[out])
    right, right_after = np.array([heading[1], -heading[0]]), np.array([leaving[1], -leaving[0]])
    first = -FAR * heading + LANE * right
    last = FAR * leaving + LANE * right_after
    if into == out:
        corners = np.array([first, last])
    else:
        begin, end = -CORNER * heading + LANE * right, CORNER * leaving + LANE * right_after
        middle = LANE * (right + right_after)
        share = np.linspace(0.0, 1.0, 12)[:, None]
        curve = (1 - share) ** 2 * begin + 2 * share * (1 - share) * middle + share**2 * end
        corners = np.concatenate([[first], curve, [last]])
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum()])
    steps = np.linspace(0.0, along[-1], int(along[-1] / EVERY))
    points = np.column_stack([np.interp(steps, along, corners[:, axis]) for axis in (0, 1)])
    turning = (np.abs(points) < CORNER + 2.0).all(axis=1) & (into != out)
    speed = np.where(turning, 0.6, 1.0) * pace
    speed = np.convolve(np.pad(speed, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    seconds = np.concatenate([[0.0], (np.diff(steps) / speed[1:]).cumsum()])
    return Traveller("car", body, start + seconds, points)


def park(east: float, north: float, body: tuple[float, float, float] = (4.3, 1.9, 1.5)) -> Traveller:
    """A car that stands."""
    return Traveller("car", body, np.array([0.0, 1.0]), np.tile([east, north], (2, 1)))


def stroll(start: float, *places: tuple[float, float], pace: float = 1.4) -> Traveller:
    """A person who walks from place to place."""
    points = np.array(places, np.float64)
    seconds = np.concatenate([[0.0], (np.linalg.norm(np.diff(points, axis=0), axis=1) / pace).cumsum()])
    return Traveller("person", (0.32, 0.56, 1.75), start + seconds, points)


def swim(rng: np.random.Generator, count: int, tank: tuple[float, float], seconds: float) -> list[Traveller]:
    """Fish that dart from place to place in a tank of so many metres, rest a little, and turn on the spot."""
    swimmers = []
    for _ in range(count):
        place, clock = rng.uniform(-0.42, 0.42, 2) * tank, 0.0
        times, points = [clock], [place]
        while clock < seconds:
            new = np.clip(place + rng.normal(0.0, 0.3, 2) * tank, -0.42 * np.array(tank), 0.42 * np.array(tank))
            clock += max(0.5, float(np.linalg.norm(new - place)) / rng.uniform(0.05, 0.13))
            times.append(clock)
            points.append(new)
            place = new
        length = rng.uniform(0.034, 0.046)
        swimmers.append(Traveller("fish", (length, 0.24 * length, 0.01), np.array(times), np.array(points)))
    return swimmers


def paths_of(travellers: Sequence[Traveller]) -> Paths:
    """The paths of travellers with different numbers of waypoints; who has fewer stands at its last."""
    longest = max((len(one.times) for one in travellers), default=2)
    times, points = np.empty((len(travellers), longest)), np.empty((len(travellers), longest, 2))
    for row, one in enumerate(travellers):
        rest = np.arange(1.0, 1.0 + longest - len(one.times))
        times[row] = np.concatenate([one.times, one.times[-1] + rest])
        points[row] = np.concatenate([one.points, np.repeat(one.points[-1:], len(rest), axis=0)])
    return Paths(times, points)
