"""`trackers adapt` and `trackers track --adapt`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.appearance.test_adaptation import footage
from tests.cli.conftest import Said
from trackers.appearance.adaptation import AdaptedExtractor
from trackers.io import write_detections

Call = Callable[..., Said]


def test_learn_from_videos_and_track_with_it(call: Call, sequences: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.npz"
    said = call("adapt", sequences / "one", sequences / "two", "--output", mine, "--extractor", "stripes")
    assert said.code == 0, said.error
    assert "adapted:" in said.out
    loaded = AdaptedExtractor.load(mine)
    assert loaded.report.tracks > 0
    out = tmp_path / "out.txt"
    assert call("track", sequences / "one", "--extractor", mine, "--output", out).code == 0
    assert out.read_text()


def test_the_file_of_embed_is_learned_from_without_its_video(call: Call, tmp_path: Path) -> None:
    boxes, mine = tmp_path / "boxes.npz", tmp_path / "mine.npz"
    write_detections(boxes, footage())
    said = call("adapt", boxes, "--output", mine)
    assert said.code == 0, said.error
    assert "adapted: held-out" in said.out
    assert AdaptedExtractor.load(mine).extractor is None
    outputs = [tmp_path / "mapped.jsonl", tmp_path / "plain.jsonl"]
    options = ("--tracker", "deepsort", "--explain")
    assert call("track", boxes, *options, "--extractor", mine, "--output", outputs[0]).code == 0
    assert call("track", boxes, *options, "--output", outputs[1]).code == 0
    mapped, plain = (path.read_text() for path in outputs)
    assert "cosine" in mapped
    assert mapped != plain


@pytest.mark.parametrize("tracker", ["steadysort", "deepsort"])
def test_track_a_file_twice(call: Call, sequence: Path, tmp_path: Path, tracker: str) -> None:
    out = tmp_path / "out.txt"
    said = call("track", sequence, "--adapt", "true", "--tracker", tracker, "--extractor", "stripes", "--output", out)
    assert said.code == 0, said.error
    assert out.read_text()


def test_learn_while_tracking(call: Call, sequence: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    said = call("track", sequence, "--tracker.adapt", "true", "--frame-rate", 5, "--output", out)
    assert said.code == 0, said.error
    assert out.read_text()


@pytest.mark.parametrize("source", ["0", "rtsp://nowhere/stream"])
def test_a_stream_cannot_be_read_twice(call: Call, source: str) -> None:
    said = call("track", source, "--adapt", "true", "--detections", "sample")
    assert said.code == 2
    assert "twice" in said.error
    assert "--tracker.adapt" in said.error


def test_nothing_to_learn_from_is_said(call: Call, sequence: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "boxes.npz", frame=np.array([1]), xyxy=np.array([[0.0, 0, 10, 20]]))
    said = call("adapt", tmp_path / "boxes.npz", "--output", tmp_path / "mine.npz")
    assert said.code == 2
    assert "embedding" in said.error
