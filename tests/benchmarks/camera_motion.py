"""What camera motion is worth: every sequence with and without it, same detections, same vectors.

    python tests/benchmarks/camera_motion.py [sparse_flow|orb|ecc] [data|more]

for the six sequences of `data`, or MOT16-11b of `more`, needs real sequences with stored detections and vectors in the
folder named by TRACKERS_DATA, and OpenCV.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers import BoTSORTTracker, ByteTrackTracker, DeepSORTTracker, OCSORTTracker, SORTTracker
from trackers.association.selection import Selection
from trackers.boxes import Floats
from trackers.core.base import Tracker
from trackers.evaluation import Scores, combine, evaluate_sequence
from trackers.io import MOTSequence, find_sequences, read_detections, read_mot
from trackers.motion.camera import EstimatedCamera
from trackers.table import BoxTable

ENOUGH = Selection(minimum_confidence=float(np.float32(0.3)))
MAKERS: dict[str, Callable[..., Tracker[Any]]] = {
    "DeepSORT": lambda camera: DeepSORTTracker(appearance_threshold=0.3, camera_motion=camera, selection=ENOUGH),
    "BoT-SORT": lambda camera: BoTSORTTracker(camera_motion=camera, selection=ENOUGH),
    "BoT-SORT, wide gate": lambda camera: BoTSORTTracker(
        appearance_gate="motion", camera_motion=camera, selection=ENOUGH
    ),
    "OC-SORT": lambda camera: OCSORTTracker(camera_motion=camera, selection=ENOUGH),
    "ByteTrack": lambda camera: ByteTrackTracker(camera_motion=camera, selection=ENOUGH),
    "SORT": lambda camera: SORTTracker(camera_motion=camera, selection=ENOUGH),
}


def images(sequence: MOTSequence) -> Iterator[npt.NDArray[Any]]:
    """The frames of a sequence, BGR."""
    import cv2

    assert sequence.frames is not None
    if sequence.frames.is_dir():
        for path in sorted(sequence.frames.glob("*.jpg")):
            yield np.asarray(cv2.imread(str(path)))
        return
    capture = cv2.VideoCapture(str(sequence.frames))
    while (read := capture.read())[0]:
        yield read[1]


def main(method: str, folder: str) -> None:
    data = Path(os.environ["TRACKERS_DATA"])
    golden = data / "more" / "golden" if folder == "more" else data / "golden"
    scores: dict[str, list[list[Scores]]] = {name: [[], []] for name in MAKERS}
    for sequence in find_sequences(data / folder / "mot"):
        detections = read_detections(
            golden / sequence.name / "detections.npz", embedding="osnet", last_frame=sequence.length
        )
        camera, started = EstimatedCamera(method), time.perf_counter()
        pairs = zip(images(sequence), detections, strict=True)
        matrices: Floats = np.array([camera.motion(image, found.xyxy.astype(np.float64)) for image, found in pairs])
        milliseconds = 1e3 * (time.perf_counter() - started) / len(matrices)
        moved = 100 * np.mean((matrices != np.eye(3)).any(axis=(1, 2)))
        print(f"{sequence.name}: moved on {moved:.0f} % of frames, {milliseconds:.0f} ms per frame with reading")
        assert sequence.truth is not None
        truth = read_mot(sequence.truth)
        for name, make in MAKERS.items():
            for given, column in zip((None, matrices), scores[name], strict=True):
                tracker = make(given)
                frames = [tracker.update(found) for found in detections]
                result = BoxTable.from_detections(frames)
                column.append(evaluate_sequence(truth, result, name=sequence.name))
    print("\n| tracker | sequence | HOTA without | with | IDF1 without | with | ID switches without | with |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (without, with_camera) in scores.items():
        for a, b in zip([*without, combine(without)], [*with_camera, combine(with_camera)], strict=True):
            hota, idf1 = (f"{100 * x:.1f} | {100 * y:.1f}" for x, y in ((a.hota, b.hota), (a.idf1, b.idf1)))
            print(f"| {name} | {a.name} | {hota} | {idf1} | {a.id_switches} | {b.id_switches} |")


if __name__ == "__main__":
    main(*[*sys.argv[1:], *("sparse_flow", "data")[len(sys.argv) - 1 :]])
