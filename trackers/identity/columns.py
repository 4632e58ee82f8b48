"""A struct of arrays that grows by doubling, so that adding a row does not copy the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, writable


class Columns:
    """Named columns of equal length.

    Args:
        **columns: Shape of one value, type and fill value of each column.

    Example:
        >>> table = Columns(identity=((), np.int64, -1), place=((2,), np.float64, 0.0))
        >>> table.append(2, place=np.ones((2, 2)))
        >>> table["identity"].tolist(), table["place"].tolist()
        ([-1, -1], [[1.0, 1.0], [1.0, 1.0]])
    """

    def __init__(self, **columns: tuple[tuple[int, ...], npt.DTypeLike, float]) -> None:
        """Start without rows."""
        self._fill = {name: fill for name, (_, _, fill) in columns.items()}
        self._room: dict[str, npt.NDArray[Any]] = {
            name: np.empty((0, *shape), dtype) for name, (shape, dtype, _) in columns.items()
        }
        self._count = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up columns that were copied or pickled; those that arrive read-only become writable."""
        vars(self).update(state)
        self._room = {name: writable(column) for name, column in self._room.items()}

    def __len__(self) -> int:
        """Number of rows."""
        return self._count

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A column, to be read and written in place."""
        return self._room[name][: self._count]

    def append(self, count: int, **values: npt.ArrayLike) -> None:
        """Add rows; a column not named takes its fill value."""
        end = self._count + count
        for name, old in self._room.items():
            if end > len(old):
                self._room[name] = np.empty((max(end, 2 * len(old)), *old.shape[1:]), old.dtype)
                self._room[name][: self._count] = old[: self._count]
            self._room[name][self._count : end] = values.get(name, self._fill[name])
        self._count = end

    def keep(self, kept: Bools) -> None:
        """Remove all rows that a mask `(n,)` does not keep."""
        for name in self._room:
            self._room[name] = self[name][kept]
        self._count = int(kept.sum())

    def widen(self, name: str, length: int) -> None:
        """Make the last side of a column so long; what is new is zero."""
        old = self._room[name]
        if old.shape[-1] < length:
            self._room[name] = np.concatenate((old, np.zeros((*old.shape[:-1], length - old.shape[-1]), old.dtype)), -1)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of every column."""
        return {name: self[name].copy() for name in self._room}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up the columns that `state` gave.

        Raises:
            ValueError: If a column is missing, of another type, or of another length.
        """
        rows = {name: np.array(state[name]) for name in self._room}
        lengths = {len(column) for column in rows.values()}
        kinds = [name for name, column in rows.items() if column.dtype != self._room[name].dtype]
        if len(lengths) > 1 or kinds:
            raise ValueError(f"expected columns of one length and of their types, but got {lengths} and {kinds}")
        self._room, self._count = rows, lengths.pop()
