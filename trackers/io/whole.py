"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A file to write in place of another, which it becomes at the end; on an error the other is as it was.

    Args:
        path: The file; where it is a link, what the link leads to. A device, a pipe, and an older file in a folder that
            takes no others, are written to themselves.

    Yields:
        A new name in the same folder, with the same ending.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with whole_file(folder / "a.txt") as beside:
        ...     _ = beside.write_text("whole")
        >>> [file.name for file in folder.iterdir()], (folder / "a.txt").read_text()
        (['a.txt'], 'whole')
    """
    target = _target(path)
    if target.exists() and not _can_be_replaced(target):
        yield target
        return
    beside = _beside(target)
    try:
        yield beside
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


class Growing:
    """A file that grows bit by bit, and can be read meanwhile; an older one of its name stays until it is whole.

    Args:
        path: The file; where it is a link, what the link leads to.
        overwrite: Whether there may be an older one.

    Attributes:
        path: Where to write: the file itself, or a new name beside it where there is an older one.

    Example:
        >>> import tempfile
        >>> older = Path(tempfile.mkdtemp()) / "a.txt"
        >>> _ = older.write_text("older")
        >>> for whole in (False, True):
        ...     file = Growing(older, overwrite=True)
        ...     _ = file.path.write_text("newer")
        ...     file.end(whole)
        ...     older.read_text()
        'older'
        'newer'
    """

    def __init__(self, path: str | Path, *, overwrite: bool) -> None:
        """Choose where to write."""
        self._target = _target(path)
        if self._target.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._has_older = _can_be_replaced(self._target)
        self.path = _beside(self._target) if self._has_older else Path(path)

    def end(self, whole: bool) -> None:
        """Close the work: what is whole takes the place of the older file, what is not goes where there is one."""
        if whole and self._has_older and self.path.exists():
            self.path.replace(self._target)
        elif self._has_older:
            self.drop()
        self._has_older = False

    def drop(self) -> None:
        """Leave no file but the older one."""
        self.path.unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Whether nothing is in the file so far."""
        return self.path.is_file() and self.path.stat().st_size == 0


def ends_whole(error: type[BaseException] | None) -> bool:
    """Whether what was written until an error, or without one, counts as whole: Ctrl-C ends a run on purpose.

    Example:
        >>> ends_whole(None), ends_whole(KeyboardInterrupt), ends_whole(OSError)
        (True, True, False)
    """
    return error is None or issubclass(error, KeyboardInterrupt)


def _target(path: str | Path) -> Path:
    path = Path(path)
    return path.resolve() if path.is_symlink() else path


def _can_be_replaced(target: Path) -> bool:
    """Whether there is an ordinary file in a folder that takes another beside it."""
    return target.is_file() and os.access(target.parent, os.W_OK)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.stem}-{uuid.uuid4().hex[:8]}{target.suffix}")
