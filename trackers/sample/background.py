"""The scene without the people in it, learned from its frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

Frame = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

FOREGROUND, SHADED = 1, 2
FINENESS = 480
"""About so many columns of a frame are modelled, and the rows that go with them."""
ROWS = 32
"""About so many rows are used to find the position of the camera."""
SAME = 16
"""Grey levels (largest channel) by which a pixel may differ from what it shows."""
PATIENCE = 250
"""Frames after which whatever stands still is background."""
WIDEST = 4
"""Panorama in frame widths after which the model starts anew."""


class Background:
    """A panorama in which every pixel shows what was there longest.

    The camera stands still or pans level. Beside the background colour of a pixel its latest other colour is kept;
    that one takes over when it has stayed for longer in a row than the background was there in all. So a person
    in the first frame disappears soon after walking away, and one who stands still is kept in the foreground.
    """

    def __init__(self) -> None:
        self.step = 1  # pixels of a frame from one modelled row or column to the next
        self._strip: npt.NDArray[np.float32] | None = None  # some rows of the panorama, every column

    def __call__(self, frame: Frame) -> tuple[Frame, int]:
        """Learn a frame and return its foreground.

        Args:
            frame: BGR picture, uint8 of shape ``(height, width, 3)``.

        Returns:
            ``FOREGROUND``, ``SHADED`` (the background's colour, only darker) or 0 for every ``step``-th row
            and column, and the first column of the frame that this stands for.
        """
        offset = self._locate(frame)
        begin = -(-offset // self.step)
        first = begin * self.step - offset
        part = np.ascontiguousarray(frame[:: self.step, first :: self.step].transpose(2, 0, 1))
        return self._learn(slice(begin, begin + part.shape[2]), part), first

    def trust(self) -> None:
        """Take what is known for certain: from now on people who stand still for long stay in the foreground."""
        if self._strip is not None:
            self._support[self._support > 0] = PATIENCE

    def _learn(self, where: slice, part: Frame) -> Frame:
        colour, support = self._colour[:, :, where], self._support[:, where]
        other, streak = self._other[:, :, where], self._streak[:, where]
        empty = support == 0
        np.copyto(colour, part, where=empty)
        changed = _difference(colour, part) >= SAME
        np.minimum(support + 1, PATIENCE, out=support, where=~changed)
        streak[~changed] = 0
        rows, columns = np.nonzero(changed)
        now = part[:, rows, columns]
        again = _difference(other[:, rows, columns], now) < SAME
        lasted = streak[rows, columns] + np.where(again, 1, -1)
        fresh = lasted < 1
        other[:, rows[fresh], columns[fresh]] = now[:, fresh]
        lasted[fresh] = 1
        won = lasted > support[rows, columns]
        streak[rows, columns] = np.where(won, 0, lasted)
        kind = np.where(_shaded(colour[:, rows, columns], now), SHADED, FOREGROUND)
        result = changed.astype(np.uint8)
        result[rows, columns] = np.where(won, 0, kind)
        rows, columns = rows[won], columns[won]
        support[rows, columns], colour[:, rows, columns] = lasted[won], now[:, won]
        return result

    def _locate(self, frame: Frame) -> int:
        """Column of the panorama at which the frame begins, by phase correlation of some rows."""
        every = max(1, len(frame) // ROWS)
        rows = frame[every // 2 :: every, :, 1].astype(np.float32)
        width = rows.shape[1]
        if self._strip is None or len(self._strip) != len(rows) or self._strip.shape[1] > WIDEST * width:
            self._start(frame, rows)
        assert self._strip is not None
        total = self._strip.shape[1]
        length = next_fast_len(total + width, real=True)
        wanted, known = rfft(np.diff(rows, axis=1), length), rfft(np.diff(self._strip, axis=1), length)
        cross = known * np.conj(wanted)
        cross /= np.abs(cross) + 1e-3
        peak = int(irfft(cross.sum(axis=0), length).argmax())
        offset = self._grow(peak if peak < total else peak - length, width)
        self._strip[:, offset : offset + width] = rows
        return offset

    def _start(self, frame: Frame, rows: npt.NDArray[np.float32]) -> None:
        """Begin with nothing known but the extent of one frame."""
        self.step = max(1, round(frame.shape[1] / FINENESS))
        height, width = len(frame[:: self.step]), len(frame[0, :: self.step])
        self._strip = rows.copy()
        self._colour = np.zeros((3, height, width), dtype=np.uint8)
        self._other = np.zeros((3, height, width), dtype=np.uint8)
        self._support = np.zeros((height, width), dtype=np.int16)
        self._streak = np.zeros((height, width), dtype=np.int16)

    def _grow(self, offset: int, width: int) -> int:
        """Make room for a frame that begins at a column, which may be negative; return its column afterwards."""
        assert self._strip is not None
        left = self.step * -(offset // self.step) if offset < 0 else 0
        right = max(0, offset + width - self._strip.shape[1])
        right += -(self._strip.shape[1] + left + right) % self.step
        if left or right:
            self._strip = np.pad(self._strip, ((0, 0), (left, right)))
            before = left // self.step
            sides = (before, -(-self._strip.shape[1] // self.step) - before - self._colour.shape[2])
            self._colour, self._other = (np.pad(part, ((0, 0), (0, 0), sides)) for part in (self._colour, self._other))
            self._support, self._streak = (np.pad(part, ((0, 0), sides)) for part in (self._support, self._streak))
        return offset + left


def _difference(one: Frame, other: Frame) -> Frame:
    """Largest absolute difference over the channels, which come first."""
    return np.asarray((np.maximum(one, other) - np.minimum(one, other)).max(axis=0))


def _shaded(ground: Frame, now: Frame) -> Mask:
    """Whether pixels are the background's colour, only darker."""
    ratio = now / np.maximum(ground, 1.0)
    lowest, highest = ratio.min(axis=0), ratio.max(axis=0)
    return np.asarray((lowest > 0.5) & (highest < 1.0) & (highest - lowest < 0.07))
