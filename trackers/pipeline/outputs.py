"""Checks on files to be written, before any work is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from trackers.io.frames import STANDARD_INPUT, place_of
from trackers.io.labels import labels_in
from trackers.io.pictures import files_like, pictures_in
from trackers.io.sequences import is_sequence, read_sequence

STANDARD_INPUT_PATH = Path("/dev/stdin")
"""Where standard input is found where it is a file."""


def check_outputs(
    paths: Sequence[str | Path],
    suffixes: Sequence[str],
    *,
    overwrite: bool,
    inputs: Sequence[str | Path | None] = (),
) -> None:
    """Refuse files that could not be written later.

    Args:
        paths: The files.
        suffixes: Endings that are known.
        overwrite: Whether existing files may be replaced.
        inputs: What is read meanwhile, files and folders; None and what is no file counts for nothing.

    Raises:
        ValueError: If an ending is unknown, two outputs are one file, or an output is an input, also through a link.
        OSError: If a file exists, its folder does not, or writing is not permitted.
    """
    check_not_read(paths, inputs)
    earlier: list[Path] = []
    for path in map(Path, paths):
        if any(_are_one(path, other) for other in earlier):
            raise ValueError(f"{path} is named twice among the outputs")
        earlier.append(path)
        if path.suffix.lower() not in suffixes:
            raise ValueError(f"{path.name}: the ending must be one of {', '.join(suffixes)}")
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
        if path.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, "file exists", str(path))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "no permission to write", str(path))


def _are_one(path: Path, other: Path) -> bool:
    """Whether two names are one file, or would be on a system that does not tell capitals apart."""
    if path.exists() and other.exists() and path.samefile(other):
        return True
    return str(path.resolve()).casefold() == str(other.resolve()).casefold()


def check_not_read(paths: Sequence[str | Path], inputs: Sequence[str | Path | None]) -> None:
    """Refuse outputs that are inputs, also through a link.

    Args:
        paths: The outputs.
        inputs: As in `check_outputs`.

    Raises:
        ValueError: If an output is an input.
    """
    sources = [source for one in inputs if one is not None for source in _places(str(one)) if source.exists()]
    for path in map(Path, paths):
        for source in sources:
            if _is_in(path, source):
                raise ValueError(f"{path} is read in this run ({source}); choose another name for the output")


def _places(name: str) -> list[Path]:
    """Where an input lies: what is there under its name, what a `file:` URL or a pattern names, standard input."""
    place = place_of(name)
    if place.exists():
        return [place]
    return [STANDARD_INPUT_PATH] if name == STANDARD_INPUT else files_like(name)


def _is_in(path: Path, source: Path) -> bool:
    """Whether an existing file is one of those that a source is read from."""
    return path.exists() and any(path.samefile(one) for one in _files_of(source))


def _files_of(source: Path) -> list[Path]:
    """The file itself; of a folder, its pictures, and what a MOT sequence is made of."""
    if not source.is_dir():
        return [source]
    if not is_sequence(source):
        return [*pictures_in(source), *labels_in(source)]
    sequence = read_sequence(source)
    frames = [] if sequence.frames is None else _files_of(sequence.frames)
    others = (source / "seqinfo.ini", sequence.truth, sequence.detections)
    return [*frames, *(one for one in others if one is not None and one.exists())]
