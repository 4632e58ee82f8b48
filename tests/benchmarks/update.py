"""Time of one `update`, beside the peers that are installed: `python tests/benchmarks/update.py`.

All trackers see the same frames of the sample, one after another on each frame, so that whatever else the
machine does hits all of them alike. The time includes `sv.Detections` in and out. Ids, switches and coverage stand
beside it, so that a tracker that tracks nothing earns nothing. Run it with OMP_NUM_THREADS=1 and without.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import supervision as sv

import trackers
from trackers.sample import Scene

OURS = ["SORTTracker", "ByteTrackTracker", "OCSORTTracker", "BoTSORTTracker", "DeepSORTTracker", "SteadySORTTracker"]
WARM_UP = 30
"""Frames that are tracked and not timed, so that galleries have begun to fill and tracks have been lost."""

Update = Callable[[sv.Detections], "list[int]"]
"""Tracks one frame and returns the id of each row, -1 for none."""


def ours(name: str) -> Update:
    """One of this library's trackers, with its defaults."""
    tracker = getattr(trackers, name)()
    return lambda detections: tracker.update(detections).tracker_id.tolist()


def deep_sort_realtime() -> Update:
    """deep-sort-realtime, vectors given, a gallery of 100."""
    from deep_sort_realtime.deepsort_tracker import DeepSort  # type: ignore[import-not-found,unused-ignore]

    tracker = DeepSort(embedder=None, nn_budget=100)

    def update(detections: sv.Detections) -> list[int]:
        boxes = detections.xyxy.tolist()
        confidence = np.asarray(detections.confidence).tolist()
        raw = [([x1, y1, x2 - x1, y2 - y1], c, 0) for (x1, y1, x2, y2), c in zip(boxes, confidence, strict=True)]
        found = tracker.update_tracks(raw, embeds=list(detections.data["embedding"]), others=list(range(len(raw))))
        ids = [-1] * len(raw)
        for track in found:
            row = track.get_det_supplementary()
            if track.is_confirmed() and track.time_since_update == 0 and row is not None:
                ids[row] = int(track.track_id)
        return ids

    return update


PEERS: dict[str, tuple[str, Callable[[], Update]]] = {
    "deep_sort_realtime": ("deep_sort_realtime", deep_sort_realtime),
}
"""Peers by name: the module that must be installed, and what makes one."""


def contestants() -> dict[str, Update]:
    """Our trackers and the peers that are installed."""
    found = {name: ours(name) for name in OURS}
    for name, (module, make) in PEERS.items():
        if importlib.util.find_spec(module) is not None:
            found[name] = make()
    return found


def measure(figures: int, frames: int) -> list[str]:
    """One row of the table for each contestant."""
    scene = Scene(figures=figures, size=(1920, 1080), length=WARM_UP + frames)
    running = contestants()
    seconds: dict[str, list[float]] = {name: [] for name in running}
    answers: dict[str, list[tuple[list[int], list[int]]]] = {name: [] for name in running}
    for index in range(len(scene)):
        detections = scene.detections(index)
        for name, update in running.items():
            start = time.perf_counter()
            ids = update(detections)
            seconds[name].append(time.perf_counter() - start)
            answers[name].append((ids, np.asarray(detections.data["object"]).tolist()))
    reference = np.median(seconds["DeepSORTTracker"][WARM_UP:])
    return [row(figures, name, np.array(seconds[name][WARM_UP:]), reference, answers[name]) for name in running]


def row(figures: int, name: str, seconds: Any, reference: float, answers: list[tuple[list[int], list[int]]]) -> str:
    """Median and 95 % quantile in milliseconds, ratio to our DeepSORT, and what came of it."""
    owner: dict[int, int] = {}
    switches = covered = real = 0
    for ids, objects in answers:
        for number, true in zip(ids, objects, strict=True):
            real += true > 0
            if true > 0 and number > 0:
                covered += 1
                switches += owner.get(true, number) != number
                owner[true] = number
    given = len({number for ids, _ in answers for number in ids if number > 0})
    median, late = np.median(seconds), np.quantile(seconds, 0.95)
    return (
        f"| {figures} | {name} | {1e3 * median:.2f} | {1e3 * late:.2f} | {median / reference:.2f} "
        f"| {given} | {switches} | {100 * covered / max(real, 1):.0f} % |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=int, nargs="+", default=[10, 50, 100, 200, 500, 1000])
    parser.add_argument("--frames", type=int, default=100, help="timed frames")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"threads: {os.environ.get('OMP_NUM_THREADS', 'default')}\n")
    print("| objects | tracker | median ms | p95 ms | of DeepSORTTracker | ids | switches | coverage |")
    print("|---|---|---|---|---|---|---|---|")
    for figures in arguments.figures:
        for line in measure(figures, arguments.frames):
            print(line, flush=True)


if __name__ == "__main__":
    main()
