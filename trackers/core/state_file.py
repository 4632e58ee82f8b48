"""A state as a file, at no time half written: a `.npz` of plain arrays. What is no array is JSON in the array `header`.

Nothing is pickled.
"""

from __future__ import annotations

import copy
import io
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


class Saved:
    """Something that is kept in a file, by its `state_dict`."""

    def state_dict(self) -> dict[str, Any]:
        """Everything it goes on from, as numbers, names and arrays, copied."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the state to a file, which at no time is half written.

        Args:
            path: File to write or replace.

        Raises:
            OSError: If it cannot be written; an older file at `path` is still there then.
        """
        write_state(path, self.state_dict())


def write_state(path: str | Path, state: Mapping[str, Any]) -> None:
    """Write a state: the file at `path` is the old one or the whole new one, whatever happens meanwhile."""
    path = Path(path)
    arrays: dict[str, npt.NDArray[Any]] = {}
    header = json.dumps(_without_arrays(state, "", arrays)).encode()
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("xb") as file:
            np.savez(file, header=np.frombuffer(header, np.uint8), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_state(path: str | Path) -> dict[str, Any]:
    """Read what `write_state` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or something else.
    """
    content = io.BytesIO(Path(path).read_bytes())
    try:
        with np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        state: dict[str, Any] = _with_arrays(header, arrays)
    except Exception as error:  # there is no end to what a damaged archive can raise
        raise ValueError(f"{path} is damaged or holds no state of a tracker: {error}") from error
    return state


def _without_arrays(value: Any, place: str, arrays: dict[str, npt.NDArray[Any]]) -> Any:
    """The value with its arrays moved to `arrays`, and their places left behind."""
    if isinstance(value, np.ndarray):
        arrays[place] = value
        return {"array": place}
    if isinstance(value, Mapping):
        return {name: _without_arrays(one, f"{place}/{name}".lstrip("/"), arrays) for name, one in value.items()}
    return value


def _with_arrays(value: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The value with its arrays back in their places."""
    if not isinstance(value, dict):
        return copy.copy(value)
    if value.keys() == {"array"}:
        return arrays[value["array"]]
    return {name: _with_arrays(one, arrays) for name, one in value.items()}
