"""`trackers track` from the outside."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.cli.conftest import FRAMES, Said
from trackers import DeepSORTTracker, SORTTracker, SteadySORTTracker, StripeFeatureExtractor
from trackers.core.base import Tracker
from trackers.core.registry import TRACKERS
from trackers.io import open_source, read_detections, read_mot
from trackers.table import BoxTable

Call = Callable[..., Said]


def expected(sequence: Path, tracker: Tracker[Any]) -> BoxTable:
    """What the tracker returns when Python calls it."""
    table = read_detections(sequence / "det" / "det.txt")
    frames = open_source(sequence)
    return BoxTable.from_detections(tracker.update(table[number], frame) for number, frame in frames)


def best() -> SteadySORTTracker:
    """What the command line takes where nothing is chosen."""
    return SteadySORTTracker(StripeFeatureExtractor())


def test_all_outputs_of_one_run(call: Call, sequence: Path, tmp_path: Path) -> None:
    names = ["out.mp4", "out.txt", "out.csv", "out.jsonl"]
    said = call("track", sequence, *(word for name in names for word in ("--output", name)))
    assert said.code == 0
    assert said.out.startswith(f"{FRAMES} frames, ")
    assert said.error == ""
    rows = read_mot(tmp_path / "out.txt")
    truth = expected(sequence, best())
    assert len(rows) > 20
    assert rows.frame.tolist() == truth.frame.tolist()
    assert rows.tracker_id.tolist() == truth.tracker_id.tolist()
    assert np.allclose(rows.xywh, truth.xywh, atol=1e-3)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [int(row["tracker_id"]) for row in csv.DictReader(file)] == rows.tracker_id.tolist()
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == rows.frame.tolist()
    frames = [image for _, image in open_source(tmp_path / "out.mp4")]
    assert len(frames) == FRAMES


def test_boxes_are_drawn_where_the_tracks_are(call: Call, sequence: Path, tmp_path: Path) -> None:
    call("track", sequence, "--output", "out.mp4", "--output", "out.txt", "--draw.annotators", "box")
    rows = read_mot(tmp_path / "out.txt")
    last = rows.frame == FRAMES
    drawn = [image for _, image in open_source(tmp_path / "out.mp4")][-1].astype(int)
    plain = [image for _, image in open_source(sequence)][-1].astype(int)
    changed = np.abs(drawn - plain).sum(axis=2) > 150
    for x1, y1, x2, _ in rows.xyxy[last].astype(int):
        border = changed[max(y1 - 1, 0) : y1 + 3, max(x1, 0) : x2]
        assert border.mean() > 0.2
    xs = np.nonzero(changed)[1]
    boxes = rows.xyxy[last]
    inside = ((xs[:, None] >= boxes[:, 0] - 5) & (xs[:, None] <= boxes[:, 2] + 5)).any(axis=1)
    assert inside.mean() > 0.9


@pytest.mark.parametrize("name", TRACKERS)
def test_every_tracker_has_a_name(call: Call, sequence: Path, tmp_path: Path, name: str) -> None:
    assert call("track", sequence, "--tracker", name, "--output", f"{name}.txt").code == 0
    assert len(read_mot(tmp_path / f"{name}.txt")) > 20


def test_parameters_from_the_command_line_and_from_yaml(call: Call, sequence: Path, tmp_path: Path) -> None:
    options = ("--tracker", "sort", "--tracker.minimum-consecutive-frames", "1", "--tracker.lost_track_buffer=2")
    assert call("track", sequence, *options, "--output", "flags.txt").code == 0
    printed = call("track", sequence, *options, "--print-config")
    config = yaml.safe_load(printed.out)
    assert config["tracker"]["name"] == "sort"
    assert config["tracker"]["minimum_consecutive_frames"] == 1
    assert config["tracker"]["minimum_iou_threshold"] == 0.3
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({"tracker": config["tracker"]}))
    assert call("track", sequence, "--config", "run.yaml", "--output", "yaml.txt").code == 0
    truth = expected(sequence, SORTTracker(minimum_consecutive_frames=1, lost_track_buffer=2))
    assert read_mot(tmp_path / "flags.txt").tracker_id.tolist() == truth.tracker_id.tolist()
    assert (tmp_path / "flags.txt").read_text() == (tmp_path / "yaml.txt").read_text()


def test_a_name_where_a_list_would_do_too(call: Call, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    call("track", "sample", "--tracker.camera_motion", "sparse_flow", "--output", "moved.csv")
    assert (tmp_path / "moved.csv").stat().st_size > 0


def test_the_command_line_wins_over_yaml(call: Call, sequence: Path, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("tracker:\n  name: sort\n  lost_track_buffer: 7\n")
    said = call("track", sequence, "--config", "run.yaml", "--tracker.lost_track_buffer", "9", "--print-config")
    assert yaml.safe_load(said.out)["tracker"]["lost_track_buffer"] == 9


def test_every_constructor_parameter_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    import inspect

    from trackers.cli import main

    assert main(["track", "--tracker", "deepsort", "--help"]) == 0
    text = capsys.readouterr().out
    for name in set(inspect.signature(DeepSORTTracker).parameters) - {"feature_extractor"}:
        assert f"--tracker.{name} " in text
    assert "Frames, at 30 frames per second, that a confirmed" in text


def test_an_extractor_by_name(call: Call, sequence: Path, tmp_path: Path) -> None:
    said = call("track", sequence, "--extractor", "stripes", "--output", "out.txt")
    assert said.code == 0, said.error
    assert len(read_mot(tmp_path / "out.txt")) > 20


def ids(path: Path) -> list[int]:
    numbers: list[int] = read_mot(path).tracker_id.tolist()
    return numbers


def test_the_default_is_the_best_that_needs_no_download(call: Call, sequence: Path, tmp_path: Path) -> None:
    for name, options in {
        "default": (),
        "named": ("--tracker", "steadysort", "--extractor", "stripes"),
        "without": ("--extractor", "none"),
    }.items():
        assert call("track", sequence, *options, "--output", f"{name}.txt").code == 0
    assert (
        ids(tmp_path / "default.txt") == ids(tmp_path / "named.txt") == expected(sequence, best()).tracker_id.tolist()
    )
    assert ids(tmp_path / "without.txt") == expected(sequence, SteadySORTTracker()).tracker_id.tolist()


def test_the_default_extractor_yields_to_vectors_of_the_detections(
    call: Call, sequence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("embed", sequence, "vectors.npz", "--extractor", "stripes")
    call("embed", sequence, "boxes.npz")
    asked: list[int] = []
    monkeypatch.setattr(StripeFeatureExtractor, "extract_features", lambda *_: asked.append(1))
    assert call("track", sequence, "--detections", "vectors.npz", "--output", "out.txt").code == 0
    assert call("track", sequence, "--tracker", "deepsort", "--detections", "boxes.npz").code == 0
    assert not asked
    call("track", sequence, "--detections", "boxes.npz")
    assert asked


@pytest.mark.parametrize(
    ("tracker", "lowest"), [("sort", 0.5), ("deepsort", 0.5), ("bytetrack", 0.1), ("steadysort", 0.1)]
)
def test_the_default_confidence_is_the_one_the_tracker_is_good_at(
    call: Call, sequence: Path, tmp_path: Path, tracker: str, lowest: float
) -> None:
    call("embed", sequence, "boxes.npz", "--detections", sequence / "det" / "det.txt")
    options = ("track", sequence, "--tracker", tracker, "--extractor", "none", "--detections")
    call(*options, "boxes.npz", "--output", "default.txt")
    call(*options, "boxes.npz", "--confidence", lowest, "--output", "lowest.txt")
    call(*options, "boxes.npz", "--confidence", "0.0", "--output", "all.txt")
    call(*options, sequence / "det" / "det.txt", "--output", "text.txt")
    assert ids(tmp_path / "default.txt") == ids(tmp_path / "lowest.txt")
    assert ids(tmp_path / "all.txt") == ids(tmp_path / "text.txt"), "scores of a text file may be on any scale"


def test_only_some_tracks(call: Call, sequence: Path, tmp_path: Path) -> None:
    call("track", sequence, "--output", "out.txt", "--only", "2", "--only", "3")
    assert set(read_mot(tmp_path / "out.txt").tracker_id.tolist()) <= {2, 3}


def test_confidence_and_classes_of_stored_detections(call: Call, sequence: Path, tmp_path: Path) -> None:
    call("embed", sequence, "boxes.npz", "--detections", sequence / "det" / "det.txt")
    assert "0 boxes" in call("track", sequence, "--detections", "boxes.npz", "--confidence", "1.1").out
    said = call("track", sequence, "--detections", "boxes.npz", "--classes", "person")
    assert said.code == 2
    assert "have no classes" in said.error


def test_tracking_without_frames(call: Call, sequence: Path, tmp_path: Path) -> None:
    assert call("track", sequence / "det" / "det.txt", "--output", "file.txt").code == 0
    assert call("track", sequence, "--extractor", "none", "--output", "folder.txt").code == 0
    assert (tmp_path / "file.txt").read_text() == (tmp_path / "folder.txt").read_text()
    said = call("track", sequence / "det" / "det.txt", "--output", "out.mp4")
    assert said.code == 2
    assert "no frames to draw on" in said.error
    assert not (tmp_path / "out.mp4").exists()


def test_a_broken_frame_is_counted_and_skipped(call: Call, tmp_path: Path) -> None:
    from tests.cli.conftest import make_sequence

    sequence = make_sequence(tmp_path / "seq")
    (sequence / "img1" / "000010.png").write_bytes(b"broken")
    said = call("track", sequence, "--output", "out.mp4", "--output", "out.txt")
    assert said.code == 0
    assert "1 broken frames" in said.out
    assert 10 not in read_mot(tmp_path / "out.txt").frame
    assert read_mot(tmp_path / "out.txt").frame.max() == FRAMES


def test_the_embedded_sample_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trackers", "track", "sample", "--output", "out.mp4", "--output", "out.txt"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
        # A suite that runs in the background of a shell ignores the signal, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    text = tmp_path / "out.txt"
    deadline = time.monotonic() + 60
    while (not text.exists() or len(text.read_text().splitlines()) < 20) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "stopped early" in out
    rows = read_mot(text)
    assert text.read_text().endswith("-1\n")
    assert len(list(open_source(tmp_path / "out.mp4"))) >= rows.frame.max() - 1


@pytest.mark.data
def test_an_ultralytics_checkpoint_on_a_real_video(call: Call, data_dir: Path, tmp_path: Path) -> None:
    pytest.importorskip("ultralytics", reason="the extra `ultralytics` is not installed")
    images = tmp_path / "pictures"
    images.mkdir()
    from PIL import Image

    for number, image in open_source(data_dir / "data" / "mot" / "TUD-Campus"):
        Image.fromarray(image[:, :, ::-1]).save(images / f"{number}.jpg")
        if number == 8:
            break
    weights = data_dir / "data" / "weights" / "yolo" / "yolo11n_dequant.pt"
    said = call("track", images, "--detections", weights, "--classes", "person", "--output", "out.txt")
    assert said.code == 0, said.error
    assert len(read_mot(tmp_path / "out.txt")) > 10
    wrong = call("track", images, "--detections", weights, "--classes", "persn")
    assert wrong.code == 2
    assert "has no class 'persn'" in wrong.error
