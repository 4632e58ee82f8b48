"""The trackers under contract, and the streams they are run on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import BoTSORTTracker, ByteTrackTracker, DeepSORTTracker, OCSORTTracker, SORTTracker, SteadySORTTracker
from trackers.core.base import Tracker

Make = Callable[..., Tracker[Any]]


def from_page(page: str, name: str) -> Make:
    """A tracker that is defined in the first block of a page of the documentation."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None, f"{page} has no block of Python"
    namespace: dict[str, Any] = {}
    exec(compile(block[1], page, "exec"), namespace)
    assert block[1].count("\n") < 60, "the page promises a tracker in under 60 lines"
    made: Make = namespace[name]
    return made


ALL_TRACKERS: Mapping[str, Make] = {
    "sort": SORTTracker,
    "deepsort": DeepSORTTracker,
    "deepsort of 2017 with Mahalanobis cost": partial(DeepSORTTracker, appearance_weight=0.9, gallery_size=5),
    "deepsort, embeddings where in doubt": partial(DeepSORTTracker, embed="ambiguous"),
    "steadysort that embeds where in doubt": partial(SteadySORTTracker, embed="ambiguous", embed_budget=3),
    "steadysort that learns": partial(SteadySORTTracker, adapt=True),
    "steadysort with the filter of deepsort": partial(SteadySORTTracker, motion_model="xyah"),
    "deepsort that learns": partial(DeepSORTTracker, adapt=True),
    "bytetrack": ByteTrackTracker,
    "bytetrack of shapes that change": partial(ByteTrackTracker, motion_model="deformable"),
    "ocsort": OCSORTTracker,
    "ocsort with a low stage": partial(OCSORTTracker, low_confidence_threshold=0.1),
    "botsort": BoTSORTTracker,
    "botsort that embeds where in doubt": partial(BoTSORTTracker, embed="ambiguous", embed_budget=3),
    "botsort with a wide gate": partial(BoTSORTTracker, appearance_gate="motion"),
    "steadysort": SteadySORTTracker,
    "nearest": from_page("write-your-own-tracker.md", "NearestTracker"),
}


@pytest.fixture(scope="session", params=ALL_TRACKERS.values(), ids=list(ALL_TRACKERS))
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def walkers(
    frames: int = 40,
    *,
    seed: int = 0,
    objects: int = 6,
    missed: float = 0.1,
    vectors: bool = True,
    classes: int = 1,
) -> Iterator[sv.Detections]:
    """Objects on straight paths that cross, now and then missed, with noise and false alarms, in random order."""
    rng = np.random.default_rng(seed)
    place, speed = rng.uniform(100, 500, (objects, 2)), rng.uniform(-6, 6, (objects, 2))
    embeddings = rng.standard_normal((objects, 8))
    for _ in range(frames):
        place += speed
        present = np.flatnonzero(rng.random(objects) >= missed)
        corner = np.concatenate([place[present] + rng.normal(0, 1, (len(present), 2)), rng.uniform(0, 600, (1, 2))])
        size = np.concatenate([np.tile([40.0, 90.0], (len(present), 1)), rng.uniform(10, 90, (1, 2))])
        embedding = np.concatenate(
            [embeddings[present] + rng.normal(0, 0.2, (len(present), 8)), rng.standard_normal((1, 8))]
        )
        order = rng.permutation(len(corner))
        yield sv.Detections(
            xyxy=np.concatenate([corner, corner + size], axis=1)[order].astype(np.float32),
            confidence=np.append(rng.uniform(0.3, 1.0, len(present)), 0.4)[order].astype(np.float32),
            class_id=np.append(present % classes, 0)[order],
            data={
                "object": np.append(present, -1)[order],
                "name": [f"row {row}" for row in order],
                **({"embedding": embedding[order].astype(np.float32)} if vectors else {}),
            },
            metadata={"camera": 3},
        )


def same(first: Any, second: Any) -> bool:
    """Whether two states are equal to the last bit."""
    if isinstance(first, dict):
        return bool(set(first) == set(second) and all(same(first[name], second[name]) for name in first))
    if isinstance(first, np.ndarray):
        return bool(first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes())
    return bool(first == second or (first != first and second != second))


@pytest.fixture
def stream() -> list[sv.Detections]:
    return list(walkers())


@pytest.fixture
def make_stream() -> Callable[..., Iterator[sv.Detections]]:
    return walkers
