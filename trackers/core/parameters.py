"""Parameters of a tracker: declared once in its class, checked whenever they are set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trackers.errors import check_choice, check_range


class Between:
    """An attribute that takes numbers within bounds; see `between`."""

    def __init__(self, low: float, high: float, optional: bool, below: str, above: str, fixed: bool) -> None:
        """Keep the bounds."""
        self._fixed = fixed
        self._low, self._high, self._optional = low, high, optional
        self._below, self._above = below, above

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name of the parameter."""
        self._name = name

    def __set__(self, instance: object, value: Any) -> None:
        """Check the number and keep it."""
        if not (self._optional and value is None):
            values = vars(instance)
            low, high = values.get(self._above), values.get(self._below)
            check_range(self._name, value, self._low if low is None else low, self._high if high is None else high)
        if self._fixed and vars(instance).get(self._name, value) != value:
            raise AttributeError(f"{self._name} is fixed when a {type(instance).__name__} is made; make a new one")
        vars(instance)[self._name] = value


class OneOf:
    """An attribute that takes one of a few names; see `one_of`."""

    def __init__(self, choices: tuple[object, ...], fixed: bool) -> None:
        """Keep the names."""
        self._choices, self._fixed = choices, fixed

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name of the parameter."""
        self._name = name

    def __set__(self, instance: object, value: Any) -> None:
        """Check the name and keep it."""
        check_choice(self._name, value, self._choices)
        if self._fixed and vars(instance).get(self._name, value) != value:
            raise AttributeError(f"{self._name} is fixed when a {type(instance).__name__} is made; make a new one")
        vars(instance)[self._name] = value


class Fixed:
    """An attribute that stays as it was set first; see `fixed`."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name of the attribute."""
        self._name = name

    def __set__(self, instance: object, value: Any) -> None:
        """Keep the first value."""
        kept = vars(instance).setdefault(self._name, value)
        if kept is not value and kept != value:
            raise AttributeError(f"{self._name} is fixed when a {type(instance).__name__} is made; make a new one")


def between(
    low: float,
    high: float = math.inf,
    *,
    optional: bool = False,
    below: str = "",
    above: str = "",
    fixed: bool = False,
) -> Any:
    """Declare a parameter that is a number in `[low, high]`.

    Args:
        low: Smallest value.
        high: Largest value.
        optional: Whether None is a value, too.
        below: Name of a parameter that is the largest value where it is set.
        above: Name of a parameter that is the smallest value where it is set.
        fixed: Whether the value stays as the constructor set it; another raises `AttributeError`.

    Returns:
        A descriptor. Setting the attribute raises `TypeError` or `ValueError` for a value out of range; the old value
        stays.

    Example:
        >>> class Filter:
        ...     share: float = between(0.0, 1.0)
        >>> chosen = Filter()
        >>> chosen.share = 0.5
        >>> chosen.share = 2
        Traceback (most recent call last):
        ValueError: share must be between 0.0 and 1.0, but got 2
    """
    return Between(low, high, optional, below, above, fixed)


def one_of(*choices: object, fixed: bool = False) -> Any:
    """Declare a parameter that is one of a few names, or True or False.

    Args:
        *choices: The names.
        fixed: Whether the value stays as the constructor set it; another raises `AttributeError`.

    Returns:
        A descriptor. Setting the attribute raises `ValueError` for any other value; the old value stays.

    Example:
        >>> class Filter:
        ...     gating: str = one_of("state", "position")
        >>> chosen = Filter()
        >>> chosen.gating = "position"
    """
    return OneOf(choices, fixed)


def fixed() -> Any:
    """Declare an attribute that stays as the constructor set it.

    Returns:
        A descriptor. Setting the attribute to something else raises `AttributeError`.

    Example:
        >>> class Tracked:
        ...     video: str = fixed()
        >>> one = Tracked()
        >>> one.video = "a.mp4"
        >>> one.video = "b.mp4"
        Traceback (most recent call last):
        AttributeError: video is fixed when a Tracked is made; make a new one
    """
    return Fixed()


def arguments(scope: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a constructor, from its `locals()` before it has set anything else.

    Example:
        >>> class Point:
        ...     def __init__(self, x, y):
        ...         self.given = arguments(locals())
        >>> Point(1, 2).given
        {'x': 1, 'y': 2}
    """
    return {name: value for name, value in scope.items() if name not in ("self", "__class__")}
