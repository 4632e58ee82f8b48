"""Boxes of many frames in one batch are embedded as frame by frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from trackers import DeepSORTFeatureExtractor
from trackers.appearance.vectors import extracted_batch


class Counting(nn.Module):
    """A small network that counts its passes."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 12, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.passes: list[int] = []

    def forward(self, images: Any) -> Any:
        self.passes.append(len(images))
        return self.layers(images)


def frames_and_boxes(counts: list[int], seed: int) -> tuple[list[Any], list[sv.Detections]]:
    rng = np.random.default_rng(seed)
    frames, boxes = [], []
    for count in counts:
        height, width = rng.integers(60, 200, 2)
        frames.append(rng.integers(0, 255, (height, width, 3), dtype=np.uint8))
        corners = rng.uniform(-30, 180, (count, 2))
        boxes.append(sv.Detections(xyxy=np.hstack((corners, corners + rng.uniform(5, 60, (count, 2))))))
    return frames, boxes


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_batches_equal_single_calls_in_the_fewest_passes(counts: list[int], batch_size: int, seed: int) -> None:
    network = Counting()
    extractor = DeepSORTFeatureExtractor(
        network, device="cpu", input_size=(32, 16), batch_size=batch_size, runtime="torch"
    )
    passes = extractor._network.model.passes  # type: ignore[attr-defined]
    frames, boxes = frames_and_boxes(counts, seed)
    single = [extractor.extract_features(*one) for one in zip(frames, boxes, strict=True)]
    assert extractor.dimension == 12
    passes.clear()
    together = extracted_batch(boxes, frames, extractor)
    visible = sum(int(vectors.any(axis=1).sum()) for vectors in single)
    assert len(passes) == math.ceil(visible / batch_size)
    assert len(together) == len(single)
    for ours, theirs in zip(together, single, strict=True):
        np.testing.assert_allclose(np.zeros((0, 12)) if ours is None else ours, theirs, atol=1e-5)


def test_an_extractor_without_batches_is_called_frame_by_frame() -> None:
    frames, boxes = frames_and_boxes([2, 0, 3], 1)
    calls = []

    def mean(frame: Any, detections: sv.Detections) -> Any:
        calls.append(len(detections))
        return np.full((len(detections), 2), frame.mean())

    vectors = extracted_batch(boxes, frames, mean)
    assert calls == [2, 3]
    assert [None if one is None else one.shape for one in vectors] == [(2, 2), None, (3, 2)]


def test_a_batch_must_return_every_frame() -> None:
    class Short:
        def extract_features(self, frame: Any, detections: sv.Detections) -> Any: ...

        def extract_batch(self, frames: Any, detections: Any) -> Any:
            return [np.ones((2, 2))]

    frames, boxes = frames_and_boxes([2, 3], 1)
    with pytest.raises(ValueError, match="each of the 2 frames"):
        extracted_batch(boxes, frames, Short())
