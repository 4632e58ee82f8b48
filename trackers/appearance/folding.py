"""Batch normalisation folded into the convolutions before it: the same vectors for less arithmetic.

In evaluation a batch normalisation scales and shifts each channel by fixed numbers. So does a convolution's weight and
bias, which can do it along the way (Jacob et al. 2018, arXiv 1712.05877, section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-3
"""Largest difference between the outputs before and after, as a share of the largest number in them."""

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]


def fold_batch_norms(model: nn.Module, size: tuple[int, int]) -> int:
    """Fold every batch normalisation into the convolution whose output it gets, in place and in single precision.

    Which convolution that is shows in a forward pass; one before and one after tell whether the output of the model
    stays the same. If it does not, or cannot be run on images of that size, its modules stay as they were.

    Args:
        model: A module in evaluation mode, of which nobody else holds a part.
        size: Height and width of its input.

    Returns:
        How many were folded.

    Example:
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AvgPool2d(6), nn.Flatten()).eval()
        >>> fold_batch_norms(model, (8, 8)), model[1]
        (1, Identity())
    """
    if not any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        return 0
    names = {module: name for name, module in model.named_modules()}
    replaced: dict[str, nn.Module] = {}
    try:
        weight = next(model.float().parameters())
        images = torch.empty((2, 3, *size), device="cpu").normal_(generator=torch.Generator().manual_seed(0)).to(weight)
        _, expected = _run(model, images, ())
        pairs, _ = _run(model, torch.zeros_like(images), names)  # other images: what a hook keeps of them is no output
        replaced = {names[module]: module for pair in pairs for module in pair}
        for convolution, norm in pairs:
            _replace(model, names[convolution], fuse_conv_bn_eval(convolution, norm))
            _replace(model, names[norm], getattr(norm, "act", None) or nn.Identity())
        still_used, output = _run(model, images, replaced.values())
        equal = not still_used and bool((output - expected).abs().max() <= TOLERANCE * expected.abs().max())
    except Exception:  # a model of any make, which may want another input, or what was taken out of it
        equal = False
    if not equal:
        for name, module in replaced.items():
            _replace(model, name, module)
    return len(pairs) if equal else 0


def _run(model: nn.Module, images: torch.Tensor, watched: Iterable[nn.Module]) -> tuple[list[Pair], torch.Tensor]:
    """Among the watched, each convolution and the normalisation that got its output, both run once; the output."""
    ran: list[nn.Module] = []
    outputs: list[torch.Tensor | None] = []
    found: list[Pair] = []

    def keep(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        ran.append(module)
        outputs[:] = [output]

    def compare(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
        if outputs and inputs[0] is outputs[0] and isinstance(ran[-1], nn.Conv2d):
            found.append((ran[-1], norm))
        ran.append(norm)

    hooks = []
    for module in watched:
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(keep))
        elif isinstance(module, nn.BatchNorm2d) and _foldable(module):
            hooks.append(module.register_forward_pre_hook(compare))
    try:
        with torch.no_grad():
            output = model(images.clone()).clone()  # a model may write to its input, and output from memory of its own
    finally:
        for hook in hooks:
            hook.remove()
    once = [(convolution, norm) for convolution, norm in found if ran.count(convolution) == ran.count(norm) == 1]
    return once, output


def _foldable(norm: nn.BatchNorm2d) -> bool:
    """Whether it scales by numbers that stay, and does nothing else but timm's, which hold the activation function."""
    return norm.running_mean is not None and (type(norm) is nn.BatchNorm2d or hasattr(norm, "act"))


def _replace(model: nn.Module, name: str, module: nn.Module) -> None:
    """Put a module in the place of another."""
    parent, _, last = name.rpartition(".")
    model.get_submodule(parent).add_module(last, module)
