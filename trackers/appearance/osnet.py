"""OSNet, a small network for person re-identification.

Zhou, Yang, Cavallaro, Xiang: "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019, arXiv 1905.00953.
Written from the paper; parts bear the names that the checkpoints published with it use, so these load as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

BASE_CHANNELS = (64, 256, 384, 512)
STREAMS = ("conv2a", "conv2b", "conv2c", "conv2d")
"""Streams of a block, with receptive fields of 3, 5, 7 and 9 pixels (section 3.1, t = 1 to 4)."""


def is_osnet(weights: Mapping[str, torch.Tensor]) -> bool:
    """Whether a state dict looks like one of OSNet."""
    return {"conv1.conv.weight", "conv2.0.conv2a.conv1.weight", "conv2.0.gate.fc1.weight"} <= set(weights)


class OSNet(nn.Module):
    """OSNet of any width (paper, table 1), without the classifier it was trained with.

    Args:
        width: Multiplier of the channels (section 3.3): 1.0, 0.75, 0.5 or 0.25 in the published checkpoints.
        dimension: Length of the vectors.

    Example:
        >>> OSNet(width=0.25).eval()(torch.zeros(2, 3, 256, 128)).shape
        torch.Size([2, 512])
    """

    def __init__(self, width: float = 1.0, dimension: int = 512) -> None:
        """Build the layers with random weights."""
        super().__init__()
        stem, second, third, fourth = (int(channels * width) for channels in BASE_CHANNELS)
        self.conv1 = _Conv(3, stem, 7, stride=2)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = _stage(stem, second, last=False)
        self.conv3 = _stage(second, third, last=False)
        self.conv4 = _stage(third, fourth, last=True)
        self.conv5 = _Conv(fourth, fourth, 1)
        self.global_avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(nn.Linear(fourth, dimension), nn.BatchNorm1d(dimension), nn.ReLU())

    @classmethod
    def like(cls, weights: Mapping[str, torch.Tensor]) -> OSNet:
        """A network of the width of a checkpoint."""
        return cls(len(weights["conv1.conv.weight"]) / BASE_CHANNELS[0], len(weights["fc.0.weight"]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Vectors `(k, dimension)` of images `(k, 3, h, w)`."""
        features = self.conv5(self.conv4(self.conv3(self.conv2(self.maxpool(self.conv1(images))))))
        vectors: torch.Tensor = self.fc(self.global_avgpool(features).flatten(1))
        return vectors


class _Conv(nn.Module):
    """Convolution, batch normalisation and, unless switched off, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, relu: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.relu(self.bn(self.conv(x)))
        return y


class _Lite(nn.Module):
    """Lite 3x3 convolution: pointwise, then depthwise (section 3.1, figure 3b)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.relu(self.bn(self.conv2(self.conv1(x))))
        return y


class _Gate(nn.Module):
    """Unified aggregation gate: weighs the channels of a stream by what is in it (section 3.2, equation 3)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(self.pool(x)))))


class _Block(nn.Module):
    """Omni-scale residual block (figure 4b): four streams, one gate for all, and the input added."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        middle = outputs // 4
        self.conv1 = _Conv(inputs, middle, 1)
        self.conv2a = _Lite(middle)
        for length, name in enumerate(STREAMS[1:], start=2):
            setattr(self, name, nn.Sequential(*(_Lite(middle) for _ in range(length))))
        self.gate = _Gate(middle)
        self.conv3 = _Conv(middle, outputs, 1, relu=False)
        self.downsample = _Conv(inputs, outputs, 1, relu=False) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shared = self.conv1(x)
        mixed = sum((self.gate(getattr(self, name)(shared)) for name in STREAMS[1:]), self.gate(self.conv2a(shared)))
        y: torch.Tensor = self.conv3(mixed).add_(self.downsample(x)).relu_()
        return y


def _stage(inputs: int, outputs: int, *, last: bool) -> nn.Sequential:
    """Two blocks and, but for the last stage, a transition that halves the size."""
    blocks: list[nn.Module] = [_Block(inputs, outputs), _Block(outputs, outputs)]
    if not last:
        blocks.append(nn.Sequential(_Conv(outputs, outputs, 1), nn.AvgPool2d(2, stride=2)))
    return nn.Sequential(*blocks)
