"""Frames in: video files, image folders, MOT sequence folders, cameras and streams.

Frames are decoded one at a time, in one pass, as BGR arrays. A frame that cannot be decoded is skipped,
reported in the log and counted.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from trackers.boxes import Image
from trackers.io.sequences import IMAGE_SUFFIXES, is_sequence, read_sequence
from trackers.io.source import Faults, FrameSource, NumberedFrames
from trackers.io.streams import open_camera, open_video

logger = logging.getLogger(__name__)


def open_source(source: str | Path | int, *, frame_rate: float | None = None, retries: int = 3) -> FrameSource:
    """Open a source of frames.

    Args:
        source: A video file, a folder of images (read in natural order), a MOT sequence folder, the index of
            a camera (extra `opencv`), or a URL (`http://`, `https://`, `rtsp://`, `rtmp://`, `udp://`).
        frame_rate: Frames per second where the source does not tell or is wrong; 30 where nobody knows.
        retries: How often in a row a stream that broke off is opened again.

    Returns:
        The source. Nothing but its header has been read.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it cannot be opened or has no frames.
        MissingDependencyError: If it is a camera and OpenCV is not installed.
    """
    if str(source).isdigit():
        return open_camera(int(str(source)), frame_rate, retries)
    if re.match(r"[a-z]+://", str(source)):
        return open_video(str(source), frame_rate, retries)
    path = Path(str(source))
    if not path.exists():
        raise FileNotFoundError(f"no such video or folder: {path}")
    if path.is_file():
        return open_video(str(path), frame_rate, 0)
    if is_sequence(path):
        return _sequence(path, frame_rate)
    return _images(path, frame_rate)


def _sequence(folder: Path, frame_rate: float | None) -> FrameSource:
    sequence = read_sequence(folder)
    rate = frame_rate or sequence.frame_rate
    if sequence.frames is None:
        raise FileNotFoundError(f"{folder} is a MOT sequence without frames: neither img1/ nor video.mp4 in it")
    if sequence.frames.is_file():
        return replace(open_video(str(sequence.frames), rate, 0), frame_count=sequence.length)
    images = _images(sequence.frames, rate)
    _check_numbering(sequence.frames, images.frame_count or 0)
    return images


def _check_numbering(folder: Path, count: int) -> None:
    """MOT images are named by frame number; a jump would shift every frame after it."""
    numbers = sorted(int(path.stem) for path in _image_paths(folder) if path.stem.isdigit())
    for expected, number in enumerate(numbers, start=1):
        if number != expected:
            problem = "repeats" if number < expected else f"jumps to {number}"
            raise ValueError(f"{folder}: image {expected} of {count} is missing, the numbering {problem}")


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", path.name)]


def _image_paths(folder: Path) -> list[Path]:
    return sorted((path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES), key=_natural)


def _images(folder: Path, frame_rate: float | None) -> FrameSource:
    paths = _image_paths(folder)
    if not paths:
        raise ValueError(f"{folder} has no images; known endings are {', '.join(IMAGE_SUFFIXES)}")

    def read(faults: Faults) -> NumberedFrames:
        for number, path in enumerate(paths, start=1):
            try:
                image = _load_image(path)
            # Ultralytics, once imported, turns an unknown image into a missing package.
            except (OSError, SyntaxError, ValueError, ImportError) as error:
                faults.broken_frames += 1
                logger.warning("%s left out: %s", path, error)
                continue
            yield number, image

    return FrameSource(str(folder), frame_rate or 30.0, len(paths), read)


def _load_image(path: Path) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageOps

    with Pillow.open(path) as file:
        rgb = np.asarray(ImageOps.exif_transpose(file).convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, ::-1])
