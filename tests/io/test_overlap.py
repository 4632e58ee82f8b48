"""Reading ahead and writing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from trackers.io import WriteBehind, read_ahead


def test_items_are_fetched_on_another_thread_and_in_order() -> None:
    threads = set()

    def items() -> Iterator[int]:
        for i in range(20):
            threads.add(threading.current_thread())
            yield i

    assert list(read_ahead(items(), size=3)) == list(range(20))
    assert threads.isdisjoint({threading.current_thread()})


def test_no_more_than_asked_is_held() -> None:
    produced = []

    def items() -> Iterator[int]:
        for i in range(100):
            produced.append(i)
            yield i

    reader = read_ahead(items(), size=3)
    for _ in range(10):
        next(reader)
    assert len(produced) <= 10 + 3 + 1
    reader.close()  # type: ignore[attr-defined]


def test_an_error_comes_at_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("gone")

    reader = read_ahead(items(), size=8)
    assert [next(reader), next(reader)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(reader)


def test_the_source_is_closed_when_the_reader_stops_early() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(100)
        finally:
            closed.set()

    reader = read_ahead(items(), size=2)
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert closed.is_set()


def test_everything_is_written_in_order_before_leaving() -> None:
    written: list[int] = []
    with WriteBehind(written.append, size=2) as behind:
        for i in range(50):
            behind.put(i)
    assert written == list(range(50))


def test_a_failed_write_is_raised() -> None:
    def fail(item: int) -> None:
        raise OSError(f"disk full at {item}")

    behind = WriteBehind(fail, size=1)
    behind.put(0)
    with pytest.raises(OSError, match="disk full at 0"):
        behind.put(1)
    behind = WriteBehind(fail)
    behind.put(9)
    with pytest.raises(OSError, match="disk full at 9"):
        behind.__exit__(None, None, None)
