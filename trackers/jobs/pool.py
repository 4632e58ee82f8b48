"""Where the jobs of a work list run: in this process, in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from trackers.errors import check_choice
from trackers.jobs.processes import ProcessWorkers, processors

BACKENDS = ("processes", "ray")
"""What can run jobs."""


@contextmanager
def open_pool(
    workers: int | None,
    jobs: int,
    *,
    backend: str = "processes",
    ray_address: str = "auto",
    cpus: float = 1.0,
    gpus: float = 0.0,
) -> Iterator[Executor | None]:
    """Open what runs a number of jobs; on an interruption the jobs that are running are interrupted, too.

    Args:
        workers: Processes on this machine; None takes one per processor. A Ray cluster decides by its resources.
        jobs: Number of jobs there will be at a time.
        backend: One of `BACKENDS`.
        ray_address: See `trackers.jobs.cluster.RayWorkers`.
        cpus: Processors each job takes of a Ray cluster.
        gpus: GPUs each job takes of a Ray cluster.

    Yields:
        The executor; None where this process will do.

    Raises:
        ValueError: If there is no such backend or no worker.
        ConnectionError: If no cluster responds.
        MissingDependencyError: If Ray is asked for and not installed.
    """
    check_choice("backend", backend, BACKENDS)
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, but got {workers}")
    pool: ProcessWorkers | RayWorkers
    if backend == "ray":
        from trackers.jobs.cluster import RayWorkers

        pool = RayWorkers(ray_address, cpus=cpus, gpus=gpus)
    else:
        count = min(workers or processors(), jobs)
        if count <= 1:
            yield None
            return
        pool = ProcessWorkers(count)
    try:
        yield pool
    except BaseException:
        pool.interrupt()
        raise
    pool.shutdown()
