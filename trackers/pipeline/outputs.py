"""Checks on files to be written, before any work is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path


def check_outputs(paths: Sequence[str | Path], suffixes: Sequence[str], *, overwrite: bool) -> None:
    """Refuse files that could not be written later.

    Args:
        paths: The files.
        suffixes: Endings that are known.
        overwrite: Whether existing files may be replaced.

    Raises:
        ValueError: If an ending is unknown.
        OSError: If a file exists, its folder does not, or writing is not permitted.
    """
    for path in map(Path, paths):
        if path.suffix not in suffixes:
            raise ValueError(f"{path.name}: the ending must be one of {', '.join(suffixes)}")
        if path.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, "file exists", str(path))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "no permission to write", str(path))
