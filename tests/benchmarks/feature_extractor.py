"""What turning boxes into vectors costs beside the network's forward pass on a batch that is ready.

    python tests/benchmarks/feature_extractor.py [--model NAME] [--device cpu] [--boxes 10 50 100] [--compile]

For each number of boxes of one 1920x1080 frame, milliseconds (smallest of several runs, the ways taking turns) of: the
bare forward pass of timm's network at each block size and in the blocks that the extractor has settled on, which are
printed last; at the best of these, with batch normalisations folded, as the extractor runs it; `extract_features`; it
on one box at a time; and what is written without a library, timm's own transform of each crop and timm's network on it
alone. The ratios are those of `extract_features` to the best bare passes, as timm has the network and folded, and of
the last two to `extract_features`. With `--compile`, all but the last run compiled, on CUDA as recorded graphs.
`--processor-time` does not count what else a busy machine does; it tells something on one CPU thread only.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import supervision as sv
import timm
import torch
from PIL import Image

from trackers.appearance.compiled import Compiled
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor

WARM_UP = 48
"""Frames after which the extractor has timed every block size it tries."""

BLOCKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def boxes(count: int, seed: int = 0) -> sv.Detections:
    """People-shaped boxes, 80 to 450 pixels high, anywhere in the frame."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(80, 450, count)
    size = np.stack((0.4 * height, height), axis=1)
    corner = rng.uniform(0, 1, (count, 2)) * (np.array([1920, 1080]) - size)
    return sv.Detections(xyxy=np.concatenate((corner, corner + size), axis=1))


def forward(model: Any, batch: Any, split: int | list[int]) -> Callable[[], None]:
    """The forward pass over a batch in blocks of one size or of several, outputs brought back."""

    def run() -> None:
        with torch.inference_mode():
            for block in batch.split(split):
                model(block).float().cpu()

    return run


def passes(model: Any, batch: torch.Tensor, label: str, settled: list[int]) -> dict[str, Callable[[], object]]:
    """The forward pass at every block size, and in the blocks that were settled on."""
    sizes = {f"{label}/{block}": forward(model, batch, block) for block in BLOCKS if block <= len(batch)}
    return {**sizes, f"{label}/own": forward(model, batch, settled)}


def plain(model: Any, frame: Any, found: sv.Detections, device: torch.device) -> Callable[[], None]:
    """Crop, transform and embed one box after the other, as timm's documentation shows for one image."""
    data: Any = timm.data
    transform = data.create_transform(**data.resolve_model_data_config(model))

    def run() -> None:
        with torch.inference_mode():
            for x1, y1, x2, y2 in found.xyxy.astype(int).tolist():
                crop = transform(Image.fromarray(frame[y1:y2, x1:x2, ::-1]))
                model(crop[None].to(device)).float().cpu()

    return run


def smallest(ways: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Milliseconds of each way, the smallest of some rounds in which all take turns."""
    best = dict.fromkeys(ways, float("inf"))
    for number in range(rounds + 1):
        for name, way in ways.items():
            start = clock()
            way()
            if number:
                best[name] = min(best[name], 1e3 * (clock() - start))
    return best


def measure(
    name: str, extractor: DeepSORTFeatureExtractor, count: int, rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Milliseconds of every way for so many boxes: passes by block size, `extract`, `singly` and `plain`."""
    network: Any = extractor._network
    model = timm.create_model(name, pretrained=False, num_classes=0).eval().to(network.device, network.dtype)
    model = model.to(memory_format=torch.channels_last)
    bare = Compiled(model, graphs=network.device.type == "cuda") if isinstance(network._run, Compiled) else model
    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    found = boxes(count)
    batch = torch.rand((count, 3, *network.preprocessing.size), device=network.device)
    batch = batch.to(network.dtype, memory_format=torch.channels_last)
    for _ in range(WARM_UP):
        extractor.extract_features(frame, found)
    settled = network.blocks.split(count)
    ways: dict[str, Callable[[], object]] = passes(bare, batch, "timm", settled)
    ways |= passes(network._run, batch, "folded", settled)
    alone = [sv.Detections(xyxy=box[None]) for box in found.xyxy]
    ways["extract"] = lambda: extractor.extract_features(frame, found)
    ways["singly"] = lambda: [extractor.extract_features(frame, one) for one in alone]
    ways["plain"] = plain(model, frame, found, network.device)
    return smallest(ways, rounds, clock)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mobilenetv4_conv_small.e1200_r224_in1k")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--boxes", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--processor-time", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.processor_time else time.perf_counter
    blocks = [*(f"timm/{block}" for block in BLOCKS if block <= max(options.boxes)), "timm/own"]
    write = sys.stdout.write
    write(f"{options.model}, {torch.get_num_threads()} CPU threads, torch {torch.__version__}, milliseconds\n")
    columns = "".join(column.rjust(9) for column in (*blocks, "folded", "extract", "singly", "plain"))
    write(f"{'boxes':>5}{columns}  ratios, blocks\n")
    for count in options.boxes:
        extractor = DeepSORTFeatureExtractor.from_timm(
            options.model, options.device, pretrained=False, half=False, compile=options.compile
        )
        took = measure(options.model, extractor, count, options.rounds, clock)
        bare, folded = (
            min(value for name, value in took.items() if name.startswith(label)) for label in ("timm/", "folded/")
        )
        ours = took["extract"]
        write(f"{count:5}" + "".join(f"{took.get(block, float('nan')):9.1f}" for block in blocks))
        write("".join(f"{value:9.1f}" for value in (folded, ours, took["singly"], took["plain"])))
        ratios = (ours / bare, ours / folded, took["singly"] / ours, took["plain"] / ours)
        write("".join(f"{ratio:8.2f}" for ratio in ratios) + f"  {extractor._network.blocks.split(count)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
