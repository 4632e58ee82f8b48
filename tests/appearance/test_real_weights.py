"""Published weights on real frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from PIL import Image

from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor

pytestmark = [pytest.mark.data, pytest.mark.extra]
Extractor = StripeFeatureExtractor | DeepSORTFeatureExtractor
MOBILENET = "imagenet/mobilenetv2_100.safetensors"
SEQUENCE = "TUD-Stadtmitte"


def truth(data_dir: Path, every: int) -> list[tuple[npt.NDArray[np.uint8], sv.Detections, npt.NDArray[np.int64]]]:
    """Every so many frames of a street: the frame in BGR, the true boxes and who is in them."""
    folder = data_dir / "data/mot" / SEQUENCE
    rows = np.loadtxt(folder / "gt/gt.txt", delimiter=",", usecols=range(7))
    found = []
    for number in range(1, 180, every):
        with Image.open(folder / f"img1/{number:06d}.jpg") as picture:
            frame = np.asarray(picture)[..., ::-1]
        here = rows[(rows[:, 0] == number) & (rows[:, 6] != 0)]
        boxes = np.concatenate((here[:, 2:4], here[:, 2:4] + here[:, 4:6]), axis=1)
        found.append((frame, sv.Detections(xyxy=boxes), here[:, 1].astype(np.int64)))
    return found


def separation(vectors: npt.NDArray[np.float32], identity: npt.NDArray[np.int64]) -> float:
    """Chance that two boxes of one person lie closer than two of different persons (area under the ROC curve)."""
    rows, columns = np.triu_indices(len(vectors), 1)
    distance = 1.0 - (vectors @ vectors.T)[rows, columns]
    same = identity[rows] == identity[columns]
    return float((distance[same][:, None] < distance[~same][None, :]).mean())


@pytest.mark.parametrize(
    ("load", "least"),
    [
        (lambda folder: StripeFeatureExtractor(), 0.85),
        (lambda folder: DeepSORTFeatureExtractor(folder / "reid/osnet_x0_25_msmt17.pth", "cpu"), 0.86),
        (lambda folder: DeepSORTFeatureExtractor(folder / "reid/osnet_x0_25_msmt17.onnx", "cpu"), 0.86),
        (lambda folder: DeepSORTFeatureExtractor(folder / "reid/osnet_x0_25_market1501.pth", "cpu"), 0.81),
        (
            lambda folder: DeepSORTFeatureExtractor(folder / "reid/person-reidentification-retail-0248.onnx", "cpu"),
            0.90,
        ),
        (
            lambda folder: DeepSORTFeatureExtractor(folder / "reid/person-reidentification-retail-0287.onnx", "cpu"),
            0.88,
        ),
        (
            lambda folder: DeepSORTFeatureExtractor.from_timm(
                "mobilenetv2_100", "cpu", (256, 128), checkpoint_path=folder / MOBILENET
            ),
            0.74,
        ),
    ],
    ids=["stripes", "osnet-msmt17", "osnet-msmt17-onnx", "osnet-market1501", "retail-0248", "retail-0287", "imagenet"],
)
def test_people_are_distinguished(data_dir: Path, load: Callable[[Path], Extractor], least: float) -> None:
    extractor = load(data_dir / "data/weights")
    assert extractor.appearance_threshold is not None
    frames = truth(data_dir, every=25)
    vectors = np.concatenate([extractor.extract_features(frame, boxes) for frame, boxes, _ in frames])
    assert separation(vectors, np.concatenate([identity for _, _, identity in frames])) > least


@pytest.mark.parametrize(
    ("file", "field"),
    [("osnet_x0_25_msmt17.pth", "osnet"), ("person-reidentification-retail-0248.onnx", "retail0248")],
)
def test_vectors_equal_those_computed_elsewhere(data_dir: Path, file: str, field: str) -> None:
    stored = np.load(data_dir / "golden" / SEQUENCE / "detections.npz")
    extractor = DeepSORTFeatureExtractor(data_dir / "data/weights/reid" / file, "cpu")
    frame = truth(data_dir, every=200)[0][0]
    rows = stored["frame"] == 1
    vectors = extractor.extract_features(frame, sv.Detections(xyxy=stored["xyxy"][rows].astype(np.float64)))
    expected = stored[field][rows].astype(np.float64)
    likeness = (vectors * expected).sum(1) / np.linalg.norm(expected, axis=1)
    assert likeness.min() > 0.98  # the resize there has no antialiasing
    assert np.median(likeness) > 0.998


def test_pytorch_and_onnx_give_the_same_vectors(data_dir: Path) -> None:
    folder = data_dir / "data/weights/reid"
    frame, boxes, _ = truth(data_dir, every=200)[0]
    torch_vectors, onnx_vectors = (
        DeepSORTFeatureExtractor(folder / f"osnet_x0_25_msmt17.{suffix}", "cpu").extract_features(frame, boxes)
        for suffix in ("pth", "onnx")
    )
    assert (torch_vectors * onnx_vectors).sum(1).min() > 0.999


@pytest.mark.parametrize(
    "policy", [{"fit": "letterbox"}, {"padding": 0.1}, {"flip": True}, {"center_sigma": 0.4}], ids=str
)
def test_every_crop_policy_still_tells_people_apart(data_dir: Path, policy: dict[str, Any]) -> None:
    load = partial(DeepSORTFeatureExtractor, data_dir / "data/weights/reid/osnet_x0_25_msmt17.pth", "cpu")
    frames = truth(data_dir, every=45)
    identity = np.concatenate([who for _, _, who in frames])
    vectors = np.concatenate([load(**policy).extract_features(frame, boxes) for frame, boxes, _ in frames])
    assert separation(vectors, identity) > 0.85
