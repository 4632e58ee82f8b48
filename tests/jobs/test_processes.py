"""Processes that do not bring one another down."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from trackers.jobs import open_pool
from trackers.jobs.processes import THREADS, ProcessWorkers


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


def test_an_interruption_reaches_the_jobs(tmp_path: Path) -> None:
    def interrupt() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    def run() -> None:
        with open_pool(2, 3) as pool:
            assert pool is not None
            running = pool.submit(wait_for_interrupt, tmp_path / "started", tmp_path / "ended")
            threading.Thread(target=interrupt).start()
            running.result()

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run()
    assert (tmp_path / "ended").exists()
    assert time.monotonic() - start < 30


def test_one_worker_or_one_job_needs_no_process() -> None:
    for workers, jobs in ((1, 9), (4, 1), (None, 0)):
        with open_pool(workers, jobs) as pool:
            assert pool is None
    with pytest.raises(ValueError, match="at least 1"), open_pool(0, 3):
        pass
    with pytest.raises(ValueError, match="backend"), open_pool(1, 3, backend="slurm"):
        pass
