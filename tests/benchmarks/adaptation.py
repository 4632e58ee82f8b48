"""What vectors gain that learn from the video itself: tracking quality, declines, and what it costs.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/adaptation.py
    TRACKERS_DATA=/path/to/data python tests/benchmarks/adaptation.py --vectors stripes --copies 6
    TRACKERS_DATA=/path/to/data python tests/benchmarks/adaptation.py left-out

prints HOTA / IDF1 / ID switches on the six sequences of `identity.py`: vectors as they are, with two passes over each
video, and learned while the tracker runs; plain and as the mean over perturbed copies; on how many of the sequences and
copies the map was adopted; and the seconds that the second pass waits for the map, per minute of video.

`others` prints the same for other footage: MOT16-11b with stored vectors of OSNet and with stripes, and
drawn people, cars, fish and what a drone sees, with stripes.

`left-out` chooses the settings of the map anew for each sequence, by the five others, and joins the six scores.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import supervision as sv
from identity import RATES, cell, left_out, stream  # type: ignore[import-not-found,unused-ignore]
from refinement import described  # type: ignore[import-not-found,unused-ignore]

from trackers import DeepSORTTracker, SteadySORTTracker, StripeFeatureExtractor
from trackers.appearance.adaptation import adapt_vectors, learning, projection
from trackers.evaluation import Scores, combine, evaluate_sequence, format_table
from trackers.io import open_source
from trackers.sample import ObjectScene, Scene
from trackers.table import BoxTable

THRESHOLDS = {"mobilenetv2_100": 0.15, "stripes": 0.2, "osnet": 0.3, "retail0248": 0.3}
"""Vectors and the threshold of each as they are."""

TRACKERS: dict[str, tuple[Callable[..., Any], float]] = {
    "SteadySORT": (SteadySORTTracker, 0.1),
    "DeepSORT": (DeepSORTTracker, 0.5),
}
"""Trackers, and the lowest confidence they get."""

SEEDS = 4
"""Drawn scenes of each kind."""

WAYS = ("as they are", "two passes", "while it runs")

CHOICES = {"SHRINKAGE": (0.05, 0.1, 0.3), "PRINCIPAL": (128, 256), "GAIN": (0.8, 0.9, 1.0)}
"""Settings that the left-out score chooses from."""


class Run(NamedTuple):
    """Scores of one sequence, whether a map was adopted, and the seconds it took to learn."""

    scores: Scores
    adapted: bool
    seconds: float


def run(vectors: str, tracker: str, way: str, sequence: str, copy: int | None = None) -> Run:
    """Track one sequence."""
    frames, truth = stream(sequence, copy, vectors)
    return follow(frames, truth, RATES[sequence], vectors, tracker, way, sequence)


def follow(
    frames: list[sv.Detections], truth: BoxTable, rate: float, vectors: str, tracker: str, way: str, name: str
) -> Run:
    """Track frames with vectors, learning in one of the ways."""
    make, lowest = TRACKERS[tracker]
    options: dict[str, Any] = {"frame_rate": rate, "appearance_threshold": THRESHOLDS[vectors]}
    adapted, seconds = False, 0.0
    if way == "two passes":
        start = time.perf_counter()
        learned = adapt_vectors(frames, appearance_threshold=THRESHOLDS[vectors])
        seconds, adapted = time.perf_counter() - start, learned.report.adapted
        if adapted:
            options["appearance_threshold"] = learned.appearance_threshold
            frames = [_mapped(frame, learned.transform(frame.data["embedding"])) for frame in frames]
    one = make(**options, adapt=way == "while it runs")
    rows = [frame[np.asarray(frame.confidence) >= np.float32(lowest)] for frame in frames]
    outputs = BoxTable.from_detections(one.update(frame) for frame in rows)
    if way == "while it runs":
        adapted = one._adaptation is not None and one._adaptation.threshold is not None
    return Run(evaluate_sequence(truth, outputs, name=name), adapted, seconds)


def _mapped(frame: sv.Detections, vectors: Any) -> sv.Detections:
    return sv.Detections(frame.xyxy, confidence=frame.confidence, data={"embedding": vectors})


def compare(kinds: Sequence[str], trackers: Sequence[str], copies: int) -> list[dict[str, str]]:
    """One row for each kind of vectors, tracker and way."""
    table = []
    minutes = sum(len(stream(name, None, kinds[0])[0]) / rate for name, rate in RATES.items()) / 60.0
    for kind, tracker, way in itertools.product(kinds, trackers, WAYS):
        plain = [run(kind, tracker, way, sequence) for sequence in RATES]
        perturbed = [[run(kind, tracker, way, sequence, copy) for sequence in RATES] for copy in range(copies)]
        row = {
            "vectors": kind,
            "tracker": tracker,
            "way": way,
            "plain": cell([combine([one.scores for one in plain])]),
            "perturbed": cell([combine([one.scores for one in copy]) for copy in perturbed]) if copies else "",
            "adapted": f"{sum(one.adapted for one in plain)} of {len(RATES)}",
            "adapted, perturbed": f"{sum(one.adapted for copy in perturbed for one in copy)} of {copies * len(RATES)}",
            "s per minute": f"{sum(one.seconds for one in plain) / minutes:.2f}",
            **{one.scores.name: cell([one.scores]) for one in plain},
        }
        table.append(row)
        print(*row.values(), sep=" | ", file=sys.stderr, flush=True)
    return table


def with_stripes(found: list[sv.Detections], images: Iterable[Any]) -> list[sv.Detections]:
    """Detections with the vectors of the stripes, one for each image."""
    for one, image in zip(found, images, strict=True):
        one.data["embedding"] = StripeFeatureExtractor().extract_features(image, one)
    return found


def drawn(scene: Any) -> tuple[list[sv.Detections], BoxTable]:
    """Noisy detections of a drawn scene with stripes, and its ground truth."""
    found = [scene.detections(index) for index in range(len(scene))]
    truth = BoxTable.from_detections(scene.truth(index) for index in range(len(scene)))
    return with_stripes(found, scene.frames()), truth


def later_half(vectors: str) -> tuple[list[sv.Detections], BoxTable]:
    """The second half of MOT16-11."""
    ((_, _, found, truth),) = described("osnet", -np.inf, None, more=True)
    if vectors == "osnet":
        return found, truth
    source = open_source(Path(os.environ["TRACKERS_DATA"]) / "more/mot/MOT16-11b")
    return with_stripes(found, (image for _, image in source)), truth


def others() -> list[dict[str, str]]:
    """One row for each way on footage that is not of the six sequences."""
    scenes: dict[str, Callable[[int], Any]] = {
        "drawn people": lambda seed: Scene(seed=5 + seed, length=600),
        "drawn cars": lambda seed: ObjectScene.cars(seed=seed),
        "drawn fish": lambda seed: ObjectScene.fish(seed=seed),
        "drawn drone's view": lambda seed: ObjectScene.drone(seed=seed),
    }
    footage: dict[str, list[tuple[Any, ...]]] = {
        "MOT16-11b, OSNet": [("osnet", 30.0, *later_half("osnet"))],
        "MOT16-11b, stripes": [("stripes", 30.0, *later_half("stripes"))],
    }
    for kind, make in scenes.items():
        made = [make(seed) for seed in range(SEEDS)]
        footage[f"{kind}, stripes"] = [("stripes", getattr(one, "frame_rate", 25.0), *drawn(one)) for one in made]
    table = []
    for name, parts in footage.items():
        for way in WAYS:
            runs = [
                follow(frames, truth, rate, vectors, "SteadySORT", way, f"{name} {number}")
                for number, (vectors, rate, frames, truth) in enumerate(parts)
            ]
            adopted = f"{sum(one.adapted for one in runs)} of {len(runs)}"
            scores = cell([combine([one.scores for one in runs])])
            table.append({"footage": name, "SteadySORT": way, "HOTA / IDF1 / ID switches": scores, "adapted": adopted})
            print(*table[-1].values(), sep=" | ", file=sys.stderr, flush=True)
    return table


def choose_on_the_others(kinds: Sequence[str]) -> list[dict[str, str]]:
    """The score of each sequence with the settings that did best on the five others, joined."""
    table = []
    for kind in kinds:
        tried = []
        for values in itertools.product(*CHOICES.values()):
            setting = dict(zip(CHOICES, values, strict=True))
            with (
                mock.patch.object(projection, "SHRINKAGE", setting["SHRINKAGE"]),
                mock.patch.object(projection, "PRINCIPAL", setting["PRINCIPAL"]),
                mock.patch.object(learning, "GAIN", setting["GAIN"]),
            ):
                tried.append([run(kind, "SteadySORT", "two passes", sequence).scores for sequence in RATES])
            print(kind, setting, cell([combine(tried[-1])]), file=sys.stderr, flush=True)
        table.append({"vectors": kind, "left out": cell([combine(left_out(tried))])})
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("compare", "others", "left-out"), default="compare")
    parser.add_argument("--vectors", nargs="+", default=list(THRESHOLDS)[:3], choices=list(THRESHOLDS))
    parser.add_argument("--trackers", nargs="+", default=list(TRACKERS), choices=list(TRACKERS))
    parser.add_argument("--copies", type=int, default=4, help="perturbed copies")
    options = parser.parse_args()
    if "TRACKERS_DATA" not in os.environ:
        sys.exit("TRACKERS_DATA must name the folder of real data")
    if options.what == "left-out":
        table = choose_on_the_others(options.vectors)
    elif options.what == "others":
        table = others()
    else:
        table = compare(options.vectors, options.trackers, options.copies)
    print(format_table(table, "markdown"))


if __name__ == "__main__":
    main()
