"""The whole job on the embedded sample: `python -m trackers.demo`, or `make demo`.

A video of drawn people is rendered and read back like any other. Every frame is searched for people, every person is
described by the colours of their clothes, and DeepSORT tracks them. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.core.base import Tracker
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.core.sort.tracker import SORTTracker
from trackers.evaluation import evaluate_sequence, format_table
from trackers.io import ResultWriter, VideoWriter, open_source
from trackers.pipeline.draw import Drawing, make_annotator
from trackers.sample import FigureDetector, Scene
from trackers.table import BoxTable

if TYPE_CHECKING:
    import supervision as sv

FITTING_STEP = 6
"""The detector learns the place without people from every sixth frame of the video."""


def main() -> None:
    """Render, detect, embed, track, draw, evaluate."""
    parser = argparse.ArgumentParser(prog="python -m trackers.demo", description="Track people in the embedded sample.")
    parser.add_argument("--output", type=Path, default=Path("demo"), help="folder for the results (default: demo)")
    parser.add_argument("--frames", type=int, default=300, help="length of the sample in frames (default: 300)")
    arguments = parser.parse_args()
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)

    scene = Scene(length=arguments.frames)
    print(f"drawing {len(scene)} frames of the sample: {folder / 'sample.mp4'}")
    with VideoWriter(folder / "sample.mp4", frame_rate=scene.frame_rate, overwrite=True) as video:
        for frame in scene.frames():
            video.write(frame)

    print(f"detecting, embedding, tracking, drawing: {folder / 'tracked.mp4'}, {folder / 'tracked.txt'}")
    start = time.perf_counter()
    tracked = list(track(folder, scene.frame_rate))
    seconds = time.perf_counter() - start

    truth = BoxTable.from_detections(scene.truth(index) for index in range(len(scene)))
    rows = [report("DeepSORT", tracked, truth), report("SORT, motion only", again(SORTTracker(), tracked), truth)]
    print(f"\n{format_table(rows)}\n")
    print(f"{len(tracked) / seconds:.0f} frames per second, from reading the video to writing the annotated one")
    print(f"picture: {folder / 'tracked.png'}")


def track(folder: Path, frame_rate: float) -> Iterator[sv.Detections]:
    """Track the sample video, write the annotated one, a picture of it, and MOT text; yield what was tracked."""
    import supervision as sv
    from PIL import Image

    source = folder / "sample.mp4"
    detector = FigureDetector().fit(image for _, image in itertools.islice(open_source(source), 0, None, FITTING_STEP))
    tracker = DeepSORTTracker(StripeFeatureExtractor(), frame_rate=frame_rate)
    info = sv.VideoInfo.from_video_path(str(source))
    annotate = make_annotator(Drawing(), info.resolution_wh)
    with (
        VideoWriter(folder / "tracked.mp4", frame_rate=frame_rate, overwrite=True) as video,
        ResultWriter(folder / "tracked.txt", overwrite=True) as results,
    ):
        for number, frame in open_source(source):
            detections = tracker.update(detector(frame), frame)
            picture = annotate(frame, detections)
            video.write(picture)
            results.write(number, detections)
            yield detections
    Image.fromarray(picture[:, :, ::-1].copy()).save(folder / "tracked.png")


def again(tracker: Tracker[Any], frames: Iterable[sv.Detections]) -> list[sv.Detections]:
    """Track the very same detections with another tracker."""
    return [tracker.update(detections) for detections in frames]


def report(name: str, tracked: Iterable[sv.Detections], truth: BoxTable) -> dict[str, object]:
    """One row of the table: how well the identities were kept."""
    result = BoxTable.from_detections(tracked)
    scores = evaluate_sequence(truth, result, name=name)
    return {
        "tracker": name,
        "frames": int(truth.frame.max()),
        "people": len(set(truth.tracker_id.tolist())),
        "ids": len(set(result.tracker_id.tolist()) - {-1}),
        "ID switches": scores.id_switches,
        "IDF1": scores.idf1,
        "HOTA": scores.hota,
    }


if __name__ == "__main__":
    main()
