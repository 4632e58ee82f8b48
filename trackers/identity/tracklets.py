"""Tracks of all cameras, as far as identities are concerned: when each was there, and its vectors.

A tracklet is one track of one camera, from when it got its id to its end. A track that loses its identity (`split`)
goes on as a new tracklet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats, Ints, Vectors
from trackers.identity.camera_means import CameraMeans
from trackers.identity.columns import Columns

UNDECIDED = -1
"""Identity of a tracklet that has none yet."""

VIEWS = 8
"""Vectors kept of a tracklet; each is the mean of one second or more."""

VIEW_SECONDS = 1.0
"""Seconds whose vectors are averaged: noise goes, and another pose gets a vector of its own."""

GONE_SECONDS = 0.3
"""Seconds without a box after which the view a tracklet is at ends."""


class Tracklets:
    """A table of tracklets, oldest first, and the newest tracklet of each track.

    Example:
        >>> tracklets = Tracklets(CameraMeans())
        >>> rows = tracklets.rows_of(0, np.array([5, 7]), time=0.0)
        >>> tracklets["tracker_id"].tolist(), rows.tolist()
        ([5, 7], [0, 1])
    """

    def __init__(self, means: CameraMeans, first_number: int = 0) -> None:
        """Start empty; numbers of tracklets begin at `first_number`."""
        self.means = means
        self._next = first_number
        self._newest: dict[tuple[int, int], int] = {}
        self._table = Columns(
            number=((), np.int64, -1),
            camera=((), np.int64, 0),
            tracker_id=((), np.int64, 0),
            identity=((), np.int64, UNDECIDED),
            start=((), np.float64, 0.0),
            end=((), np.float64, 0.0),
            closed=((), np.bool_, False),
            minted=((), np.bool_, False),
            samples=((), np.int64, 0),
            sampled=((), np.float64, -np.inf),
            reviewed=((), np.int64, 0),
            count=((), np.int64, 0),
            views=((VIEWS, 0), np.float32, 0.0),
            weights=((VIEWS,), np.float64, 0.0),
            stored=((VIEWS,), np.bool_, False),
            open_sum=((0,), np.float32, 0.0),
            open_weight=((), np.float64, 0.0),
            open_start=((), np.float64, 0.0),
            counted=((0,), np.float32, 0.0),
        )

    def __len__(self) -> int:
        """Number of tracklets."""
        return len(self._table)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A column, see the constructor."""
        return self._table[name]

    def newest(self, camera: int, ids: Ints) -> Ints:
        """Row of the newest tracklet of each track, -1 for a track not known, shape `(n,)`."""
        get = self._newest.get
        return np.array([get((camera, number), -1) for number in ids.tolist()], np.int64)

    def rows_of(self, camera: int, ids: Ints, time: float) -> Ints:
        """As `newest`, with a new tracklet for each track not known."""
        rows = self.newest(camera, ids)
        for place in np.flatnonzero(rows < 0).tolist():
            rows[place] = self.begin(camera, int(ids[place]), time)
        return rows

    def begin(self, camera: int, tracker_id: int, time: float) -> int:
        """Add a tracklet, from now on the newest of its track; returns its row."""
        row = len(self._table)
        self._table.append(1, number=self._next, camera=camera, tracker_id=tracker_id, start=time, end=time)
        self._next += 1
        self._newest[camera, tracker_id] = row
        return row

    def add_vectors(self, rows: Ints, vectors: Vectors, weights: Floats, time: float) -> None:
        """Take vectors into the view each tracklet is at; a view that has lasted its second is closed.

        Args:
            rows: Rows of the tracklets, shape `(n,)`, none twice.
            vectors: Unit vectors, shape `(n, d)`.
            weights: How good each is, above 0, shape `(n,)`.
            time: Seconds.
        """
        if len(rows) == 0:
            return
        table = self._table
        for name in ("views", "open_sum", "counted"):
            table.widen(name, vectors.shape[1])
        fresh = rows[table["open_weight"][rows] == 0.0]
        table["open_start"][fresh] = time
        table["open_sum"][rows] += vectors * weights[:, None].astype(np.float32)
        table["open_weight"][rows] += weights
        table["samples"][rows] += 1
        table["sampled"][rows] = time
        for row in rows[time - table["open_start"][rows] >= VIEW_SECONDS].tolist():
            self.close_view(row)

    def close_view(self, row: int) -> None:
        """End the view a tracklet is at; when there are too many, the two neighbours of least weight become one."""
        table = self._table
        weight = float(table["open_weight"][row])
        if weight == 0.0:
            return
        views, weights, stored = table["views"][row], table["weights"][row], table["stored"][row]
        count = int(table["count"][row])
        if count == VIEWS:
            first = int((weights[:-1] + weights[1:]).argmin())
            views[first] = _unit(views[first] * weights[first] + views[first + 1] * weights[first + 1])
            weights[first] += weights[first + 1]
            stored[first] &= stored[first + 1]
            for column in (views, weights, stored):
                column[first + 1 : -1] = column[first + 2 :]
            count -= 1
        views[count], weights[count], stored[count] = _unit(table["open_sum"][row]), weight, False
        table["count"][row] = count + 1
        table["open_sum"][row], table["open_weight"][row] = 0.0, 0.0
        self._count_in_mean(row)

    def _count_in_mean(self, row: int) -> None:
        """Let the mean of the camera hold the tracklet once, as it is now."""
        table = self._table
        count = int(table["count"][row])
        mean = (table["views"][row, :count] * table["weights"][row, :count, None]).sum(0) / table["weights"][
            row, :count
        ].sum()
        before = table["counted"][row]
        self.means.add(int(table["camera"][row]), mean, before.copy() if before.any() else None)
        table["counted"][row] = mean

    def raw_views(self, row: int) -> Vectors:
        """Unit vectors of a tracklet as they came, the view it is at included, shape `(k, d)`."""
        table = self._table
        views = table["views"][row, : table["count"][row]]
        if table["open_weight"][row] > 0.0:
            views = np.concatenate((views, _unit(table["open_sum"][row])[None]))
        return np.asarray(views)

    def views(self, row: int) -> Vectors:
        """As `raw_views`, with the mean of the camera taken off."""
        raw = self.raw_views(row)
        return self.means.centred(raw, np.full(len(raw), self._table["camera"][row]))

    @property
    def length(self) -> int:
        """Numbers in a vector, 0 while there is none."""
        return int(self._table["open_sum"].shape[1])

    def check_length(self, length: int) -> None:
        """Refuse vectors of another length than before; 0 is none.

        Raises:
            ValueError: If they are.
        """
        if length and self.length not in (0, length):
            raise ValueError(
                f"expected vectors of {self.length} numbers as on the other cameras, but got {length}; all cameras "
                "need one feature extractor"
            )

    def unstored(self, rows: Ints) -> npt.NDArray[np.bool_]:
        """Which of some tracklets have views that the gallery has not."""
        fresh = (np.arange(VIEWS) < self["count"][rows, None]) & ~self["stored"][rows]
        return np.asarray(fresh.any(axis=1))

    def end_views(self, time: float) -> Ints:
        """End the views of tracklets that are gone; returns their rows."""
        rows = np.flatnonzero((self["open_weight"] > 0.0) & (time - self["end"] >= GONE_SECONDS))
        for row in rows.tolist():
            self.close_view(row)
        return rows

    def drop_oldest(self, most: int, time: float) -> None:
        """Of more tracklets than `most`, remove those that ended first, but none of the last minute."""
        if len(self) <= most:
            return
        kept = time - self["end"] <= 60.0
        kept[np.argsort(self["end"], kind="stable")[-int(0.9 * most) :]] = True
        self.keep(kept)

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Remove the tracklets a mask does not keep."""
        self._table.keep(kept)
        self._index()

    def _index(self) -> None:
        pairs = zip(self["camera"].tolist(), self["tracker_id"].tolist(), strict=True)
        self._newest = {pair: row for row, pair in enumerate(pairs)}

    def state(self) -> dict[str, Any]:
        """Everything as arrays."""
        return {**self._table.state(), "next_number": self._next}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        self._table.load({name: value for name, value in state.items() if name != "next_number"})
        self._next = int(state["next_number"])
        self._index()


def _unit(vector: Vectors) -> Vectors:
    length = float(np.sqrt(vector @ vector))
    return np.asarray(vector / length if length > 0.0 else vector, np.float32)
