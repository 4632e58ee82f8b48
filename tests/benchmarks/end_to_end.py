"""From a video file to an annotated video file, by us and by others, each with a detector and appearance.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/end_to_end.py --detector yolo11n.pt --extractor osnet.pth \
        [--python /path/to/python] [--sequence MOT16-09] [--frames 200] [--rounds 3]

One table: seconds of the loop, its frames per second, and HOTA, IDF1 and ID switches of what it wrote. All run the same
detector with the same lowest confidence. Every run is a process of its own, one after another, and the contestants take
turns in rounds; networks are loaded and have run once before the clock starts. Ours go through `track_video`, as
`trackers track` does. Others are written as their documentation shows, frame by frame, and annotate with supervision;
Ultralytics annotates and writes by itself. `--python` names the interpreter of an environment with deep-sort-realtime,
boxmot, ultralytics and supervision; what is not there is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
Rows = list[tuple[int, int, list[float]]]
"""Frame number from 1, id and `[x1, y1, x2, y2]` of every box."""

CONFIDENCE = 0.1
OURS = {
    "SteadySORT, maps of the detector": ("maps", "always"),
    "SteadySORT, stripes": ("stripes", "always"),
    "SteadySORT, OSNet in PyTorch": ("torch", "always"),
    "SteadySORT, OSNet in ONNX Runtime": ("onnxruntime", "always"),
    "SteadySORT, OSNet in OpenVINO": ("openvino", "always"),
    'SteadySORT, OSNet, `embed="ambiguous"`': ("auto", "ambiguous"),
}
"""Which extractor, or in which runtime OSNet runs, and which boxes are embedded."""

THEIRS = {
    "ultralytics BoT-SORT with ReID": "ultralytics",
    "boxmot StrongSORT, OSNet": "boxmot",
    "deep-sort-realtime": "deep_sort_realtime",
}
"""The package that brings each."""


def ours(name: str, options: argparse.Namespace, out: Path) -> tuple[float, Rows]:
    """Track as the command line does, with files."""
    import supervision as sv

    from trackers import DeepSORTFeatureExtractor, SteadySORTTracker, StripeFeatureExtractor
    from trackers.io import read_mot
    from trackers.pipeline.track import track_video

    model, (kind, embed) = detector(options), OURS[name]
    if kind == "maps":
        extractor: Any = DeepSORTFeatureExtractor.from_ultralytics(model)
    elif kind == "stripes":
        extractor = StripeFeatureExtractor()
    else:
        extractor = DeepSORTFeatureExtractor.from_checkpoint(options.extractor, runtime=kind)
        extractor.embed([np.zeros((128, 64, 3), np.uint8)])
    warm_up(model)

    def detect(number: int, image: Any) -> sv.Detections:
        return sv.Detections.from_ultralytics(predicted(model, image))

    tracker = SteadySORTTracker(extractor, embed=embed)
    start = time.perf_counter()
    track_video(options.video, tracker, detect, [out / "tracked.mp4", out / "tracks.txt"], follow_rate=True)
    seconds = time.perf_counter() - start
    table = read_mot(out / "tracks.txt")
    corners = np.concatenate((table.xywh[:, :2], table.xywh[:, :2] + table.xywh[:, 2:]), axis=1)
    return seconds, list(zip(table.frame.tolist(), table.tracker_id.tolist(), corners.tolist(), strict=True))


def ultralytics(options: argparse.Namespace, out: Path) -> tuple[float, Rows]:
    """Ultralytics' own loop."""
    from ultralytics.utils import YAML
    from ultralytics.utils.checks import check_yaml

    model = detector(options)
    settings = YAML.load(check_yaml("botsort.yaml")) | {"with_reid": True}
    YAML.save(out / "botsort.yaml", settings)
    warm_up(model)
    rows: Rows = []
    start = time.perf_counter()
    results = model.track(
        str(options.video), tracker=str(out / "botsort.yaml"), stream=True, save=True, project=str(out), name="run",
        conf=CONFIDENCE, classes=[0], verbose=False,
    )  # fmt: skip
    for number, result in enumerate(results, 1):
        if result.boxes.id is not None:
            for identity, box in zip(result.boxes.id.tolist(), result.boxes.xyxy.tolist(), strict=True):
                rows.append((number, int(identity), box))
    return time.perf_counter() - start, rows


def boxmot(options: argparse.Namespace) -> Callable[[Frame, Any], Iterator[tuple[int, list[float]]]]:
    """StrongSORT of BoxMOT with the same weights."""
    import torch
    from boxmot import StrongSort  # type: ignore[import-not-found,unused-ignore]
    from boxmot.structures import Boxes, Detections  # type: ignore[import-not-found,unused-ignore]

    weights = Path(tempfile.mkdtemp()) / f"{Path(options.extractor).stem}.pt"  # the only ending it takes
    shutil.copy(options.extractor, weights)
    tracker = StrongSort(reid_weights=weights, device="cpu")

    def update(frame: Frame, boxes: Any) -> Iterator[tuple[int, list[float]]]:
        corners, confidence = (torch.as_tensor(np.ascontiguousarray(part)) for part in (boxes.xyxy, boxes.conf))
        classes = torch.zeros(len(corners), dtype=torch.int64)
        found = tracker.update(Detections(Boxes(corners), confidence, classes, "frame"), frame)
        for row, number in zip(found.detection_indices.tolist(), found.track_ids.tolist(), strict=True):
            yield int(number), corners[int(row)].tolist()

    return update


def deep_sort_realtime(options: argparse.Namespace) -> Callable[[Frame, Any], Iterator[tuple[int, list[float]]]]:
    """deep-sort-realtime with its own embedder."""
    from deep_sort_realtime.deepsort_tracker import DeepSort  # type: ignore[import-not-found,unused-ignore]

    tracker = DeepSort()

    def update(frame: Frame, boxes: Any) -> Iterator[tuple[int, list[float]]]:
        rows = zip(boxes.xyxy.tolist(), boxes.conf.tolist(), strict=True)
        raw = [([x1, y1, x2 - x1, y2 - y1], confidence, 0) for (x1, y1, x2, y2), confidence in rows]
        for track in tracker.update_tracks(raw, frame=frame):
            if track.is_confirmed() and track.time_since_update == 0:
                yield int(track.track_id), track.to_ltrb(orig=True).tolist()

    return update


def loop(make: Callable[[argparse.Namespace], Any], options: argparse.Namespace, out: Path) -> tuple[float, Rows]:
    """Read, detect, track, annotate and write, one after the other."""
    import supervision as sv

    model, update = detector(options), make(options)
    warm_up(model)
    boxes = sv.BoxAnnotator(color_lookup=sv.ColorLookup.TRACK)
    labels = sv.LabelAnnotator(color_lookup=sv.ColorLookup.TRACK)
    rows: Rows = []
    start = time.perf_counter()
    with sv.VideoSink(str(out / "tracked.mp4"), sv.VideoInfo.from_video_path(str(options.video))) as sink:
        for number, frame in enumerate(sv.get_video_frames_generator(str(options.video)), 1):
            found = list(update(frame, predicted(model, frame).boxes.cpu().numpy()))
            rows += [(number, identity, box) for identity, box in found]
            corners = np.array([box for _, box in found], np.float64).reshape(-1, 4)
            tracked = sv.Detections(corners, tracker_id=np.array([identity for identity, _ in found], np.int64))
            picture = boxes.annotate(frame.copy(), tracked)
            sink.write_frame(labels.annotate(picture, tracked, [f"#{identity}" for identity, _ in found]))
    return time.perf_counter() - start, rows


def detector(options: argparse.Namespace) -> Any:
    """The model that all of them detect with."""
    from ultralytics import YOLO  # type: ignore[attr-defined,unused-ignore]

    return YOLO(options.detector)


def predicted(model: Any, frame: Any) -> Any:
    """What the model finds on one frame."""
    return model(frame, conf=CONFIDENCE, classes=[0], verbose=False)[0]


def warm_up(model: Any) -> None:
    """Let the detector run once."""
    predicted(model, np.zeros((540, 960, 3), np.uint8))


def one(name: str, options: argparse.Namespace) -> None:
    """Print what one contestant took and found."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        if name in OURS:
            seconds, rows = ours(name, options, out)
        elif THEIRS[name] == "ultralytics":
            seconds, rows = ultralytics(options, out)
        else:
            seconds, rows = loop(boxmot if THEIRS[name] == "boxmot" else deep_sort_realtime, options, out)
    print(json.dumps({"seconds": seconds, "rows": rows}))


def cut(video: Path, frames: int, out: Path) -> int:
    """Write the first frames of a video to another, and tell how many there are."""
    from trackers.io import VideoWriter, open_source

    source, count = open_source(video), 0
    with VideoWriter(out, frame_rate=source.frame_rate) as writer:
        for number, frame in source:
            if number > frames:
                break
            writer.write(frame)
            count = number
    return count


def scores(truth: Path, rows: Rows, frames: int) -> tuple[float, float, int]:
    """HOTA, IDF1 and ID switches on the first frames."""
    from trackers.evaluation import evaluate_sequence
    from trackers.io import read_mot
    from trackers.table import BoxTable

    known = read_mot(truth)
    numbers, identities, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    corners = np.array(boxes, np.float64).reshape(-1, 4)
    found = BoxTable.from_rows(
        frame=np.array(numbers, np.int64),
        tracker_id=np.array(identities, np.int64),
        xywh=np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), axis=1),
    )
    result = evaluate_sequence(known.rows(known.frame <= frames), found, name="video")
    return 100 * result.hota, 100 * result.idf1, int(result.id_switches)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", required=True, help="weights of an Ultralytics detector")
    parser.add_argument("--extractor", required=True, help="weights of OSNet")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the others")
    parser.add_argument("--sequence", default="MOT16-09", help="sequence of TRACKERS_DATA with a video.mp4")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of contestants, or beginnings of them")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--video", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.one, options)
    if options.one == "":
        return print(json.dumps([name for name, package in THEIRS.items() if importlib.util.find_spec(package)]))
    listed = [options.python, "-W", "ignore", __file__, "--detector", "", "--extractor", "", "--one", ""]
    names = [*json.loads(subprocess.check_output(listed, text=True).splitlines()[-1]), *OURS]
    names = [name for name in names if not options.only or name.startswith(tuple(options.only))]
    sequence = Path(os.environ["TRACKERS_DATA"]) / "data" / "mot" / options.sequence
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        frames = cut(sequence / "video.mp4", options.frames, video)
        for _ in range(options.rounds):
            for name in names:
                python = sys.executable if name in OURS else options.python
                command = [python, "-W", "ignore", __file__, "--one", name, "--video", str(video)]
                command += ["--detector", options.detector, "--extractor", options.extractor]
                found[name].append(json.loads(subprocess.check_output(command, text=True).splitlines()[-1]))
    print(f"{options.sequence}, {frames} frames, {os.cpu_count()} processors\n")
    print("| from file to annotated file | seconds | frames per second | HOTA | IDF1 | ID switches |")
    print("|---|---|---|---|---|---|")
    for name, runs in found.items():
        seconds = float(np.median([run["seconds"] for run in runs]))
        hota, idf1, switches = scores(sequence / "gt" / "gt.txt", runs[-1]["rows"], frames)
        print(f"| {name} | {seconds:.1f} | {frames / seconds:.1f} | {hota:.1f} | {idf1:.1f} | {switches} |", flush=True)


if __name__ == "__main__":
    main()
