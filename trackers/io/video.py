"""Annotated frames out: a video file that can be read at any moment."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Image
from trackers.errors import require
from trackers.images import as_bgr
from trackers.io.source import check_rate
from trackers.io.whole import Growing, ends_whole

if TYPE_CHECKING:
    from av.container import OutputContainer

ENCODING = {"crf": "23", "preset": "veryfast", "threads": "3"}
"""Options of x264, whose output depends on the number of threads: fixed, so that equal frames make equal files."""


class VideoWriter:
    """Write BGR frames to a video file with PyAV, H.264.

    An MP4 is written in fragments while frames come and turned into an ordinary one when it is closed, so
    that a run which is killed leaves a video that plays up to its last second. As a context manager it leaves a
    video that plays, or none, whatever happens meanwhile; an older file stays until the new one is whole.

    Args:
        path: File to write; its ending chooses the container.
        frame_rate: Frames per second.
        overwrite: Replace an existing file.

    Raises:
        FileExistsError: If the file exists and `overwrite` is not set.
        ValueError: If the ending is unknown, or the rate is none.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "grey.mp4"
        ...     with VideoWriter(path, frame_rate=10) as writer:
        ...         writer.write(np.full((48, 64, 3), 128, np.uint8))
        ...     path.stat().st_size > 0
        True
    """

    def __init__(self, path: str | Path, *, frame_rate: float, overwrite: bool = False) -> None:
        av = require("av", "cli")
        check_rate(frame_rate)
        self.path = Path(path)
        self._growing = Growing(self.path, overwrite=overwrite)
        with self._growing.path.open("ab" if overwrite else "xb"):
            pass
        options = {"movflags": "hybrid_fragmented"} if self.path.suffix.lower() in (".mp4", ".mov", ".m4v") else {}
        self._container: OutputContainer | None = None
        try:
            self._container = av.open(f"file:{self._growing.path}", "w", container_options=options)
            rate = Fraction(frame_rate).limit_denominator(1001)
            self._stream: Any = self._container.add_stream("libx264", rate=rate, options=ENCODING)
        except (av.error.FFmpegError, ValueError) as error:
            self._growing.drop()
            raise ValueError(f"{self.path.name} cannot be written as a video: {error}") from error
        self._size: tuple[int, int] | None = None

    def write(self, image: Image) -> None:
        """Append a frame; one of another size than the first is fitted into it.

        Args:
            image: As `trackers.images.as_bgr` takes it: uint8, BGR, BGRA or grey.

        Raises:
            OSError: If the disk is full; the video is closed and ends about there.
            ValueError: If it is closed.
        """
        av = require("av", "cli")
        if self._container is None:
            raise ValueError(f"{self.path} is closed")
        image = as_bgr(image)
        height, width = image.shape[:2]
        if self._size is None:
            self._size = (width, height)
            self._stream.width, self._stream.height = width + width % 2, height + height % 2
            self._stream.pix_fmt = "yuv420p"
            self._stream.gop_size = 30
        if (width, height) != self._size:
            import supervision as sv

            image = sv.letterbox_image(image, resolution_wh=self._size)
        # The encoder wants even sides.
        image = np.pad(image, ((0, self._size[1] % 2), (0, self._size[0] % 2), (0, 0)), mode="edge")
        try:
            self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        except OSError:
            # FFmpeg crashes when it goes on after a header that could not be written.
            container, self._container = self._container, None
            with suppress(OSError):
                container.close()
            self._growing.end(False)
            raise

    def close(self) -> None:
        """Write what the encoder still holds and close the file; it takes the place of an older one."""
        self._finish()
        self._growing.end(True)

    def _finish(self) -> None:
        """Write what the encoder still holds; without a frame there is no file."""
        container, self._container = self._container, None
        if container is None:
            return
        try:
            if self._size is not None:
                container.mux(self._stream.encode(None))
        finally:
            try:
                container.close()
            finally:
                if self._size is None:
                    self._growing.drop()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = ends_whole(kind)
        try:
            self._finish()
        except BaseException:
            whole = False
            raise
        finally:
            if not self._is_readable():
                self._growing.drop()
            self._growing.end(whole)

    def _is_readable(self) -> bool:
        """Whether what is on the disk begins to play; a full disk may keep the header out, or the first picture."""
        av = require("av", "cli")
        if not self._growing.path.is_file():
            return True
        try:
            with av.open(f"file:{self._growing.path}") as container:
                return next(container.decode(video=0), None) is not None
        except (av.error.FFmpegError, OSError, IndexError):
            return False
