"""A tracker that runs for days: memory stays flat, and ids only grow."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import supervision as sv

from tests.contract.conftest import ALL_TRACKERS

STATM = Path("/proc/self/statm")
OBJECTS, LENGTH = 8, 16
LIFE = 25
"""Frames an object is there, on average."""

WARM_UP = 0.5
"""Share of the frames after which memory must be flat: caches, free lists, galleries and learned maps have filled."""

GROWTH = 2 * 2**20
"""Bytes that the line through the resident memory may rise from there to the end."""

logger = logging.getLogger(__name__)


def crowd(frames: int) -> Iterator[sv.Detections]:
    """Objects that walk for a while and are replaced by others, elsewhere and of another appearance."""
    rng = np.random.default_rng(0)
    corner, speed = rng.uniform(0, 1800, (OBJECTS, 2)), rng.normal(0, 3, (OBJECTS, 2))
    embeddings = rng.standard_normal((OBJECTS, LENGTH))
    for _ in range(frames):
        corner += speed
        gone = np.flatnonzero(rng.random(OBJECTS) < 1 / LIFE)
        corner[gone], speed[gone] = rng.uniform(0, 1800, (len(gone), 2)), rng.normal(0, 3, (len(gone), 2))
        embeddings[gone] = rng.standard_normal((len(gone), LENGTH))
        found = rng.random(OBJECTS) < 0.95
        place = corner[found] + rng.normal(0, 1, (int(found.sum()), 2))
        yield sv.Detections(
            xyxy=np.hstack([place, place + np.array([40, 90])]).astype(np.float32),
            confidence=rng.uniform(0.5, 1.0, len(place)).astype(np.float32),
            class_id=rng.integers(0, 3, len(place)),
            data={"embedding": embeddings[found] + rng.normal(0, 0.1, (len(place), LENGTH))},
        )


def resident() -> int:
    """Bytes of memory this process holds."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Course(NamedTuple):
    """What a hundred parts of a run show.

    Attributes:
        memory: Bytes that the process held after each.
        took: Seconds of processor time per frame in each.
        confirmed: Ids given.
        tracks: Tracks at the end.
    """

    memory: list[int]
    took: list[float]
    confirmed: int
    tracks: int


def run(name: str, frames: int) -> Course:
    """Track a crowd, in a process where nothing else takes or frees memory."""
    tracker = ALL_TRACKERS[name]()
    every = frames // 100
    memory, took, start = [], [], time.process_time()
    for number, detections in enumerate(crowd(frames), start=1):
        before = tracker.total_confirmed
        ids = np.asarray(tracker.update(detections).tracker_id)
        fresh = ids[ids > before]
        assert sorted(fresh.tolist()) == list(range(before + 1, tracker.total_confirmed + 1))
        if number % every == 0:
            memory.append(resident())
            took.append((time.process_time() - start) / every)
            start = time.process_time()
    return Course(memory, took, tracker.total_confirmed, len(tracker.tracks))


@pytest.fixture(scope="module")
def alone() -> Iterator[ProcessPoolExecutor]:
    """A process that the rest of the suite does not share."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.skipif(not STATM.exists(), reason="resident memory is read from /proc")
@pytest.mark.parametrize("frames", [1200, pytest.param(200_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ALL_TRACKERS)
def test_constant_churn(alone: ProcessPoolExecutor, name: str, frames: int) -> None:
    memory, took, confirmed, tracks = alone.submit(run, name, frames).result()
    assert confirmed > frames / 20
    assert tracks < 20 * OBJECTS
    settled = memory[int(WARM_UP * len(memory)) :]
    growth = np.polyfit(np.linspace(0.0, 1.0, len(settled)), settled, 1)[0]
    pace = np.polyfit(np.linspace(0.0, 1.0, len(took)), took, 1)[0]
    logger.info(
        "%s, %d frames, %d ids: memory %+.2f MiB of %.0f, %.3f ms per frame, %+.3f from first to last",
        name, frames, confirmed,
        growth / 2**20, memory[-1] / 2**20, 1e3 * float(np.median(took)), 1e3 * pace,
    )  # fmt: skip
    assert growth < GROWTH
