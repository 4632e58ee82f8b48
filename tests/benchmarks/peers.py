"""Trackers, ours and other libraries', each in a process and, if need be, an environment of its own.

Frames come in over standard input as
`(boxes, confidence, vectors)`, shapes `(n, 4)`, `(n,)`, `(n, d)`; seconds and the id of each row, -1 for none, go out.
"""

from __future__ import annotations

import importlib.metadata
import pickle
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

Frame = tuple[Any, Any, Any]
Update = Callable[[Any], Any]


def deep_sort_realtime() -> tuple[Callable[[Frame], Any], Update, Callable[[Any, int], list[int]]]:
    """deep-sort-realtime, vectors given, a gallery of 100."""
    from deep_sort_realtime.deepsort_tracker import DeepSort  # type: ignore[import-not-found,unused-ignore]

    tracker = DeepSort(embedder=None, nn_budget=100)

    def prepare(frame: Frame) -> Any:
        boxes, confidence, vectors = frame
        rows = zip(boxes.tolist(), confidence.tolist(), strict=True)
        return [([x1, y1, x2 - x1, y2 - y1], c, 0) for (x1, y1, x2, y2), c in rows], list(vectors)

    def update(prepared: Any) -> Any:
        raw, vectors = prepared
        return tracker.update_tracks(raw, embeds=vectors, others=list(range(len(raw))))

    def ids(found: Any, count: int) -> list[int]:
        given = [-1] * count
        for track in found:
            row = track.get_det_supplementary()
            if track.is_confirmed() and track.time_since_update == 0 and row is not None:
                given[row] = int(track.track_id)
        return given

    return prepare, update, ids


def on_detections(name: str) -> Any:
    """A tracker of a package `trackers`, ours or Roboflow's, which environment has which."""
    import supervision as sv

    import trackers

    tracker = getattr(trackers, name)()

    def prepare(frame: Frame) -> Any:
        return sv.Detections(frame[0], confidence=frame[1], data={"embedding": frame[2]})

    return prepare, lambda detections: (detections, tracker.update(detections)), lambda found, count: rows_of(*found)


def rows_of(given: Any, tracked: Any) -> list[int]:
    """Ids in the order of the rows given, for a tracker that returns rows in an order of its own."""
    number = {tuple(box): int(i) for box, i in zip(tracked.xyxy.tolist(), tracked.tracker_id.tolist(), strict=True)}
    return [number.get(tuple(box), -1) for box in given.xyxy.tolist()]


def ultralytics() -> Any:
    """Ultralytics' ByteTrack."""
    import numpy as np
    from ultralytics.engine.results import Boxes
    from ultralytics.trackers import BYTETracker
    from ultralytics.utils import YAML, IterableSimpleNamespace
    from ultralytics.utils.checks import check_yaml

    tracker = BYTETracker(IterableSimpleNamespace(**YAML.load(check_yaml("bytetrack.yaml"))))

    def prepare(frame: Frame) -> Any:
        boxes, confidence, _ = frame
        rows = np.column_stack((boxes, confidence, np.zeros(len(boxes)))).astype(np.float32)
        return Boxes(rows, (1080, 1920))

    def ids(found: Any, count: int) -> list[int]:
        given = [-1] * count
        for row in found.tolist():
            given[int(row[-1])] = int(row[4])
        return given

    return prepare, tracker.update, ids


def norfair() -> Any:
    """Norfair, by the overlap of boxes."""
    import numpy as np
    from norfair import Detection, Tracker  # type: ignore[import-not-found,unused-ignore]

    tracker = Tracker(distance_function="iou", distance_threshold=0.7)

    def prepare(frame: Frame) -> Any:
        rows = zip(frame[0], frame[1].tolist(), strict=True)
        return [Detection(box.reshape(2, 2), np.array([c, c]), data=i) for i, (box, c) in enumerate(rows)]

    return prepare, lambda detections: (detections, tracker.update(detections)), lambda pair, count: matched_now(*pair)


def matched_now(detections: Any, found: Any) -> list[int]:
    """Ids of the detections that are a track's last one."""
    given = {id(tracked.last_detection): int(tracked.id) for tracked in found}
    return [given.get(id(detection), -1) for detection in detections]


def boxmot(name: str, **options: Any) -> Any:
    """A tracker of BoxMOT, vectors given."""
    import boxmot  # type: ignore[import-not-found,unused-ignore]
    import numpy as np
    import torch
    from boxmot.structures import Boxes, Detections  # type: ignore[import-not-found,unused-ignore]

    tracker = getattr(boxmot, name)(**options)
    blank = np.zeros((32, 32, 3), np.uint8)  # so that estimating camera motion costs next to nothing

    def prepare(frame: Frame) -> Any:
        boxes, confidence, vectors = (torch.from_numpy(np.ascontiguousarray(x, np.float32)) for x in frame)
        classes = torch.zeros(len(boxes), dtype=torch.int64)
        return Detections(Boxes(boxes), confidence, classes, "frame", embeddings=vectors)

    def ids(found: Any, count: int) -> list[int]:
        given = [-1] * count
        for row, number in zip(found.detection_indices.tolist(), found.track_ids.tolist(), strict=True):
            given[row] = int(number)
        return given

    return prepare, lambda detections: tracker.update(detections, blank), ids


def visiontrack(**options: Any) -> Any:
    """A ByteTrack in C++."""
    import numpy as np
    import visiontrack_cpp  # type: ignore[import-not-found,unused-ignore]

    tracker = visiontrack_cpp.ByteTracker(visiontrack_cpp.TrackerConfig(**options))
    embeddings = "w_app" in options

    def prepare(frame: Frame) -> Any:
        boxes, scores, vectors = (np.ascontiguousarray(part, np.float64) for part in frame)
        return boxes, scores, np.zeros(len(boxes), np.int64), vectors if embeddings else None

    def ids(found: Any, count: int) -> list[int]:
        detections, (numbers, boxes, _, _) = found
        given = [-1] * count
        for number, box in zip(numbers.tolist(), boxes, strict=True):
            given[int(np.abs(detections - box).sum(axis=1).argmin())] = int(number)
        return given

    return prepare, lambda frame: (frame[0], tracker.update(*frame)), ids


OURS = {
    name: ("trackers 0", name, partial(on_detections, name))
    for name in (
        "SORTTracker", "ByteTrackTracker", "OCSORTTracker", "BoTSORTTracker", "DeepSORTTracker", "SteadySORTTracker"
    )
}  # fmt: skip
CONTESTANTS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    **OURS,
    "deep-sort-realtime": ("deep-sort-realtime", "DeepSORTTracker", deep_sort_realtime),
    "boxmot StrongSORT": ("boxmot", "DeepSORTTracker", lambda: boxmot("StrongSort")),
    "boxmot BoT-SORT": ("boxmot", "BoTSORTTracker", lambda: boxmot("BotSort", use_cmc=False)),
    "roboflow SORT": ("trackers 2", "SORTTracker", lambda: on_detections("SORTTracker")),
    "roboflow ByteTrack": ("trackers 2", "ByteTrackTracker", lambda: on_detections("ByteTrackTracker")),
    "roboflow OC-SORT": ("trackers 2", "OCSORTTracker", lambda: on_detections("OCSORTTracker")),
    "roboflow BoT-SORT": ("trackers 2", "BoTSORTTracker", lambda: on_detections("BoTSORTTracker")),
    "ultralytics ByteTrack": ("ultralytics", "ByteTrackTracker", ultralytics),
    "norfair": ("norfair", "SORTTracker", norfair),
    "visiontrack C++": ("visiontrack-cpp", "ByteTrackTracker", visiontrack),
    "visiontrack C++, appearance": ("visiontrack-cpp", "DeepSORTTracker", lambda: visiontrack(w_app=1.0)),
}
"""By name: the distribution a tracker comes in, which tracker of ours stands beside it, and what makes one."""


def installed(python: str) -> list[str]:
    """The contestants that an interpreter can run."""
    command = [python, "-I", "-W", "ignore", str(Path(__file__)), "--list"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()


def here() -> list[str]:
    """The contestants that this interpreter can run."""
    found = {(it.metadata["Name"] or "").lower(): it.version for it in importlib.metadata.distributions()}
    found[f"trackers {found.get('trackers', '')[:1]}"] = ""
    return [name for name, (needs, _, _) in CONTESTANTS.items() if needs in found]


class Contestant:
    """One tracker in a process of its own.

    Args:
        name: A key of `CONTESTANTS`.
        python: The interpreter of an environment in which it is installed.
    """

    def __init__(self, name: str, python: str = sys.executable) -> None:
        command = [python, "-I", "-W", "ignore", str(Path(__file__)), name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def update(self, frames: list[Frame]) -> list[tuple[float, list[int]]]:
        """Seconds and ids of each frame."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(frames, self._process.stdin)
        self._process.stdin.flush()
        outputs: list[tuple[float, list[int]]] = pickle.load(self._process.stdout)
        return outputs

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def serve(name: str) -> None:
    """Track blocks of frames until standard input ends."""
    source: Any = sys.stdin.buffer
    sink = sys.stdout.buffer
    sys.stdout = sys.stderr
    prepare, update, ids = CONTESTANTS[name][2]()
    while source.peek(1):
        outputs = []
        for frame in pickle.load(source):
            prepared = prepare(frame)
            start = time.perf_counter()
            found = update(prepared)
            seconds = time.perf_counter() - start
            outputs.append((seconds, ids(found, len(frame[0]))))
        pickle.dump(outputs, sink)
        sink.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "--list":
        print("\n".join(here()))
    else:
        serve(sys.argv[1])
