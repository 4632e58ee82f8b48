"""After an occlusion: what the published algorithm loses, and what the optional memory brings back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_deepsort import BLUE, RED, at, ids
from tests.core.test_golden import SEQUENCES
from trackers import DeepSORTTracker
from trackers.appearance.gallery import new_galleries
from trackers.appearance.vectors import unit_vectors
from trackers.boxes import covered
from trackers.core.deepsort.tracks import DeepSORTTracks
from trackers.evaluation import combine, evaluate_sequence
from trackers.io import read_mot
from trackers.sample import DetectionNoise, Scene
from trackers.table import BoxTable

GREEN = np.array([0.0, 0.0, 1.0])


def ids_of_walker(tracker: DeepSORTTracker, scene: Scene) -> list[int]:
    """The ids that the one walker of a scene is given, in order."""
    found: list[int] = []
    for frame in range(len(scene)):
        tracked = tracker.update(scene.detections(frame))
        for number, figure in zip(ids(tracked), tracked.data["object"], strict=True):
            if number != -1 and figure == 1 and number not in found:
                found.append(number)
    return found


def quiet(scene: Scene) -> Scene:
    """The same scene without false alarms."""
    scene.noise = DetectionNoise(false_alarms=0.0)
    return scene


SAMPLE: dict[str, Any] = {"frame_rate": 25, "appearance_threshold": 0.3}  # what the sample's vectors want


@pytest.mark.parametrize("memory", [None, 8.0])
def test_a_walker_who_goes_on_behind_the_pillar_keeps_the_id(memory: float | None) -> None:
    tracker = DeepSORTTracker(reid_memory=memory, **SAMPLE)
    assert ids_of_walker(tracker, quiet(Scene.occlusion())) == [1]


def test_a_walker_who_stops_behind_the_pillar_is_lost_by_the_published_gate_and_recognised_by_memory() -> None:
    published = DeepSORTTracker(**SAMPLE)
    with_memory = DeepSORTTracker(reid_memory=8.0, **SAMPLE)
    assert len(ids_of_walker(published, quiet(Scene.occlusion(stop=True)))) > 1
    assert ids_of_walker(with_memory, quiet(Scene.occlusion(stop=True))) == [1]


def away_and_back(tracker: DeepSORTTracker, gap: int, embedding: Any, place: float = 2000.0) -> list[int]:
    """Ids of somebody who is gone for some frames and comes back elsewhere."""
    for _ in range(5):
        tracker.update(at((100, 100), embedding=[RED]))
    for _ in range(gap):
        tracker.update(at())
    return [ids(tracker.update(at((place, 100), embedding=[embedding])))[0] for _ in range(4)]


class TestMemory:
    def test_the_id_comes_back_with_the_last_of_the_agreeing_frames(self) -> None:
        assert away_and_back(DeepSORTTracker(reid_memory=2.0), gap=40, embedding=RED) == [-1, -1, 1, 1]
        assert away_and_back(DeepSORTTracker(), gap=40, embedding=RED) == [-1, -1, 2, 2]

    def test_it_ends_after_the_seconds_given(self) -> None:
        for gap, expected in ((57, 1), (59, 2)):
            tracker = DeepSORTTracker(reid_memory=2.0, frame_rate=30.0)
            assert away_and_back(tracker, gap=gap, embedding=RED)[-1] == expected

    def test_motion_is_trusted_no_longer_than_without_it(self) -> None:
        tracker = DeepSORTTracker(reid_memory=10.0, lost_track_buffer=5, minimum_consecutive_frames=2)
        assert away_and_back(tracker, gap=6, embedding=RED, place=100.0) == [-1, 1, 1, 1]

    def test_another_embedding_is_somebody_else(self) -> None:
        assert away_and_back(DeepSORTTracker(reid_memory=5.0), gap=40, embedding=BLUE)[-1] == 2

    def test_an_embedding_that_would_do_for_motion_is_not_enough(self) -> None:
        similar = np.array([np.cos(0.6), np.sin(0.6), 0.0])  # cosine distance 0.175, threshold 0.2
        assert away_and_back(DeepSORTTracker(reid_memory=5.0), gap=40, embedding=similar)[-1] == 2
        assert away_and_back(DeepSORTTracker(), gap=1, embedding=similar, place=100.0)[0] == 1

    def test_one_frame_of_another_appearance_is_enough_to_refuse(self) -> None:
        tracker = DeepSORTTracker(reid_memory=5.0)
        for _ in range(5):
            tracker.update(at((100, 100), embedding=[RED]))
        for _ in range(40):
            tracker.update(at())
        given = [ids(tracker.update(at((900, 100), embedding=[embedding])))[0] for embedding in (RED, BLUE, RED)]
        assert given == [-1, -1, 2]

    def test_two_of_one_frame_are_not_one(self) -> None:
        tracker = DeepSORTTracker(reid_memory=5.0, minimum_consecutive_frames=4)
        for _ in range(5):
            tracker.update(at((100, 100), embedding=[RED]))
        together = [ids(tracker.update(at((100, 100), (900, 100), embedding=[RED, RED]))) for _ in range(2)]
        alone = [ids(tracker.update(at((900, 100), embedding=[RED])))[0] for _ in range(2)]
        assert together[-1] == [1, -1]
        assert alone == [-1, 2]

    def test_one_lost_track_comes_back_once(self) -> None:
        tracker = DeepSORTTracker(reid_memory=5.0)
        away_and_back(tracker, gap=40, embedding=GREEN, place=3000.0)
        both = [ids(tracker.update(at((900, 100), (1500, 100), embedding=[RED, RED]))) for _ in range(3)]
        assert sorted(both[-1]) == [1, 3]

    def test_without_vectors_it_changes_nothing(self) -> None:
        with_memory, without = DeepSORTTracker(reid_memory=9.0), DeepSORTTracker()
        for frame in range(60):
            detections = at((5.0 * frame, 100)) if frame % 20 < 15 else at()
            assert with_memory.update(detections) == without.update(detections)


@given(seed=st.integers(0, 2**32 - 1), limit=st.floats(0.0, 2.0), wide=st.floats(0.0, 3.0))
@settings(max_examples=60, deadline=None)
def test_no_track_is_ruled_out_whose_gallery_has_a_vector_near_enough(seed: int, limit: float, wide: float) -> None:
    rng = np.random.default_rng(seed)
    length = 4
    no_vector = np.empty((0, length), np.float32)
    tracks = DeepSORTTracks(embedding=no_vector, centre=no_vector)
    middle, noise = rng.normal(size=(6, 1, length)), rng.normal(size=(6, 5, length))
    vectors = unit_vectors((middle + wide * noise).reshape(-1, length), 30, "vectors").reshape(6, 5, length)
    tracks.renew(np.empty(0, np.int64), 6, gallery=new_galleries(vectors[:, 0], None), embedding=vectors[:, 0])
    for frame in range(1, 5):
        tracks.update_embeddings(np.arange(6), vectors[:, frame], np.empty(0, np.int64), vectors[:, frame, :0])
    asked = unit_vectors(rng.normal(size=(40, length)), 40, "vectors")
    near = 1.0 - np.einsum("tvd,ad->tva", vectors, asked).max(axis=1) <= limit
    lowest = tracks.lowest_similarity(np.arange(6), limit)
    assert (tracks.centre @ asked.T >= lowest[:, None])[near].all()


class TestOcclusion:
    def test_the_share_behind_a_nearer_box(self) -> None:
        boxes = np.array([[0.0, 0, 10, 10], [5, 0, 15, 12], [100, 0, 110, 10]])
        assert covered(boxes).tolist() == [0.5, 0.0, 0.0]
        assert covered(np.empty((0, 4))).tolist() == []

    def test_the_embedding_of_a_hidden_box_is_not_kept(self) -> None:
        def newest(limit: float | None) -> list[Any]:
            tracker = DeepSORTTracker(minimum_consecutive_frames=1, appearance_threshold=1.5, occlusion_limit=limit)
            tracker.update(at((100, 100), (300, 110), embedding=[RED, BLUE]))
            tracker.update(at((108, 100), (110, 110), embedding=[GREEN, BLUE]))
            return [track.vector for track in tracker.tracks]

        assert newest(None)[0] == pytest.approx(GREEN)
        assert newest(0.5)[0] == pytest.approx(RED)


@pytest.mark.extra
@pytest.mark.data
def test_memory_helps_on_real_sequences(data_dir: Path) -> None:
    def scores(**options: Any) -> Any:
        found = []
        for name in SEQUENCES:
            stored = np.load(data_dir / "golden" / name / "detections.npz")
            frame, xyxy, confidence, osnet = (stored[key] for key in ("frame", "xyxy", "confidence", "osnet"))
            tracker = DeepSORTTracker(appearance_threshold=0.3, **options)
            outputs = []
            for number in range(1, int(frame.max()) + 1):
                rows = (frame == number) & (confidence >= np.float32(0.3))
                vectors = osnet[rows].astype(np.float32)
                detections = sv.Detections(xyxy[rows], confidence=confidence[rows], data={"embedding": vectors})
                outputs.append(tracker.update(detections))
            truth = read_mot(data_dir / "data" / "mot" / name / "gt" / "gt.txt")
            found.append(evaluate_sequence(truth, BoxTable.from_detections(outputs), name=name))
        return combine(found)

    plain, with_memory = scores(), scores(reid_memory=3.0)
    assert with_memory.idf1 > plain.idf1 + 0.01
    assert with_memory.id_switches < plain.id_switches
