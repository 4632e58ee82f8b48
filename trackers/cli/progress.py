"""Progress bars on standard error, where it is a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from trackers.errors import require

T = TypeVar("T")


def progress_bar(items: Iterable[T], total: int | None = None, unit: str = "frame") -> Iterator[T]:
    """Yield the same items and show how far they are."""
    bar: Iterator[T] = iter(require("tqdm", "cli").tqdm(items, total=total, unit=unit, disable=None))
    return bar
