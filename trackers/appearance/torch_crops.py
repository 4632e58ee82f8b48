"""Crops as tensors: cut from a frame and resized with antialiasing, on the CPU or in one go on an accelerator.

Both ways weigh pixels equally, as Pillow and torchvision do. They differ in speed alone: on a CPU, PyTorch's vectorised
uint8 kernel on one window after the other is several times faster than `grid_sample` or `roi_align` on all of them; on
an accelerator every call costs a launch, so all windows are resized by two batched matrix products.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812

from trackers.appearance.preprocessing import Preprocessing
from trackers.boxes import Bools, Ints

LARGEST_GATHER = 1 << 26
"""Pixels of all windows, padded to the largest, that may be held at once (about 1 GB as float32)."""


def sent(array: npt.NDArray[Any], device: torch.device) -> torch.Tensor:
    """An array as a tensor on a device; to CUDA through pinned memory, without waiting for the copy.

    Args:
        array: Any array that may be written to; never float64, which not every device has.
        device: Where to.

    Returns:
        The tensor; on the CPU it shares the array's memory.
    """
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def cut_each(image: torch.Tensor, windows: Ints, masks: Bools | None, settings: Preprocessing) -> torch.Tensor:
    """Cut and resize window by window, in uint8.

    Args:
        image: Frame on the CPU, uint8, shape `(1, 3, height, width)`, channels last in memory.
        windows: Whole-pixel corners, shape `(k, 4)`.
        masks: Pixels of each object, shape `(k, height, width)`, or None.
        settings: Size, interpolation, fit and colour of what is not the object's.

    Returns:
        uint8 crops of shape `(k, 3, *size)`, channels last in memory, colours in the frame's order.
    """
    places = settings.places(windows)
    fill = torch.from_numpy(settings.fill()).view(1, 3, 1, 1)
    crops = torch.empty((len(windows), 3, *settings.size), dtype=torch.uint8, memory_format=torch.channels_last)
    if settings.fit == "letterbox":
        crops.copy_(fill.expand_as(crops))
    corners = np.concatenate((windows, places), axis=1).tolist()
    for index, (left, top, right, bottom, x1, y1, x2, y2) in enumerate(corners):
        # The kernel for three channels side by side, which is the fast one, wants them without gaps.
        window = image[:, :, top:bottom, left:right].contiguous(memory_format=torch.channels_last)
        if masks is not None:
            mask = torch.from_numpy(np.array(masks[index, top:bottom, left:right]))
            window = torch.where(mask, window, fill)
        crops[index : index + 1, :, y1:y2, x1:x2] = F.interpolate(
            window, (y2 - y1, x2 - x1), mode=settings.interpolation, antialias=True
        )
    return crops


def cut_batch(image: torch.Tensor, windows: Ints, masks: Bools | None, settings: Preprocessing) -> torch.Tensor:
    """Cut and resize all windows at once by matrix products, on the image's device.

    Args:
        image: Frame of shape `(1, 3, height, width)`.
        windows: Whole-pixel corners, shape `(k, 4)`.
        masks: Pixels of each object, shape `(k, height, width)`, or None.
        settings: Size, interpolation, fit and colour of what is not the object's.

    Returns:
        float32 crops from 0 to 255, shape `(k, 3, *size)`, colours in the frame's order.
    """
    widest, highest = (windows[:, 2:] - windows[:, :2]).max(axis=0).tolist()
    step = max(1, LARGEST_GATHER // (widest * highest * 3))
    if len(windows) > step:
        pieces = [slice(start, start + step) for start in range(0, len(windows), step)]
        return torch.cat(
            [cut_batch(image, windows[at], None if masks is None else masks[at], settings) for at in pieces]
        )
    device = image.device
    corners = sent(windows, device)
    places = sent(settings.places(windows).astype(np.float32), device)
    rows = (corners[:, 1, None] + torch.arange(highest, device=device)).clamp_(max=image.shape[2] - 1)[:, :, None]
    columns = (corners[:, 0, None] + torch.arange(widest, device=device)).clamp_(max=image.shape[3] - 1)[:, None, :]
    pixels = image[0][:, rows, columns].movedim(0, 1).float()
    fill = _fill(settings, device)
    if masks is not None:
        each = torch.arange(len(windows), device=device)[:, None, None]
        pixels = torch.where(sent(masks, device)[each, rows, columns][:, None], pixels, fill)
    vertical = _weights(corners[:, 1::2], places[:, 1::2], settings.size[0], highest, settings.interpolation)
    horizontal = _weights(corners[:, 0::2], places[:, 0::2], settings.size[1], widest, settings.interpolation)
    crops = (vertical[:, None] @ (pixels @ horizontal.mT[:, None])).clamp_(0.0, 255.0)
    if settings.fit == "letterbox":
        outside = (vertical.sum(2)[:, None, :, None] * horizontal.sum(2)[:, None, None, :]) == 0.0
        crops = torch.where(outside, fill, crops)
    return crops


def _weights(source: torch.Tensor, place: torch.Tensor, size: int, longest: int, interpolation: str) -> torch.Tensor:
    """Share of each source pixel in each target pixel of one axis, shape `(k, size, longest)`; rows sum to 1 or 0."""
    length = (source[:, 1] - source[:, 0]).float()[:, None, None]
    start, end = place[:, 0, None, None], place[:, 1, None, None]
    scale = length / (end - start)
    target = torch.arange(size, device=source.device, dtype=torch.float32)[None, :, None]
    pixel = torch.arange(longest, device=source.device, dtype=torch.float32)[None, None, :]
    distance = (pixel + 0.5 - (target + 0.5 - start) * scale).abs() / scale.clamp(min=1.0)
    weights = _cubic(distance) if interpolation == "bicubic" else (1.0 - distance).clamp(min=0.0)
    weights = torch.where((pixel < length) & (target >= start) & (target < end), weights, 0.0)
    total = weights.sum(2, keepdim=True)
    return torch.where(total != 0.0, weights / torch.where(total != 0.0, total, 1.0), 0.0)


def _cubic(x: torch.Tensor) -> torch.Tensor:
    """Keys' cubic kernel with a = -0.5, the one for antialiased resizing (IEEE TASSP 29(6), 1981, equation 15)."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return torch.where(x < 1.0, near, torch.where(x < 2.0, far, torch.zeros_like(x)))


def to_input(
    crops: torch.Tensor, settings: Preprocessing, weight: torch.Tensor | None, memory: torch.Tensor | None = None
) -> torch.Tensor:
    """Scale crops and bring their colours into the model's order.

    The factors are laid out along whole rows of pixels: long inner loops are several times faster than loops of three.

    Args:
        crops: BGR crops from 0 to 255, shape `(k, 3, h, w)`.
        settings: Mean, standard deviation, scale and colour order.
        weight: Weight of each pixel, shape `(h, w)`, or None.
        memory: float32 tensor of shape `(k, h, w, 3)` to write to; None takes new memory.

    Returns:
        float32 model input of shape `(k, 3, h, w)`, channels last in memory.
    """
    order, factor, offset = _colours(settings, crops.shape[3], crops.device)
    ordered = torch.index_select(crops.permute(0, 2, 3, 1), 3, order)
    pixels = ordered.float() if memory is None else memory.copy_(ordered)
    pixels.view(-1, len(factor)).mul_(factor).add_(offset)
    if weight is not None:
        pixels *= weight[:, :, None]
    return pixels.permute(0, 3, 1, 2)


@lru_cache(maxsize=32)
def _fill(settings: Preprocessing, device: torch.device) -> torch.Tensor:
    """Colour of what is not the object's, kept on the device, shape `(1, 3, 1, 1)`."""
    return torch.from_numpy(settings.fill().astype(np.float32)).to(device).view(1, 3, 1, 1)


@lru_cache(maxsize=32)
def _colours(
    settings: Preprocessing, width: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Order of the colours, and factor and offset of each number of a row of pixels, kept on the device."""
    order = torch.tensor([2, 1, 0] if settings.color == "rgb" else [0, 1, 2], device=device)
    factor, offset = (
        torch.from_numpy(np.tile(each, width).astype(np.float32)).to(device) for each in settings.affine()
    )
    return order, factor, offset
