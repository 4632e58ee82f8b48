"""Frames in: video files, image folders, MOT sequence folders, cameras and streams.

Frames are decoded one at a time, in one pass, as BGR arrays with a time each. A frame that cannot be decoded is left
out, named in the log and counted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from trackers.io.pictures import check_numbering, files_like, is_picture, open_picture, open_pictures, pictures_in
from trackers.io.sequences import IMAGE_SUFFIXES, is_sequence, read_sequence
from trackers.io.source import FrameSource, check_rate
from trackers.io.streams import open_camera, open_pipe, open_video

STANDARD_INPUT = "-"


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
        ValueError: If it cannot be opened or has no frames, or the rate is none.
        MissingDependencyError: If it is a camera and OpenCV is not installed.
    """
    check_rate(frame_rate)
    name = str(source)
    path = Path(name)
    if not path.exists():
        if name.isdigit():
            return open_camera(int(name), frame_rate, retries)
        if name == STANDARD_INPUT:
            return open_pipe("pipe:0", "standard input", frame_rate)
        scheme = re.match(r"[a-zA-Z][a-zA-Z0-9+.]*://", name)
        if scheme:
            return open_video(scheme[0].lower() + name[scheme.end() :], frame_rate, retries)
        return _like(name, frame_rate)
    if path.is_char_device():
        return open_camera(str(path), frame_rate, retries)
    if path.is_fifo():
        return open_pipe(f"file:{path}", name, frame_rate)
    if path.is_file():
        return open_picture(path, frame_rate) if _is_still(path) else open_video(f"file:{path}", frame_rate, 0)
    if is_sequence(path):
        return _sequence(path, frame_rate)
    paths = pictures_in(path)
    if not paths:
        raise ValueError(f"{path} has no images; known endings are {', '.join(IMAGE_SUFFIXES)}")
    return open_pictures(name, paths, frame_rate)


def _is_still(path: Path) -> bool:
    return is_picture(path) and path.suffix.lower() != ".gif"


def _like(pattern: str, frame_rate: float | None) -> FrameSource:
    """What a pattern names: pictures, or one video."""
    found = files_like(pattern)
    if not found:
        raise FileNotFoundError(f"no such video or folder: {pattern}")
    if len(found) == 1:
        return open_source(found[0], frame_rate=frame_rate)
    paths = [path for path in found if is_picture(path)]
    if len(paths) < len(found):
        other = next(path for path in found if path not in paths)
        raise ValueError(f"{pattern} names {len(found)} files, and {other} is no picture; track one video at a time")
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
    check_numbering(sequence.frames, paths)
    return open_pictures(str(sequence.frames), paths, rate)
