"""A run that breaks off leaves a file that can be read up to there, or none."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import SORTTracker
from trackers.io import open_source, read_result, write_detections, write_mot
from trackers.io.whole import whole_file
from trackers.pipeline.frame import TrackedFrame
from trackers.pipeline.track import run, track_frames
from trackers.table import BoxTable

pytest.importorskip("av", reason="PyAV is not installed")

ENDINGS = (".txt", ".csv", ".jsonl", ".mp4", ".mkv", ".avi", ".mov")
NOISE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
BOX = sv.Detections(np.array([[10.0, 10, 60, 100]]), confidence=np.array([0.9]))


def frames(count: int) -> Iterator[tuple[int, Any]]:
    return ((number, NOISE) for number in range(1, count + 1))


class BrokenError(Exception):
    """What a detector raises here."""


def failing(at: int, error: type[BaseException], boxes: bool) -> Callable[[int, Any], sv.Detections]:
    def detect(number: int, _: Any) -> sv.Detections:
        if number == at:
            raise error
        return BOX if boxes else sv.Detections.empty()

    return detect


def check(path: Path) -> None:
    """What is there can be read."""
    if not path.exists():
        return
    assert path.stat().st_size > 0
    if path.suffix in (".txt", ".csv", ".jsonl"):
        read_result(path)
    else:
        assert len(list(open_source(path))) > 0


@pytest.mark.parametrize("boxes", [True, False], ids=["boxes", "nothing found"])
@pytest.mark.parametrize("error", [BrokenError, KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("at", [1, 2, 30])
def test_a_detector_that_fails(tmp_path: Path, at: int, error: type[BaseException], boxes: bool) -> None:
    outputs = [tmp_path / f"out{ending}" for ending in ENDINGS]
    tracked = track_frames(frames(40), failing(at, error, boxes), SORTTracker(minimum_consecutive_frames=1))
    if error is KeyboardInterrupt and at > 1:
        summary = run(tracked, outputs)
        assert (summary.stopped, summary.interrupted, summary.frames) == (True, True, at - 1)
    else:
        with pytest.raises(error):
            run(tracked, outputs)
    for path in outputs:
        check(path)
    if at == 1:
        assert list(tmp_path.iterdir()) == []
    elif boxes:
        assert all(path.exists() for path in outputs)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Files cannot grow beyond a size, as if the disk were full."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 10, 500, 20_000, 100_000])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_that_fills_up(tmp_path: Path, ending: str, size: int) -> None:
    path = tmp_path / f"out{ending}"
    count = 40 if ending in (".txt", ".csv", ".jsonl") else 1
    boxes = sv.Detections(np.tile(BOX.xyxy, (count, 1)), tracker_id=np.arange(count))
    tracked = iter([TrackedFrame(number, np.roll(NOISE, number), boxes) for number, _ in frames(120)])
    with full_disk(size), pytest.raises(OSError, match=r"\w"):
        run(tracked, [path])
    check(path)


WRITERS: dict[str, Callable[[Path], object]] = {
    "MOT text": lambda path: write_mot(
        path,
        BoxTable.from_rows(frame=[1] * 999, tracker_id=range(999), xywh=np.ones((999, 4)), confidence=[1.0] * 999),
        overwrite=True,
    ),
    "detections": lambda path: write_detections(path, [BOX] * 999, overwrite=True),
}


@pytest.mark.parametrize("size", [0, 300])
@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_written_at_once_leaves_the_older_file(tmp_path: Path, kind: str, size: int) -> None:
    path = tmp_path / ("out.npz" if kind == "detections" else "out.txt")
    path.write_text("older")
    with full_disk(size), pytest.raises(OSError, match=r"\w"):
        WRITERS[kind](path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["older"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("older")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    with whole_file(tmp_path / "link.txt") as beside:
        beside.write_text("newer")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "newer"
