"""Models from files: checkpoints, ONNX, TorchScript, and the ways they can be broken."""

from __future__ import annotations

import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import safetensors.torch
import supervision as sv
import torch
from onnx import TensorProto, helper
from torch import nn

from trackers.appearance import onnx_network
from trackers.appearance.checkpoints import read_weights
from trackers.appearance.openvino_model import open_model
from trackers.appearance.osnet import OSNet
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.errors import MissingDependencyError

BOXES = sv.Detections(xyxy=np.array([[10.0, 20, 60, 140], [100, 30, 150, 180], [200, 10, 290, 190]]))


@pytest.fixture(scope="module")
def osnet() -> OSNet:
    """A quarter-width OSNet with random weights and statistics."""
    torch.manual_seed(0)
    model = OSNet(0.25).eval()
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 1.5)  # type: ignore[arg-type]
    return model


def frame(seed: int = 0) -> npt.NDArray[np.uint8]:
    """Coarse noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (25, 38, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, 0), 8, 1)


def likeness(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    """Smallest cosine similarity of row i to row i."""
    return float((first * second).sum(1).min())


@pytest.mark.parametrize("kind", ["plain", "wrapped", "prefixed", "with classifier", "safetensors"])
def test_osnet_checkpoints_load_however_they_were_saved(osnet: OSNet, tmp_path: Path, kind: str) -> None:
    weights: dict[str, Any] = dict(osnet.state_dict())
    path = tmp_path / "model.pth"
    if kind == "with classifier":
        weights |= {"classifier.weight": torch.zeros(751, 512), "classifier.bias": torch.zeros(751)}
    if kind == "prefixed":
        weights = {f"module.{name}": value for name, value in weights.items()}
    if kind == "safetensors":
        path = tmp_path / "model.safetensors"
        safetensors.torch.save_file(weights, path)
    else:
        torch.save({"state_dict": weights, "epoch": 3} if kind == "wrapped" else weights, path)
    expected = DeepSORTFeatureExtractor(osnet, "cpu").extract_features(frame(), BOXES)
    extractor = DeepSORTFeatureExtractor(path, "cpu")
    np.testing.assert_allclose(extractor.extract_features(frame(), BOXES), expected, atol=1e-5)
    assert extractor.appearance_threshold == 0.3


@pytest.mark.parametrize(
    ("name", "threshold"), [("osnet_x0_25_market1501.pth", 0.25), ("osnet_x1_0_msmt17.pth", 0.3), ("mine.pth", 0.3)]
)
def test_the_threshold_follows_the_data_a_network_was_trained_on(
    osnet: OSNet, tmp_path: Path, name: str, threshold: float
) -> None:
    torch.save(osnet.state_dict(), tmp_path / name)
    assert DeepSORTFeatureExtractor(tmp_path / name, "cpu").appearance_threshold == threshold
    chosen = DeepSORTFeatureExtractor(tmp_path / name, "cpu", appearance_threshold=0.5)
    assert DeepSORTTracker(chosen).appearance_threshold == 0.5


def test_timm_checkpoints_load_by_architecture(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(1)
    model = timm.create_model("resnet18", pretrained=False)
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(model.state_dict(), path)
    expected = DeepSORTFeatureExtractor(model, "cpu", 64).extract_features(frame(), BOXES)
    for extractor in (
        DeepSORTFeatureExtractor.from_checkpoint(path, "resnet18", "cpu", 64),
        DeepSORTFeatureExtractor.from_timm("resnet18", "cpu", 64, checkpoint_path=path),
    ):
        np.testing.assert_allclose(extractor.extract_features(frame(), BOXES), expected, atol=1e-5)


def test_a_checkpoint_for_another_architecture_is_refused(osnet: OSNet, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save(osnet.state_dict(), path)
    with pytest.raises(ValueError, match=r"belong to another architecture than ResNet: of 120 tensors expected"):
        DeepSORTFeatureExtractor.from_timm("resnet18", "cpu", checkpoint_path=path)
    torch.save({name: value for name, value in osnet.state_dict().items() if "conv4" not in name}, path)
    with pytest.raises(ValueError, match=r"another architecture than OSNet: .* missing \(conv4"):
        DeepSORTFeatureExtractor.from_checkpoint(path)


def test_an_architecture_that_cannot_be_found_out_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save(nn.Linear(2, 3).state_dict(), path)
    with pytest.raises(ValueError, match=r"cannot be inferred from its 2 tensors .* architecture="):
        DeepSORTFeatureExtractor(path, "cpu")


def test_pickled_code_is_refused_and_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (ran,))

    for name, save in (
        ("a.pth", torch.save),
        ("b.pth", lambda value, path: Path(path).write_bytes(pickle.dumps(value))),
    ):
        path = tmp_path / name
        save(Trap(), path)
        with pytest.raises(ValueError, match=r"holds pickled Python objects|not a readable file of weights"):
            DeepSORTFeatureExtractor(path, "cpu")
    torch.save(nn.Linear(2, 3), tmp_path / "c.pth")
    with pytest.raises(ValueError, match=r"holds pickled Python objects.*state_dict"):
        DeepSORTFeatureExtractor(tmp_path / "c.pth", "cpu")
    assert not ran.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".onnx"])
@pytest.mark.parametrize("damage", ["truncated", "pointer", "empty", "missing"])
def test_damaged_files_are_refused(osnet: OSNet, tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"model{suffix}"
    if suffix == ".onnx":
        _constant_onnx(path)
    elif suffix == ".pth":
        torch.save(osnet.state_dict(), path)
    else:
        safetensors.torch.save_file(osnet.state_dict(), path)
    content = path.read_bytes()
    path.write_bytes(
        {"truncated": content[: len(content) // 2], "pointer": b"version https://git-lfs\n"}.get(damage, b"")
    )
    if damage == "missing":
        path.unlink()
        with pytest.raises(FileNotFoundError, match="there is none at"):
            DeepSORTFeatureExtractor(path, "cpu")
        return
    with pytest.raises(ValueError, match=r"is not a readable|holds pickled Python objects"):
        DeepSORTFeatureExtractor(path, "cpu")


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "model.pth")
    with pytest.raises(ValueError, match="expected a state dict"):
        read_weights(tmp_path / "model.pth")


@pytest.mark.parametrize("suffix", ["onnx", "torchscript"])
def test_an_exported_model_gives_the_same_vectors(osnet: OSNet, tmp_path: Path, suffix: str) -> None:
    options: dict[str, Any] = {"mean": (0.4, 0.5, 0.6), "interpolation": "bicubic"}
    extractor = DeepSORTFeatureExtractor(osnet, "cpu", (64, 32), **options)
    path = extractor.export(tmp_path / f"osnet.{suffix}", format=suffix)
    read = DeepSORTFeatureExtractor.from_onnx if suffix == "onnx" else DeepSORTFeatureExtractor.from_torchscript
    again = read(path, "cpu", **({} if suffix == "onnx" else {"input_size": (64, 32), **options}))
    vectors = again.extract_features(frame(), BOXES)
    assert likeness(vectors, extractor.extract_features(frame(), BOXES)) > 0.999
    assert again.extract_features(frame(), sv.Detections.empty()).shape == (0, 512)
    assert DeepSORTFeatureExtractor(path, "cpu", (64, 32)).appearance_threshold == 0.3  # known by the file's name


def test_an_export_that_gives_other_vectors_is_removed(tmp_path: Path) -> None:
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            vectors: torch.Tensor = batch.mean((2, 3)) * torch.tensor([1.0, -1.0, 1.0]) ** self.calls
            return vectors

    with pytest.raises(ValueError, match="gives other vectors than the model: cosine similarity"):
        DeepSORTFeatureExtractor(Moody(), "cpu", 32).export(tmp_path / "moody.onnx")
    assert not (tmp_path / "moody.onnx").exists()


class Colors(nn.Module):
    """The mean of each channel in the upper and in the lower half, so that every policy of cutting shows."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Vectors `(k, 12)`."""
        half = batch.shape[2] // 2
        halves = (batch[:, :, :half].mean((2, 3)), batch[:, :, half:].mean((2, 3)), batch[..., :4].mean((2, 3)))
        return torch.cat((*halves, batch[..., 12:].mean((2, 3))), 1)


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"fit": "letterbox"},
        {"padding": 0.2},
        {"flip": True},
        {"center_sigma": 0.3},
        {"mask": "background"},
        {"color": "bgr", "interpolation": "bicubic"},
    ],
    ids=str,
)
def test_pytorch_and_onnx_cut_alike_and_the_file_keeps_the_policy(tmp_path: Path, policy: dict[str, Any]) -> None:
    masks = np.zeros((3, 200, 304), bool)
    masks[:, 30:120, :260] = True
    boxes = sv.Detections(xyxy=BOXES.xyxy, mask=masks)
    extractor = DeepSORTFeatureExtractor(Colors(), "cpu", (32, 16), **policy)
    again = DeepSORTFeatureExtractor.from_onnx(extractor.export(tmp_path / "model.onnx"), "cpu")
    vectors = extractor.extract_features(frame(), boxes)
    assert likeness(again.extract_features(frame(), boxes), vectors) > 0.9999
    plain = DeepSORTFeatureExtractor(Colors(), "cpu", (32, 16)).extract_features(frame(), boxes)
    assert (likeness(plain, vectors) < 0.9999) == bool(policy)


def test_a_vision_transformer_takes_weights_of_another_input_size(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(1)
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False)
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(model.state_dict(), path)
    extractor = DeepSORTFeatureExtractor.from_checkpoint(path, "vit_tiny_patch16_224", "cpu", (64, 32))
    assert extractor.extract_features(frame(), BOXES).shape == (3, 192)


def test_a_missing_onnx_package_is_named_with_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _mean_onnx(tmp_path / "model.onnx", ("n", 3, 16, 8))
    extractor = DeepSORTFeatureExtractor(Colors(), "cpu", (32, 16))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="pip install onnx onnxruntime"):
        DeepSORTFeatureExtractor.from_onnx(path, "cpu")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDependencyError, match="pip install onnx onnxruntime"):
        extractor.export(tmp_path / "out.onnx")


def test_what_does_not_run_in_pytorch_cannot_be_exported(tmp_path: Path) -> None:
    extractor = DeepSORTFeatureExtractor(_constant_onnx(tmp_path / "model.onnx"), "cpu")
    with pytest.raises(TypeError, match="expected a network that runs in PyTorch, but got OnnxNetwork"):
        extractor.export(tmp_path / "again.onnx")


@pytest.mark.parametrize("shape", [(1, 3, 16, 8), (2, 3, 16, 8), ("n", 3, 16, 8), (1, 16, 8, 3), ("n", 16, 8, 3)])
def test_onnx_layout_size_and_fixed_batch_are_found_out(tmp_path: Path, shape: tuple[Any, ...]) -> None:
    path = _mean_onnx(tmp_path / "model.onnx", shape)
    options: dict[str, Any] = {"mean": (0, 0, 0), "std": (1, 1, 1)}
    extractor = DeepSORTFeatureExtractor.from_onnx(path, "cpu", **options)
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[:, :80], picture[:, 80:180], picture[:, 180:] = (0, 0, 255), (0, 255, 0), (255, 0, 0)
    vectors = extractor.extract_features(picture, BOXES)
    np.testing.assert_allclose(vectors, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], atol=1e-6)
    with pytest.raises(
        ValueError, match=r"takes crops of \(16, 8\) \(height, width\) only, but input_size is \(32, 16\)"
    ):
        DeepSORTFeatureExtractor.from_onnx(path, "cpu", (32, 16))


def test_onnx_options_that_cannot_be_met_are_refused(tmp_path: Path) -> None:
    path = _mean_onnx(tmp_path / "model.onnx", ("n", 3, 16, 8))
    with pytest.raises(ValueError, match="has no output 'scores'; it has 'vectors'"):
        DeepSORTFeatureExtractor.from_onnx(path, "cpu", output="scores")
    with pytest.raises(TypeError, match="half is for PyTorch models"):
        DeepSORTFeatureExtractor.from_onnx(path, "cpu", half=True)
    with pytest.raises(TypeError, match="compile is for PyTorch models"):
        DeepSORTFeatureExtractor.from_onnx(path, "cpu", compile=True)
    with pytest.raises(ValueError, match="device must be 'auto' or one of"):
        DeepSORTFeatureExtractor.from_onnx(path, "gpu")
    with pytest.raises(ValueError, match=r"has no Tensorrt.* install onnxruntime-gpu in place"):
        DeepSORTFeatureExtractor.from_onnx(path, runtime="tensorrt")
    with pytest.raises(ValueError, match="runtime must be"):
        DeepSORTFeatureExtractor.from_onnx(path, runtime="torch")
    with pytest.raises(ValueError, match="runtime='openvino' runs on the CPU, but the device is 'cuda'"):
        DeepSORTFeatureExtractor.from_onnx(path, "cuda", runtime="openvino")
    with pytest.raises(ValueError, match="expected one input of images"):
        DeepSORTFeatureExtractor.from_onnx(_constant_onnx(tmp_path / "flat.onnx", rank=2), "cpu")


def test_a_provider_that_does_not_start_is_no_silent_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    there = onnxruntime.get_available_providers()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*there, "CUDAExecutionProvider"])
    path = _mean_onnx(tmp_path / "model.onnx", ("n", 3, 16, 8))
    warnings.simplefilter("ignore")  # onnxruntime's own remark about the provider
    with pytest.raises(ValueError, match="onnxruntime could not start CUDAExecutionProvider for device 'cuda'"):
        DeepSORTFeatureExtractor.from_onnx(path, "cuda")


@pytest.mark.parametrize("runtime", ["auto", "onnxruntime", "openvino"])
def test_a_file_gives_the_same_vectors_in_each_runtime(osnet: OSNet, tmp_path: Path, runtime: str) -> None:
    if runtime == "openvino":
        pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    extractor = DeepSORTFeatureExtractor(osnet, "cpu", (64, 32))
    path = extractor.export(tmp_path / "model.onnx")
    read = DeepSORTFeatureExtractor.from_onnx(path, "cpu", runtime=runtime)
    assert read.runtime == ("onnxruntime" if runtime == "auto" else runtime)
    expected = extractor.extract_features(frame(), BOXES)
    for one in (read, pickle.loads(pickle.dumps(read))):
        for _ in range(2):
            assert likeness(one.extract_features(frame(), BOXES), expected) > 0.999


def test_a_file_that_openvino_runs_otherwise_is_refused(
    osnet: OSNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    path = DeepSORTFeatureExtractor(osnet, "cpu", (64, 32)).export(tmp_path / "model.onnx")
    other = DeepSORTFeatureExtractor(OSNet(width=0.25), "cpu", (64, 32)).export(tmp_path / "other.onnx")
    monkeypatch.setattr(onnx_network, "open_model", lambda _: open_model(other))
    read = DeepSORTFeatureExtractor.from_onnx(path, runtime="openvino")
    with pytest.raises(ValueError, match=r"OpenVINO's vectors of .* differ from ONNX Runtime's"):
        read.extract_features(frame(), BOXES)


def test_a_runtime_for_a_device_is_the_old_name(osnet: OSNet, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    path = DeepSORTFeatureExtractor(osnet, "cpu", (64, 32)).export(tmp_path / "model.onnx")
    with pytest.warns(
        DeprecationWarning, match=r'from_onnx\(device="openvino"\) is now from_onnx\(runtime="openvino"\)'
    ):
        read = DeepSORTFeatureExtractor.from_onnx(path, "openvino")
    assert read.runtime == "openvino"


def test_a_file_that_is_no_torchscript_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 3).state_dict(), tmp_path / "model.pt")
    with pytest.raises(ValueError, match="is not a TorchScript file"):
        DeepSORTFeatureExtractor.from_torchscript(tmp_path / "model.pt")


def _mean_onnx(path: Path, shape: tuple[Any, ...]) -> Path:
    """A network that gives the mean of each channel."""
    axes = [1, 2] if shape[3] == 3 else [2, 3]
    node = helper.make_node("ReduceMean", ["images"], ["vectors"], axes=axes, keepdims=0)
    return _save(path, [node], list(shape), [shape[0], 3])


def _constant_onnx(path: Path, rank: int = 4) -> Path:
    """A network that gives back its input, with a large table that makes the file long."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [4096], np.ones(4096, np.float32).tolist())
    nodes = [
        helper.make_node("ReduceSum", ["table"], ["one"], keepdims=0),
        helper.make_node("Mul", ["images", "one"], ["vectors"]),
    ]
    return _save(path, nodes, [1, 3, 16, 8][:rank], [1, 3, 16, 8][:rank], [table])


def _save(path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], tables: Any = ()) -> Path:
    """Write a model."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, outputs)],
        list(tables),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path
