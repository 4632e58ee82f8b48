"""Time of one `update`, beside the peers that are installed: `python tests/benchmarks/update.py`.

All trackers see the same frames, each in a process of its own, one after another on each block of frames, so that
whatever else the machine does hits all of them equally. `--block 1` is what a tracker meets behind a detector: caches
that something else has filled. Ours are timed with `sv.Detections` in and out, peers from the objects they take to the
objects they give. Ids, switches and coverage stand beside the time, so that a tracker that tracks nothing earns
nothing.

Peers may live in environments of their own: `--python PATH` names the interpreter of one, and whatever it has installed
takes part. Run it with OMP_NUM_THREADS=1 and without. `--data FOLDER` adds the stored boxes and vectors of real
sequences.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from peers import CONTESTANTS, OURS, Contestant, installed  # type: ignore[import-not-found,unused-ignore]

from trackers.io import read_detections
from trackers.sample import Scene

SLOW = 0.5
"""Seconds of one frame beyond which a peer is not asked at the next size."""


def of_sample(figures: int, frames: int) -> Iterator[sv.Detections]:
    """The sample's scene with this many figures."""
    scene = Scene(figures=figures, size=(1920, 1080), length=frames)
    return (scene.detections(index) for index in range(frames))


def of_sequence(path: Path) -> Iterator[sv.Detections]:
    """Stored detections of a real sequence, with its OSNet vectors."""
    table = read_detections(path, embedding="osnet")
    return (table[frame] for frame in range(1, len(table) + 1))


def measure(stream: Iterator[sv.Detections], warm_up: int, block: int, pythons: dict[str, str]) -> list[dict[str, Any]]:
    """One row of the table for each contestant."""
    running = {name: Contestant(name, python) for name, python in pythons.items()}
    outputs: dict[str, list[tuple[float, list[int]]]] = {name: [] for name in running}
    frames = list(stream)
    truth = [np.asarray(it.data.get("object", np.zeros(len(it), np.int64))).tolist() for it in frames]
    for start in range(0, len(frames), block):
        part = [
            (it.xyxy.astype(np.float64), np.asarray(it.confidence), it.data["embedding"])
            for it in frames[start : start + block]
        ]
        for name, contestant in running.items():
            outputs[name] += contestant.update(part)
    for contestant in running.values():
        contestant.close()
    rows = []
    for name, output in outputs.items():
        seconds, ids = zip(*output, strict=True)
        rows.append({"name": name, "seconds": np.array(seconds[warm_up:]), **worth(truth, list(ids))})
    return rows


def worth(truth: list[list[int]], outputs: list[list[int]]) -> dict[str, Any]:
    """What came of it: ids given, how often an object changed its id, share of the rows of objects with an id."""
    owner: dict[int, int] = {}
    switches = covered = real = 0
    known = any(number > 0 for objects in truth for number in objects)
    for objects, ids in zip(truth, outputs, strict=True):
        for true, number in zip(objects, ids, strict=True):
            counts = true > 0 or not known
            real += counts
            covered += counts and number >= 0
            if true > 0 and number >= 0:
                switches += owner.get(true, number) != number
                owner[true] = number
    ids_given = len({number for ids in outputs for number in ids if number >= 0})
    return {"ids": ids_given, "switches": switches if known else "", "coverage": covered / max(real, 1)}


def lines(stream: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """The table, a peer's time as a multiple of the tracker of ours beside it."""
    median = {row["name"]: float(np.median(row["seconds"])) for row in rows}
    for row in rows:
        name, late = row["name"], float(np.quantile(row["seconds"], 0.95))
        rival = CONTESTANTS[name][1]
        against = f"{median[name] / median[rival]:.1f} x {rival.removesuffix('Tracker')}" if rival != name else ""
        yield (
            f"| {stream} | {name} | {1e3 * median[name]:.2f} | {late / median[name]:.2f} | {against} "
            f"| {row['ids']} | {row['switches']} | {100 * row['coverage']:.0f} % |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=int, nargs="*", default=[10, 50, 100, 200, 500, 1000, 2000])
    parser.add_argument("--frames", type=int, default=100, help="timed frames")
    parser.add_argument("--warm-up", type=int, default=100, help="frames before, in which galleries fill")
    parser.add_argument("--block", type=int, default=50, help="frames a tracker gets before it is the next one's turn")
    parser.add_argument("--python", nargs="*", default=[], help="interpreters that have peers")
    parser.add_argument("--data", type=Path, help="folder with golden/SEQUENCE/detections.npz")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    found = {name: python for python in reversed([sys.executable, *arguments.python]) for name in installed(python)}
    running = {name: found[name] for name in CONTESTANTS if name in found}
    print(f"threads: {os.environ.get('OMP_NUM_THREADS', 'default')}\n")
    print("| stream | tracker | median ms | p95 / median | peer / ours | ids | switches | coverage |")
    print("|---|---|---|---|---|---|---|---|")
    warm_up, block = arguments.warm_up, arguments.block
    for figures in arguments.figures:
        rows = measure(of_sample(figures, warm_up + arguments.frames), warm_up, block, running)
        print(*lines(f"{figures} objects", rows), sep="\n", flush=True)
        running = {name: python for name, python in running.items() if name in OURS or not slow(name, rows)}
    for path in sorted(arguments.data.glob("golden/*/detections.npz")) if arguments.data else []:
        rows = measure(of_sequence(path), warm_up=30, block=block, pythons=running)
        print(*lines(path.parent.name, rows), sep="\n", flush=True)


def slow(name: str, rows: list[dict[str, Any]]) -> bool:
    """Whether a peer took too long on a frame to be asked again."""
    return any(row["name"] == name and np.median(row["seconds"]) > SLOW for row in rows)


if __name__ == "__main__":
    main()
