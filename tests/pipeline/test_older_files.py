"""An older file of the name of an output stays until the new one is whole, whatever the format."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.pipeline.test_broken_runs import BOX, ENDINGS, NOISE, BrokenError, check, failing, frames, full_disk
from trackers import SORTTracker
from trackers.io import ResultWriter, VideoWriter
from trackers.pipeline.frame import TrackedFrame
from trackers.pipeline.track import run, track_frames

TRACKED = sv.Detections(BOX.xyxy, confidence=BOX.confidence, tracker_id=np.array([1]))
OLDER = b"1,1,10,10,50,90,1,-1,-1,-1\n"


@pytest.fixture(params=ENDINGS)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"out{request.param}"
    path.write_bytes(OLDER)
    return path


def writer(path: Path) -> Any:
    """A writer of a file, and a function that writes a frame."""
    if path.suffix in (".txt", ".csv", ".jsonl"):
        made = ResultWriter(path, overwrite=True)
        return made, lambda number: made.write(number, TRACKED)
    video = VideoWriter(path, frame_rate=30, overwrite=True)
    return video, lambda number: video.write(np.roll(NOISE, number))


@pytest.mark.parametrize("at", [1, 2, 30])
@pytest.mark.parametrize("error", [BrokenError, MemoryError, KeyboardInterrupt])
def test_a_run_that_fails_leaves_the_older_file(older: Path, at: int, error: type[BaseException]) -> None:
    tracked = track_frames(frames(40), failing(at, error, True), SORTTracker(minimum_consecutive_frames=1))
    if error is KeyboardInterrupt and at > 1:
        assert run(tracked, [older], overwrite=True).interrupted
        check(older)
        assert older.read_bytes() != OLDER, "Ctrl-C ends a run, and what it wrote is whole"
    else:
        with pytest.raises(error):
            run(tracked, [older], overwrite=True)
        assert older.read_bytes() == OLDER
    assert list(older.parent.iterdir()) == [older]


@pytest.mark.parametrize("size", [0, 10, 500, 20_000])
def test_a_full_disk_leaves_the_older_file(older: Path, size: int) -> None:
    count = 40 if older.suffix in (".txt", ".csv", ".jsonl") else 1
    boxes = sv.Detections(np.tile(BOX.xyxy, (count, 1)), tracker_id=np.arange(count))
    tracked = iter([TrackedFrame(number, np.roll(NOISE, number), boxes) for number, _ in frames(120)])
    with full_disk(size), pytest.raises(OSError, match=r"\w"):
        run(tracked, [older], overwrite=True)
    assert [path.read_bytes() for path in older.parent.iterdir()] == [OLDER]


@pytest.mark.parametrize("end", ["close", "with", "twice"])
def test_what_is_whole_takes_its_place(older: Path, end: str) -> None:
    made, write = writer(older)
    if end == "with":
        with made:
            write(1)
            assert older.read_bytes() == OLDER, "it can be read until the end"
    else:
        write(1)
        for _ in range(2 if end == "twice" else 1):
            made.close()
    check(older)
    assert older.read_bytes() != OLDER
    assert list(older.parent.iterdir()) == [older]


@pytest.mark.parametrize("error", [None, BrokenError])
def test_where_there_is_none_the_file_itself_grows(tmp_path: Path, error: type[Exception] | None) -> None:
    path = tmp_path / "out.txt"
    with pytest.raises(BrokenError) if error else contextlib.nullcontext(), ResultWriter(path) as made:
        made.write(1, TRACKED)
        assert len(path.read_text().splitlines()) == 1
        if error:
            raise error
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize("make", [ResultWriter, lambda path, **options: VideoWriter(path, frame_rate=30, **options)])
def test_without_overwrite_nothing_is_touched(older: Path, make: Callable[..., Any]) -> None:
    if (make is ResultWriter) != (older.suffix in (".txt", ".csv", ".jsonl")):
        pytest.skip("another writer's ending")
    with pytest.raises(FileExistsError):
        make(older)
    assert older.read_bytes() == OLDER
    assert list(older.parent.iterdir()) == [older]


def test_a_link_stays_one_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_bytes(OLDER)
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    with ResultWriter(tmp_path / "link.txt", overwrite=True) as made:
        made.write(7, TRACKED)
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text().startswith("7,1,")
    os.mkfifo(tmp_path / "pipe.txt")
    reader = os.open(tmp_path / "pipe.txt", os.O_RDONLY | os.O_NONBLOCK)
    with ResultWriter(tmp_path / "pipe.txt", overwrite=True) as made:
        made.write(7, TRACKED)
    assert os.read(reader, 100).startswith(b"7,1,")
    os.close(reader)
    assert (tmp_path / "pipe.txt").is_fifo()
