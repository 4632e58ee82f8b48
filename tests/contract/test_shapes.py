"""Whatever lies beside a box stays beside it: corners of turned boxes, keypoints, masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from trackers.core.base import Tracker


def shapes(rng: np.random.Generator, count: int) -> sv.Detections:
    """Turned boxes with their corners, keypoints and a mask each, which all tell the row they are of."""
    centre, size, angle = rng.uniform(20, 180, (count, 2)), rng.uniform(4, 60, (count, 2)), rng.uniform(0, np.pi, count)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 * size[:, None]
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], 1), np.stack([np.sin(angle), np.cos(angle)], 1)], 1)
    corners = centre[:, None] + corners @ turn.transpose(0, 2, 1)
    return sv.Detections(
        xyxy=np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32),
        mask=rng.random((count, 12, 16)) < 0.5,
        confidence=rng.uniform(0.05, 1.0, count).astype(np.float32),
        class_id=rng.integers(0, 3, count),
        data={
            "xyxyxyxy": corners.astype(np.float32),
            "keypoints": rng.uniform(0, 200, (count, 17, 3)).astype(np.float32),
            "row": np.arange(count),
        },
    )


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), counts=st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_rows_and_bits_of_turned_boxes_keypoints_and_masks_stay(
    make: Callable[..., Tracker[Any]], seed: int, counts: list[int]
) -> None:
    rng, tracker = np.random.default_rng(seed), make(minimum_consecutive_frames=1)
    for count in counts:
        frame = shapes(rng, count)
        for _ in range(2):
            tracked = tracker.update(frame)
            assert tracked.tracker_id is not None
            assert tracked.tracker_id.shape == (count,)
            assert tracked.data.keys() == frame.data.keys()
            pairs = [(tracked.data[name], frame.data[name]) for name in frame.data]
            pairs += [(getattr(tracked, name), getattr(frame, name)) for name in ("xyxy", "mask", "confidence")]
            for found, expected in pairs:
                assert isinstance(found, np.ndarray)
                assert isinstance(expected, np.ndarray)
                assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
                assert found.tobytes() == expected.tobytes()
