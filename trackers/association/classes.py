"""Which classes may share a track."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Ints

ClassGroups = bool | Iterable[Collection[int]]
"""True: classes are ignored. False: every class on its own. Groups of class ids: the classes of a group share tracks,
every other class is on its own."""


NO_CLASS = -1
"""Class id of a detection whose class is not known."""

UNKNOWN = np.iinfo(np.int64).min
"""Group of what has no class: it may match in any group."""


def share_group(first: Ints, second: Ints) -> Bools:
    """Whether each pair may match by its classes, shape `(k,)`: one group, or a group that is not known.

    Example:
        >>> share_group(np.array([1, 1, UNKNOWN]), np.array([1, 2, 2])).tolist()
        [True, False, True]
    """
    same: Bools = first == second
    return same if np.count_nonzero(same) == len(same) else same | (first == UNKNOWN) | (second == UNKNOWN)


class ClassRule:
    """Turns class ids into group numbers; a track and a detection may match only within one group.

    Args:
        class_agnostic: True, False, or groups of class ids.

    Attributes:
        rule: True, False, or the groups as lists.

    Raises:
        TypeError: If it is none of these.
        ValueError: If a class is in two groups.

    Example:
        >>> rule = ClassRule([{2, 7}])  # cars and trucks are easily confused
        >>> group = rule.groups(np.array([2, 7, 0]), 3)
        >>> bool(group[0] == group[1]), bool(group[0] == group[2])
        (True, False)
    """

    def __init__(self, class_agnostic: ClassGroups) -> None:
        """Check the rule."""
        self.everything = class_agnostic is True
        self.rule: bool | list[list[int]] = False
        self._representative: dict[int, int] = {}
        if isinstance(class_agnostic, bool):
            self.rule = class_agnostic
            return
        try:
            self.rule = groups = [sorted(int(number) for number in group) for group in class_agnostic]
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"class_agnostic must be True, False, or groups of class ids such as [{{2, 7}}], "
                f"but got {class_agnostic!r}"
            ) from error
        for group in groups:
            for number in group:
                if number in self._representative:
                    raise ValueError(f"class_agnostic names class {number} in two groups")
                self._representative[number] = group[0]

    def groups(self, class_id: npt.NDArray[Any] | None, count: int) -> Ints:
        """Group number of each detection, shape `(count,)`; unknown where there is no class."""
        if self.everything:
            return np.zeros(count, np.int64)
        if class_id is None:
            return np.full(count, UNKNOWN)
        class_id = np.asarray(class_id, np.int64)
        known = class_id != NO_CLASS
        if not self._representative:
            return np.where(known, class_id, UNKNOWN)
        numbers = [self._representative.get(number, number) for number in class_id.tolist()]
        return np.where(known, np.array(numbers, np.int64), UNKNOWN)
