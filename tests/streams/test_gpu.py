"""Many streams on a GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from trackers import DeepSORTFeatureExtractor, MultiStreamTracker, SteadySORTTracker  # noqa: E402
from trackers.sample import Scene  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def extractor(**options: Any) -> DeepSORTFeatureExtractor:
    torch.manual_seed(0)
    network = timm.create_model("mobilenetv2_100", pretrained=False, num_classes=0)
    return DeepSORTFeatureExtractor(network, "cuda", (128, 64), appearance_threshold=0.25, **options)


def people(count: int, seed: int) -> sv.Detections:
    corner = np.random.default_rng(seed).uniform(0, 500, (count, 2))
    return sv.Detections(np.hstack((corner, corner + np.array([60.0, 150.0]))), confidence=np.full(count, 0.9))


def test_batches_equal_single_calls() -> None:
    network = extractor()
    frames = [np.random.default_rng(seed).integers(0, 255, (720, 1280, 3), dtype=np.uint8) for seed in range(8)]
    boxes = [people(seed + 1, seed) for seed in range(8)]
    for frame, one, together in zip(frames, boxes, network.extract_batch(frames, boxes), strict=True):
        np.testing.assert_allclose(together, network.extract_features(frame, one), atol=5e-3)


@pytest.mark.parametrize("compile_it", [False, True])
def test_streams_have_the_ids_of_trackers_alone(compile_it: bool) -> None:
    network = extractor(compile=compile_it, half=False)
    scenes = {str(seed): Scene(seed=seed, size=(640, 360), length=20) for seed in range(4)}
    streams = MultiStreamTracker(lambda _: SteadySORTTracker(network))
    alone = {name: SteadySORTTracker(network) for name in scenes}
    for number in range(20):
        frames: dict[str, Any] = {name: (one.detections(number), one.frame(number)) for name, one in scenes.items()}
        for name, tracked in streams.update(frames).items():
            np.testing.assert_array_equal(tracked.tracker_id, alone[name].update(*frames[name]).tracker_id)
