"""Processes of this machine that do not bring one another down."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, TypeVar

from trackers.io import overlap

Result = TypeVar("Result")

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    overlap.THREADS,
)
"""What libraries read when they are loaded, and our own reader when it opens a video."""

ATTEMPTS = 2
"""How often a job runs whose process is killed before the job counts as failed."""


class ProcessWorkers(Executor):
    """An executor whose every worker is a process of its own.

    With `ProcessPoolExecutor` one process that is killed fails all jobs. Here it fails its own job alone, after a
    second attempt in a new process.

    Args:
        count: Number of processes.
        threads: Threads of linear algebra, PyTorch, OpenCV and the video decoder in each; None shares out the
            processors.

    Raises:
        ValueError: If there is to be no process.

    Example:
        >>> with ProcessWorkers(1) as workers:
        ...     workers.submit(pow, 2, 10).result()
        1024
    """

    def __init__(self, count: int, *, threads: int | None = None) -> None:
        """Start no process yet."""
        self._limit = max(1, processors() // count) if threads is None else threads
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._own = threading.local()
        self._pools: dict[int, ProcessPoolExecutor] = {}
        self._stopped = False

    def submit(self, function: Callable[..., Result], /, *args: Any, **options: Any) -> Future[Result]:
        """Have a process call a function that can be imported, with arguments that can be pickled."""
        return self._threads.submit(self._run, function, *args, **options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes once their jobs are done."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in list(self._pools.values()):
            pool.shutdown(wait)

    def interrupt(self) -> None:
        """Start no further job, and interrupt those that are running as Ctrl-C would."""
        self._stopped = True
        for process in list(self._pools):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGINT)
        self.shutdown(cancel_futures=True)

    def _run(self, function: Callable[..., Result], *args: Any, **options: Any) -> Result:
        """Wait for a job, on the thread that has a process to itself."""
        for _ in range(ATTEMPTS):
            try:
                result: Result = self._pool().submit(interruptible, function, *args, **options).result()
                return result
            except BrokenProcessPool:
                self._discard()
                if self._stopped:
                    break
        raise RuntimeError(
            f"its process was killed {ATTEMPTS} times: by the system for want of memory, or by a crash in a library"
        )

    def _pool(self) -> ProcessPoolExecutor:
        """The process of this thread."""
        if getattr(self._own, "pool", None) is None:
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(1, spawn, initializer=prepare_worker, initargs=(self._limit,))
            self._own.pool, self._own.process = pool, pool.submit(os.getpid).result()
            self._pools[self._own.process] = pool
        own: ProcessPoolExecutor = self._own.pool
        return own

    def _discard(self) -> None:
        """Drop the process of this thread, which is dead."""
        pool, self._own.pool = self._own.pool, None
        if pool is not None:
            self._pools.pop(self._own.process, None)
            pool.shutdown()


def processors() -> int:
    """Number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def prepare_worker(threads: int) -> None:
    """Set up a new process: so many threads, and Ctrl-C counts during a job alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_threads(threads)


def interruptible(function: Callable[..., Result], *args: Any, **options: Any) -> Result:
    """Call a function that an interruption ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return function(*args, **options)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def limit_threads(count: int) -> None:
    """Let the libraries of this process, those loaded and those still to be, use so many threads each."""
    os.environ.update(dict.fromkeys(THREADS, str(count)))
    with suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(count)
    torch, cv2 = sys.modules.get("torch"), sys.modules.get("cv2")
    if torch is not None:
        torch.set_num_threads(count)
    if cv2 is not None:
        cv2.setNumThreads(count)
