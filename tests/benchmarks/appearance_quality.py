"""How well each extractor tells people apart, and which distance threshold it wants.

    TRACKERS_DATA=... python tests/benchmarks/appearance_quality.py separate [--models stripes osnet ...]
    TRACKERS_DATA=... python tests/benchmarks/appearance_quality.py track --thresholds 0.1 0.2 0.3 [--models stripes]

    TRACKERS_DATA=... python tests/benchmarks/appearance_quality.py calibrate

`separate` scores vectors of true boxes at least 30 % visible, every 10th frame (every 3rd on sequences of fewer than
200), by sequence. `track` runs DeepSORT on the stored boxes of confidence 0.3 and more with a buffer of 29 frames, and
gives HOTA, IDF1 and ID switches of all sequences together for each threshold. `calibrate` gives the threshold that
`calibrate` finds on the same boxes. Models named stored-... take the vectors kept beside the boxes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from trackers.appearance.calibration import calibrate
from trackers.appearance.protocol import FeatureExtractor
from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.evaluation import Scores, combine, evaluate_sequence
from trackers.evaluation.appearance import evaluate_extractor
from trackers.io.frames import open_source
from trackers.io.mot import read_mot
from trackers.table import BoxTable

SEQUENCES = ("TUD-Campus", "TUD-Stadtmitte", "KITTI-17", "PETS09-S2L1", "MOT16-09", "MOT16-11a")
RATES = {"KITTI-17": 10.0, "PETS09-S2L1": 7.0, "MOT16-09": 30.0, "MOT16-11a": 30.0}


class Stored:
    """Vectors kept beside the boxes."""

    def __init__(self, field: str) -> None:
        self.field = field

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> npt.NDArray[np.float32]:
        """The vectors, scaled to unit length."""
        vectors = np.asarray(detections.data[self.field], np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def untrained() -> FeatureExtractor:
    """The network of ImageNet models with the random weights of one seed: what the architecture alone is worth."""
    torch.manual_seed(0)
    return DeepSORTFeatureExtractor.from_timm("mobilenetv2_100", input_size=(256, 128), pretrained=False)


def makers(weights: Path) -> dict[str, Callable[[], FeatureExtractor]]:
    """The extractors by name."""
    reid = weights / "reid"
    imagenet = weights / "imagenet/mobilenetv2_100.safetensors"
    return {
        "stripes": StripeFeatureExtractor,
        "osnet-msmt17": lambda: DeepSORTFeatureExtractor(reid / "osnet_x0_25_msmt17.pth"),
        "osnet-market1501": lambda: DeepSORTFeatureExtractor(reid / "osnet_x0_25_market1501.pth"),
        "retail-0248": lambda: DeepSORTFeatureExtractor(reid / "person-reidentification-retail-0248.onnx"),
        "retail-0287": lambda: DeepSORTFeatureExtractor(reid / "person-reidentification-retail-0287.onnx"),
        "mobilenetv2_100": lambda: DeepSORTFeatureExtractor.from_timm(
            "mobilenetv2_100", input_size=(256, 128), checkpoint_path=imagenet
        ),
        "mobilenetv2_100-random": untrained,
        "stored-osnet": lambda: Stored("osnet"),
        "stored-retail0248": lambda: Stored("retail0248"),
    }


def images(folder: Path) -> Iterator[npt.NDArray[np.uint8]]:
    """Frames of a sequence."""
    for _, image in open_source(folder / "img1" if (folder / "img1").is_dir() else folder / "video.mp4"):
        yield image


def truth(folder: Path) -> BoxTable:
    """True boxes of people."""
    table = read_mot(folder / "gt/gt.txt")
    return table.rows((table.confidence != 0) & np.isin(table.class_id, (-1, 1)))


def separate(extractor: FeatureExtractor, folder: Path) -> str:
    """One cell: mean distances, separation, rank 1, mean average precision, found again after 1 and 5 seconds."""
    table = truth(folder)
    table = table.rows(table.visibility >= 0.3)
    every = 3 if int(table.frame[-1]) < 200 else 10
    scores = evaluate_extractor(
        extractor, images(folder), table, every=every, frame_rate=RATES.get(folder.name, 25.0), seconds=(1.0, 2.0, 5.0)
    )
    again = "/".join(f"{share:.2f}" for share in scores.found_again.values())
    return (
        f"{scores.same:.2f}/{scores.different:.2f} {scores.separation:.3f} {scores.rank1:.2f} "
        f"{scores.mean_average_precision:.2f} {again}"
    )


def track(extractor: FeatureExtractor, data: Path, thresholds: Sequence[float], sequences: Sequence[str]) -> list[str]:
    """One line for each threshold: all sequences together."""
    results: dict[float, list[Scores]] = {threshold: [] for threshold in thresholds}
    for name in sequences:
        folder = data / "data/mot" / name
        boxes = detections(data, name)
        for image, found in zip(images(folder), boxes, strict=False):
            found.data["embedding"] = extractor.extract_features(image, found)
        for threshold in thresholds:
            output = _output(boxes, threshold)
            results[threshold].append(evaluate_sequence(truth(folder), output, name=name))
    lines = []
    for threshold, scores in results.items():
        total = combine(scores)
        lines.append(f"{threshold:5.2f}  {100 * total.hota:.1f} / {100 * total.idf1:.1f} / {total.id_switches}")
    return lines


def detections(data: Path, name: str) -> list[sv.Detections]:
    """The stored boxes of every frame of a sequence, with the vectors kept beside them."""
    stored = np.load(data / "golden" / name / "detections.npz")
    confident = stored["confidence"] >= np.float32(0.3)
    frame, boxes, confidence = (
        stored["frame"][confident],
        stored["xyxy"][confident].astype(np.float64),
        stored["confidence"][confident],
    )
    vectors = {field: stored[field][confident] for field in ("osnet", "retail0248")}
    found = []
    for number in range(1, int(stored["frame"].max()) + 1):
        rows = frame == number
        kept = {field: values[rows] for field, values in vectors.items()}
        found.append(sv.Detections(xyxy=boxes[rows], confidence=confidence[rows], data=kept))
    return found


def _output(boxes: Sequence[sv.Detections], threshold: float) -> BoxTable:
    """What DeepSORT makes of the boxes and their vectors."""
    tracker = DeepSORTTracker(appearance_threshold=threshold, lost_track_buffer=29, track_activation_threshold=0.0)
    rows: list[tuple[int, int, npt.NDArray[np.float64]]] = []
    for number, found in enumerate(boxes, start=1):
        tracked = tracker.update(found)
        assert tracked.tracker_id is not None
        rows += [(number, int(who), box) for who, box in zip(tracked.tracker_id, tracked.xyxy, strict=True) if who > 0]
    corners = np.array([box for _, _, box in rows])
    return BoxTable.from_rows(
        frame=[number for number, _, _ in rows],
        tracker_id=[who for _, who, _ in rows],
        xywh=np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), axis=1),
    )


def main() -> None:
    """Measure what the command line names."""
    data = Path(os.environ["TRACKERS_DATA"])
    known = makers(data / "data/weights")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("separate", "track", "calibrate"))
    parser.add_argument("--models", nargs="+", default=list(known), choices=list(known))
    parser.add_argument("--sequences", nargs="+", default=list(SEQUENCES))
    parser.add_argument("--thresholds", nargs="+", type=float, default=[0.1, 0.15, 0.2, 0.25, 0.3, 0.4])
    options = parser.parse_args()
    for name in options.models:
        extractor = known[name]()
        if options.what == "track":
            for line in track(extractor, data, options.thresholds, options.sequences):
                sys.stdout.write(f"{name:24}{line}\n")
            continue
        for sequence in options.sequences:
            folder = data / "data/mot" / sequence
            if options.what == "separate":
                cell = separate(extractor, folder)
            else:
                boxes = detections(data, sequence)
                result = calibrate(islice(images(folder), len(boxes)), boxes, extractor)
                cell = f"{result.threshold:.2f}, {result.error:.1%} on the wrong side"
            sys.stdout.write(f"{name:24}{sequence:16}{cell}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
