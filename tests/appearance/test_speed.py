"""What keeps extraction fast, checked by what it does and never by the clock: blocks, types, memory, compilation."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
import torch
from hypothesis import given
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from trackers.appearance.blocks import SIZES, TIMED, Blocks
from trackers.appearance.compiled import Compiled
from trackers.appearance.preprocessing import Preprocessing
from trackers.appearance.torch_crops import cut_batch, to_input
from trackers.appearance.torch_network import TorchNetwork
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor


class Small(nn.Module):
    """A convolution and the mean, which counts the batches it gets."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 8, 3)
        self.batches: list[int] = []

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Vectors `(k, 8)`."""
        self.batches.append(batch.shape[0])
        vectors: torch.Tensor = self.layer(batch).mean((2, 3))
        return vectors


def scene(count: int) -> tuple[npt.NDArray[np.uint8], sv.Detections]:
    """A frame of noise and boxes on it."""
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    corner = rng.uniform(0, 150, (count, 2))
    return frame, sv.Detections(xyxy=np.concatenate((corner, corner + rng.uniform(10, 50, (count, 2))), axis=1))


def settled(fastest: int) -> Blocks:
    """Blocks that have timed every size."""
    blocks = Blocks()
    for size in SIZES:
        blocks.timed(size, 0.0)  # the first pass does not count
        for _ in range(TIMED // size):
            blocks.timed(size, size * (1.0 if size == fastest else 2.0))
    return blocks


@given(count=st.integers(0, 300), given_size=st.none() | st.integers(1, 40), fastest=st.sampled_from(SIZES))
def test_every_crop_is_in_one_block(count: int, given_size: int | None, fastest: int) -> None:
    for blocks in (Blocks(given_size), settled(fastest)):
        sizes = blocks.split(count)
        assert sum(sizes) == count
        assert all(size > 0 for size in sizes)
    assert max(Blocks(given_size).split(count), default=0) <= (given_size or 1.5 * max(SIZES))


@pytest.mark.parametrize("fastest", SIZES)
def test_the_size_that_was_fastest_stays(fastest: int) -> None:
    blocks = settled(fastest)
    assert blocks.split(3 * fastest) == [fastest] * 3
    for _ in range(TIMED):
        blocks.timed(max(SIZES), 0.0)  # timed often enough
    assert blocks.split(3 * fastest) == [fastest] * 3
    assert blocks.split(3 * fastest + 1) == [fastest, fastest, fastest + 1]
    assert blocks.split(3 * fastest + fastest // 2) == [fastest, fastest, fastest, fastest // 2]
    assert blocks.split(2) == [2]


def test_a_pause_of_the_machine_does_not_choose_the_size() -> None:
    blocks = Blocks()
    for size in SIZES:
        for number in range(1 + TIMED // size):
            blocks.timed(size, size * (1.0 if size == 8 else 1.2) + (60.0 if number == 3 and size == 8 else 0.0))
    assert blocks.split(24) == [8, 8, 8]


def test_every_size_takes_its_turn_and_a_given_one_is_never_exceeded() -> None:
    frame, boxes = scene(20)
    model = Small()
    extractor = DeepSORTFeatureExtractor(model, "cpu", (32, 16), runtime="torch")
    batches = extractor._network.model.batches  # type: ignore[attr-defined]
    vectors = [extractor.extract_features(frame, boxes) for _ in range(24)]
    assert set(SIZES) <= {size for batch in batches for size in SIZES if size <= batch < 1.5 * size}
    for other in vectors[1:]:
        np.testing.assert_allclose(other, vectors[0], atol=1e-6)
    fixed = DeepSORTFeatureExtractor(model, "cpu", (32, 16), batch_size=7, runtime="torch")
    fixed.extract_features(frame, boxes)
    assert fixed._network.model.batches == [7, 7, 6]  # type: ignore[attr-defined]


def test_a_block_size_out_of_range_is_refused() -> None:
    for size in (0, -3, 2.5):
        with pytest.raises(ValueError, match="batch_size must be a whole number"):
            DeepSORTFeatureExtractor(Small(), "cpu", 32, batch_size=size)


class Types(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Collects the types of all tensors that PyTorch computes or copies."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.used: set[torch.dtype] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        tensors = [*args, *(kwargs or {}).values(), output]
        self.used |= {tensor.dtype for tensor in tensors if isinstance(tensor, torch.Tensor)}
        return output


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("masked", [False, True])
def test_float64_reaches_no_device(fit: str, masked: bool) -> None:
    frame, boxes = scene(5)
    boxes.mask = np.ones((5, 200, 300), bool) if masked else None
    options: dict[str, Any] = {"fit": fit, "mask": "background", "center_sigma": 0.4, "flip": True}
    extractor = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), runtime="torch", **options)
    settings = Preprocessing(size=(32, 16), fit=fit)
    windows = boxes.xyxy.astype(np.int64)
    with Types() as types:
        extractor.extract_features(frame, boxes)
        image = torch.from_numpy(frame).permute(2, 0, 1)[None]
        to_input(cut_batch(image, windows, boxes.mask, settings), settings, None)
    assert torch.float32 in types.used
    assert torch.float64 not in types.used
    with Types() as types:
        torch.zeros(1).double()
    assert torch.float64 in types.used  # the check can fail


def test_the_way_of_an_accelerator_needs_nothing_from_the_cpu() -> None:
    """On the meta device, which has shapes and no numbers, any step back to the CPU is an error."""
    network = TorchNetwork(Small(), device="meta", preprocessing=Preprocessing(size=(32, 16), center_sigma=0.3))
    frame, boxes = scene(5)
    crops = network.cut(network.load(frame), boxes.xyxy.astype(np.int64), np.ones((5, 200, 300), bool))
    assert (crops.device.type, crops.dtype, crops.shape) == ("meta", torch.float32, (5, 3, 32, 16))
    assert network.blocks.split(500) == [128, 128, 128, 116]


def test_blocks_share_memory_and_still_have_their_own_vectors() -> None:
    frame, boxes = scene(30)
    whole, parts = (DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), batch_size=size) for size in (30, 4))
    np.testing.assert_allclose(parts.extract_features(frame, boxes), whole.extract_features(frame, boxes), atol=1e-6)
    pixels = DeepSORTFeatureExtractor(nn.Flatten(), "cpu", (8, 4), batch_size=4)  # gives back what is in that memory
    single = np.concatenate([pixels.extract_features(frame, sv.Detections(xyxy=box[None])) for box in boxes.xyxy])
    np.testing.assert_allclose(pixels.extract_features(frame, boxes), single, atol=1e-6)


def test_a_compiled_model_gives_the_same_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []

    def stand_in(model: nn.Module, **options: Any) -> Any:
        compiled.append(options)
        return model

    monkeypatch.setattr(torch, "compile", stand_in)
    frame, boxes = scene(20)
    plain = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), flip=True)
    assert not compiled
    extractor = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), flip=True, compile=True)
    assert compiled == [{"dynamic": True, "mode": None}]
    expected = plain.extract_features(frame, boxes)
    np.testing.assert_allclose(extractor.extract_features(frame, boxes), expected, atol=1e-6)
    model = Small()
    graphs = Compiled(model, graphs=True)
    batch = torch.rand(5, 3, 32, 16).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(graphs(batch), Small()(batch))
    assert model.batches == [8]  # filled up, so that few graphs are recorded
    assert compiled[-1] == {"dynamic": True, "mode": "reduce-overhead"}


@pytest.mark.slow
def test_a_model_is_really_compiled() -> None:
    frame, boxes = scene(9)
    expected = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16)).extract_features(frame, boxes)
    extractor = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), compile=True)
    np.testing.assert_allclose(extractor.extract_features(frame, boxes), expected, atol=1e-5)


def test_what_cannot_be_compiled_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(model: nn.Module, **options: Any) -> Any:
        def run(batch: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no compiler found\nat line 3")

        return run

    monkeypatch.setattr(torch, "compile", broken)
    frame, boxes = scene(3)
    extractor = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), compile=True)
    with pytest.warns(UserWarning, match=r"runs as it is \(RuntimeError: no compiler found\)"):
        vectors = extractor.extract_features(frame, boxes)
    expected = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), runtime="torch").extract_features(frame, boxes)
    np.testing.assert_array_equal(vectors, expected)
    np.testing.assert_array_equal(extractor.extract_features(frame, boxes), expected)  # and does not warn again


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("compiled", [False, True])
def test_cuda_gives_the_vectors_of_the_cpu(compiled: bool) -> None:
    frame, boxes = scene(150)
    options: dict[str, Any] = {"fit": "letterbox", "flip": True, "center_sigma": 0.4}
    expected = DeepSORTFeatureExtractor(Small(), "cpu", (32, 16), **options).extract_features(frame, boxes)
    extractor = DeepSORTFeatureExtractor(Small(), "cuda", (32, 16), half=False, compile=compiled, **options)
    for _ in range(2):
        assert (extractor.extract_features(frame, boxes) * expected).sum(1).min() > 0.999
