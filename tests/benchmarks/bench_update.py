"""Time of `update` for pytest-benchmark, which keeps results and compares them: `make bench`.

`tests/benchmarks/update.py` puts peers beside it.
"""

from __future__ import annotations

from typing import Any

import pytest
import supervision as sv

from trackers.core.registry import TRACKERS, find
from trackers.sample import Scene

WARM_UP, FRAMES = 60, 60


@pytest.fixture(scope="module", params=[10, 50, 100, 200, 500, 1000, 2000])
def stream(request: pytest.FixtureRequest) -> list[sv.Detections]:
    scene = Scene(figures=request.param, size=(1920, 1080), length=WARM_UP + FRAMES)
    return [scene.detections(index) for index in range(len(scene))]


@pytest.mark.parametrize("name", TRACKERS)
def test_update(benchmark: Any, name: str, stream: list[sv.Detections]) -> None:
    tracker = find(TRACKERS, name)()
    for detections in stream[:WARM_UP]:
        tracker.update(detections)
    timed = iter(stream[WARM_UP:])
    found = []
    benchmark.pedantic(
        lambda detections: found.append(tracker.update(detections)), setup=lambda: ((next(timed),), {}), rounds=FRAMES
    )
    assert any((it.tracker_id > 0).any() for it in found)
