"""Frames in: video files, image folders, MOT sequence folders, cameras and streams.

Frames are decoded one at a time, in one pass, as BGR arrays with a time each. A frame that cannot be decoded is left
out, named in the log and counted.
"""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Literal

from trackers.io.pictures import (
    check_names,
    check_numbering,
    files_like,
    is_picture,
    open_picture,
    open_pictures,
    pictures_in,
)
from trackers.io.sequences import IMAGE_SUFFIXES, is_sequence, read_sequence
from trackers.io.source import FrameSource, check_rate
from trackers.io.streams import open_camera, open_pipe, open_video

STANDARD_INPUT = "-"

Kind = Literal["path", "camera", "pipe", "address", "pattern"]
"""What the name of a source stands for; a pattern is also what may be missing."""


def kind_of(source: str | Path | int) -> Kind:
    """What the name of a source stands for; what exists under that name goes first.

    Example:
        >>> [kind_of(name) for name in (0, "7", "-", "RTSP://camera/1", "http://host/a.mp4?x=1", "frames/*.png")]
        ['camera', 'camera', 'pipe', 'address', 'address', 'pattern']
    """
    name = str(source)
    path = place_of(name)
    if path.exists():
        return "camera" if path.is_char_device() else "pipe" if path.is_fifo() else "path"
    if re.fullmatch(r"[0-9]+", name):
        return "camera"
    if name == STANDARD_INPUT:
        return "pipe"
    return "address" if _scheme(name) not in ("", "file") else "pattern"


def place_of(name: str) -> Path:
    """Where a source lies if it is a file: a `file:` URL says it in another way.

    Example:
        >>> place_of("clips/street.mp4") == place_of("file:clips/street.mp4")
        True
    """
    path = Path(name)
    if _scheme(name) != "file" or path.exists():
        return path
    plain, decoded = Path(name[len("file:") :]), urllib.request.url2pathname(urllib.parse.urlsplit(name).path)
    return plain if plain.exists() else Path(decoded)


def _scheme(name: str) -> str:
    """What stands before `://` in an address, small; `file:` needs no slashes."""
    found = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*)://|(?i:file):", name)
    return "" if found is None else (found[1] or "file").lower()


def open_source(source: str | Path | int, *, frame_rate: float | None = None, retries: int = 3) -> FrameSource:
    """Open a source of frames.

    Args:
        source: A video file, a picture, a folder of images (read in natural order), a pattern such as `frames/*.png`,
            a MOT sequence folder, a named pipe, `"-"` for standard input, the index of a camera or its device
            (extra `opencv`), or a URL (`http://`, `https://`, `rtsp://`, `rtmp://`, `udp://`, ...). What exists under
            that name goes first.
        frame_rate: Frames per second where the source does not tell or is wrong; 30 where it is unknown. Times of files
            then follow it.
        retries: How often in a row a stream that broke off is opened again.

    Returns:
        The source. Nothing but its header has been read.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it cannot be opened or has no frames, two images are one frame, or the rate is none.
        MissingDependencyError: If it is a camera and OpenCV is not installed.
    """
    check_rate(frame_rate)
    name, kind = str(source), kind_of(source)
    path = place_of(name)
    if kind == "camera":
        return open_camera(int(name) if name.isdigit() else str(path), frame_rate, retries)
    if kind == "pipe":
        url, said = ("pipe:0", "standard input") if name == STANDARD_INPUT else (f"file:{path}", name)
        return open_pipe(url, said, frame_rate)
    if kind == "address":
        scheme = _scheme(name)
        return open_video(scheme + name[len(scheme) :], frame_rate, retries)
    if kind == "pattern":
        return _like(name, frame_rate)
    if path.is_file():
        return open_picture(path, frame_rate) if _is_still(path) else open_video(f"file:{path}", frame_rate, 0)
    if is_sequence(path):
        return _sequence(path, frame_rate)
    paths = pictures_in(path)
    if not paths:
        raise ValueError(f"{path} has no images; known endings are {', '.join(IMAGE_SUFFIXES)}")
    check_names(paths)
    return open_pictures(name, paths, frame_rate)


def _is_still(path: Path) -> bool:
    return is_picture(path) and path.suffix.lower() != ".gif"


def _like(pattern: str, frame_rate: float | None) -> FrameSource:
    """What a pattern names: pictures, or one video."""
    found = files_like(pattern)
    if not found:
        kind = "device" if pattern.startswith("/dev/") else "video or folder"
        raise FileNotFoundError(f"no such {kind}: {pattern}")
    if len(found) == 1:
        return open_source(found[0], frame_rate=frame_rate)
    paths = [path for path in found if is_picture(path)]
    if len(paths) < len(found):
        other = next(path for path in found if path not in paths)
        raise ValueError(f"{pattern} names {len(found)} files, and {other} is no picture; track one video at a time")
    check_names(paths)
    return open_pictures(pattern, paths, frame_rate)


def _sequence(folder: Path, frame_rate: float | None) -> FrameSource:
    sequence = read_sequence(folder)
    rate = frame_rate or sequence.frame_rate
    if sequence.frames is None:
        raise FileNotFoundError(f"{folder} is a MOT sequence without frames: neither img1/ nor video.mp4 in it")
    if sequence.frames.is_file():
        return replace(open_video(f"file:{sequence.frames}", rate, 0), frame_count=sequence.length)
    paths = pictures_in(sequence.frames)
    if not paths:
        raise ValueError(f"{sequence.frames} has no images; known endings are {', '.join(IMAGE_SUFFIXES)}")
    frames = check_numbering(sequence.frames, paths)
    count = max(len(frames), sequence.length or 0)
    return replace(open_pictures(str(sequence.frames), frames, rate), frame_count=count)
