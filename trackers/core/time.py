"""The time of a frame: what counts as one, and how many frames lie between two."""

from __future__ import annotations

import math
from dataclasses import dataclass

TICK = 1e-3
"""Seconds: the coarsest time base in common use (Matroska, WebM, FLV). Times of frames are rounded to it."""


@dataclass(frozen=True)
class Time:
    """How far a tracker is in time.

    Attributes:
        timed: Whether frames carry timestamps; None before the first frame.
        last: Timestamp of the last frame, None where frames carry none.

    Example:
        >>> time, frames = Time().after(0.0, frame_rate=30.0)
        >>> time, frames = time.after(0.033, frame_rate=30.0)
        >>> frames
        1.0
    """

    timed: bool | None = None
    last: float | None = None

    def after(self, timestamp: float | None, frame_rate: float) -> tuple[Time, float]:
        """The time of the next frame, and the frames that have gone by.

        A step within a tick of a whole number of frames is that many: a constant rate stays one whatever its times are
        rounded to.

        Args:
            timestamp: Time of the frame in seconds; None for one frame later.
            frame_rate: Frames per second.

        Raises:
            TypeError: If the timestamp is no number of seconds.
            ValueError: If it is not finite, does not grow, or is there on some frames and not on others.
        """
        seconds = None if timestamp is None else as_seconds(timestamp)
        if self.timed is not None and self.timed != (seconds is not None):
            before, now = ("a timestamp", "none") if self.timed else ("no timestamp", "one")
            raise ValueError(
                f"expected a timestamp on every frame or on none, but earlier frames had {before} and this one has "
                f"{now}; call reset() before another video"
            )
        time = Time(seconds is not None, seconds)
        if seconds is None or self.last is None:
            return time, 1.0
        if not seconds > self.last:
            raise ValueError(
                f"timestamps must grow, but got {seconds} s after {self.last} s; call reset() before another video"
            )
        frames = (seconds - self.last) * frame_rate
        whole = max(1.0, float(round(frames)))
        return time, whole if abs(frames - whole) <= min(TICK * 1.001 * frame_rate, 0.5) else frames


def as_seconds(timestamp: object) -> float:
    """A time in seconds as a float.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is not finite.

    Example:
        >>> as_seconds(2)
        2.0
    """
    kind = getattr(getattr(timestamp, "dtype", None), "kind", "f")
    if isinstance(timestamp, bool) or kind not in "iuf" or not hasattr(timestamp, "__float__"):
        hint = {"datetime": ".timestamp()", "timedelta": ".total_seconds()"}.get(type(timestamp).__name__)
        mend = f"; pass its {hint}" if hint else ""
        raise TypeError(f"timestamp must be a number of seconds, but got {type(timestamp).__name__}{mend}")
    seconds = float(timestamp)
    if not math.isfinite(seconds):
        raise ValueError(f"timestamp must be a finite number of seconds, but got {timestamp!r}")
    return seconds
