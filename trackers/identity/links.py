"""How cameras lie to each other: seconds from one to the other, and which of them see one place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Floats
from trackers.identity.homography import fit_homography

Pair = tuple[str, str]

FREE = -math.inf
"""Least seconds between two cameras that nothing is known of: one object may be on both at once."""

FLAT = 1e-12
"""Determinant of a homography of length 1 below which its points fix none."""


@dataclass(frozen=True, eq=False)
class Link:
    """The way from one camera to another.

    Attributes:
        seconds: Shortest and longest time from leaving the one to appearing on the other.
        overlap: Whether both see one place, so that one object may be on both at once.
        homography: Takes points of the ground from pixels of the first camera to pixels of the second, shape
            `(3, 3)`; None while unknown. Only where both see one place.
    """

    seconds: tuple[float, float] = (0.0, math.inf)
    overlap: bool = False
    homography: Floats | None = None

    def __post_init__(self) -> None:
        low, high = self.seconds
        if not 0.0 <= low <= high:
            raise ValueError(
                f"seconds of a link must be (shortest, longest) with 0 <= shortest, but got {self.seconds}"
            )
        if self.homography is not None and (
            np.shape(self.homography) != (3, 3) or not np.isfinite(self.homography).all()
        ):
            raise ValueError(f"homography must be a finite matrix of shape (3, 3), but got {self.homography!r}")

    @classmethod
    def of(cls, value: Any, *, overlap: bool = False) -> Link:
        """A link from what a user writes: a pair of seconds, a mapping of this class's fields, or a link."""
        if isinstance(value, Link):
            return value
        if isinstance(value, Mapping):
            fields = {"overlap": overlap, **value}
            unknown = fields.keys() - {"seconds", "overlap", "homography"}
            if unknown:
                raise ValueError(f"a link has seconds, overlap and homography, but got {', '.join(sorted(unknown))}")
            if fields.get("homography") is not None:
                fields["homography"] = np.array(fields["homography"], np.float64)
            seconds = fields.pop("seconds", None)
            return cls(**fields) if seconds is None else cls(_seconds(seconds), **fields)
        return cls(overlap=overlap) if value is None else cls(_seconds(value), overlap=overlap)


class CameraLinks:
    """Ways between cameras, as limits: what they rule out is no candidate, however similar.

    A way holds in both directions unless the other direction is listed too. Cameras that are joined only through
    others are as far apart as the shortest way through them. Of two cameras that are not joined at all nothing is
    known, and nothing is ruled out.

    Args:
        ways: `(shortest, longest)` seconds by pair of cameras, from the first to the second; or a mapping with
            `seconds`, `overlap` and `homography`, or None where only the overlap is known.
        overlap: Pairs that see one place; True for all listed.
        floors: For cameras that see one place, four or more points of the floor: in pixels of the camera, shape
            `(n, 2)`, and on a plan of the floor that all cameras share, shape `(n, 2)`, in any unit.

    Raises:
        TypeError: If `ways` is no mapping of pairs.
        ValueError: If a time is negative, or a camera is joined to itself.

    Example:
        >>> links = CameraLinks({("door", "yard"): (2, 20), ("yard", "barn"): (3, 30)})
        >>> links.shortest("door", "barn")
        5.0
        >>> print(links)
        door -> yard: 2.0 to 20.0 s
        yard -> barn: 3.0 to 30.0 s
    """

    def __init__(
        self,
        ways: Mapping[Pair, Any] | None = None,
        *,
        overlap: bool | Iterable[Pair] = False,
        floors: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
    ) -> None:
        """Check every way."""
        self._links: dict[Pair, Link] = {}
        self._floors: dict[str, Floats] = {}
        for camera, (pixels, places) in (floors or {}).items():
            self.place(camera, pixels, places)
        if ways is not None and not isinstance(ways, Mapping):
            raise TypeError(f"links must map pairs of cameras to seconds, but got {type(ways).__name__}")
        both = set() if isinstance(overlap, bool) else {_pair(one) for one in overlap}
        for pair, value in (ways or {}).items():
            one = _pair(pair)
            self._links[one] = Link.of(value, overlap=overlap is True or one in both or one[::-1] in both)
        for one in sorted(both):
            if one not in self._links and one[::-1] not in self._links:
                self._links[one] = Link(overlap=True)

    def __iter__(self) -> Iterator[tuple[Pair, Link]]:
        return ((pair, self._on_floors(*pair, link)) for pair, link in self._links.items())

    def __len__(self) -> int:
        return len(self._links)

    def __str__(self) -> str:
        """One line for each way."""
        lines = []
        for (first, second), link in self:
            if link.overlap:
                known = "homography known" if link.homography is not None else "no homography yet"
                lines.append(f"{first} -> {second}: see one place, {known}")
            else:
                lines.append(f"{first} -> {second}: {link.seconds[0]:.1f} to {link.seconds[1]:.1f} s")
        return "\n".join(lines)

    def add(
        self,
        first: str,
        second: str,
        seconds: tuple[float, float] | None = None,
        *,
        overlap: bool = False,
        homography: npt.ArrayLike | None = None,
    ) -> None:
        """Add or replace the way from one camera to another.

        Args:
            first: Name of the camera that is left.
            second: Name of the camera that is reached.
            seconds: Shortest and longest time between the two.
            overlap: Whether both see one place.
            homography: Takes points of the ground from pixels of the first to pixels of the second.
        """
        value = {"overlap": overlap, "homography": homography}
        self._links[_pair((first, second))] = Link.of(value if seconds is None else {**value, "seconds": seconds})

    def place(self, camera: str, pixels: npt.ArrayLike, places: npt.ArrayLike) -> None:
        """Say where points of a camera lie on the floor; two cameras of which it is known need no homography.

        Args:
            camera: Name of the camera.
            pixels: Points in pixels of the camera, shape `(n, 2)`, `n >= 4`, no three of four on a line.
            places: The same points on a plan of the floor that all cameras share, shape `(n, 2)`.

        Raises:
            ValueError: If there are fewer than four pairs of finite points, or they lie on a line.
        """
        matrix = fit_homography(pixels, places)
        flat = any(_thin(np.asarray(points, np.float64)) for points in (pixels, places))
        if flat or abs(float(np.linalg.det(matrix))) < FLAT:
            raise ValueError(f"points of camera {camera!r} lie on a line; expected four of which no three do")
        self._floors[camera] = matrix

    def _on_floors(self, first: str, second: str, link: Link) -> Link:
        """The link with the homography over the floor, where none is given and both floors are known."""
        if not link.overlap or link.homography is not None or not {first, second} <= self._floors.keys():
            return link
        over = np.linalg.inv(self._floors[second]) @ self._floors[first]
        return Link(link.seconds, link.overlap, np.asarray(over / np.linalg.norm(over), np.float64))

    def copy(self) -> CameraLinks:
        """Links that can be added to without changing these."""
        return CameraLinks.from_state(self.state())

    @property
    def cameras(self) -> list[str]:
        """Names of all cameras in the order they were first named."""
        return list(dict.fromkeys(name for pair in self._links for name in pair))

    def get(self, first: str, second: str) -> Link | None:
        """The way from one camera to another, listed in this or in the other direction; None if it is not listed."""
        if (first, second) in self._links:
            return self._on_floors(first, second, self._links[first, second])
        link = self._links.get((second, first))
        if link is None:
            return None
        link = self._on_floors(second, first, link)
        if link.homography is None:
            return link
        return Link(link.seconds, link.overlap, np.asarray(np.linalg.inv(link.homography), np.float64))

    def shortest(self, first: str, second: str) -> float:
        """Least seconds from one camera to another on any way; `-inf` where nothing is ruled out."""
        return float(self.least_seconds([first, second])[0, 1])

    def least_seconds(self, cameras: list[str]) -> Floats:
        """Least seconds between all pairs of cameras, shape `(n, n)`.

        Cameras that see one place, and cameras that are not joined, get `-inf`: one object may be on both at once. So
        does the diagonal.
        """
        names = list(dict.fromkeys([*cameras, *self.cameras]))
        time = np.full((len(names), len(names)), math.inf)
        direct = np.zeros(time.shape, np.bool_)
        for i, first in enumerate(names):
            for j, second in enumerate(names):
                link = None if i == j else self.get(first, second)
                if link is not None:
                    time[i, j] = 0.0 if link.overlap else link.seconds[0]
                    direct[i, j] = link.overlap
        for middle in range(len(names)):
            time = np.minimum(time, time[:, middle, None] + time[None, middle])
        time[direct | np.isinf(time)] = FREE
        np.fill_diagonal(time, FREE)
        return time[: len(cameras), : len(cameras)]

    def state(self) -> dict[str, Any]:
        """Everything as names, numbers and arrays."""
        links = list(self._links.items())
        return {
            "pairs": [list(pair) for pair, _ in links],
            "seconds": np.array([link.seconds for _, link in links]).reshape(-1, 2),
            "overlap": [link.overlap for _, link in links],
            "homography": {str(k): link.homography for k, (_, link) in enumerate(links) if link.homography is not None},
            "floors": {str(k): floor for k, floor in enumerate(self._floors.values())},
            "floor_cameras": list(self._floors),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CameraLinks:
        """The links that `state` gave."""
        links = cls()
        rows = zip(state["pairs"], state["seconds"].tolist(), state["overlap"], strict=True)
        for number, ((first, second), seconds, overlap) in enumerate(rows):
            homography = state["homography"].get(str(number))
            links._links[first, second] = Link(tuple(seconds), bool(overlap), homography)
        for place, camera in enumerate(state.get("floor_cameras", ())):
            links._floors[camera] = np.array(state["floors"][str(place)], np.float64)
        return links


def _thin(points: Floats) -> bool:
    """Whether points lie on a line."""
    wide, narrow = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(narrow <= 1e-6 * max(float(wide), 1e-300))


def _pair(value: Any) -> Pair:
    if not isinstance(value, tuple | list) or len(value) != 2 or not all(isinstance(name, str) for name in value):
        raise TypeError(f"a way joins a pair of camera names, but got {value!r}")
    if value[0] == value[1]:
        raise ValueError(f"a way joins two cameras, but got {value[0]!r} twice")
    return value[0], value[1]


def _seconds(value: Any) -> tuple[float, float]:
    try:
        low, high = (float(one) for one in value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"seconds of a link must be a pair (shortest, longest), but got {value!r}") from error
    return low, high
