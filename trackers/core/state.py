"""The state of a tracker between two frames, as plain data: to be kept in a file and taken up again elsewhere.

A state is a dict of numbers, names and arrays; `trackers.core.state_file` writes it.
"""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, fields
from typing import Any, TypeVar

import numpy as np

from trackers.appearance.gallery import new_galleries, pack_galleries, unpack_galleries
from trackers.association.selection import Selection
from trackers.core.time import Time, as_seconds
from trackers.lifecycle import Changes, Lifecycle, Tracks

TracksType = TypeVar("TracksType", bound=Tracks)


class Stateful:
    """What a tracker goes on from; the attributes of its constructor's parameters are part of it."""

    _lifecycle: Lifecycle
    _camera: Any
    _time: Time
    _class_ids: list[int]
    _vector_length: int | None
    _statistics: Any
    _adaptation: Any
    _tracks: Any
    _decisions: list[Any]
    _prepared: Any
    _new_tracks: Any


TrackerType = TypeVar("TrackerType", bound=Stateful)

VERSION = 4
"""Version of the format."""

COLUMNS_OF_VERSION_3 = {"look": "embedding", "looks": "embedding_count", "unseen": "frames_since_embedding"}
"""Columns that version 3 had under other names."""

OF_THE_MACHINE = ("device",)
"""Parameters that say where a tracker runs, not what it returns."""


def state_of(tracker: Stateful) -> dict[str, Any]:
    """Everything the tracker goes on from, sharing nothing with it; see `Tracker.state_dict`."""
    lifecycle, camera = tracker._lifecycle, tracker._camera
    plain, objects = parameters(tracker)
    return {
        "version": VERSION,
        "tracker": type(tracker).__name__,
        "parameters": plain,
        "objects": objects,
        "total_confirmed": lifecycle.total_confirmed,
        "lost": [] if lifecycle.changes is None else lifecycle.changes.lost.tolist(),
        "timestamp": tracker._time.last,
        "timed": tracker._time.timed,
        "class_ids": list(tracker._class_ids),
        "vector_length": tracker._vector_length,
        "learned": list(tracker._statistics),
        "camera": None if camera is None else copy.deepcopy(camera.state_dict()),
        "adaptation": None if tracker._adaptation is None else tracker._adaptation.state_dict(),
        "tracks": _packed(tracker._tracks),
    }


def restore(tracker: Stateful, state: Mapping[str, Any]) -> None:
    """Take up a state; the tracker is unchanged if it does not fit. See `Tracker.load_state_dict`."""
    check_origin(type(tracker), state)
    with _refusing_damage():
        check_parameters(tracker, state)
        tracks = _unpacked(tracker._new_tracks(), state["tracks"])
        total, lost = int(state["total_confirmed"]), np.array(state["lost"], np.int64)
        last = None if state["timestamp"] is None else as_seconds(state["timestamp"])
        timed = state.get("timed", None if last is None else True)
        if timed not in (None, last is not None):
            raise ValueError("the state is damaged: its time and whether it has one disagree")
        length = None if state["vector_length"] is None else int(state["vector_length"])
        class_ids = [int(number) for number in state["class_ids"]]
        numbers = [float(number) for number in state["learned"]]
        if len(numbers) != len(tracker._statistics) or not np.isfinite(numbers).all():
            raise ValueError(f"the state is damaged: expected {len(tracker._statistics)} numbers learned")
        learned = type(tracker._statistics)(*numbers)
        given = tracks.id[tracks.confirmed]
        if len(np.unique(given)) != len(given) or (given < 1).any() or (given > total).any():
            raise ValueError(f"the state is damaged: ids must be different numbers from 1 to {total}")
        if tracks.votes.shape[1] != len(class_ids):
            raise ValueError(f"the state is damaged: {len(class_ids)} classes and votes for {tracks.votes.shape[1]}")
        if (tracker._camera is None) != (state["camera"] is None):
            raise ValueError("expected camera_motion where the state was taken with it, and only there")
        if tracker._camera is not None:
            tracker._camera.load_state_dict(copy.deepcopy(state["camera"]))
        if tracker._adaptation is not None:
            tracker._adaptation.load_state_dict(state["adaptation"])
    nobody = np.empty(0, np.int64)
    tracker._lifecycle.total_confirmed = total
    tracker._lifecycle.changes = Changes(0, nobody, lost, nobody, ())
    tracker._tracks = tracks
    tracker._time, tracker._class_ids, tracker._vector_length = Time(timed, last), class_ids, length
    tracker._prepared, tracker._statistics, tracker._decisions = None, learned, []


def recreate(kind: type[TrackerType], state: Mapping[str, Any], given: Mapping[str, Any]) -> TrackerType:
    """A tracker with the parameters of a state, those in `given` replaced, that has taken up the state."""
    check_origin(kind, state)
    with _refusing_damage():
        missing = [name for name in state["objects"] if name not in given]
        options = {name: value for name, value in state["parameters"].items() if name not in given}
        if options.get("selection") is not None:
            options["selection"] = Selection(**options["selection"])
        if missing:
            again = ", ".join(f"{name}=..." for name in missing)
            raise ValueError(f"a file cannot hold {' and '.join(missing)}; call {kind.__name__}.load(path, {again})")
    with nullcontext() if given else _refusing_damage():  # an error about `given` is not the file's
        tracker = kind(**options, **given)
    restore(tracker, state)
    return tracker


def check_origin(kind: type[Any], state: Any, versions: tuple[int, ...] = (VERSION, 3)) -> None:
    """Refuse what is not a state of this class in a format that is known.

    Raises:
        TypeError: If it is no dict.
        ValueError: If it is of another class or version.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"expected a state, which is a dict, but got {type(state).__name__}")
    version = state.get("version")
    if version not in versions:
        raise ValueError(f"expected a state of version {' or '.join(map(str, versions))}, but got version {version!r}")
    if state.get("tracker") != kind.__name__:
        raise ValueError(f"expected a state of {kind.__name__}, but got one of {state.get('tracker')}")


def parameters(tracker: Stateful) -> tuple[dict[str, Any], list[str]]:
    """The constructor's parameters as plain data, None for those that are objects; and the names of these.

    Raises:
        ValueError: If the tracker does not keep a parameter as an attribute of that name.
    """
    plain: dict[str, Any] = {}
    objects = []
    for name in inspect.signature(type(tracker)).parameters:
        if name in OF_THE_MACHINE:
            continue
        if not hasattr(tracker, name):
            kind = type(tracker).__name__
            raise ValueError(f"to have a state, {kind} must keep its parameter {name!r} as an attribute of that name")
        value = getattr(tracker, name)
        try:
            plain[name] = json.loads(json.dumps(value, default=_plain))
        except (TypeError, ValueError):
            plain[name] = None
            objects.append(name)
    return plain, objects


def _plain(value: Any) -> Any:
    """A number of NumPy or a selection as plain Python; nothing else."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Selection):
        return asdict(value)
    raise TypeError


def check_parameters(tracker: Stateful, state: Mapping[str, Any]) -> None:
    """Refuse the state of a tracker that would have given other ids; objects cannot be compared."""
    now = parameters(tracker)[0]
    signature = inspect.signature(type(tracker)).parameters
    before = {**{name: signature[name].default for name in now}, **state["parameters"]}  # it may lack later ones
    different = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    if different:
        pairs = [f"{name} was {before.get(name)!r} and is {getattr(tracker, name, None)!r}" for name in different]
        raise ValueError(f"expected the state of a tracker with equal parameters, but {', '.join(pairs)}")


@contextmanager
def _refusing_damage() -> Iterator[None]:
    """Whatever a state of the wrong form raises becomes a `ValueError` that says so."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(f"the state is damaged: {error!r}") from error


def _packed(tracks: Tracks) -> dict[str, Any]:
    """The columns of a table, copied; galleries, which differ in length, as a few arrays."""
    columns = {item.name: getattr(tracks, item.name) for item in fields(tracks)}
    return {name: pack_galleries(it) if it.dtype == object else it.copy() for name, it in columns.items()}


def _unpacked(blank: TracksType, packed: Mapping[str, Any]) -> TracksType:
    """A table like an empty one, filled with the columns of a state."""
    names = {item.name for item in fields(blank)}
    packed = {COLUMNS_OF_VERSION_3.get(name, name): column for name, column in packed.items()}
    count = len(packed["id"])
    nothing, zero = np.empty((count, 0), np.float32), np.zeros(count, np.int64)
    added = {
        "raw": nothing,
        "raw_gallery": pack_galleries(new_galleries(nothing, None)),
        "frames_since_embedding": zero,
        "centre": nothing,
        "spread": np.full(count, -1.0),
    }
    packed = {**{name: column for name, column in added.items() if name in names}, **packed}
    if packed.keys() != names:
        raise ValueError(f"expected columns {', '.join(sorted(names))}, but got {', '.join(sorted(packed))}")
    columns = {}
    for name in names:
        like = getattr(blank, name)
        column = unpack_galleries(packed[name]) if like.dtype == object else np.array(packed[name])
        # A side of 0 in the empty table is as wide as classes or vectors turned out to be.
        shape = (count, *(b or a for a, b in zip(column.shape[1:], like.shape[1:], strict=False)))
        if column.shape != shape or column.ndim != like.ndim or column.dtype.kind != like.dtype.kind:
            raise ValueError(f"column {name} cannot be {column.dtype} of shape {column.shape} for {count} tracks")
        columns[name] = column
    return type(blank)(**columns)
