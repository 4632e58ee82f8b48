"""The original script's workflow on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.cli.conftest import FRAMES, Said

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


def test_what_is_wrong_is_told_in_a_line(call: Call, sequence: Path, tmp_path: Path) -> None:
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
