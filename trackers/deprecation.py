"""Names that have changed: the old one works for one release and warns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def warn_renamed(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that a name has changed.

    Args:
        old: The old name, as the caller wrote it.
        new: The name to use.
        stacklevel: Frames between this call and the caller's line.

    Example:
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     warn_renamed("Track.old", "Track.new")
        >>> str(caught[0].message)
        'Track.old is now Track.new; the old name goes in the next release'
    """
    warnings.warn(f"{old} is now {new}; the old name goes in the next release", DeprecationWarning, stacklevel)


def renamed(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` for the names that have left it.

    Args:
        module: Name of the old module.
        names: Old names, each with the full new one.

    Returns:
        The function to bind to `__getattr__`.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - the name that the import system calls
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        where, _, attribute = names[name].rpartition(".")
        warn_renamed(f"{module}.{name}", names[name])
        return getattr(import_module(where), attribute)

    return __getattr__
