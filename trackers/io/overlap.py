"""Reading ahead, writing behind and stages in between, each on a thread of its own, while the caller works."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar

T = TypeVar("T")

THREADS = "TRACKERS_THREADS"
"""Environment variable: threads that decode a video, without it one per processor; with 1 nothing is read ahead."""

PATIENCE = 0.5
"""Seconds a thread has to end; one that hangs in a camera or a network is left behind, so that Ctrl-C ends a run."""


def read_ahead(items: Iterable[T], size: int = 4) -> Iterator[T]:
    """Yield the same items, up to `size` of them fetched in advance on a thread.

    Errors come at their place in the sequence. A process limited to one thread (`TRACKERS_THREADS=1`), as a worker on
    a processor of its own is, fetches them one by one.

    Args:
        items: Whatever takes time to produce; a generator is closed at the end.
        size: Items to hold ready.

    Yields:
        The items, in order.

    Example:
        >>> list(read_ahead(range(3)))
        [0, 1, 2]
    """
    if os.environ.get(THREADS) == "1":
        yield from items
        return
    ready: SimpleQueue[tuple[bool, T | BaseException | None]] = SimpleQueue()
    room, over = threading.Semaphore(size), threading.Event()

    def fetch() -> None:
        iterator = iter(items)
        try:
            while room.acquire() and not over.is_set():
                ready.put((True, next(iterator)))
        except StopIteration:
            ready.put((False, None))
        except BaseException as error:
            ready.put((False, error))
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=fetch, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            more, item = ready.get()
            if isinstance(item, BaseException) and not more:
                raise item
            if not more:
                return
            room.release()
            yield item  # type: ignore[misc]
    finally:
        over.set()
        room.release()
        thread.join(PATIENCE)


def overlapped(items: Iterable[Any], *stages: Callable[[Any], Any], size: int = 2) -> Iterator[Any]:
    """Send items through stages that work at the same time, as on an assembly line.

    While the last stage has one item, the stage before has the next, and the one after that is being fetched: where
    there are processors enough, or a GPU, a frame takes as long as the slowest stage. Each stage has a thread of its
    own and gets the items one after another, in order. An error comes out at its place, and ends the others.

    Args:
        items: Whatever takes time to produce, such as the frames of a video.
        *stages: Functions of one argument; each gets what the one before returned.
        size: Items that may wait between two stages.

    Yields:
        What the last stage returned, in order.

    Example:
        >>> list(overlapped("abc", str.upper, lambda letter: 2 * letter))
        ['AA', 'BB', 'CC']
    """
    for stage in stages:
        items = _each(stage, read_ahead(items, size))
    return read_ahead(items, size)


def _each(stage: Callable[[Any], Any], items: Iterator[Any]) -> Iterator[Any]:
    """What a function returns for each item; closing it closes the items."""
    with contextlib.closing(items):  # type: ignore[type-var]
        for item in items:
            yield stage(item)


class WriteBehind(Generic[T]):
    """Call a function on a thread, in order, with at most `size` items waiting.

    Used as a context manager; leaving it waits for what is still to be written. An error of the function
    comes out of a later `put` or of leaving.

    Args:
        write: Called with each item.
        size: Items that may wait before `put` blocks.

    Example:
        >>> written = []
        >>> with WriteBehind(written.append) as behind:
        ...     behind.put(1)
        ...     behind.put(2)
        >>> written
        [1, 2]
    """

    def __init__(self, write: Callable[[T], object], size: int = 4) -> None:
        self._write = write
        self._size = size
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="write-behind")
        self._pending: deque[Future[object]] = deque()

    def put(self, item: T) -> None:
        """Take an item; waits while too many are waiting already."""
        while len(self._pending) >= self._size:
            self._pending.popleft().result()
        self._pending.append(self._pool.submit(self._write, item))

    def __enter__(self) -> WriteBehind[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
        if error is None:
            for future in self._pending:
                future.result()
