"""The life of a track: tentative, confirmed, lost, removed.

Tracks are a struct of arrays: row i of every column is track i. A tracker that keeps more of its tracks adds
columns in a subclass of `Tracks`.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trackers.association.assignment import Match, unmatched
from trackers.boxes import Bools, Floats, Ints, Vectors, writable
from trackers.deprecation import warn_renamed
from trackers.errors import check_range

if TYPE_CHECKING:
    from typing_extensions import Self

NO_ID = -1
"""Id of a detection without a confirmed track, and of a tentative track."""

CONFIRMATION = 0.1
"""Seconds of consecutive frames that confirm a track where no number is set: three frames at 30 per second."""

LOST_TRACK_BUFFER = 90
"""Frames, at 30 per second, that a confirmed track may be missed where no number is set."""


def column(*shape: int, dtype: npt.DTypeLike = np.int64, fill: float = 0) -> Any:
    """Declare a column of `Tracks`: one value of the given shape per track, `fill` unless given at birth."""
    return field(default_factory=lambda: np.empty((0, *shape), dtype), metadata={"fill": fill})


@dataclass
class Tracks:
    """Living tracks, oldest first.

    Attributes:
        id: Number given at confirmation, -1 before, shape `(n,)`.
        hits: Frames with a detection, shape `(n,)`.
        missed: Frames since the last detection, 0 if matched on the last frame, shape `(n,)`; a fraction where frames
            carry timestamps.
        age: Frames since the first detection, shape `(n,)`.
        state: Kalman state, shape `(n, 5, 4)`; see `trackers.motion.kalman`.
        group: Group of classes the track may match in, shape `(n,)`.
        score: Confidence of the last detection, shape `(n,)`.
        votes: Confidence collected for each class the tracker has met, shape `(n, classes)`.
    """

    id: Ints = column(fill=NO_ID)
    hits: Ints = column(fill=1)
    missed: Floats = column(dtype=np.float64)
    age: Floats = column(dtype=np.float64)
    state: Floats = column(5, 4, dtype=np.float64)
    group: Ints = column()
    score: Floats = column(dtype=np.float64)
    votes: Floats = column(0, dtype=np.float64)

    def __setstate__(self, state: dict[str, npt.NDArray[Any]]) -> None:
        """Take up columns that were copied or pickled; those that arrive read-only become writable."""
        for name, column in state.items():
            setattr(self, name, writable(column))

    def __len__(self) -> int:
        """Number of living tracks."""
        return len(self.id)

    @property
    def confirmed(self) -> Bools:
        """Mask of the tracks that have an id, shape `(n,)`."""
        confirmed: Bools = self.id != NO_ID
        return confirmed

    def vector(self, row: int) -> Vectors | None:
        """The embedding of the track in this row, a unit vector `(d,)`; None if it is not known."""
        return None

    def take(self, rows: Bools | Ints) -> Self:
        """A copy of some of the tracks, by mask `(n,)` or by row."""
        rows = rows.nonzero()[0] if rows.dtype == np.bool_ else rows.astype(np.int64)
        return type(self)(**{name: in_rows(column, rows) for name, column in vars(self).items()})

    def renew(self, kept: Ints, count: int = 0, **born: npt.NDArray[Any]) -> None:
        """Remove all tracks but those in the given rows, ascending, and add new ones after them.

        Args:
            kept: Rows to keep, shape `(k,)`.
            count: Number of new tracks.
            **born: Their columns; one not named takes its fill value.
        """
        living, everyone = len(kept), len(kept) == len(self)
        columns = vars(self)
        for name, fill in fills(type(self)):  # type: ignore[arg-type]
            old = columns[name]
            if count:
                columns[name] = new = np.empty_like(old, shape=(living + count, *old.shape[1:]))
                if everyone or old.ndim == 3:
                    new[:living] = old if everyone else in_rows(old, kept)
                else:
                    old.take(kept, axis=0, out=new[:living], mode="clip")  # without a copy between
                new[living:] = born.get(name, fill)
            else:
                columns[name] = in_rows(old, kept)

    def keep(self, kept: Ints) -> None:
        """The old name of `renew` without new tracks."""
        warn_renamed("Tracks.keep(kept)", "Tracks.renew(kept)")
        self.renew(kept)

    def append(self, count: int, **born: npt.NDArray[Any]) -> None:
        """The old name of `renew` with new tracks alone."""
        warn_renamed("Tracks.append(count)", "Tracks.renew(np.arange(len(tracks)), count)")
        self.renew(np.arange(len(self)), count, **born)


@functools.cache
def fills(kind: type[Tracks]) -> tuple[tuple[str, float], ...]:
    """Name of each column of a kind of `Tracks`, and what fills it unless given at birth.

    Example:
        >>> dict(fills(Tracks))["hits"]
        1
    """
    return tuple((item.name, item.metadata["fill"]) for item in fields(kind))


def in_rows(column: npt.NDArray[Any], rows: Ints) -> npt.NDArray[Any]:
    """Some rows of a column of `Tracks`, copied, in the same order in memory.

    Example:
        >>> in_rows(np.arange(8.0).reshape(4, 2), np.array([1, 3])).tolist()
        [[2.0, 3.0], [6.0, 7.0]]
    """
    if column.ndim == 3 and column.strides[0] == column.itemsize:  # tracks side by side, as in a Kalman state
        return np.asarray(column.transpose(1, 2, 0).take(rows, axis=2).transpose(2, 0, 1))
    return np.asarray(column.take(rows, axis=0))


class Changes(NamedTuple):
    """What became of the tracks on one frame.

    Attributes:
        born: Number of new tentative tracks, the last rows of the table.
        confirmed: Ids given on this frame.
        lost: Ids that were matched on the previous frame and not on this one.
        recovered: Ids matched again after a gap.
        removed: The tracks that died, tentative ones included, in one table or two; none unless
            `Lifecycle.listened`.
    """

    born: int
    confirmed: Ints
    lost: Ints
    recovered: Ints
    removed: tuple[Tracks, ...]


@dataclass
class Lifecycle:
    """Rules of confirmation and expiry (Wojke 2017, section 2.1), and the ids of one tracker.

    Attributes:
        minimum_consecutive_frames: Hits after which a track is confirmed, the first detection being the first.
        buffer: Frames a confirmed track may be missed and still be found again.
        minimum_age: Frames since its first detection after which a track is confirmed, if it has the hits, too.
        total_confirmed: Ids given so far.
        changes: What became of the tracks on the last frame.
        between: The tracks that died between the last frame and this one.
        listened: Whether `changes` contains the tracks that died; a tracker collects them once it has a listener.
    """

    minimum_consecutive_frames: int
    buffer: int
    minimum_age: float = 0.0
    total_confirmed: int = 0
    changes: Changes | None = None
    between: tuple[Tracks, ...] = ()
    listened: bool = True

    def reset(self) -> None:
        """Start the ids anew."""
        self.total_confirmed = 0
        self.changes, self.between = None, ()

    def expired(self, tracks: Tracks, elapsed: float) -> Bools | None:
        """Tracks whose buffer runs out before the next frame, `elapsed` frames from now, a mask; None if there is none.

        On the next frame itself a track may still be matched, as after `elapsed - 1` frames without detections.
        """
        if elapsed <= 1.0:
            return None
        gone: Bools = tracks.missed + (elapsed - 1.0) > self.buffer + 1e-9
        return gone if gone.any() else None

    def expire(self, tracks: Tracks, gone: Bools) -> None:
        """Remove the tracks in a mask, to be reported as removed on this frame."""
        self.between = (tracks.take(gone),) if self.listened else ()
        tracks.renew((~gone).nonzero()[0])

    def advance(self, tracks: Tracks, match: Match, born: Bools, elapsed: float, **columns: npt.NDArray[Any]) -> Ints:
        """Close a frame: count hits and misses, give ids, remove the dead, start the new.

        A tentative track dies on its first miss, a confirmed one on the first miss beyond the buffer.

        Args:
            tracks: Living tracks, changed in place.
            match: Tracks and detections matched on this frame.
            born: Mask `(n,)` of the detections that start a tentative track; none of them is matched.
            elapsed: Frames since the previous update, 1 unless frames carry timestamps.
            **columns: Columns of the new tracks, one row for each True of `born`.

        Returns:
            The id of each detection's track, -1 without a confirmed one, shape `(n,)`.
        """
        ids = np.full(len(born), NO_ID)
        before, was_matched = self.total_confirmed, tracks.missed == 0
        tracks.age += elapsed
        tracks.missed += elapsed
        tracks.missed[match.track] = 0
        tracks.hits[match.track] += 1
        self._confirm(tracks)
        ids[match.detection] = tracks.id.take(match.track)

        is_matched, confirmed = tracks.missed == 0, tracks.confirmed
        turned = (confirmed & (is_matched != was_matched)).nonzero()[0]
        lost = recovered = tracks.id.take(turned)
        if len(turned):
            lost, recovered = lost[was_matched[turned]], recovered[is_matched[turned]]
        dead = (tracks.missed > np.where(confirmed, self.buffer, 0)).nonzero()[0]
        removed = (*self.between, tracks.take(dead)) if len(dead) and self.listened else self.between
        self.between = ()
        births = int(np.count_nonzero(born))
        if births or len(dead):
            tracks.renew(unmatched(len(is_matched), dead).nonzero()[0], births, **columns)
        if births:
            self._confirm(tracks)
            ids[born] = tracks.id[-births:]
        given = np.arange(before + 1, self.total_confirmed + 1)
        self.changes = Changes(births, given, lost, recovered, removed)
        return ids

    def confirms(self, hits: Ints, age: Floats) -> Bools:
        """Whether that many hits, `(n,)`, in that many frames since the first, `(n,)`, confirm a track."""
        return np.asarray((hits >= self.minimum_consecutive_frames) & (age >= self.minimum_age))

    def _confirm(self, tracks: Tracks) -> None:
        """Give the next ids to the tentative tracks with enough hits, oldest first."""
        ready = (tracks.id == NO_ID).nonzero()[0]
        if len(ready) == 0:
            return
        ready = ready[(tracks.missed[ready] == 0) & self.confirms(tracks.hits[ready], tracks.age[ready])]
        tracks.id[ready] = np.arange(self.total_confirmed + 1, self.total_confirmed + 1 + len(ready))
        self.total_confirmed += len(ready)


@functools.lru_cache(maxsize=64)
def confirmation(minimum_consecutive_frames: int | None, frame_rate: float) -> tuple[int, float]:
    """Hits and frames since the first detection that confirm a track.

    Args:
        minimum_consecutive_frames: Number of hits; None for `CONFIRMATION` seconds, and two hits at least.
        frame_rate: Frames per second of the video.

    Returns:
        `minimum_consecutive_frames` and `minimum_age` of a `Lifecycle`; timestamps may be off by half a frame.

    Example:
        >>> [confirmation(None, rate) for rate in (10.0, 30.0, 60.0)], confirmation(3, 60.0)
        ([(2, 0.0), (2, 1.5), (2, 4.5)], (3, 0.0))
    """
    if minimum_consecutive_frames is not None:
        return minimum_consecutive_frames, 0.0
    frames = math.ceil(round(CONFIRMATION * frame_rate, 9))
    return 2, max(0.0, frames - 1.5)


@functools.lru_cache(maxsize=64)
def buffer_in_frames(lost_track_buffer: float | None, frame_rate: float) -> int:
    """Frames a confirmed track survives without a detection.

    Args:
        lost_track_buffer: Frames at 30 frames per second; None for 90.
        frame_rate: Frames per second of the video.

    Returns:
        The buffer scaled to the frame rate, rounded up: at least 1 for any positive buffer.

    Raises:
        ValueError: If the buffer is negative or the frame rate is not positive.

    Example:
        >>> buffer_in_frames(30, frame_rate=30.0), buffer_in_frames(3, frame_rate=5.0), buffer_in_frames(0, 30.0)
        (30, 1, 0)
    """
    lost_track_buffer = LOST_TRACK_BUFFER if lost_track_buffer is None else lost_track_buffer
    check_range("lost_track_buffer", lost_track_buffer, 0)
    check_range("frame_rate", frame_rate, 1e-6, 1e6)
    return math.ceil(round(lost_track_buffer * frame_rate / 30.0, 9))
