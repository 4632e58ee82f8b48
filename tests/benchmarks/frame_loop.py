"""Where the time of a frame goes, from the file read to the file written: `python tests/benchmarks/frame_loop.py`.

    python tests/benchmarks/frame_loop.py --detector yolo11n.pt --extractor osnet.pth --video people.mp4
    python tests/benchmarks/frame_loop.py --detector yolo11n.pt --extractor osnet.pth --figures 50

With `--figures` the film is the sample's, drawn to 1920x1080: the detector runs on every frame, and the boxes are the
scene's, so that there are as many as wanted. Ours is what is neither decoding, encoding, nor a network's forward pass.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv

from trackers import DeepSORTTracker
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor
from trackers.io import VideoWriter, open_source
from trackers.pipeline.draw import Drawing, make_annotator
from trackers.sample import Scene

THEIRS = {"decode", "detect", "forward", "encode"}


class Clock:
    """Seconds spent in each part of a frame; a part within a part counts only there."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self._inner = [0.0]

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of the block to a part."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            taken = time.perf_counter() - start
            own = taken - self._inner.pop()
            self._inner[-1] += taken
            self.seconds.setdefault(name, []).append(own)

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted to a part."""

        def timed(*args: Any, **options: Any) -> Any:
            with self.part(name):
                return function(*args, **options)

        return timed


def film(path: Path, figures: int, frames: int) -> Scene:
    """Draw the sample with so many figures."""
    scene = Scene(figures=figures, size=(1920, 1080), length=frames)
    with VideoWriter(path, frame_rate=scene.frame_rate) as video:
        for frame in scene.frames():
            video.write(frame)
    return scene


def run(video: Path, scene: Scene | None, detector: Any, extractor: DeepSORTFeatureExtractor, limit: int) -> Clock:
    """The loop as a user writes it, every part timed."""
    clock = Clock()
    network: Any = extractor._network
    network.model.forward = clock.around("forward", network.model.forward)
    tracker = DeepSORTTracker(clock.around("cut and resize", extractor.extract_features))
    annotate = make_annotator(Drawing(), sv.VideoInfo.from_video_path(str(video)).resolution_wh)
    frames = iter(open_source(video))
    boxes = []
    with tempfile.TemporaryDirectory() as folder, VideoWriter(Path(folder) / "tracked.mp4", frame_rate=30) as out:
        for index in range(limit):
            with clock.part("decode"):
                _, frame = next(frames, (0, None))
            if frame is None:
                break
            with clock.part("detect"):
                result = detector(frame, verbose=False, classes=[0])[0]
            detections = sv.Detections.from_ultralytics(result)
            if scene is not None:
                detections = scene.detections(index)
                del detections.data["embedding"]
            boxes.append(len(detections))
            with clock.part("track"):
                detections = tracker.update(detections, frame)
            with clock.part("annotate"):
                picture = annotate(frame, detections)
            with clock.part("encode"):
                out.write(picture)
    print(f"{len(boxes)} frames, {np.mean(boxes):.1f} boxes a frame, {tracker.total_confirmed} tracks\n")
    return clock


def main() -> None:
    """Print the share of each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", required=True, help="weights of an Ultralytics detector")
    parser.add_argument("--extractor", required=True, help="weights of OSNet")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--figures", type=int, default=50)
    parser.add_argument("--frames", type=int, default=60)
    arguments = parser.parse_args()
    from ultralytics import YOLO  # type: ignore[attr-defined,unused-ignore]

    extractor = DeepSORTFeatureExtractor.from_checkpoint(arguments.extractor)
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "film.mp4"
        scene = None if arguments.video else film(drawn, arguments.figures, arguments.frames)
        clock = run(arguments.video or drawn, scene, YOLO(arguments.detector), extractor, arguments.frames)
    per_frame = {name: 1e3 * sum(seconds[1:]) / (arguments.frames - 1) for name, seconds in clock.seconds.items()}
    total = sum(per_frame.values())
    print("| part | ms a frame | share |\n|---|---|---|")
    for name, milliseconds in sorted(per_frame.items(), key=lambda item: -item[1]):
        print(f"| {name} | {milliseconds:.1f} | {100 * milliseconds / total:.1f} % |")
    own = sum(milliseconds for name, milliseconds in per_frame.items() if name not in THEIRS)
    print(f"| ours: {', '.join(sorted(per_frame.keys() - THEIRS))} | {own:.1f} | {100 * own / total:.1f} % |")


if __name__ == "__main__":
    main()
