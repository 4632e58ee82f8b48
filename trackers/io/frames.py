"""Frames in: video files, image folders, MOT sequence folders, cameras and streams.

Frames are decoded one at a time, in one pass, as BGR arrays. A frame that cannot be decoded is skipped,
reported in the log and counted; a stream that breaks off is opened again.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Image
from trackers.errors import require
from trackers.io.sequences import IMAGE_SUFFIXES, is_sequence, read_sequence

if TYPE_CHECKING:
    from av.container import InputContainer

logger = logging.getLogger(__name__)

NumberedFrames = Iterator[tuple[int, Image]]


@dataclass
class Faults:
    """What went wrong while reading, and was survived.

    Attributes:
        broken_frames: Frames that could not be decoded and were left out, or were decoded with damage.
        reconnections: How often a stream was opened again.
    """

    broken_frames: int = 0
    reconnections: int = 0


@dataclass
class FrameSource:
    """A place frames come from; iterating gives `(number, image)`, numbers starting at 1.

    A number is missing where a frame could not be decoded.

    Attributes:
        name: What people call it.
        frame_rate: Frames per second.
        frame_count: Number of frames as the source announces it, else None.
        read: Starts reading from the beginning; counts faults as it goes.
        faults: What went wrong so far.
    """

    name: str
    frame_rate: float
    frame_count: int | None
    read: Callable[[Faults], NumberedFrames] = field(repr=False)
    faults: Faults = field(default_factory=Faults)

    def __iter__(self) -> NumberedFrames:
        """Read from the beginning (a camera or a live stream: from now).

        Raises:
            ValueError: If there is not a single frame.
        """
        number = 0
        for number, image in self.read(self.faults):
            yield number, image
        if number == 0:
            raise ValueError(f"{self.name} has no frame that can be decoded")
        if number < (self.frame_count or 0):
            logger.warning("%s ended with frame %d of %d", self.name, number, self.frame_count)


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
        return _camera(int(str(source)), frame_rate, retries)
    if re.match(r"[a-z]+://", str(source)):
        return _video(str(source), frame_rate, retries)
    path = Path(str(source))
    if not path.exists():
        raise FileNotFoundError(f"no such video or folder: {path}")
    if path.is_file():
        return _video(str(path), frame_rate, 0)
    if is_sequence(path):
        return _sequence(path, frame_rate)
    return _images(path, frame_rate)


def _sequence(folder: Path, frame_rate: float | None) -> FrameSource:
    sequence = read_sequence(folder)
    rate = frame_rate or sequence.frame_rate
    if sequence.frames is None:
        raise FileNotFoundError(f"{folder} is a MOT sequence without frames: neither img1/ nor video.mp4 in it")
    if sequence.frames.is_file():
        return replace(_video(str(sequence.frames), rate, 0), frame_count=sequence.length)
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
            except (OSError, SyntaxError, ValueError) as error:
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


def _open_container(url: str) -> InputContainer:
    av = require("av", "cli")
    try:
        container: InputContainer = av.open(url, timeout=10.0)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{url} cannot be opened as a video: {reason}") from error
    if not container.streams.video:
        container.close()
        raise ValueError(f"{url} holds no video stream")
    return container


def _video(url: str, frame_rate: float | None, retries: int) -> FrameSource:
    with _open_container(url) as container:
        stream = container.streams.video[0]
        rate = frame_rate or float(stream.average_rate or 0) or 30.0
        count = stream.frames or None
    return FrameSource(url, rate, count, lambda faults: _read_video(url, retries, faults))


def _read_video(url: str, retries: int, faults: Faults) -> NumberedFrames:
    """Decode a video, and go on after the last frame seen when a stream breaks off."""
    av = require("av", "cli")
    number, last_time, failures = 0, None, 0
    while True:
        try:
            with _open_container(url) as container:
                for image, frame_time in _decode(container, last_time, faults):
                    number += 1
                    if image is not None:
                        failures, last_time = 0, frame_time
                        yield number, image
            return
        except (av.error.FFmpegError, ValueError) as error:
            if failures >= retries:
                if number == 0:
                    raise
                logger.warning("%s broke off after frame %d: %s", url, number, error)
                faults.broken_frames += 1
                return
            failures += 1
            faults.reconnections += 1
            logger.warning("%s broke off after frame %d, attempt %d to go on: %s", url, number, failures, error)
            time.sleep(min(0.5 * 2 ** (failures - 1), 8.0))


def _decode(
    container: InputContainer, last_time: float | None, faults: Faults
) -> Iterator[tuple[Image | None, float | None]]:
    """Yield every frame after `last_time` with its time in seconds; None stands for a broken one."""
    av = require("av", "cli")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    resumed = last_time if container.duration is not None else None
    if resumed is not None:
        container.seek(int(resumed * 1_000_000))
    for packet in container.demux(stream):
        try:
            frames: list[Any] = packet.decode()
        except av.error.InvalidDataError as error:
            faults.broken_frames += 1
            logger.warning("a frame could not be decoded: %s", error)
            yield None, None
            continue
        for frame in frames:
            if frame.is_corrupt:
                faults.broken_frames += 1
            if resumed is None or frame.time is None or frame.time > resumed:
                yield _to_image(frame), frame.time


def _to_image(frame: Any) -> Image:
    image = frame.to_ndarray(format="bgr24")
    turns = round((getattr(frame, "rotation", 0) or 0) / 90)
    return np.ascontiguousarray(np.rot90(image, turns)) if turns % 4 else image


def _camera(index: int, frame_rate: float | None, retries: int) -> FrameSource:
    cv2 = require("cv2", "opencv")

    def connect() -> Any:
        camera = cv2.VideoCapture(index)
        if not camera.isOpened():
            raise ValueError(f"camera {index} cannot be opened; is it connected, and not in use elsewhere?")
        return camera

    def read(faults: Faults) -> NumberedFrames:
        camera, number, failures = connect(), 0, 0
        try:
            while failures <= retries:
                read, image = camera.read()
                if read:
                    number, failures = number + 1, 0
                    yield number, image
                    continue
                failures += 1
                faults.reconnections += 1
                logger.warning("camera %d gives no frame, attempt %d to go on", index, failures)
                camera.release()
                time.sleep(0.5)
                camera = connect()
        finally:
            camera.release()

    probe = connect()
    rate = frame_rate or float(probe.get(cv2.CAP_PROP_FPS)) or 30.0
    probe.release()
    return FrameSource(f"camera {index}", rate, None, read)
