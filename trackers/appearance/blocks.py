"""How many crops go through a network at once."""

from __future__ import annotations

import math
from statistics import median

SIZES = (16, 8, 4)
"""Crops per forward pass that are tried."""

TIMED = 128
"""Crops of each size that are timed, after a first pass that is not."""


class Blocks:
    """Sizes of the forward passes of a frame, found by timing passes that are run anyway.

    On a CPU the best size differs between networks, processors and numbers of threads by a factor of two: small blocks
    leave cores idle, the activations of large ones outgrow the caches and cost page faults. So the sizes take turns on
    the first frames, and the one that took least time per crop stays: in the median, as the mean follows what else the
    machine does, and the best of several passes favours short ones. A vector depends on the size by rounding alone.

    Args:
        size: A size that is never exceeded, and nothing is timed; None measures.

    Raises:
        ValueError: If the size is not a positive whole number.

    Example:
        >>> Blocks(8).split(20)
        [8, 8, 4]
    """

    def __init__(self, size: int | None = None) -> None:
        """Time nothing yet."""
        if size is not None and (int(size) != size or size < 1):
            raise ValueError(
                f"batch_size must be a whole number of at least 1, or None to measure it, but got {size!r}"
            )
        self.size = None if size is None else int(size)
        self._passes: dict[int, list[float]] = {}

    def split(self, count: int) -> list[int]:
        """Sizes of the passes for so many crops.

        Full blocks and a rest, as just below its best size a network may be half as fast; a measured size leaves no
        rest below its half, but a last block that is larger.
        """
        size = self.size or self._next(count)
        full, rest = divmod(count, size)
        if self.size is None and full and 2 * rest < size:
            return [size] * (full - 1) + [size + rest]
        return [size] * full + [rest] * (rest > 0)

    def timed(self, count: int, seconds: float) -> None:
        """Tell how long a pass over so many crops took."""
        size = next((size for size in SIZES if size <= count < 1.5 * size), None)
        if self.size is not None or size is None or self._done(size):
            return
        if size not in self._passes:
            self._passes[size] = []  # the first pass sets up what later ones find ready
        else:
            self._passes[size].append(seconds / count)

    def _next(self, count: int) -> int:
        """The size to run: the one timed least of those that are not done, or the fastest."""
        new = [size for size in SIZES if size <= count and not self._done(size)]
        return min(new, key=self._timed) if new else min(SIZES, key=self._seconds_per_crop)

    def _timed(self, size: int) -> int:
        """Crops of a size that were timed."""
        return size * len(self._passes.get(size, ()))

    def _done(self, size: int) -> bool:
        return self._timed(size) >= TIMED

    def _seconds_per_crop(self, size: int) -> float:
        """Median of the passes timed; infinite where there is none."""
        return median(self._passes[size]) if self._passes.get(size) else math.inf
