"""Batch normalisations disappear from a network, and its output stays the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from trackers.appearance.folding import fold_batch_norms
from trackers.appearance.osnet import OSNet
from trackers.appearance.timm_models import create_model
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor

SIZE = (32, 32)


def trained(model: nn.Module) -> nn.Module:
    """The model as after training: every normalisation scales and shifts by numbers of its own."""
    generator = torch.Generator().manual_seed(0)
    for norm in norms(model):
        for numbers, low, high in (
            (norm.running_mean, -0.5, 0.5),
            (norm.running_var, 0.5, 2.0),
            (norm.weight, 0.5, 1.5),
            (norm.bias, -0.5, 0.5),
        ):
            if numbers is not None:
                numbers.data.uniform_(low, high, generator=generator)
    return model.eval()


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    """The normalisations of a model."""
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def output(model: nn.Module, size: tuple[int, int] = SIZE) -> Any:
    """What a model says to three images."""
    with torch.inference_mode():
        return model(torch.rand((3, 3, *size), generator=torch.Generator().manual_seed(1)))


def network(name: str) -> nn.Module:
    """A network of timm without its classifier."""
    model: nn.Module = timm.create_model(name, pretrained=False, num_classes=0)
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: network("mobilenetv4_conv_small"),
        lambda: network("mobilenetv2_100"),
        lambda: network("resnet18"),
        lambda: OSNet(width=0.25),
    ],
    ids=["mobilenetv4", "mobilenetv2", "resnet18", "OSNet"],
)
def test_a_network_gives_the_same_output_without_its_normalisations(make: Callable[[], nn.Module]) -> None:
    model = trained(make())
    before, count = output(model, (64, 64)), len(norms(model))
    assert fold_batch_norms(model, (64, 64)) == count > 10
    assert norms(model) == []
    torch.testing.assert_close(output(model, (64, 64)), before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))


@pytest.mark.parametrize("name", ["mobileone_s0", "repvgg_a0"])
def test_branches_for_training_are_merged(name: str, tmp_path: Path) -> None:
    model = trained(network(name))
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    merged = create_model(name, checkpoint_path=tmp_path / "model.safetensors")
    assert norms(merged) == []
    before = output(model, (64, 64))
    torch.testing.assert_close(output(merged, (64, 64)), before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))


class Pieces(nn.Module):
    """A convolution, a normalisation, and whatever is done with them."""

    def __init__(self, forward: Callable[[Pieces, torch.Tensor], Any], **options: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3, **options)
        self.run = forward

    def forward(self, images: torch.Tensor) -> Any:
        """Whatever is done with them, as vectors if it is an image."""
        done = self.run(self, images)
        return done.mean((2, 3)) if isinstance(done, torch.Tensor) and done.ndim == 4 else done


@pytest.mark.parametrize(
    "forward",
    [
        lambda self, x: self.norm(self.convolution(x)),
        lambda self, x: torch.relu(self.norm(self.convolution(x)) + x),
        lambda self, x: self.norm(self.convolution(x.flip(3))),
    ],
)
@pytest.mark.parametrize("affine", [True, False])
def test_what_gets_the_output_of_a_convolution_is_folded(forward: Any, affine: bool) -> None:
    model = trained(Pieces(forward, affine=affine))
    before = output(model)
    assert fold_batch_norms(model, SIZE) == 1
    assert norms(model) == []
    torch.testing.assert_close(output(model), before)


@pytest.mark.parametrize(
    ("forward", "options"),
    [
        pytest.param(lambda self, x: self.convolution(self.norm(x)), {}, id="the normalisation comes first"),
        pytest.param(lambda self, x: self.norm(torch.relu(self.convolution(x))), {}, id="something lies between"),
        pytest.param(lambda self, x: self.norm(y := self.convolution(x)) + y, {}, id="the output is used twice"),
        pytest.param(
            lambda self, x: self.norm(self.convolution(self.convolution(x))), {}, id="the convolution runs twice"
        ),
        pytest.param(
            lambda self, x: self.norm(self.convolution(x)) + self.norm(x), {}, id="the normalisation runs twice"
        ),
        pytest.param(
            lambda self, x: self.norm(self.convolution(x)), {"track_running_stats": False}, id="nothing was learned"
        ),
        pytest.param(
            lambda self, x: self.norm(self.convolution(x)) * self.norm.weight[:, None, None],
            {},
            id="its parts are used",
        ),
        pytest.param(lambda self, x: [self.norm(self.convolution(x))], {}, id="no tensor is returned"),
    ],
)
def test_what_cannot_be_folded_stays(forward: Any, options: dict[str, Any]) -> None:
    model = trained(Pieces(forward, **options))
    before, convolution = output(model), model.get_submodule("convolution")
    assert fold_batch_norms(model, SIZE) == 0
    assert len(norms(model)) == 1
    assert model.get_submodule("convolution") is convolution
    torch.testing.assert_close(output(model), before, rtol=0.0, atol=0.0)


def test_a_model_that_cannot_be_run_at_that_size_stays() -> None:
    model = trained(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 14 * 14, 8)))
    assert fold_batch_norms(model, SIZE) == 0
    assert output(model, (16, 16)).shape == (3, 8)
    assert fold_batch_norms(model, (16, 16)) == 1


class Watched(Pieces):
    """Returns what a hook got of one of its parts."""

    def __init__(self, part: str, before: bool) -> None:
        super().__init__(lambda self, x: self.norm(self.convolution(x)))
        watched = self.get_submodule(part)
        (watched.register_forward_pre_hook if before else watched.register_forward_hook)(self.see)

    def see(self, _: nn.Module, images: tuple[torch.Tensor], output: torch.Tensor | None = None) -> None:
        """Keep what came out, or where that is still to come what went in."""
        self.kept = images[0] if output is None else output

    def forward(self, images: torch.Tensor) -> Any:
        """What the hook got, not what the network made."""
        super().forward(images)
        return self.kept


@pytest.mark.parametrize(("part", "before"), [("norm", False), ("norm", True), ("convolution", False)])
def test_a_model_that_returns_what_a_hook_got_goes_on_getting_it(part: str, before: bool) -> None:
    model = trained(Watched(part, before))
    expected = output(model)
    assert fold_batch_norms(model, SIZE) == 0
    torch.testing.assert_close(output(model), expected, rtol=0.0, atol=0.0)


def test_a_model_with_a_memory_of_its_own_is_not_compared_with_itself() -> None:
    memory = torch.zeros((2, 3))
    model = trained(Pieces(lambda self, x: memory.copy_((self.norm(y := self.convolution(x)) + y).mean((2, 3)))))
    assert fold_batch_norms(model, SIZE) == 0


def test_a_model_may_write_to_its_input() -> None:
    model = trained(Pieces(lambda self, x: self.norm(self.convolution(x.sub_(0.5).div_(0.2)))))
    expected = output(model)
    assert fold_batch_norms(model, SIZE) == 1
    torch.testing.assert_close(output(model), expected)


def test_parts_that_a_model_also_holds_in_a_list_stay_with_it() -> None:
    """Else what is in the list would not follow the model to its device and precision."""
    model = trained(Pieces(lambda _, x: parts[1](parts[0](x)))).double()
    parts = list(model.children())
    assert fold_batch_norms(model, SIZE) == 0
    assert output(model.float()).shape == (3, 3)


def test_a_model_need_not_let_its_attributes_be_set() -> None:
    class Closed(Pieces):
        def __setattr__(self, name: str, value: Any) -> None:
            if name in self.__dict__.get("_modules", {}):
                raise AttributeError(f"{name} is closed")
            super().__setattr__(name, value)

    assert fold_batch_norms(trained(Closed(lambda self, x: self.norm(self.convolution(x)))), SIZE) == 1


def test_a_model_without_weights_stays() -> None:
    assert fold_batch_norms(nn.Sequential(nn.BatchNorm2d(3, affine=False), nn.Flatten()).eval(), SIZE) == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_nothing_is_lost_to_the_precision_of_the_weights(dtype: torch.dtype) -> None:
    model = trained(network("resnet18")).to(dtype)
    expected = output(copy.deepcopy(model).float(), (64, 64))
    assert fold_batch_norms(model, (64, 64)) == 20
    torch.testing.assert_close(output(model, (64, 64)), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_defaults_of_the_process_do_not_matter() -> None:
    model = trained(Pieces(lambda self, x: self.norm(self.convolution(x))))
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            assert fold_batch_norms(model, SIZE) == 1
    finally:
        torch.set_default_dtype(torch.float32)


def test_an_extractor_folds_a_copy_of_the_module() -> None:
    module = trained(network("mobilenetv4_conv_small"))
    state = {name: numbers.clone() for name, numbers in module.state_dict().items()}
    extractor = DeepSORTFeatureExtractor(module, device="cpu")
    frame = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    vectors = extractor.extract_features(frame, sv.Detections(xyxy=np.array([[10.0, 10.0, 60.0, 110.0]])))
    assert norms(extractor._network.model) == []  # type: ignore[attr-defined]
    assert module.state_dict().keys() == state.keys()
    for name, numbers in module.state_dict().items():
        torch.testing.assert_close(numbers, state[name], rtol=0.0, atol=0.0)
    assert vectors.shape == (1, 1280)
