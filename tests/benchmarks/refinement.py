"""What hindsight is worth: HOTA / IDF1 / ID switches online, a second later, and with the whole video there.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/refinement.py tracks
    TRACKERS_DATA=/path/to/data python tests/benchmarks/refinement.py boxes
    TRACKERS_DATA=/path/to/data python tests/benchmarks/refinement.py settings
    python tests/benchmarks/refinement.py cost

- **tracks**: the six sequences of `identity.py`, and MOT16-11b, which had no say in anything: trackers with and without
  vectors, and SteadySORT's refined tracks without each step. Tremble is the mean absolute second difference of the
  corners, in box heights. Robust is the mean over perturbed copies, as in `identity.py`.
- **boxes**: motion alone, on people, cars and fish of other detectors.
- **settings**: for each of the six sequences the settings that did best on the five others, out of random draws, and
  the six such scores joined: what to expect on a video that nobody tuned for.
- **cost**: an hour of ten people at 30 frames per second; seconds of processor time.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import supervision as sv
from identity import RATES, cell, left_out, moved, stream  # type: ignore[import-not-found,unused-ignore]

from trackers import ByteTrackTracker, DeepSORTTracker, FixedLag, SteadySORTTracker, refine
from trackers.core.base import Tracker
from trackers.evaluation import Scores, combine, evaluate_sequence, format_table
from trackers.io.mot import read_mot
from trackers.io.sequences import read_sequence
from trackers.refinement import backdating, gaps, smoothing, unsure
from trackers.table import BoxTable

Frames = list[sv.Detections]
Way = Callable[[Frames, float], Frames]

STEPS: Mapping[str, Way] = {
    "refined": lambda frames, rate: refine(frames, frame_rate=rate),
    "- no ids for early boxes": lambda frames, rate: without_backdating(frames, rate),
    "- unsure tracks keep their ids": lambda frames, rate: refine(frames, frame_rate=rate, relative_confidence=0.0),
    "- no gaps filled": lambda frames, rate: refine(frames, frame_rate=rate, longest_gap=0.0),
    "- boxes not smoothed": lambda frames, rate: refine(frames, frame_rate=rate, smooth=False),
}

DRAWS: Mapping[tuple[Any, str], Sequence[float]] = {
    (backdating, "MINIMUM_IOU"): (0.5, 0.6, 0.7, 0.8),
    (gaps, "FARTHEST"): (0.5, 1.0, 2.0),
    (gaps, "GROWTH"): (1.2, 1.35, 1.6),
    (gaps, "KNOWN"): (0.2, 0.5, 1.0),
    (smoothing, "PACE"): (0.5, 0.7, 0.85, 1.0, 1.5),
    (smoothing, "GROWTH"): (0.1, 0.2, 0.4),
    (smoothing, "ABRUPT"): (0.7, 0.9, 1.2),
}


RELATIVE_CONFIDENCE = (0.0, 0.5, 0.6, 0.65, 0.7, 0.8)
"""Draws for `refine(relative_confidence=...)`."""


def without_backdating(frames: Frames, rate: float) -> Frames:
    with mock.patch.object(backdating, "MINIMUM_IOU", 2.0):
        return refine(frames, frame_rate=rate)


def delayed(tracker: Tracker[Any], frames: Frames) -> Frames:
    """What a lag of one second makes of the detections."""
    lag = FixedLag(tracker, seconds=1.0)
    return [final for frame in frames for final in lag.push(frame)] + lag.flush()


def score(truth: BoxTable, frames: Frames, name: str) -> Scores:
    return evaluate_sequence(truth, BoxTable.from_detections(frames), name=name)


def tremble(frames: Frames) -> float:
    table = BoxTable.from_detections(frames)
    order = np.lexsort((table.frame, table.tracker_id))
    frame, track, boxes = table.frame[order], table.tracker_id[order], table.xyxy[order]
    rows = np.flatnonzero((track[2:] == track[:-2]) & (frame[2:] - frame[:-2] == 2)) + 1
    second = np.abs(boxes[rows - 1] - 2.0 * boxes[rows] + boxes[rows + 1]).mean(axis=1)
    return float(np.mean(second / (boxes[rows, 3] - boxes[rows, 1])))


def described(name: str, lowest: float, copy: int | None, more: bool) -> Iterator[tuple[str, float, Frames, BoxTable]]:
    """Sequences with stored boxes: name, frame rate, detections and truth; `more` is the one nobody tuned on."""
    if more:
        folder = Path(os.environ["TRACKERS_DATA"]) / "more"
        stored = np.load(folder / "golden/MOT16-11b/detections.npz")
        truth = read_mot(folder / "mot/MOT16-11b/gt/gt.txt")
        truth = truth.rows((truth.confidence != 0) & (truth.class_id == 1))
        last = int(max(stored["frame"].max(), truth.frame.max()))
        rows = [np.flatnonzero(stored["frame"] == number) for number in range(1, last + 1)]
        vectors = stored["osnet"].astype(np.float32)
        frames = [
            sv.Detections(
                stored["xyxy"][r].astype(np.float64), confidence=stored["confidence"][r], data={"embedding": vectors[r]}
            )
            for r in rows
        ]
        yield "MOT16-11b", 30.0, kept(frames, lowest), truth
        return
    for sequence, rate in RATES.items():
        frames, truth = stream(sequence, copy, name)
        yield sequence, rate, kept(frames, lowest), truth


def kept(frames: Frames, lowest: float) -> Frames:
    return [one[np.asarray(one.confidence) >= np.float32(lowest)] for one in frames]  # type: ignore[misc]


RUNS: Mapping[str, tuple[str, float, Callable[..., Tracker[Any]], Mapping[str, Any]]] = {
    "SteadySORT, OSNet": ("osnet", 0.1, SteadySORTTracker, {"appearance_threshold": 0.3}),
    "SteadySORT, OSNet, boxes from 0.3": ("osnet", 0.3, SteadySORTTracker, {"appearance_threshold": 0.3}),
    "SteadySORT, stripes": ("stripes", 0.1, SteadySORTTracker, {"appearance_threshold": 0.2}),
    "SteadySORT, no vectors": ("none", 0.1, SteadySORTTracker, {}),
    "DeepSORT, OSNet": ("osnet", 0.3, DeepSORTTracker, {"appearance_threshold": 0.3}),
}


def play(
    run: str, ways: Sequence[str], copy: int | None, *, more: bool = False
) -> dict[str, list[tuple[Scores, float]]]:
    """Score and tremble of each way on each sequence."""
    vectors, lowest, make, options = RUNS[run]
    changed = options if copy is None else moved(options, copy)
    results: dict[str, list[tuple[Scores, float]]] = {way: [] for way in ways}
    for name, rate, frames, truth in described(vectors, lowest, copy, more):
        tracker = make(frame_rate=rate, **changed)
        outputs = [tracker.update(frame) for frame in frames]
        for way in ways:
            if way == "a second later":
                better = delayed(make(frame_rate=rate, **changed), frames)
            else:
                better = outputs if way == "online" else STEPS[way](outputs, rate)
            results[way].append((score(truth, better, name), tremble(better)))
    return results


def by_tracks(copies: int) -> Iterator[dict[str, str]]:
    for run, (vectors, *_) in RUNS.items():
        ways = ["online", *(STEPS if run == "SteadySORT, OSNet" else ["refined"])]
        # With a lag all is refined anew on every frame, which takes long: once is enough.
        once = ["a second later"] if run == "SteadySORT, OSNet" else []
        plain = play(run, [*ways, *once], None)
        more = play(run, [*ways, *once], None, more=True) if vectors == "osnet" else {}
        robust = [play(run, ways, copy) for copy in range(copies)]
        for way, scores in plain.items():
            copied = [combine([one for one, _ in results[way]]) for results in robust if way in results]
            yield {
                "tracks": f"{run}: {way}",
                "six": cell([combine([one for one, _ in scores])]),
                "robust": cell(copied) if copied else "",
                "MOT16-11b": cell([one for one, _ in more[way]]) if more else "",
                "tremble": f"{np.mean([shaken for _, shaken in scores]):.4f}",
                **{one.name: cell([one]) for one, _ in scores},
            }


def by_boxes() -> Iterator[dict[str, str]]:
    root = Path(os.environ["TRACKERS_DATA"])
    folders = [(one, True) for part in ("data", "more") for one in sorted((root / part / "gt_only").iterdir())]
    folders += [(one, False) for one in sorted((root / "more/boxes").iterdir())]
    total: dict[str, list[Scores]] = {}
    for folder, people in folders:
        files = [folder / "det" / f"det_{name}.txt" for name in ("sdp", "frcnn")] if people else folder.glob("det_*")
        truth = read_mot(folder / "gt/gt.txt")
        truth = truth.rows((truth.confidence != 0) & ((truth.class_id == 1) if people else True))
        rate = read_sequence(folder).frame_rate or 30.0
        for file in sorted(files):
            boxes = np.loadtxt(file, delimiter=",")
            boxes[:, 4:6] += boxes[:, 2:4]
            last = int(max(truth.frame.max(), boxes[:, 0].max()))
            rows = (boxes[boxes[:, 0] == number] for number in range(1, last + 1))
            frames = [sv.Detections(one[:, 2:6], confidence=one[:, 6]) for one in rows]
            line = {"sequence": f"{folder.name} {file.stem[4:]}"}
            for name, make in (("SteadySORT", SteadySORTTracker), ("ByteTrack", ByteTrackTracker)):
                tracker = make(frame_rate=rate)
                outputs = [tracker.update(frame) for frame in frames]
                for way, better in (("online", outputs), ("refined", refine(outputs, frame_rate=rate))):
                    one = score(truth, better, folder.name)
                    line[f"{name} {way}"] = cell([one])
                    total.setdefault(f"{name} {way}", []).append(one)
            yield line
    yield {"sequence": "all", **{name: cell([combine(scores)]) for name, scores in total.items()}}


def by_settings(draws: int) -> Iterator[dict[str, str]]:
    for vectors, threshold in (("osnet", 0.3), ("stripes", 0.2)):
        tracked = []
        for name, rate, frames, truth in described(vectors, 0.1, None, more=False):
            tracker = SteadySORTTracker(frame_rate=rate, appearance_threshold=threshold)
            tracked.append((name, rate, [tracker.update(frame) for frame in frames], truth))
        rng, tried = np.random.default_rng(0), []
        for draw in range(draws):
            with ExitStack() as patched:
                for (module, constant), choices in DRAWS.items():
                    value = getattr(module, constant) if draw == 0 else choices[int(rng.integers(len(choices)))]
                    patched.enter_context(mock.patch.object(module, constant, value))
                confident = (
                    unsure.RELATIVE_CONFIDENCE
                    if draw == 0
                    else RELATIVE_CONFIDENCE[int(rng.integers(len(RELATIVE_CONFIDENCE)))]
                )
                tried.append(
                    [
                        score(truth, refine(frames, frame_rate=rate, relative_confidence=confident), name)
                        for name, rate, frames, truth in tracked
                    ]
                )
        yield {
            "vectors": vectors,
            "online": cell([combine([score(truth, frames, name) for name, _, frames, truth in tracked])]),
            "as it is": cell([combine(tried[0])]),
            "left out": cell([combine(left_out(tried))]),
            "mean of all draws": cell([combine(one) for one in tried[1:]]),
        }


def by_cost() -> Iterator[dict[str, str]]:
    frames, people = 108_000, 10
    rng = np.random.default_rng(0)
    number = np.repeat(np.arange(1, frames + 1), people)
    place = np.cumsum(rng.normal(0, 1, (frames, people, 2)), axis=0).reshape(-1, 2)
    xywh = np.hstack((place + rng.normal(0, 1, place.shape), np.full(place.shape, (40.0, 90.0))))
    found = rng.random(len(number)) < 0.97
    for label, ids in (
        ("ten tracks of an hour", np.tile(np.arange(1, people + 1), frames)),
        ("a new track each half minute", number // 900 * people + np.tile(np.arange(1, people + 1), frames)),
    ):
        table = BoxTable.from_rows(frame=number[found], tracker_id=ids[found], xywh=xywh[found], confidence=0.8)
        bounds = np.searchsorted(table.frame, np.arange(1, frames + 2))
        xyxy = table.xyxy
        detections = [
            sv.Detections(
                xyxy[start:stop], confidence=table.confidence[start:stop], tracker_id=table.tracker_id[start:stop]
            )
            for start, stop in itertools.pairwise(bounds)
        ]
        start = time.process_time()
        refine(table, frame_rate=30)
        middle = time.process_time()
        refine(detections, frame_rate=30)
        end = time.process_time()
        yield {
            "an hour": label,
            "table, seconds": f"{middle - start:.1f}",
            "list of detections, seconds": f"{end - middle:.1f}",
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("tracks", "boxes", "settings", "cost"))
    parser.add_argument("--copies", type=int, default=6, help="perturbed copies")
    parser.add_argument("--draws", type=int, default=30, help="random settings")
    options = parser.parse_args()
    if options.what != "cost" and "TRACKERS_DATA" not in os.environ:
        sys.exit("TRACKERS_DATA must name the folder of real data")
    rows = {
        "tracks": lambda: by_tracks(options.copies),
        "boxes": by_boxes,
        "settings": lambda: by_settings(options.draws),
        "cost": by_cost,
    }[options.what]()
    table = []
    for row in rows:
        table.append(row)
        print(*row.values(), sep=" | ", file=sys.stderr, flush=True)
    print(format_table(table, "markdown"))


if __name__ == "__main__":
    main()
