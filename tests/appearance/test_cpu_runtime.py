"""A module runs in a faster runtime only where that gives PyTorch's vectors, and starts fast the second time."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
import torch

from trackers import DeepSORTFeatureExtractor, MissingDependencyError
from trackers.appearance import cpu_runtime
from trackers.appearance.osnet import OSNet

RUNTIMES = ("openvino", "onnxruntime")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACKERS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def network(seed: int = 0, pooled: int = 1) -> torch.nn.Module:
    torch.manual_seed(seed)
    pool = torch.nn.AdaptiveAvgPool2d(pooled)
    layers = (torch.nn.Conv2d(3, 16, 3, stride=2), torch.nn.ReLU(), pool, torch.nn.Flatten())
    return torch.nn.Sequential(*layers).eval()


def extractor(module: torch.nn.Module | None = None, **options: Any) -> DeepSORTFeatureExtractor:
    return DeepSORTFeatureExtractor(module or network(), device="cpu", input_size=(64, 32), **options)


def crowd(count: int = 5) -> tuple[npt.NDArray[np.uint8], sv.Detections]:
    rng = np.random.default_rng(count)
    corner = rng.uniform(0, 200, (count, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(30, 90, (count, 2))), axis=1)
    return rng.integers(0, 256, (320, 320, 3), dtype=np.uint8), sv.Detections(boxes)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("make", [network, lambda: OSNet(width=0.25)], ids=["convolution", "OSNet"])
def test_vectors_are_those_of_pytorch(runtime: str, make: Any) -> None:
    torch.manual_seed(1)
    module = make().eval()
    expected, found = extractor(module, runtime="torch"), extractor(module, runtime=runtime)
    for count in (5, 1, 40):
        frame, detections = crowd(count)
        before, after = (one.extract_features(frame, detections) for one in (expected, found))
        assert (np.abs(before - after) < 1e-4).all()
    assert (expected.runtime, found.runtime) == ("torch", runtime)


@pytest.mark.parametrize(
    ("absent", "chosen"), [((), "openvino"), (("openvino",), "onnxruntime"), (("openvino", "onnxruntime"), "torch")]
)
def test_auto_takes_the_first_that_is_installed(
    absent: tuple[str, ...], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: package for name, package in cpu_runtime.PACKAGES.items() if name not in absent}
    nowhere = {name: ("no_such_module", package[1]) for name, package in cpu_runtime.PACKAGES.items()}
    monkeypatch.setattr(cpu_runtime, "PACKAGES", nowhere | known)
    made = extractor()
    assert made.runtime == "auto"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.extract_features(*crowd())
    assert made.runtime == chosen


def test_a_runtime_that_is_named_and_absent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_runtime, "PACKAGES", {"openvino": ("no_such_module", "openvino")})
    with pytest.raises(MissingDependencyError, match="pip install openvino"):
        extractor(runtime="openvino")


def test_names_and_options_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="runtime must be one of 'auto', 'openvino', 'onnxruntime', 'torch'"):
        extractor(runtime="tvm")
    with pytest.raises(ValueError, match="compile=True compiles for PyTorch, but runtime is 'openvino'"):
        extractor(runtime="openvino", compile=True)
    with pytest.raises(ValueError, match="runtime='openvino' runs on the CPU, but the device is meta"):
        extractor(runtime="openvino").to("meta")


class Branches(torch.nn.Module):
    """Takes another path for another batch, which a traced export does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.network(images)
        return vectors if float(images.abs().sum()) == 0.0 else vectors.flip(1)


class TestWhatARuntimeGetsWrong:
    def test_auto_warns_once_and_stays_with_pytorch(self) -> None:
        made = extractor(Branches())
        with pytest.warns(UserWarning, match=r"runs in PyTorch, .*openvino: ValueError: its vectors differ"):
            found = made.extract_features(*crowd())
        assert made.runtime == "torch"
        expected = extractor(Branches(), runtime="torch")
        np.testing.assert_array_equal(found, expected.extract_features(*crowd()))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(made.extract_features(*crowd(3)), expected.extract_features(*crowd(3)))

    def test_a_model_that_cannot_be_exported_runs_in_pytorch(self, capfd: pytest.CaptureFixture[str]) -> None:
        module = network(pooled=2)  # ONNX has no pooling to a size that does not divide the image's
        made = extractor(module)
        with pytest.warns(UserWarning, match="runs in PyTorch, as other runtimes cannot run it"):
            found = made.extract_features(*crowd())
        np.testing.assert_array_equal(found, extractor(module, runtime="torch").extract_features(*crowd()))
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_a_runtime_that_is_named_raises(self, runtime: str) -> None:
        with pytest.raises(ValueError, match=f"cannot run in {runtime}: ValueError: its vectors differ"):
            extractor(Branches(), runtime=runtime).extract_features(*crowd())


class TestCache:
    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_the_second_start_exports_nothing(self, runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
        first = extractor(runtime=runtime).extract_features(*crowd())

        def refuse(*_: Any) -> bytes:
            raise AssertionError("exported again")

        monkeypatch.setattr(cpu_runtime, "exported", refuse)
        np.testing.assert_array_equal(extractor(runtime=runtime).extract_features(*crowd()), first)
        with pytest.raises(ValueError, match="exported again"):
            extractor(network(seed=1), runtime=runtime).extract_features(*crowd())

    @pytest.mark.parametrize("content", [b"", b"no model", None], ids=["empty", "damaged", "another model"])
    def test_a_kept_file_that_is_not_of_the_model_is_made_again(self, content: bytes | None, cache: Path) -> None:
        expected = extractor(runtime="torch").extract_features(*crowd())
        extractor(runtime="onnxruntime").extract_features(*crowd())
        (kept,) = cache.glob("*.onnx")
        kept.write_bytes(cpu_runtime.exported(network(seed=1), (64, 32)) if content is None else content)
        found = extractor(runtime="onnxruntime").extract_features(*crowd())
        assert (np.abs(found - expected) < 1e-4).all()

    def test_nothing_is_kept_where_nothing_shall_be(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        monkeypatch.setenv("TRACKERS_CACHE", "")
        made = extractor()
        made.extract_features(*crowd())
        assert made.runtime == "openvino"
        assert not cache.exists()

    def test_nor_where_the_folder_is_a_file(self, cache: Path) -> None:
        cache.write_text("mine")
        made = extractor()
        made.extract_features(*crowd())
        assert (made.runtime, cache.read_text()) == ("openvino", "mine")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_copy_in_another_place_runs_too(runtime: str) -> None:
    made = extractor(runtime=runtime)
    expected = made.extract_features(*crowd())
    copied = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(copied.extract_features(*crowd()), expected)
    assert copied.runtime == runtime
