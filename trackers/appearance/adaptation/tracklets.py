"""Undisturbed tracks of a video, found by overlap alone: the labels that the video brings along.

A box continues the box of the previous frame that it overlaps well if neither overlaps anything else; the two are one
object. Two tracklets that exist on one frame are two objects. That is the rule of `trackers.appearance.calibration`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from trackers.appearance.calibration import continued
from trackers.boxes import Floats, Ints, Vectors

MOST_VECTORS = 16
"""Vectors kept per tracklet, evenly spaced in time; at this number every second one is dropped."""

MOST_TRACKLETS = 256
"""Tracklets kept; beyond, half of those that ended are dropped, so that the newest weigh most."""

BLOCK = 8
"""Tracklets in a row that are kept or dropped together, as those that began together exist together."""

LONGEST_STEP = 5.0
"""Frames between two updates beyond which no box continues another."""


class Sample(NamedTuple):
    """Vectors of tracklets.

    Attributes:
        vectors: Unit vectors, shape `(n, d)`.
        tracklet: Number of each vector's tracklet, ascending, shape `(n,)`.
        frame: Frame of each vector, shape `(n,)`.
    """

    vectors: Vectors
    tracklet: Ints
    frame: Ints

    def where(self, mask: Any) -> Sample:
        """The rows that a mask or an index keeps."""
        return Sample(self.vectors[mask], self.tracklet[mask], self.frame[mask])


@dataclass
class _Tracklet:
    """One tracklet: the frames and vectors kept, and the frames between two of them."""

    frames: list[int]
    vectors: list[Vectors]
    step: int = 1

    def add(self, frame: int, vector: Vectors) -> None:
        if frame % self.step:
            return
        if len(self.frames) == MOST_VECTORS:
            self.step *= 2
            kept = [row for row, number in enumerate(self.frames) if number % self.step == 0]
            self.frames = [self.frames[row] for row in kept]
            self.vectors = [self.vectors[row] for row in kept]
            self.add(frame, vector)
        else:
            self.frames.append(frame)
            self.vectors.append(vector)


class Tracklets:
    """A sample of the undisturbed tracks of a video of any length, in bounded memory.

    Example:
        >>> tracklets = Tracklets()
        >>> for _ in range(3):
        ...     tracklets.add(np.array([[0.0, 0, 10, 20], [50, 0, 60, 20]]), np.eye(2, dtype=np.float32))
        >>> tracklets.sample().tracklet.tolist()
        [0, 0, 0, 1, 1, 1]
    """

    def __init__(self) -> None:
        """Start without any."""
        self.frame = 0
        self._begun = 0
        self._kept: dict[int, _Tracklet] = {}
        self._boxes: Floats = np.empty((0, 4))
        self._numbers: Ints = np.empty(0, np.int64)

    def add(self, boxes: Floats, vectors: Vectors, elapsed: float = 1.0) -> None:
        """Continue the tracklets on the next frame.

        Args:
            boxes: All boxes of the frame, shape `(n, 4)`.
            vectors: Unit vector of each, zero where unknown, shape `(n, d)`.
            elapsed: Frames since the previous one.
        """
        order = np.lexsort(boxes.T)
        boxes, vectors = boxes[order], vectors[order]
        numbers = np.full(len(boxes), -1)
        if elapsed <= LONGEST_STEP:
            old, new = continued(self._boxes, boxes)
            numbers[new] = self._numbers[old]
        begun = np.flatnonzero(numbers < 0)
        numbers[begun] = self._begun + np.arange(len(begun))
        self._begun += len(begun)
        for row in np.flatnonzero(vectors.any(axis=1)).tolist():
            number = int(numbers[row])
            if number in self._kept:
                self._kept[number].add(self.frame, vectors[row].copy())
            elif number >= self._begun - len(begun):
                self._kept[number] = _Tracklet([self.frame], [vectors[row].copy()])
        self._boxes, self._numbers = boxes, numbers
        self.frame += 1
        if len(self._kept) > MOST_TRACKLETS:
            self._thin_out()

    def sample(self) -> Sample:
        """The vectors of all tracklets that have at least two."""
        return self.frozen()()

    def frozen(self) -> Callable[[], Sample]:
        """What makes the sample of this moment later, such as in a thread, whatever is added meanwhile."""
        kept = [(n, tuple(one.frames), tuple(one.vectors)) for n, one in sorted(self._kept.items())]
        return lambda: _sample([one for one in kept if len(one[1]) > 1])

    def _thin_out(self) -> None:
        """Drop ended tracklets: those of one vector, and while there are too many, every second block."""
        living = set(self._numbers.tolist())
        for number in [n for n, one in self._kept.items() if n not in living and len(one.frames) < 2]:
            del self._kept[number]
        if len(self._kept) > MOST_TRACKLETS:
            ended = [number for number in sorted(self._kept) if number not in living]
            for place, number in enumerate(ended):
                if place // BLOCK % 2:
                    del self._kept[number]

    def state_dict(self) -> dict[str, Any]:
        """Everything kept, as numbers and arrays."""
        kept = sorted(self._kept.items())
        vectors = [vector for _, one in kept for vector in one.vectors]
        return {
            "frame": self.frame,
            "begun": self._begun,
            "boxes": self._boxes.copy(),
            "numbers": self._numbers.copy(),
            "tracklet": np.array([number for number, _ in kept], np.int64),
            "step": np.array([one.step for _, one in kept], np.int64),
            "length": np.array([len(one.frames) for _, one in kept], np.int64),
            "frames": np.array([frame for _, one in kept for frame in one.frames], np.int64),
            "vectors": np.array(vectors, np.float32).reshape(len(vectors), len(vectors[0]) if vectors else 0),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises:
            KeyError: If it lacks a part.
            ValueError: If its parts do not go together.
        """
        length, frames, vectors = (np.asarray(state[name]) for name in ("length", "frames", "vectors"))
        numbers, steps = np.asarray(state["tracklet"]), np.asarray(state["step"])
        boxes, living = np.array(state["boxes"], np.float64), np.array(state["numbers"], np.int64)
        together = len(numbers) == len(steps) == len(length) and len(frames) == len(vectors) == length.sum()
        if not together or (steps < 1).any() or boxes.shape != (len(living), 4):
            raise ValueError(f"the state is damaged: {len(numbers)} tracklets with {len(vectors)} vectors")
        ends = np.cumsum(length)
        self._kept = {
            number: _Tracklet(frames[end - count : end].tolist(), list(vectors[end - count : end].copy()), step)
            for number, step, count, end in zip(*(a.tolist() for a in (numbers, steps, length, ends)), strict=True)
        }
        self.frame, self._begun, self._boxes, self._numbers = int(state["frame"]), int(state["begun"]), boxes, living


def _sample(kept: Sequence[tuple[int, Sequence[int], Sequence[Vectors]]]) -> Sample:
    """A sample from numbers, frames and vectors of tracklets."""
    if not kept:
        return Sample(np.empty((0, 0), np.float32), np.empty(0, np.int64), np.empty(0, np.int64))
    return Sample(
        np.concatenate([np.array(vectors) for _, _, vectors in kept]),
        np.repeat([number for number, _, _ in kept], [len(frames) for _, frames, _ in kept]),
        np.concatenate([np.array(frames) for _, frames, _ in kept]),
    )
