"""DeepSORT against the obvious one: a list of tracks, full matrices, every distance of every pair."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from tests.motion.test_kalman import DenseFilter
from trackers import DeepSORTTracker
from trackers.association import assignment, pairs
from trackers.boxes import overlap

Matrix = npt.NDArray[np.float64]
GATE, EMBEDDINGS, DISTANCE, BUFFER, HITS, SIZE = 9.4877, 0.2, 0.7, 6, 2, 4


class Walker:
    """One track of the obvious tracker."""

    def __init__(self, box: Matrix, embedding: Matrix) -> None:
        self.filter, self.embeddings = DenseFilter(box), [embedding]
        self.hits, self.missed, self.number = 1, 0, -1

    def box(self) -> Matrix:
        u, v, a, h = self.filter.mean[:4]
        return np.array([u - a * h / 2, v - h / 2, u + a * h / 2, v + h / 2])

    def likeness(self, box: Matrix, embedding: Matrix) -> float:
        """Smallest cosine distance to the gallery; infinite outside the gate."""
        if self.filter.distance(box) > GATE:
            return np.inf
        return float(min(1.0 - np.float32(kept @ embedding) for kept in self.embeddings[-SIZE:]))


class ObviousDeepSORT:
    """The published algorithm, step by step, nothing clever."""

    def __init__(self) -> None:
        self.walkers: list[Walker] = []
        self.given = 0

    def update(self, boxes: Matrix, embeddings: Matrix) -> list[int]:
        for walker in self.walkers:
            walker.filter.predict()
            walker.missed += 1
        confirmed = [walker for walker in self.walkers if walker.number > 0]
        found: dict[int, Walker] = {}
        for age in range(1, BUFFER + 2):
            level = [walker for walker in confirmed if walker.missed == age]
            left = [row for row in range(len(boxes)) if row not in found]
            cost = np.array([[walker.likeness(boxes[row], embeddings[row]) for row in left] for walker in level])
            found |= {left[j]: level[i] for i, j in cheapest(cost, EMBEDDINGS)}
        recent = [w for w in self.walkers if (w.number < 0 or w.missed == 1) and w not in found.values()]
        left = [row for row in range(len(boxes)) if row not in found]
        cost = np.array([[1.0 - overlap(walker.box(), boxes[row]) for row in left] for walker in recent])
        found |= {left[j]: recent[i] for i, j in cheapest(cost, DISTANCE)}
        return self.close(boxes, embeddings, found)

    def close(self, boxes: Matrix, embeddings: Matrix, found: dict[int, Walker]) -> list[int]:
        for row, walker in found.items():
            walker.filter.correct(boxes[row])
            walker.embeddings.append(embeddings[row])
            walker.hits, walker.missed = walker.hits + 1, 0
        for walker in self.walkers:
            if walker.number < 0 and walker.hits >= HITS:
                self.given += 1
                walker.number = self.given
        self.walkers = [w for w in self.walkers if w.missed == 0 or (w.number > 0 and w.missed <= BUFFER)]
        for row in range(len(boxes)):
            if row not in found:
                self.walkers.append(Walker(boxes[row], embeddings[row]))
        return [found[row].number if row in found else -1 for row in range(len(boxes))]


def cheapest(cost: Matrix, limit: float) -> Iterator[tuple[int, int]]:
    """The assignment of a full matrix; pairs beyond the limit cost a little more than it and are thrown out."""
    if cost.size:
        cost = np.where(cost > limit, limit + 1e-5, cost)
        for i, j in zip(*linear_sum_assignment(cost), strict=True):
            if cost[i, j] <= limit:
                yield int(i), int(j)


def scene(seed: int, people: int, frames: int) -> Iterator[tuple[Matrix, Matrix]]:
    """A crowd so dense that gates overlap; people vanish for a while, and several wear the same."""
    random = np.random.default_rng(seed)
    place, pace = random.uniform(0, 160, (people, 2)), random.normal(0, 4, (people, 2))
    size = random.uniform([15, 40], [35, 90], (people, 2))
    clothes = random.normal(size=(max(1, people // 2), 8))[random.integers(0, max(1, people // 2), people)]
    for _ in range(frames):
        place = place + pace + random.normal(0, 1, (people, 2))
        found = random.random(people) < 0.8
        embeddings = clothes + random.normal(0, 0.25, clothes.shape)
        embeddings = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype(np.float32)
        corner = place + random.normal(0, 1, (people, 2))
        order = random.permutation(np.flatnonzero(found))
        yield np.hstack((corner, corner + size))[order], embeddings[order]


@pytest.fixture(autouse=True, scope="module", params=["small", "large"])
def _both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """As in a small frame, and as in a large one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "large":
            patch.setattr(pairs, "SMALL_FRAME", 0)
            patch.setattr(assignment, "SMALL_MATRIX", 0)
        yield


@given(seed=st.integers(0, 2**32 - 1), people=st.integers(1, 14))
@settings(max_examples=40, deadline=None)
def test_ids_are_those_of_the_obvious_tracker_in_every_crowd(seed: int, people: int) -> None:
    obvious = ObviousDeepSORT()
    ours = DeepSORTTracker(
        lost_track_buffer=BUFFER, minimum_consecutive_frames=HITS, appearance_threshold=EMBEDDINGS, gallery_size=SIZE
    )
    for boxes, embeddings in scene(seed, people, frames=25):
        detections = sv.Detections(boxes, confidence=np.ones(len(boxes)), data={"embedding": embeddings})
        assert ours.update(detections).tracker_id.tolist() == obvious.update(boxes, embeddings)  # type: ignore[union-attr]
