"""What `extract_features` costs on a CPU by each runtime, crops included.

    python tests/benchmarks/runtimes.py [--checkpoint OSNET.pth] [--model NAME] [--boxes 10 50] [--rounds 20]

One 1920x1080 frame; the runtimes take turns, and a figure is the median of the rounds. The first frame is the export,
the opening and the comparison with PyTorch: once without anything kept, once more with what the first start has kept.
The last column is the largest cosine distance between a vector and PyTorch's.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import torch
from feature_extractor import WARM_UP, boxes  # type: ignore[import-not-found,unused-ignore]

from trackers import DeepSORTFeatureExtractor

RUNTIMES = ("torch", "openvino", "onnxruntime")


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", help="weights of OSNet; without them a model of timm is timed")
    parser.add_argument(
        "--model", default="mobilenetv4_conv_small.e1200_r224_in1k", help="name in timm, random weights"
    )
    parser.add_argument("--boxes", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()

    def make(runtime: str) -> DeepSORTFeatureExtractor:
        torch.manual_seed(0)
        if options.checkpoint:
            return DeepSORTFeatureExtractor.from_checkpoint(options.checkpoint, device="cpu", runtime=runtime)
        return DeepSORTFeatureExtractor.from_timm(options.model, device="cpu", pretrained=False, runtime=runtime)

    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TRACKERS_CACHE"] = cache
        first = {name: seconds(partial(make(name).extract_features, frame, boxes(10))) for name in RUNTIMES}
        made = {name: make(name) for name in RUNTIMES}
        again = {name: seconds(partial(one.extract_features, frame, boxes(10))) for name, one in made.items()}
        print(f"{options.checkpoint or options.model}, {torch.get_num_threads()} threads, torch {torch.__version__}")
        print(
            "runtime      first frame  again      "
            + "  ".join(f"{count:>4} boxes, ms  ratio" for count in options.boxes)
        )
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in RUNTIMES}
        for count in options.boxes:
            found = boxes(count)
            times: dict[str, list[float]] = {name: [] for name in RUNTIMES}
            for turn in range(WARM_UP + options.rounds):
                for name, one in made.items():
                    taken = seconds(partial(one.extract_features, frame, found))
                    if turn >= WARM_UP:
                        times[name].append(taken)
            for name in RUNTIMES:
                rows[name].append((1e3 * median(times[name]), median(times[name]) / median(times["torch"])))
        expected = made["torch"].extract_features(frame, boxes(50))
        for name, one in made.items():
            apart = float((1.0 - (expected * one.extract_features(frame, boxes(50))).sum(1)).max())
            cells = "  ".join(f"{milliseconds:>14.1f} {ratio:>6.2f}" for milliseconds, ratio in rows[name])
            print(f"{name:<12} {first[name]:>9.1f} s {again[name]:>6.1f} s  {cells}  {apart:.1e}")


if __name__ == "__main__":
    main()
