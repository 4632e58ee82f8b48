"""The original script's workflow on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import FRAMES, Said
from trackers.io import VideoWriter, open_source

Call = Callable[..., Said]


def test_vectors_tracks_and_a_video(call: Call, sequence: Path, tmp_path: Path) -> None:
    embedded = call("deep-sort-embed", sequence, "one.npy", "--extractor", "stripes")
    assert embedded.code == 0, embedded.error
    table = np.load(tmp_path / "one.npy")
    assert table.shape[0] == len((sequence / "det" / "det.txt").read_text().splitlines())

    options = (
        "--detections",
        "one.npy",
        "--min_confidence",
        "0.2",
        "--max_cosine_distance",
        "0.25",
        "--nn_budget",
        "50",
    )
    tracked = call("deep-sort", sequence, "one.txt", *options)
    assert (tracked.code, f"{FRAMES} frames" in tracked.out) == (0, True)

    replayed = call("replay", sequence, "one.txt", "--output", "one.mp4")
    assert (replayed.code, f"{FRAMES} frames" in replayed.out) == (0, True)
    assert (tmp_path / "one.mp4").stat().st_size > 1000


def test_a_folder_of_sequences_from_det_txt(call: Call, sequences: Path, tmp_path: Path) -> None:
    said = call("deep-sort", sequences, "results")
    assert said.code == 0, said.error
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"one.txt", "two.txt"}
    again = call("deep-sort", sequences, "results")
    assert again.code == 2
    assert "overwrite" in again.error


def test_what_is_wrong_is_said_in_a_line(call: Call, sequence: Path, tmp_path: Path) -> None:
    for arguments, word in (
        (("deep-sort", tmp_path / "nothing", "out.txt"), "nothing"),
        (("deep-sort", sequence, "out.txt", "--max_cosine_distance", "7"), "appearance_threshold"),
        (("deep-sort-embed", sequence, "out.npz", "--extractor", "stripes"), ".npy"),
        (("replay", sequence, "missing.txt", "--output", "out.mp4"), "missing.txt"),
        (("replay", sequence, sequence / "gt" / "gt.txt"), "--show"),
    ):
        said = call(*arguments)
        assert said.code == 2
        assert word in said.error
        assert len(said.error.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["txt", "csv", "jsonl", "CSV"])
@pytest.mark.parametrize("source", ["the sequence", "its images", "a video"])
def test_replay_draws_what_track_writes(call: Call, sequence: Path, tmp_path: Path, ending: str, source: str) -> None:
    frames = {"the sequence": sequence, "its images": sequence / "img1", "a video": tmp_path / "clip.mp4"}[source]
    with VideoWriter(tmp_path / "clip.mp4", frame_rate=25) as writer:
        for _, image in open_source(sequence):
            writer.write(image)
    tracked = call("track", sequence, "--output", f"found.{ending}", "--tracker", "sort")
    assert tracked.code == 0
    tracks = re.search(r"(\d+ tracks)", tracked.out)
    said = call("replay", frames, f"found.{ending}", "--output", "drawn.mp4")
    assert (said.code, said.error.count("\n")) == (0, 0)
    assert tracks is not None
    assert f"{FRAMES} frames, {tracks[1]}" in said.out
    drawn = [image for _, image in open_source(tmp_path / "drawn.mp4")]
    plain = [image for _, image in open_source(frames)]
    assert len(drawn) == FRAMES
    assert np.abs(drawn[-1].astype(int) - plain[-1][: len(drawn[-1]), : len(drawn[-1][0])]).max() > 50


def test_replay_names_classes_and_says_what_was_not_drawn(call: Call, sequence: Path, tmp_path: Path) -> None:
    row = '{{"frame": {}, "tracker_id": 1, "xyxy": [20, 20, 60, 90], "class_id": 2, "class_name": "car"}}\n'
    (tmp_path / "found.jsonl").write_text("".join(row.format(frame) for frame in (1, 2, FRAMES + 9)))
    said = call("replay", sequence / "img1", "found.jsonl", "--output", "drawn.csv")
    assert f"found.jsonl goes to frame {FRAMES + 9}, but {sequence / 'img1'} has {FRAMES} frames" in said.out
    lines = (tmp_path / "drawn.csv").read_text().splitlines()[1:]
    assert [line.split(",")[7:9] for line in lines] == [["2", "car"]] * 2
    refused = call("replay", sequence, "found.jsonl", "--output", "drawn.mp4")
    assert (refused.code, f"{FRAMES} frames only" in refused.error) == (2, True)
    (tmp_path / "det.txt").write_text("1,1,1,1,9,9,1,-1,-1,-1\n")
    refused = call("replay", "det.txt", "found.jsonl", "--output", "drawn.mp4")
    assert (refused.code, "no frames to draw on" in refused.error) == (2, True)
