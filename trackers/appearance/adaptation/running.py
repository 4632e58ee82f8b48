"""Learning while a tracker runs: from the past alone, on a schedule that grows with the data.

A map is learned in a thread and adopted on a frame whose number was fixed when the learning began, so that equal input
gives equal ids however fast the thread is.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from trackers.appearance.adaptation.learning import AdaptationReport, Learned, learn
from trackers.appearance.adaptation.projection import Projection
from trackers.appearance.adaptation.tracklets import Sample, Tracklets
from trackers.boxes import Floats, Vectors

FIRST = 2.0
"""Seconds after which a map is learned for the first time."""

GROWTH = 1.5
"""Factor from one learning to the next, in frames since the first."""

DELAY, SHORTEST_DELAY = 0.25, 10
"""Frames from learning to adoption: a share of the frames so far, and the fewest."""

AVERAGED = 4
"""Learnings that the limit is averaged over, as those on little data scatter."""


class Learning:
    """A map that is being learned in a thread.

    Args:
        sample: Makes the sample to learn from; called in the thread.
        limit: The tracker's largest cosine distance of a match, on vectors as they are.
    """

    def __init__(self, sample: Callable[[], Sample], limit: float) -> None:
        """Start."""
        self._learned: Learned | None = None
        self._thread: threading.Thread | None = threading.Thread(target=self._run, args=(sample, limit), daemon=True)
        self._thread.start()

    def _run(self, sample: Callable[[], Sample], limit: float) -> None:
        self._learned = learn(sample(), limit, for_later=True)

    def result(self) -> Learned:
        """What was learned, as soon as it is there."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._learned is None:
            raise RuntimeError("the map could not be learned; the thread has printed why")
        return self._learned

    @classmethod
    def of(cls, learned: Learned) -> Learning:
        """One that is through."""
        made = cls.__new__(cls)
        made._learned, made._thread = learned, None
        return made

    def __getstate__(self) -> dict[str, Any]:
        """The result, which travels in place of the thread."""
        return {"_learned": self.result(), "_thread": None}


class RunningAdaptation:
    """A map that a tracker learns on the way.

    Mapped vectors carry one more number, the same for all, so large that `limit` parts their cosine distances as the
    learned threshold parts those of the map alone: the limit of the tracker stays what it is, whatever is learned.

    Args:
        frame_rate: Frames per second.

    Attributes:
        report: What the newest learning rests on and brought; None before the first.

    Example:
        >>> adaptation = RunningAdaptation(frame_rate=30.0)
        >>> adaptation.advance(np.empty((0, 4)), np.empty((0, 0), np.float32), 1.0, limit=0.3)
        False
        >>> adaptation.project(np.array([[1.0, 0.0]], np.float32), limit=0.3).tolist()
        [[1.0, 0.0]]
    """

    def __init__(self, frame_rate: float) -> None:
        """Start without a map."""
        self._frame_rate = frame_rate
        self.reset()

    def reset(self) -> None:
        """Start anew."""
        self.report: AdaptationReport | None = None
        self._tracklets = Tracklets()
        self._projection: Projection | None = None
        self._thresholds: list[float] = []
        self._learning: Learning | None = None
        self._next = max(2, math.ceil(FIRST * self._frame_rate))
        self._adoption = -1

    @property
    def threshold(self) -> float | None:
        """Threshold of the map alone, averaged over the newest learnings; None without a map."""
        return float(np.mean(self._thresholds)) if self._projection is not None else None

    def advance(self, boxes: Floats, vectors: Vectors, elapsed: float, limit: float) -> bool:
        """Take up a frame; adopt a map, or begin to learn one, where it is due.

        Args:
            boxes: Boxes of the frame, shape `(n, 4)`.
            vectors: Unit vector of each as the extractor gave it, zero where unknown, shape `(n, d)`.
            elapsed: Frames since the previous one.
            limit: The tracker's largest cosine distance of a match.

        Returns:
            Whether a new map is in force, or a new scale of the old one.
        """
        adopted = False
        if self._learning is not None and self._tracklets.frame >= self._adoption:
            adopted = self._adopt(self._learning.result())
            self._learning = None
        if self._learning is None and self._tracklets.frame >= self._next:
            frame = self._tracklets.frame
            self._adoption = frame + max(SHORTEST_DELAY, round(DELAY * frame))
            self._next = max(self._adoption, math.ceil(GROWTH * frame))
            self._learning = Learning(self._tracklets.frozen(), limit)
        self._tracklets.add(boxes, vectors, elapsed)
        return adopted

    def _adopt(self, learned: Learned) -> bool:
        """Put what was learned in force; a map that was declined leaves the older one where it is."""
        self.report = learned.report
        if learned.projection is None or learned.threshold is None:
            return False
        self._projection = learned.projection
        self._thresholds = [*self._thresholds, learned.threshold][-AVERAGED:]
        return True

    def project(self, vectors: Vectors, limit: float) -> Vectors:
        """Map vectors as they are mapped at present.

        Args:
            vectors: Unit or zero vectors, shape `(n, d)`.
            limit: The tracker's largest cosine distance of a match.

        Returns:
            New unit or zero vectors, shape `(n, k)`; a copy of those given while there is no map.
        """
        if self._projection is None or self.threshold is None or vectors.shape[1] == 0:
            return np.array(vectors)
        mapped = self._projection(vectors)
        share = min(1.0, limit / max(self.threshold, 1e-6))
        constant = np.sqrt(1.0 - share) * mapped.any(axis=1)
        parted: Vectors = np.column_stack((np.sqrt(share) * mapped, constant)).astype(np.float32)
        return parted

    def state_dict(self) -> dict[str, Any]:
        """Everything it goes on from; waits for a map that is being learned."""
        return {
            "tracklets": self._tracklets.state_dict(),
            "thresholds": list(self._thresholds),
            "next": self._next,
            "adoption": self._adoption,
            "report": None if self.report is None else _fields(self.report),
            "projection": _arrays(self._projection),
            "learning": None if self._learning is None else _packed(self._learning.result()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; nothing is changed where it is damaged.

        Raises:
            KeyError: If it lacks a part.
            TypeError: If a part is of another kind.
            ValueError: If its parts do not go together.
        """
        tracklets = Tracklets()
        tracklets.load_state_dict(state["tracklets"])
        thresholds = [float(one) for one in state["thresholds"]]
        projection = _projection(state["projection"])
        learning = None if state["learning"] is None else Learning.of(_unpacked(state["learning"]))
        report = None if state["report"] is None else AdaptationReport(**state["report"])
        if (projection is None) != (not thresholds):
            raise ValueError("the state is damaged: a map and its thresholds go together")
        self._next, self._adoption = int(state["next"]), int(state["adoption"])
        self._tracklets, self._thresholds, self._projection = tracklets, thresholds, projection
        self._learning, self.report = learning, report


def _fields(report: AdaptationReport) -> dict[str, Any]:
    return dict(vars(report))


def _arrays(projection: Projection | None) -> dict[str, Any] | None:
    return None if projection is None else {"mean": projection.mean.copy(), "matrix": projection.matrix.copy()}


def _projection(state: Mapping[str, Any] | None) -> Projection | None:
    if state is None:
        return None
    mean, matrix = np.array(state["mean"], np.float32), np.array(state["matrix"], np.float32)
    if mean.ndim != 1 or matrix.ndim != 2 or len(mean) != len(matrix) or not np.isfinite(matrix).all():
        raise ValueError(f"the state is damaged: a map of shape {matrix.shape} and a mean of shape {mean.shape}")
    return Projection(mean, matrix)


def _packed(learned: Learned) -> dict[str, Any]:
    return {
        "projection": _arrays(learned.projection),
        "threshold": learned.threshold,
        "report": _fields(learned.report),
    }


def _unpacked(state: Mapping[str, Any]) -> Learned:
    return Learned(_projection(state["projection"]), state["threshold"], AdaptationReport(**state["report"]))
