"""The two halves of an update: `prepare`, and `complete` with vectors from wherever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import (
    BoTSORTTracker,
    ByteTrackTracker,
    DeepSORTTracker,
    OCSORTTracker,
    SORTTracker,
    SteadySORTTracker,
    StripeFeatureExtractor,
)
from trackers.core.base import Tracker
from trackers.sample import FigureDetector, Scene

MAKERS: dict[str, Callable[[], Tracker[Any]]] = {
    "deepsort": lambda: DeepSORTTracker(StripeFeatureExtractor()),
    "ambiguous": lambda: DeepSORTTracker(StripeFeatureExtractor(), embed="ambiguous"),
    "steadysort": lambda: SteadySORTTracker(StripeFeatureExtractor()),
    "botsort": lambda: BoTSORTTracker(StripeFeatureExtractor()),
    "bytetrack": ByteTrackTracker,
    "ocsort": OCSORTTracker,
    "sort": SORTTracker,
}


@pytest.fixture(scope="module")
def frames() -> list[tuple[sv.Detections, Any]]:
    scene = Scene()
    detector = FigureDetector().fit(scene.frame(i) for i in range(0, len(scene), len(scene) // 20))
    return [(detector(image), image) for image in (scene.frame(i) for i in range(30))]


@pytest.mark.parametrize("name", MAKERS)
def test_halves_give_the_ids_of_update(name: str, frames: list[tuple[sv.Detections, Any]]) -> None:
    whole, halves, extractor = MAKERS[name](), MAKERS[name](), StripeFeatureExtractor()
    embedded = 0
    for detections, image in frames:
        expected = whole.update(detections, image)
        halves.prepare(detections, image)  # given up: it must not count
        prepared = halves.prepare(detections, image)
        vectors = None if prepared.to_embed is None else extractor.extract_features(image, prepared.to_embed)
        embedded += 0 if vectors is None else len(vectors)
        tracked = halves.complete(prepared, vectors)
        np.testing.assert_array_equal(tracked.tracker_id, expected.tracker_id)
    boxes = sum(len(detections) for detections, _ in frames)
    assert whole.total_confirmed > 0
    assert (0 < embedded <= boxes) if whole.feature_extractor else embedded == 0
    assert (embedded < boxes / 2) == (name == "ambiguous") or whole.feature_extractor is None


def test_a_frame_given_up_leaves_tracker_and_camera_as_they_were(frames: list[tuple[sv.Detections, Any]]) -> None:
    def broken(frame: Any, detections: sv.Detections) -> Any:
        raise OSError("no connection")

    moves = np.tile(np.eye(3), (len(frames), 1, 1))
    moves[:, 0, 2] = np.arange(len(frames))
    tracker, other = (SteadySORTTracker(StripeFeatureExtractor(), camera_motion=moves) for _ in range(2))
    for detections, image in frames:
        tracker.prepare(detections, image)
        before = tracker.state_dict()
        with pytest.raises(ValueError, match="one vector for each"):
            tracker.complete(tracker.prepare(detections, image), np.ones((len(detections) + 1, 4)))
        extractor, tracker.feature_extractor = tracker.feature_extractor, broken
        if (np.asarray(detections.confidence) >= 0.5).any():
            with pytest.raises(OSError, match="no connection"):
                tracker.update(detections, image)
        tracker.feature_extractor = extractor
        assert repr(tracker.state_dict()) == repr(before)
        ids = tracker.update(detections, image).tracker_id
        np.testing.assert_array_equal(ids, other.update(detections, image).tracker_id)


def test_only_the_frame_prepared_last_can_be_completed(frames: list[tuple[sv.Detections, Any]]) -> None:
    tracker = SORTTracker()
    detections = frames[0][0]
    stale, fresh = tracker.prepare(detections), tracker.prepare(detections)
    with pytest.raises(ValueError, match="prepared last"):
        tracker.complete(stale)
    tracker.complete(fresh)
    with pytest.raises(ValueError, match="prepared last"):
        tracker.complete(fresh)
    happenings: list[Callable[[], object]] = [
        tracker.skip,
        tracker.reset,
        lambda: tracker.load_state_dict(tracker.state_dict()),
    ]
    for happening in happenings:
        prepared = tracker.prepare(detections)
        happening()
        with pytest.raises(ValueError, match="prepared last"):
            tracker.complete(prepared)


def test_vectors_at_hand_are_not_extracted_again() -> None:
    def never(frame: Any, detections: sv.Detections) -> Any:
        raise AssertionError

    boxes = sv.Detections(
        xyxy=np.array([[0.0, 0.0, 20.0, 60.0], [50.0, 0.0, 70.0, 60.0]]),
        confidence=np.array([0.9, 0.2]),
        data={"embedding": np.array([[3.0, 4.0], [1.0, 0.0]])},
    )
    prepared = SteadySORTTracker(never).prepare(boxes, np.zeros((80, 80, 3), np.uint8))
    assert prepared.to_embed is None
    np.testing.assert_allclose(prepared.described_by(None, None), [[0.6, 0.8], [0.0, 0.0]])
