"""Two cameras that see one place: which tracks of theirs stand on one spot.

Where feet on one picture stand on the other is known (a homography) or learned: most tracks that are there at once on
both cameras pair up one to one under the right homography, and few under a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from trackers.boxes import Floats, Ints
from trackers.identity.columns import Columns
from trackers.identity.homography import fit_homography, fit_robustly, move_points

SAMPLE_SECONDS = 0.2
"""Least time between two instants that are compared."""

MEMORY = 1500
"""Instants kept to learn from."""

LARGEST = 3.0
"""Distances beyond, in heights of the object, count as this much."""

NEAR = 0.6
"""Mean distance up to which two tracks stand on one spot."""

FAR = 1.5
"""Mean distance from which on two tracks are two objects."""

ENOUGH = 5
"""Instants after which a mean distance counts."""

TRIALS, SET, TESTED = 300, 3, 60
"""Random sets tried, pairs in a set, and instants a set is tested on, when a homography is learned."""

CHANCE_WORTH = 0.2
"""What a pair of average values is worth; one a standard deviation above, 1 more."""

SHARPNESS = 3.0
"""How much more often the likelier pairs are tried."""

LEAST_PAIRED = 0.3
"""Share of those who could pair up under a homography that must do so for it to be believed."""


class Feet(NamedTuple):
    """Who stood where on one camera at one instant: numbers of tracklets `(n,)`, feet `(n, 2)`, heights `(n,)`."""

    number: Ints
    point: Floats
    height: Floats


class SharedView:
    """One pair of cameras that see one place.

    Args:
        homography: Takes feet on the first picture to the second, shape `(3, 3)`; None learns it.
    """

    FIRST_LESSON, GROWTH = 60, 1.4

    def __init__(self, homography: Floats | None = None) -> None:
        """Start without instants."""
        self.homography = homography
        self.given = homography is not None
        self._instants: list[tuple[Feet, Feet]] = []
        self._time = -np.inf
        self._next_lesson = float(self.FIRST_LESSON)
        self._pairs = 0
        self._drop_pairs()

    def _drop_pairs(self) -> None:
        self._slot: dict[tuple[int, int], int] = {}
        self._pairs_table = Columns(
            first=((), np.int64, 0), second=((), np.int64, 0), total=((), np.float64, 0.0), count=((), np.int64, 0)
        )

    def add(self, first: Feet, second: Feet, time: float) -> bool:
        """Take what both cameras saw at one instant; tells whether it was taken."""
        if time - self._time < SAMPLE_SECONDS or not len(first.number) or not len(second.number):
            return False
        self._time = time
        self._instants.append((first, second))
        self._pairs += min(len(first.number), len(second.number))
        if len(self._instants) > MEMORY:
            self._instants = self._instants[::2]
        if self.homography is not None:
            self._compare(first, second)
        return True

    def _compare(self, first: Feet, second: Feet) -> None:
        """Add the distances of an instant to what is known of each pair of tracks."""
        assert self.homography is not None
        distances = foot_distances(self.homography, first, second)
        pairs = [(a, b) for a in first.number.tolist() for b in second.number.tolist()]
        new = [pair for pair in pairs if pair not in self._slot]
        if new:
            self._slot.update(zip(new, range(len(self._slot), len(self._slot) + len(new)), strict=True))
            numbers = np.array(new)
            self._pairs_table.append(len(new), first=numbers[:, 0], second=numbers[:, 1])
        slots = np.array([self._slot[pair] for pair in pairs])
        self._pairs_table["total"][slots] += distances.ravel()
        self._pairs_table["count"][slots] += 1

    def evidence(self) -> tuple[Ints, Ints, Floats, Ints]:
        """Pairs of tracklets that were there at once: numbers of the first and the second, mean distance, instants."""
        table = self._pairs_table
        return table["first"], table["second"], table["total"] / np.maximum(table["count"], 1), table["count"]

    def state(self) -> dict[str, Any]:
        """What is known, as numbers and arrays; the instants to learn from are left out."""
        homography = None if self.homography is None else self.homography.copy()
        return {
            "homography": homography,
            "pairs": self._pairs,
            "next_lesson": self._next_lesson,
            "table": self._pairs_table.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        self.homography = None if state["homography"] is None else np.array(state["homography"], np.float64)
        self._pairs, self._next_lesson = int(state["pairs"]), float(state["next_lesson"])
        self._pairs_table.load(state["table"])
        keys = zip(self._pairs_table["first"].tolist(), self._pairs_table["second"].tolist(), strict=True)
        self._slot = {pair: place for place, pair in enumerate(keys)}

    def learn_when_due(self, similarity: Callable[[Ints, Ints], Floats]) -> bool:
        """Learn the homography anew when there is much more to learn from than at the last time.

        Args:
            similarity: Gives the similarity of tracklets of the first and of the second camera by their numbers, shape
                `(n, m)`.

        Returns:
            Whether there is a new one.
        """
        if self.given or self._pairs < self._next_lesson:
            return False
        self._next_lesson = self._pairs * self.GROWTH
        firsts, seconds = (np.unique(np.concatenate([one[side].number for one in self._instants])) for side in (0, 1))
        values = similarity(firsts, seconds)
        keys = [(a, b) for a in firsts.tolist() for b in seconds.tolist()]
        known = dict(zip(keys, values.ravel().tolist(), strict=True)) if values.any() else {}
        found = learn_homography(self._instants, known, TRIALS)
        if found is None:
            return False
        self.homography = found
        self._drop_pairs()
        for first, second in self._instants:
            self._compare(first, second)
        return True


def foot_distances(homography: Floats, first: Feet, second: Feet) -> Floats:
    """Distance between all feet of two cameras in heights of the object, both ways averaged, shape `(n, m)`."""
    return _distances(homography, first.point, first.height, second.point, second.height)


def _distances(matrix: Floats, first: Floats, first_height: Floats, second: Floats, second_height: Floats) -> Floats:
    """As `foot_distances`, for points of shape `(..., n, 2)` and `(..., m, 2)`."""
    there = move_points(matrix, first)[..., :, None, :] - second[..., None, :, :]
    back = move_points(np.asarray(np.linalg.inv(matrix), np.float64), second)[..., None, :, :] - first[..., :, None, :]
    one = np.sqrt(np.einsum("...i,...i->...", there, there)) / second_height[..., None, :]
    other = np.sqrt(np.einsum("...i,...i->...", back, back)) / first_height[..., :, None]
    return np.asarray(0.5 * (np.minimum(one, LARGEST) + np.minimum(other, LARGEST)))


class Meetings(NamedTuple):
    """Instants of two cameras in arrays: side i of both is instant i, rows without anybody stand infinitely far."""

    first: Floats
    first_height: Floats
    second: Floats
    second_height: Floats
    worth: Floats

    @classmethod
    def of(cls, instants: Sequence[tuple[Feet, Feet]], worth: Mapping[tuple[int, int], float]) -> Meetings:
        """The instants as arrays; `worth` is what it counts when two tracklets pair up, 1 where it is not given."""
        sides: list[Floats] = []
        for side in (0, 1):
            width = max(len(one[side].number) for one in instants)
            points, heights = np.full((len(instants), width, 2), np.nan), np.ones((len(instants), width))
            for row, one in enumerate(instants):
                count = len(one[side].number)
                points[row, :count], heights[row, :count] = one[side].point, one[side].height
            sides += [points, heights]
        counts = np.zeros((len(instants), sides[0].shape[1], sides[2].shape[1]))
        for row, (first, second) in enumerate(instants):
            for i, a in enumerate(first.number.tolist()):
                counts[row, i, : len(second.number)] = [worth.get((a, b), 1.0) for b in second.number.tolist()]
        return cls(sides[0], sides[1], sides[2], sides[3], counts)

    def score(self, matrix: Floats) -> float:
        """What all that pair up are worth."""
        return float(self.worth[self.couples(matrix)].sum())

    def couples(self, matrix: Floats) -> tuple[Ints, Ints, Ints]:
        """Instant, row of the first and row of the second of all that are nearest to each other and near."""
        with np.errstate(invalid="ignore"):
            distances = np.nan_to_num(_distances(matrix, *self[:4]), nan=2.0 * LARGEST)
        nearest = distances.argmin(axis=2)
        back = np.take_along_axis(distances.argmin(axis=1), nearest, axis=1)
        near = np.take_along_axis(distances, nearest[:, :, None], axis=2)[:, :, 0] < NEAR
        instant, row = np.nonzero(near & (back == np.arange(nearest.shape[1])))
        return instant, row, nearest[instant, row]


def learn_homography(
    instants: Sequence[tuple[Feet, Feet]], similarity: Mapping[tuple[int, int], float], trials: int
) -> Floats | None:
    """The homography under which most feet of two cameras pair up.

    Args:
        instants: Feet of both cameras, instant by instant.
        similarity: Similarity of pairs of tracklets; likelier pairs are tried more often.
        trials: How many random sets of pairs are tried.

    Returns:
        Matrix of shape `(3, 3)`; None if none pairs up enough.
    """
    pairs, members = _common_times(instants)
    if len(pairs) < 2:
        return None
    likely = np.array([similarity.get(pair, 0.0) for pair in pairs])
    standing = (likely - likely.mean()) / max(float(likely.std()), 1e-9)
    worth = dict(zip(pairs, (standing + CHANCE_WORTH).tolist(), strict=True)) if similarity else {}
    chance = np.exp(SHARPNESS * (standing - standing.max()))
    chance *= np.sqrt([len(rows) for rows in members])
    chance /= chance.sum()
    rng = np.random.default_rng(len(instants))
    tested = Meetings.of(instants[:: max(1, len(instants) // TESTED)], worth)
    best, most = None, 0.0
    for _ in range(trials):
        chosen = rng.choice(len(pairs), size=min(SET, len(pairs)), replace=False, p=chance)
        if any(len({pairs[k][side] for k in chosen}) < len(chosen) for side in (0, 1)):
            continue
        rows = np.concatenate([members[k][np.linspace(0, len(members[k]) - 1, 4).astype(int)] for k in chosen])
        matrix = _fitted(rows)
        paired = 0.0 if matrix is None else tested.score(matrix)
        if paired > most:
            best, most = matrix, paired
    return None if best is None else _refined(best, Meetings.of(instants, worth))


def _refined(matrix: Floats, meetings: Meetings) -> Floats | None:
    """The homography fitted to all that pair up under it; None if too few do."""
    for _ in range(3):
        instant, row, column = meetings.couples(matrix)
        if len(instant) < 8:
            return None
        goals, heights = meetings.second[instant, column], meetings.second_height[instant, column]
        matrix = fit_robustly(meetings.first[instant, row], goals, heights)
    possible = np.minimum(*(np.isfinite(side[..., 0]).sum(axis=1) for side in (meetings.first, meetings.second))).sum()
    return matrix if meetings.score(matrix) >= LEAST_PAIRED * possible else None


def _common_times(instants: Sequence[tuple[Feet, Feet]]) -> tuple[list[tuple[int, int]], list[Floats]]:
    """Pairs of tracklets there at once often enough, and for each their feet on both cameras, `(k, 4)`."""
    rows: dict[tuple[int, int], list[Floats]] = {}
    for first, second in instants:
        for a, point in zip(first.number.tolist(), first.point, strict=True):
            for b, goal in zip(second.number.tolist(), second.point, strict=True):
                rows.setdefault((a, b), []).append(np.concatenate((point, goal)))
    pairs = [pair for pair, found in rows.items() if len(found) >= ENOUGH]
    return pairs, [np.array(rows[pair]) for pair in pairs]


def _fitted(rows: Floats) -> Floats | None:
    """The homography of some points; None where they do not fix one."""
    matrix = fit_homography(rows[:, :2], rows[:, 2:])
    return matrix if abs(float(np.linalg.det(matrix))) > 1e-15 else None
