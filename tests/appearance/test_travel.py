"""Extractors go to another process, or are copied, with the network inside."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import DeepSORTFeatureExtractor, DeepSORTTracker
from trackers.compat.deep_sort_realtime.embedders import Embedder

torch = pytest.importorskip("torch")

FRAME = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
BOXES = sv.Detections(xyxy=np.array([[10.0, 10, 60, 120], [50, 50, 100, 150]]), confidence=np.array([0.9, 0.9]))


def sent(thing: Any) -> Any:
    """Through pickle, with arrays that arrive read-only."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(content, buffers=[bytes(buffer.raw()) for buffer in buffers])


def network() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())


def extractor(kind: str, folder: Path) -> DeepSORTFeatureExtractor:
    made = DeepSORTFeatureExtractor(network(), device="cpu", input_size=(64, 32), appearance_threshold=0.2)
    if kind == "module":
        return made
    path = made.export(folder / f"model.{'onnx' if kind == 'onnx' else 'pt'}", format=kind)
    return DeepSORTFeatureExtractor(path, device="cpu", input_size=(64, 32), appearance_threshold=0.2)


@pytest.mark.parametrize("way", [sent, copy.deepcopy])
@pytest.mark.parametrize("kind", ["module", "onnx", "torchscript"])
def test_the_vectors_are_the_same_although_the_file_is_gone(
    kind: str, way: Callable[[Any], Any], tmp_path: Path
) -> None:
    tracker = DeepSORTTracker(extractor(kind, tmp_path), minimum_consecutive_frames=1)
    expected = tracker.feature_extractor.extract_features(FRAME, BOXES)
    np.testing.assert_array_equal(tracker.update(BOXES, FRAME).tracker_id, [1, 2])
    for file in tmp_path.iterdir():
        file.unlink()
    arrived = way(tracker)
    np.testing.assert_array_equal(arrived.feature_extractor.extract_features(FRAME, BOXES), expected)
    np.testing.assert_array_equal(arrived.update(BOXES[[1, 0]], FRAME).tracker_id, [2, 1])
    np.testing.assert_array_equal(tracker.feature_extractor.extract_features(FRAME, BOXES), expected)


def test_a_file_that_was_replaced_meanwhile_is_not_taken(tmp_path: Path) -> None:
    first = extractor("onnx", tmp_path)
    expected = first.extract_features(FRAME, BOXES)
    content = pickle.dumps(first)
    (tmp_path / "model.onnx").write_bytes(b"something else")
    np.testing.assert_array_equal(pickle.loads(content).extract_features(FRAME, BOXES), expected)


@pytest.mark.parametrize("way", [sent, copy.deepcopy])
def test_an_embedder_by_name_goes_along(way: Callable[[Any], Any]) -> None:
    assert way(Embedder("mobilenet", embedder_gpu=False)).name == "mobilenet"
