"""Frames of video files, streams and cameras; one that breaks off is opened again."""

from __future__ import annotations

import contextlib
import heapq
import logging
import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Image
from trackers.errors import require
from trackers.io.overlap import THREADS
from trackers.io.source import Faults, FrameSource, NumberedFrames, SourceFrame, Timeline, without_password

if TYPE_CHECKING:
    from av.container import InputContainer

logger = logging.getLogger(__name__)

STALLED = 10.0
"""Seconds without data after which a stream counts as broken off."""


REORDERED = 64
"""More packets than any codec stores between two frames that follow one another."""

WITHOUT_TIMES = ("avi", "h264", "hevc", "mjpeg", "rawvideo")
"""Formats that keep a rate and no time of a frame; what FFmpeg tells of them is the order of decoding."""


def _open_container(url: str, *, name: str = "", at_once: bool = False) -> InputContainer:
    """Open a video, `name` in messages; `at_once` leaves out frames that FFmpeg waits for to estimate a rate."""
    av = require("av", "cli")
    try:
        # PyAV's timeout holds for opening and reading, FFmpeg's for every exchange, seeking included.
        options = {"rw_timeout": str(round(STALLED * 1e6)), **({"fpsprobesize": "0"} if at_once else {})}
        container: InputContainer = av.open(url, timeout=STALLED, options=options)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        silent = isinstance(error, av.error.ExitError)
        reason = f"nothing came within {STALLED:g} s" if silent else getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{name or _name(url)} cannot be opened as a video: {reason}") from error
    if not container.streams.video:
        container.close()
        raise ValueError(f"{name or _name(url)} holds no video stream")
    return container


def open_video(url: str, frame_rate: float | None, retries: int) -> FrameSource:
    """A video file or a stream.

    Args:
        url: Address; `file:` and the path of a file.
        frame_rate: Frames per second where the source does not tell or is wrong.
        retries: How often in a row it is opened again when it breaks off.

    Raises:
        ValueError: If it cannot be opened.
    """
    with _open_container(url) as container:
        rate, count = _rate_and_count(container, frame_rate)
        is_file = url.startswith("file:") or container.duration is not None
        timed = container.format.name not in WITHOUT_TIMES and not (is_file and frame_rate)

    def read(faults: Faults) -> NumberedFrames:
        return _read_video(url, retries, faults, rate, timed, is_file)

    return FrameSource(_name(url), rate, count, read, live=not is_file)


def open_pipe(url: str, name: str, frame_rate: float | None) -> FrameSource:
    """A video that comes through a pipe, and is read once.

    Args:
        url: Where it is read from.
        name: What people call it.
        frame_rate: Frames per second where the video does not tell or is wrong.

    Raises:
        ValueError: If what comes is no video.
    """
    container = _open_container(url, name=name)
    rate, count = _rate_and_count(container, frame_rate)

    def read(faults: Faults) -> NumberedFrames:
        timeline = Timeline(rate, _tick(container))
        timed = container.format.name not in WITHOUT_TIMES and not frame_rate
        with container:
            for number, (image, time) in enumerate(_decode(container, None, faults), start=1):
                now = timeline.next(time if timed else None)
                if image is not None:
                    yield SourceFrame.at(now, number, image)

    return FrameSource(name, rate, count, read, live=False)


def presentation_times(path: str) -> Iterator[float]:
    """Times of the frames of a video file in seconds, ascending, without decoding them; none where it has none.

    Args:
        path: The file, which somebody else decodes.
    """
    try:
        with _open_container(f"file:{path}") as container:
            if container.format.name in WITHOUT_TIMES:
                return
            waiting: list[float] = []
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is not None and not packet.is_discard:
                    heapq.heappush(waiting, float(packet.pts * packet.time_base))
                if len(waiting) > REORDERED:
                    yield heapq.heappop(waiting)
            while waiting:
                yield heapq.heappop(waiting)
    except Exception as error:  # whoever decodes the file says what is wrong with it
        logger.debug("%s tells no times: %s", path, error)


def _rate_and_count(container: InputContainer, frame_rate: float | None) -> tuple[float, int | None]:
    stream = container.streams.video[0]
    return frame_rate or float(stream.average_rate or stream.guessed_rate or 0) or 30.0, stream.frames or None


def _tick(container: InputContainer) -> float:
    """Seconds that the times of frames are rounded to."""
    return float(container.streams.video[0].time_base or 0)


def _name(url: str) -> str:
    return without_password(url.removeprefix("file:"))


def _read_video(url: str, retries: int, faults: Faults, rate: float, timed: bool, is_file: bool) -> NumberedFrames:
    """Decode a video, and go on after the last frame when a stream breaks off.

    The clock tells the time only where nobody else does: while a stream was away, and of a stream without times.
    """
    av = require("av", "cli")
    number, last_time, failures, timeline = 0, None, 0, Timeline(rate)
    arrival = time.monotonic()
    while True:
        try:
            with _open_container(url, at_once=not is_file) as container:
                timeline.tick = _tick(container)
                resumes = container.duration is not None
                if number and not resumes:
                    timeline.bridge(time.monotonic() - arrival)
                for image, frame_time in _decode(container, last_time, faults):
                    number += 1
                    arrival = time.monotonic()
                    now = timeline.next(
                        arrival if frame_time is None and not is_file else frame_time if timed else None
                    )
                    if image is not None:
                        failures, last_time = 0, frame_time
                        yield SourceFrame.at(now, number, image)
            return
        except (av.error.FFmpegError, ValueError) as error:
            if failures >= retries:
                if number == 0:
                    raise
                logger.warning("%s broke off after frame %d: %s", _name(url), number, error)
                faults.broken_frames += 1
                return
            failures += 1
            faults.reconnections += 1
            logger.warning("%s broke off after frame %d, attempt %d to go on: %s", _name(url), number, failures, error)
            time.sleep(min(0.5 * 2 ** (failures - 1), 8.0))


def _decode(
    container: InputContainer, last_time: float | None, faults: Faults
) -> Iterator[tuple[Image | None, float | None]]:
    """Yield every frame after `last_time` with its time in seconds; None stands for a broken one."""
    av = require("av", "cli")
    stream = container.streams.video[0]
    stream.thread_type, stream.thread_count = "AUTO", int(os.environ.get(THREADS) or 0)
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


@contextlib.contextmanager
def _quiet_opencv(cv2: Any) -> Iterator[None]:
    """OpenCV prints lines of its own on a camera that is not there; one error says it all."""
    logging_module = getattr(getattr(cv2, "utils", None), "logging", None)
    if logging_module is None:
        yield
        return
    level = logging_module.getLogLevel()
    logging_module.setLogLevel(logging_module.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging_module.setLogLevel(level)


def open_camera(index: int | str, frame_rate: float | None, retries: int) -> FrameSource:
    """A camera.

    Args:
        index: Its index, or the path of its device.
        frame_rate: Frames per second where the camera does not tell or is wrong.
        retries: How often in a row it is opened again when it gives no frame.

    Raises:
        ValueError: If it cannot be opened.
        MissingDependencyError: If OpenCV is not installed.
    """
    cv2 = require("cv2", "opencv")

    def connect() -> Any:
        with _quiet_opencv(cv2):
            camera = cv2.VideoCapture(index)
        if not camera.isOpened():
            raise ValueError(f"camera {index} cannot be opened; is it connected, and not in use elsewhere?")
        return camera

    def read(faults: Faults) -> NumberedFrames:
        camera, number, failures, start = connect(), 0, 0, time.monotonic()
        try:
            while failures <= retries:
                read, image = camera.read()
                if read:
                    number, failures = number + 1, 0
                    yield SourceFrame.at(time.monotonic() - start, number, image)
                    continue
                failures += 1
                faults.reconnections += 1
                logger.warning("camera %s gives no frame, attempt %d to go on", index, failures)
                camera.release()
                time.sleep(0.5)
                camera = connect()
        finally:
            camera.release()

    probe = connect()
    rate = frame_rate or float(probe.get(cv2.CAP_PROP_FPS)) or 30.0
    probe.release()
    return FrameSource(f"camera {index}", rate, None, read, live=True)
