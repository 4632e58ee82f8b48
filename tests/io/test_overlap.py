"""Reading ahead and writing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from trackers.io import WriteBehind, overlapped, read_ahead


@pytest.fixture(params=["", "1"], ids=["threads", "one thread"])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What limits the threads of this process, as it does in a worker."""
    monkeypatch.setenv("TRACKERS_THREADS", request.param)


def closing(closed: threading.Event) -> Iterator[int]:
    """A hundred items from a source that says when it is closed."""
    try:
        yield from range(100)
    finally:
        closed.set()


def test_items_are_fetched_on_another_thread_and_in_order() -> None:
    threads = set()

    def items() -> Iterator[int]:
        for i in range(20):
            threads.add(threading.current_thread())
            yield i

    assert list(read_ahead(items(), size=3)) == list(range(20))
    assert threads.isdisjoint({threading.current_thread()})


def test_a_process_limited_to_one_thread_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKERS_THREADS", "1")

    def thread_of(_: object) -> int:
        return threading.get_ident()

    found = [
        *map(thread_of, read_ahead(range(5))),
        *overlapped(range(5), thread_of),
        *overlapped(map(thread_of, "abc")),
    ]
    assert set(found) == {threading.get_ident()}
    assert list(overlapped(range(5), lambda item: 2 * item, str)) == ["0", "2", "4", "6", "8"]


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


@pytest.mark.usefixtures("threads")
def test_an_error_comes_at_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("gone")

    reader = read_ahead(items(), size=8)
    assert [next(reader), next(reader)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(reader)


@pytest.mark.usefixtures("threads")
def test_the_source_is_closed_when_the_reader_stops_early() -> None:
    closed = threading.Event()
    reader = read_ahead(closing(closed), size=2)
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert closed.is_set()


def test_stages_work_at_the_same_time() -> None:
    """Each item but the first meets the one before it, a stage further: if they took turns, nobody would come."""
    meeting = threading.Barrier(2, timeout=30)
    last = 5

    def first(item: int) -> int:
        if item > 0:
            meeting.wait()
        return item

    def second(item: int) -> int:
        if item < last:
            meeting.wait()
        return 10 * item

    assert list(overlapped(range(last + 1), first, second)) == [10 * item for item in range(last + 1)]


def test_each_stage_has_one_thread_and_gets_the_items_in_order() -> None:
    found: dict[str, list[tuple[int, int]]] = {"first": [], "second": []}

    def stage(name: str) -> Any:
        def work(item: int) -> int:
            found[name].append((item, threading.get_ident()))
            return item

        return work

    assert list(overlapped(range(20), stage("first"), stage("second"))) == list(range(20))
    assert [[item for item, _ in part] for part in found.values()] == [list(range(20))] * 2
    threads = [{thread for _, thread in part} for part in found.values()]
    assert [len(part) for part in threads] == [1, 1]
    assert len({*threads[0], *threads[1], threading.get_ident()}) == 3


@pytest.mark.usefixtures("threads")
def test_what_waits_between_stages_is_bounded() -> None:
    fetched = []

    def items() -> Iterator[int]:
        for i in range(100):
            fetched.append(i)
            yield i

    line = overlapped(items(), lambda item: item, lambda item: item, size=1)
    for _ in range(10):
        next(line)
    assert len(fetched) <= 10 + 3 * (1 + 1)
    line.close()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("threads")
def test_an_error_in_a_stage_comes_at_its_place_and_closes_the_source() -> None:
    closed = threading.Event()

    def fail(item: int) -> int:
        if item == 3:
            raise OSError("gone")
        return item

    line = overlapped(closing(closed), fail, lambda item: item)
    assert [next(line) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="gone"):
        next(line)
    assert closed.wait(30)


@pytest.mark.usefixtures("threads")
def test_leaving_early_closes_the_source() -> None:
    closed = threading.Event()
    line = overlapped(closing(closed), lambda item: item, lambda item: item)
    next(line)
    line.close()  # type: ignore[attr-defined]
    assert closed.wait(30)


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
