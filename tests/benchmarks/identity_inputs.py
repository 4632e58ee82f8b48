"""How well identities are kept on other input: other appearance vectors, and other boxes without any.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/identity_inputs.py vectors
    TRACKERS_DATA=/path/to/data python tests/benchmarks/identity_inputs.py thresholds
    TRACKERS_DATA=/path/to/data python tests/benchmarks/identity_inputs.py boxes
    TRACKERS_DATA=/path/to/data python tests/benchmarks/identity_inputs.py held-out

prints HOTA / IDF1 / ID switches:

- **vectors**: the six sequences of `identity.py` with other vectors, each with the threshold calibrated for it.
  Whatever the vectors are worth, the trackers that use them should not fall behind ByteTrack, which does not, nor
  SteadySORT behind itself without vectors.
- **thresholds**: good vectors with thresholds that are not theirs.
- **boxes**: people, crowds, cars and fish, boxes of public detectors, and motion alone.
- **held-out**: MOT16-11b, which had no say in any setting, with OSNet vectors and without.
"""

from __future__ import annotations

import argparse
import configparser
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from identity import CONTESTANTS, cell, moved, play, vectors_of  # type: ignore[import-not-found,unused-ignore]
from identity import RATES as DESCRIBED
from refinement import described  # type: ignore[import-not-found,unused-ignore]

from trackers import BoTSORTTracker, ByteTrackTracker, DeepSORTTracker, OCSORTTracker, SteadySORTTracker
from trackers.core.base import Tracker
from trackers.evaluation import Scores, combine, evaluate_sequence, format_table
from trackers.io.mot import read_mot
from trackers.table import BoxTable

VECTORS = {
    "retail0248": 0.3,
    "osnet": 0.3,
    "osnet-market1501": 0.3,
    "stripes": 0.2,
    "mobilenetv2_100": 0.15,
    "mobilenetv2_100-random": 0.15,
    "constant": 0.3,
    "random": 0.3,
}
"""Vectors and the threshold of each, from the best to the worst; the last three have learned nothing."""

THRESHOLDS = (0.08, 0.12, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
"""Thresholds for OSNet vectors, whose own is 0.3."""

CASES = {
    "people": [
        *(
            f"more/gt_only/{name}/det/det_{by}"
            for name in ("MOT17-05", "MOT17-10", "MOT17-11")
            for by in ("sdp", "frcnn")
        ),
        "more/boxes/KITTI-people-0016/det_pointrcnn",
    ],
    "crowds": [
        f"data/gt_only/MOT17-{name}/det/det_{by}" for name in ("02", "04", "09", "13") for by in ("sdp", "frcnn")
    ],
    "cars": [
        "more/boxes/KITTI-cars-0006/det_pointrcnn",
        "more/boxes/KITTI-cars-0010/det_pointrcnn",
        "more/boxes/AICity-S03c010/det_mask_rcnn",
        "more/boxes/AICity-S03c010/det_yolo3",
    ],
    "fish": ["more/boxes/ZebraFish-07-top/det_cscan"],
}
"""Boxes without vectors, by kind of object: the files of detections, below the folder of data, without `.txt`."""

OTHERS = {"people": "47.9", "cars": "56.4", "fish": "58.0"}
"""HOTA of the best of other libraries on these boxes, joined, measured once; this script does not run them."""

BY_MOTION: Mapping[str, Callable[..., Tracker[Any]]] = {
    "ByteTrack": ByteTrackTracker,
    "ByteTrack, deformable": partial(ByteTrackTracker, motion_model="deformable"),
    "OC-SORT": OCSORTTracker,
    "OC-SORT, deformable": partial(OCSORTTracker, motion_model="deformable"),
    "BoT-SORT": BoTSORTTracker,
    "BoT-SORT, deformable": partial(BoTSORTTracker, motion_model="deformable"),
    "SteadySORT": SteadySORTTracker,
}


def by_vectors(kinds: Sequence[tuple[str, float]], copies: int, processes: int) -> Iterator[dict[str, str]]:
    """One row for each tracker that goes without vectors, and two for each kind of vectors and threshold."""
    known = {one.name: one for one in CONTESTANTS}
    runs = [replace(known[name], vectors="none") for name in ("ByteTrack", "SteadySORT")]
    for name, threshold in kinds:
        for sequence in DESCRIBED:
            vectors_of(sequence, name)  # made once, before the processes part
        for one in (known["DeepSORT"], known["SteadySORT"]):
            runs.append(replace(one, vectors=name, settings={**one.settings, "appearance_threshold": threshold}))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for one in runs:
            jobs = [(one, one.settings, None), *((one, moved(one.settings, copy), copy) for copy in range(copies))]
            plain, *robust = (combine(scores) for scores in pool.map(play, jobs, chunksize=1))
            yield {
                "vectors": one.vectors,
                "threshold": "" if one.vectors == "none" else str(one.settings["appearance_threshold"]),
                "tracker": one.name,
                "plain": cell([plain]),
                "robust": cell(robust) if robust else "",
            }


def by_motion(job: tuple[str, str]) -> Scores:
    """The scores of one tracker, with its defaults, on the boxes of one file."""
    tracker, case = job
    file = Path(os.environ["TRACKERS_DATA"]) / f"{case}.txt"
    folder = file.parent.parent if file.parent.name == "det" else file.parent
    truth = read_mot(folder / "gt" / "gt.txt")
    truth = truth.rows((truth.confidence != 0) & np.isin(truth.class_id, (1, -1)))
    settings = configparser.ConfigParser()
    settings.read(folder / "seqinfo.ini")
    boxes = np.loadtxt(file, delimiter=",")
    boxes[:, 4:6] += boxes[:, 2:4]
    one = BY_MOTION[tracker](frame_rate=settings.getfloat("Sequence", "frameRate"))
    frames = (boxes[boxes[:, 0] == number] for number in range(1, int(truth.frame.max()) + 1))
    outputs = (one.update(sv.Detections(rows[:, 2:6], confidence=rows[:, 6])) for rows in frames)
    return evaluate_sequence(truth, BoxTable.from_detections(outputs), name=case)


def by_boxes(kinds: Sequence[str], processes: int) -> Iterator[dict[str, str]]:
    """One row for each tracker, and the best of other libraries."""
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for tracker in BY_MOTION:
            joined = {}
            for kind in kinds:
                scores = pool.map(by_motion, [(tracker, case) for case in CASES[kind]], chunksize=1)
                joined[kind] = cell([combine(scores)])
            yield {"tracker": tracker, **joined}
    yield {"tracker": "best of other libraries, HOTA", **{kind: OTHERS.get(kind, "") for kind in kinds}}


def held_out() -> Iterator[dict[str, str]]:
    """One row for each tracker on the sequence that nobody tuned on."""
    runs: Mapping[str, tuple[float, Callable[..., Tracker[Any]], Mapping[str, Any]]] = {
        "ByteTrack": (0.1, ByteTrackTracker, {}),
        "DeepSORT": (0.3, DeepSORTTracker, {"appearance_threshold": 0.3}),
        "SteadySORT": (0.1, SteadySORTTracker, {"appearance_threshold": 0.3}),
    }
    for tracker, (lowest, make, options) in runs.items():
        found = []
        for vectors in ("osnet", "none"):
            for name, rate, frames, truth in described("osnet", lowest, None, more=True):
                for frame in frames if vectors == "none" else ():
                    del frame.data["embedding"]
                one = make(frame_rate=rate, **options)
                outputs = BoxTable.from_detections(one.update(frame) for frame in frames)
                found.append(cell([evaluate_sequence(truth, outputs, name=name)]))
        yield {"HOTA / IDF1 / ID switches": tracker, "OSNet": found[0], "without vectors": found[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("vectors", "thresholds", "boxes", "held-out"))
    parser.add_argument("--vectors", nargs="+", default=list(VECTORS), choices=list(VECTORS), help="rows of the table")
    parser.add_argument("--kinds", nargs="+", default=list(CASES), choices=list(CASES), help="columns of `boxes`")
    parser.add_argument("--copies", type=int, default=6, help="perturbed copies")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if "TRACKERS_DATA" not in os.environ:
        sys.exit("TRACKERS_DATA must name the folder of real data")
    if options.what == "boxes":
        rows = by_boxes(options.kinds, options.processes)
    elif options.what == "held-out":
        rows = held_out()
    else:
        named = [(name, VECTORS[name]) for name in options.vectors]
        good = [("osnet", threshold) for threshold in THRESHOLDS]
        rows = by_vectors(named if options.what == "vectors" else good, options.copies, options.processes)
    table = []
    for row in rows:
        table.append(row)
        print(*row.values(), sep=" | ", file=sys.stderr)
    print(format_table(table, "markdown"))


if __name__ == "__main__":
    main()
