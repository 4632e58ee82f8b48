"""Frames of every kind of nonsense: no exception but the documented ones, and the promises hold after every frame."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from tests.contract.conftest import ALL_TRACKERS, Make
from trackers import StripeFeatureExtractor
from trackers.association.selection import Selection
from trackers.core.base import Tracker

EPISODE = 1000
"""Frames after which a tracker with other parameters takes over."""

EDGES = np.array(
    [0, -0.0, 1e-3, -1e-3, 0.5, 1, -1, 40, 1e4, -1e4, 1e9, -1e9, 1.1e9, 3e38, -3e38, np.inf, -np.inf, np.nan]
)
SCORES = np.array([0, 0.05, 0.1, 0.25, 0.3, 0.5, 0.6, 0.7, 0.9, 1.0, 1.5, -1.0, 80.0, np.inf, -np.inf, np.nan])


class Source:
    """Draws frames: objects that wander, jump, hide and double, among boxes that are none."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.new_episode()

    def new_episode(self) -> None:
        """Other objects, other fields, vectors of another length."""
        rng = self.rng
        self.objects = int(rng.integers(1, 9))
        self.corner = rng.uniform(-50, 400, (self.objects, 2))
        self.size = rng.uniform(2, 120, (self.objects, 2))
        self.speed = rng.normal(0, 5, (self.objects, 2))
        self.length = int(rng.integers(1, 9))
        self.embeddings = rng.standard_normal((self.objects, self.length))
        self.with_scores, self.with_classes, self.with_vectors = rng.random(3) < (0.8, 0.6, 0.7)
        self.dtype: npt.DTypeLike = (np.float32, np.float64)[rng.integers(0, 2)]
        self.time = 0.0

    def boxes(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Boxes of one frame and the embedding of each."""
        rng = self.rng
        self.corner += self.speed
        jumps = rng.random(self.objects) < 0.02
        self.corner[jumps] = rng.uniform(-50, 400, (int(jumps.sum()), 2)) * rng.choice([1, 1, 1e3, 1e6])
        self.size *= np.exp(rng.normal(0, 0.02, self.size.shape))
        present = np.flatnonzero(rng.random(self.objects) < rng.choice([0.0, 0.7, 0.95], p=[0.05, 0.25, 0.7]))
        present = np.concatenate([present, present[: rng.integers(0, 3)]])  # some rows twice
        good = np.hstack([self.corner[present], self.corner[present] + self.size[present]])
        odd = rng.choice(EDGES, (int(rng.integers(0, 3)), 4))
        near = good[: rng.integers(0, 2)] + rng.choice(EDGES, (1, 4), p=[0.5, *[0.5 / 17] * 17])
        rows = np.concatenate([good, odd, near])
        embeddings = np.concatenate(
            [self.embeddings[present], rng.standard_normal((len(odd) + len(near), self.length))]
        )
        return rows, embeddings

    def frame(self) -> sv.Detections:
        """One frame."""
        rng = self.rng
        rows, embeddings = self.boxes()
        order = rng.permutation(len(rows))
        embeddings = embeddings[order] + rng.normal(0, 0.1, embeddings.shape)
        if len(embeddings) and rng.random() < 0.1:
            embeddings[0] = rng.choice([0.0, np.nan, np.inf, 1e-300, 1e300])
        detections = sv.Detections(
            xyxy=np.zeros((len(rows), 4), self.dtype),
            confidence=rng.choice(SCORES, len(rows)) if self.with_scores else None,
            class_id=rng.integers(0, 4, len(rows)) if self.with_classes else None,
            data={"embedding": embeddings} if self.with_vectors else {},
        )
        with np.errstate(over="ignore"):
            detections.xyxy = rows[order].astype(self.dtype)  # later: supervision refuses bad boxes at birth
        return detections

    def with_longer_vectors(self) -> sv.Detections:
        """A frame whose vectors are longer than those of the episode."""
        vectors: npt.NDArray[Any] = np.ones((1, self.length + 1)) if self.rng.random() < 0.5 else np.ones(1)
        box = np.array([[10.0, 10.0, 50.0, 90.0]])
        return sv.Detections(box, confidence=np.ones(1), data={"embedding": vectors})

    def image(self) -> npt.NDArray[np.uint8]:
        """A picture of any size."""
        height, width = self.rng.integers(1, 64, 2)
        return self.rng.integers(0, 256, (height, width, 3), np.uint8)

    def camera(self, frame: Any, boxes: Any) -> Any:
        """A motion of the camera that may be impossible."""
        kind = self.rng.integers(0, 8)
        if kind == 0:
            return None
        if kind == 1:
            return np.full((2, 3), np.nan)
        return np.eye(2, 3) + self.rng.normal(0, 0.01, (2, 3)) * [1, 1, 100]

    def tracker(self, make: Make) -> Tracker[Any]:
        """A tracker with parameters drawn anew."""
        rng = self.rng
        options: dict[str, Any] = {
            "minimum_consecutive_frames": int(rng.integers(1, 4)),
            "lost_track_buffer": int(rng.integers(0, 20)),
            "class_agnostic": (True, False, [{0, 1}])[rng.integers(0, 3)],
            "frame_rate": float(rng.choice([5.0, 29.97, 30.0, 60.0])),
        }
        if rng.random() < 0.3:
            options["camera_motion"] = self.camera
        names = inspect.signature(make).parameters
        if "selection" in names and rng.random() < 0.3:
            options["selection"] = Selection(minimum_confidence=0.2, minimum_height=5, maximum_overlap=0.7)
        if "reid_memory" in names and rng.random() < 0.5:
            options |= {"reid_memory": 2.0, "occlusion_limit": 0.5, "gallery_size": (1, 7, None)[rng.integers(0, 3)]}
            options |= {"gating": rng.choice(["state", "position"]).item(), "cascade": bool(rng.random() < 0.5)}
            options |= {"distance_metric": rng.choice(["cosine", "euclidean"]).item()}
        tracker = make(**options)
        if hasattr(tracker, "feature_extractor") and not self.with_vectors and rng.random() < 0.5:
            tracker.feature_extractor = StripeFeatureExtractor()
        tracker.explain = bool(rng.random() < 0.1)
        return tracker


class Watcher:
    """Holds a tracker to its promises, frame by frame."""

    def __init__(self, tracker: Tracker[Any]) -> None:
        self.tracker = tracker
        self.living: set[int] = set()
        self.had_vectors = False

    def update(self, given: sv.Detections, **options: Any) -> None:
        """Track a frame and check the output."""
        tracker, before = self.tracker, self.tracker.total_confirmed
        boxes = given.xyxy.tobytes()
        tracked = tracker.update(given, **options)
        assert given.xyxy.tobytes() == tracked.xyxy.tobytes() == boxes
        ids = np.asarray(tracked.tracker_id)
        assert ids.dtype == np.int64
        assert ids.shape == (len(given),)
        named = ids[ids != -1].tolist()
        assert len(set(named)) == len(named)
        fresh = set(range(before + 1, tracker.total_confirmed + 1))
        assert set(named) <= self.living | fresh, "an id that had ended came back"
        self.embedding(fresh)

    def embedding(self, fresh: set[int]) -> None:
        """What the tracker tells of its tracks can be true."""
        tracks = self.tracker.tracks
        living = [track.id for track in tracks if track.id != -1]
        assert len(set(living)) == len(living)
        assert fresh <= set(living) <= self.living | fresh
        for track in tracks:
            assert np.isfinite(track.xyxy).all()
            assert np.isfinite(track.velocity).all()
            assert track.hits >= 1
            assert 0 <= track.missed <= track.age
            assert (track.id == -1) == (track.state == "tentative")
            if track.vector is not None:
                assert np.isfinite(track.vector).all()
                self.had_vectors = True
        self.living = set(living)

    def refuse(self, given: sv.Detections, **options: Any) -> None:
        """A frame that breaks a documented rule is a `ValueError` and changes nothing."""
        before = [(track.id, track.xyxy.tobytes(), track.age) for track in self.tracker.tracks]
        with pytest.raises(ValueError, match=r"vectors of|one vector for each|timestamps must grow"):
            self.tracker.update(given, **options)
        assert [(track.id, track.xyxy.tobytes(), track.age) for track in self.tracker.tracks] == before


@pytest.mark.parametrize("frames", [400, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("make", ALL_TRACKERS.values(), ids=list(ALL_TRACKERS))
def test_nonsense(make: Make, frames: int) -> None:
    episode = min(EPISODE, frames // 4)
    source = Source(seed=frames)
    for number in range(frames):
        if number % episode == 0:
            source.new_episode()
            timed = source.rng.random() < 0.3
            watcher = Watcher(source.tracker(make))
        frame, action = source.frame(), source.rng.random()
        source.time += float(source.rng.choice([1e-6, 0.01, 1 / 30, 0.1, 5.0], p=[0.02, 0.2, 0.7, 0.06, 0.02]))
        options: dict[str, Any] = {"timestamp": source.time} if timed else {}
        if getattr(watcher.tracker, "feature_extractor", None) is not None:
            options["frame"] = source.image()
        if action < 0.02:
            watcher.tracker.skip(timestamp=options.get("timestamp"))
            watcher.embedding(set())
        elif action < 0.03 and "timestamp" in options and number % episode > 1:
            watcher.refuse(frame, **{**options, "timestamp": -1.0})
        elif action < 0.04 and watcher.had_vectors:
            watcher.refuse(source.with_longer_vectors(), **options)
        else:
            watcher.update(frame, **options)
