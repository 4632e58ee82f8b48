"""Processes that do not bring one another down."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from trackers.jobs import open_pool
from trackers.jobs.processes import THREADS, ProcessWorkers
from trackers.pipeline.folder import make_jobs, run_jobs
from trackers.pipeline.track import Summary


def die(pids: Path, times: int) -> int:
    """Kill this process, unless it has been tried often enough."""
    with pids.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if len(pids.read_text().split()) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def threads() -> list[int]:
    import cv2
    import torch

    return [cv2.getNumThreads(), torch.get_num_threads(), *(int(os.environ[name]) for name in THREADS)]


def wait_for_interrupt(started: Path, ended: Path) -> None:
    started.touch()
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        ended.touch()
        raise


def test_a_process_that_is_killed_fails_its_own_job_alone(tmp_path: Path) -> None:
    with ProcessWorkers(2, threads=1) as workers:
        once = workers.submit(die, tmp_path / "once", 1)
        always = workers.submit(die, tmp_path / "always", 9)
        others = [workers.submit(pow, 2, power) for power in range(8)]
        assert once.result() != os.getpid()
        with pytest.raises(RuntimeError, match="killed 2 times"):
            always.result()
        assert [other.result() for other in others] == [2**power for power in range(8)]
        assert workers.submit(threads).result() == [1] * (2 + len(THREADS))


@dataclass(frozen=True)
class FullDisk:
    """Work that finds the disk full for one video, after a part of the result was written."""

    def run(self, source: str, outputs: Sequence[str | Path], *, overwrite: bool = False) -> Summary:
        Path(outputs[0]).write_text(source)
        if Path(source).stem == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(outputs[0]))
        return Summary(frames=1)


def test_a_full_disk_on_one_worker_fails_its_video_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "full", "z"):
        (tmp_path / "in" / f"{name}.mp4").touch()
    jobs = make_jobs(tmp_path / "in", tmp_path / "out", FullDisk())
    with open_pool(2, len(jobs)) as pool:
        results = run_jobs(jobs, pool)
    assert [one.state for one in results] == ["done", "failed", "done"]
    assert "No space left on device" in results[1].error
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "z.txt"]


INTERRUPTED = """
import signal, sys
from pathlib import Path
from tests.jobs.test_processes import wait_for_interrupt
from trackers.jobs import open_pool
signal.signal(signal.SIGINT, signal.default_int_handler)
with open_pool(2, 3) as pool:
    pool.submit(wait_for_interrupt, *map(Path, sys.argv[1:])).result()
"""
"""A program that waits for a job."""


def test_an_interruption_reaches_the_jobs(tmp_path: Path) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", INTERRUPTED, str(started), str(ended)]
    with subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": root}, stderr=subprocess.PIPE) as program:
        limit = time.monotonic() + 60
        while not started.exists() and program.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert program.returncode == -signal.SIGINT
    assert ended.exists()


def test_one_worker_or_one_job_needs_no_process() -> None:
    for workers, jobs in ((1, 9), (4, 1), (None, 0)):
        with open_pool(workers, jobs) as pool:
            assert pool is None
    with pytest.raises(ValueError, match="at least 1"), open_pool(0, 3):
        pass
    with pytest.raises(ValueError, match="backend"), open_pool(1, 3, backend="slurm"):
        pass
