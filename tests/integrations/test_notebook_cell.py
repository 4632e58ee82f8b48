"""The cell that existing notebooks are made of, as they print it, with local weights."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

CELL = """
import supervision as sv
from trackers import DeepSORTFeatureExtractor, DeepSORTTracker
from ultralytics import YOLO

model = YOLO("yolo11m.pt")
feature_extractor = DeepSORTFeatureExtractor.from_timm(model_name="mobilenetv4_conv_small.e1200_r224_in1k")
tracker = DeepSORTTracker(feature_extractor=feature_extractor)
annotator = sv.LabelAnnotator(text_position=sv.Position.CENTER)

def callback(frame, _):
    result = model(frame)[0]
    detections = sv.Detections.from_ultralytics(result)
    detections = tracker.update(detections, frame)
    detections = detections[detections.tracker_id != -1]
    labels = [str(t) for t in detections.tracker_id]
    return annotator.annotate(frame, detections, labels)

sv.process_video(source_path="in.mp4", target_path="out.mp4", callback=callback)
"""
NETWORK = 'model_name="mobilenetv4_conv_small.e1200_r224_in1k"'


@pytest.mark.data
@pytest.mark.parametrize("weights", ["random", "imagenet"])
def test_the_cell_runs(weights: str, data_dir: Path, tmp_path: Path) -> None:
    """Random weights stand in for those only a hub has; the local ImageNet ones are of a sister network."""
    pytest.importorskip("ultralytics")
    pytest.importorskip("timm")
    Path("yolo11m.pt").symlink_to(data_dir / "data/weights/yolo/yolo11n_dequant.pt")
    shorten(data_dir / "data/video/people-detection.mp4", tmp_path / "in.mp4", first=200, count=25)
    checkpoint = data_dir / "data/weights/imagenet/mobilenetv2_100.safetensors"
    local = {
        "random": f"{NETWORK}, pretrained=False",
        "imagenet": f'model_name="mobilenetv2_100", checkpoint_path={str(checkpoint)!r}',
    }[weights]
    names: dict[str, Any] = {}

    known = contextlib.nullcontext() if weights == "imagenet" else pytest.warns(UserWarning, match="calibrate")
    with known:
        exec(CELL.replace(NETWORK, local), names)

    assert sv.VideoInfo.from_video_path("out.mp4").total_frames == 25
    assert names["tracker"].total_confirmed >= 1
    before, after = (np.stack(list(sv.get_video_frames_generator(name))).astype(int) for name in ("in.mp4", "out.mp4"))
    assert (np.abs(after - before).max(axis=3) > 80).any(axis=(1, 2)).sum() > 10


def test_the_cell_is_the_documented_one() -> None:
    """Parameter names and their order, which notebooks rely on."""
    import inspect

    from trackers import DeepSORTFeatureExtractor, DeepSORTTracker

    names = list(inspect.signature(DeepSORTTracker).parameters)
    assert names[:10] == re.findall(
        r"\w+",
        "feature_extractor device lost_track_buffer frame_rate track_activation_threshold minimum_consecutive_frames "
        "minimum_iou_threshold appearance_threshold appearance_weight distance_metric",
    )
    assert list(inspect.signature(DeepSORTFeatureExtractor.from_timm).parameters)[:2] == ["model_name", "device"]


def shorten(source: Path, target: Path, *, first: int, count: int) -> None:
    frames = sv.get_video_frames_generator(str(source), start=first, end=first + count)
    with sv.VideoSink(str(target), sv.VideoInfo.from_video_path(str(source))) as sink:
        for frame in frames:
            sink.write_frame(frame)
