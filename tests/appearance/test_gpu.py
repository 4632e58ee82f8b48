"""Extractors on a CUDA device give what they give on the CPU, and travel between the two."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import supervision as sv

torch = pytest.importorskip("torch")
nn = pytest.importorskip("torch.nn")
timm = pytest.importorskip("timm")

from trackers import DeepSORTFeatureExtractor, DeepSORTTracker, SteadySORTTracker  # noqa: E402
from trackers.sample import Scene  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

FRAME = np.random.default_rng(0).integers(0, 255, (360, 640, 3), dtype=np.uint8)


def extractor(device: str, **options: Any) -> DeepSORTFeatureExtractor:
    torch.manual_seed(0)
    network = timm.create_model("mobilenetv2_100", pretrained=False, num_classes=0)
    return DeepSORTFeatureExtractor(network, device, (128, 64), appearance_threshold=0.25, **options)


def people(count: int, seed: int = 0) -> sv.Detections:
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(-20, 500, (count, 2)), rng.uniform(8, 180, (count, 2))
    return sv.Detections(np.hstack((corner, corner + size)), confidence=np.full(count, 0.9))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fit": "letterbox"},
        {"padding": 0.1, "interpolation": "bicubic"},
        {"flip": True},
        {"mask": "background"},
        {"color": "bgr"},
    ],
    ids=str,
)
@pytest.mark.parametrize("half", [False, None], ids=["float32", "half"])
def test_vectors_of_the_cpu(options: dict[str, Any], half: bool | None) -> None:
    boxes = people(200)
    if "mask" in options:
        boxes.mask = np.random.default_rng(1).random((200, *FRAME.shape[:2])) < 0.5
    expected = extractor("cpu", runtime="torch", **options).extract_features(FRAME, boxes)
    found = extractor("cuda", half=half, **options).extract_features(FRAME, boxes)
    np.testing.assert_array_equal(expected.any(axis=1), found.any(axis=1))
    there = expected.any(axis=1)
    assert there.sum() > 100
    assert (found * expected).sum(axis=1)[there].min() > 0.999


def test_there_and_back() -> None:
    network, boxes = extractor("cuda"), people(20)
    expected = network.extract_features(FRAME, boxes)
    for other in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network)):
        np.testing.assert_allclose(other.extract_features(FRAME, boxes), expected, atol=5e-3)
    on_cpu = network.to("cpu").extract_features(FRAME, boxes)
    np.testing.assert_allclose(on_cpu, expected, atol=2e-2)
    np.testing.assert_allclose(network.to("cuda").extract_features(FRAME, boxes), expected, atol=5e-3)


def test_nothing_to_embed() -> None:
    network = extractor("cuda")
    assert network.extract_features(FRAME, sv.Detections.empty()).shape == (0, 1280)
    outside = sv.Detections(np.array([[900.0, 900.0, 950.0, 990.0], [-50.0, 0.0, -5.0, 5.0]]))
    assert not network.extract_features(FRAME, outside).any()


@pytest.mark.parametrize("count", [1, 3, 8, 9, 150])
def test_recorded_graphs_give_the_vectors_of_the_module(count: int) -> None:
    graphs, plain, boxes = extractor("cuda"), extractor("cuda", runtime="torch"), people(count)
    for _ in range(3):  # records, then replays
        found, expected = (each.extract_features(FRAME, boxes) for each in (graphs, plain))
        np.testing.assert_allclose(found, expected, atol=5e-3)


def test_what_cannot_be_recorded_runs_as_it_is() -> None:
    class Reads(nn.Module):  # type: ignore[misc,name-defined,unused-ignore]
        def forward(self, crops: Any) -> Any:
            return crops.mean((2, 3)) * (1.0 if float(crops.sum().item()) > 0 else 2.0) + 5.0

    network, boxes = DeepSORTFeatureExtractor(Reads(), "cuda", (32, 16)), people(3)
    with pytest.warns(UserWarning, match="runs as it is"):
        first = network.extract_features(FRAME, boxes)
    np.testing.assert_array_equal(network.extract_features(FRAME, boxes), first)
    expected = DeepSORTFeatureExtractor(Reads(), "cuda", (32, 16), runtime="torch").extract_features(FRAME, boxes)
    np.testing.assert_array_equal(first, expected)


def test_hooks_run() -> None:
    torch.manual_seed(0)
    module, calls = timm.create_model("mobilenetv2_100", pretrained=False, num_classes=0), []
    module.conv_stem.register_forward_hook(lambda *_: calls.append(1))
    network = DeepSORTFeatureExtractor(module, "cuda", (64, 32))
    calls.clear()  # loading checks the module, too
    for _ in range(3):
        network.extract_features(FRAME, people(2))
    assert len(calls) == 3


def test_a_frame_full_of_large_boxes() -> None:
    frame = np.random.default_rng(2).integers(0, 255, (2160, 3840, 3), dtype=np.uint8)
    boxes = sv.Detections(np.tile([[0.0, 0.0, 3840.0, 2160.0]], (12, 1)), confidence=np.full(12, 0.9))
    vectors = extractor("cuda").extract_features(frame, boxes)
    np.testing.assert_allclose(vectors, np.repeat(vectors[:1], 12, axis=0), atol=5e-3)


@pytest.mark.parametrize("make", [SteadySORTTracker, DeepSORTTracker])
@pytest.mark.parametrize("options", [{}, {"embed": "ambiguous"}, {"adapt": True}], ids=str)
def test_same_input_same_ids(make: Any, options: dict[str, Any]) -> None:
    network, scene = extractor("cuda"), Scene(seed=5, size=(640, 360), length=60)

    def ids() -> list[int]:
        tracker = make(network, **options)
        return [
            tracker_id
            for number in range(60)
            for tracker_id in np.asarray(tracker.update(boxes(number), scene.frame(number)).tracker_id).tolist()
        ]

    def boxes(number: int) -> sv.Detections:
        detections = scene.detections(number)
        detections.data.pop("embedding", None)
        return detections

    first = ids()
    assert max(first) > 1
    assert ids() == first


def test_maps_of_a_detector() -> None:
    ultralytics = pytest.importorskip("ultralytics")
    torch.manual_seed(0)
    boxes, vectors = people(20), {}
    model = ultralytics.YOLO("yolo11n.yaml")
    for device in ("cpu", "cuda"):
        features = DeepSORTFeatureExtractor.from_ultralytics(model)
        model.predict(FRAME, device=device, verbose=False)
        vectors[device] = features.extract_features(FRAME, boxes)
    there = vectors["cpu"].any(axis=1)
    assert there.sum() > 10
    assert (vectors["cpu"] * vectors["cuda"]).sum(axis=1)[there].min() > 0.99
