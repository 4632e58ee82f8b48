"""SteadySORT finds out whether its vectors tell people apart, and goes by motion alone while they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from tests.core.test_steadysort import RATES, A, B, at, embedding, ids
from trackers import SteadySORTTracker
from trackers.evaluation import Scores, evaluate_sequence
from trackers.io.mot import read_mot
from trackers.sample import Scene
from trackers.table import BoxTable

MEANINGLESS: Mapping[str, Callable[[np.random.Generator, int], npt.NDArray[np.float64]]] = {
    "random": lambda rng, count: rng.normal(size=(count, 64)),
    "random and positive": lambda rng, count: rng.random((count, 64)),
    "random in three numbers": lambda rng, count: rng.normal(size=(count, 3)),
    "constant": lambda rng, count: np.ones((count, 8)),
    "hardly different": lambda rng, count: 1.0 + 0.01 * rng.normal(size=(count, 64)),
}


def blind(frames: Iterable[sv.Detections]) -> list[sv.Detections]:
    """The same boxes without vectors."""
    return [sv.Detections(frame.xyxy, confidence=frame.confidence) for frame in frames]


def with_embeddings(frames: Iterable[sv.Detections], kind: str, seed: int = 0) -> list[sv.Detections]:
    """The same boxes with vectors that mean nothing."""
    rng = np.random.default_rng(seed)
    frames = blind(frames)
    for frame in frames:
        frame.data["embedding"] = MEANINGLESS[kind](rng, len(frame))
    return frames


def crowd(seed: int, frames: int = 60) -> list[sv.Detections]:
    """People who walk up and down a street, miss a frame now and then, and are all there from the beginning."""
    rng = np.random.default_rng(seed)
    start, speed = rng.uniform((0, 0), (900, 300), (7, 2)), rng.uniform(-4, 4, (7, 2))
    places = [start + speed * number + rng.normal(0, 1, (7, 2)) for number in range(frames)]
    return [at(*map(tuple, place[(rng.random(7) > 0.1) | (number < 5)])) for number, place in enumerate(places)]


@pytest.mark.parametrize("kind", MEANINGLESS)
def test_crowds_with_vectors_that_mean_nothing_have_the_ids_they_have_without(kind: str) -> None:
    """But for a person now and then who is taken for two before it is found out, where vectors are of three numbers."""
    ids_given = {"with": 0, "without": 0}
    for seed in range(20):
        frames, tracker = crowd(seed), SteadySORTTracker()
        ids_given["with"] += max(max(row, default=0) for row in ids(tracker, with_embeddings(frames, kind, seed)))
        ids_given["without"] += max(max(row, default=0) for row in ids(SteadySORTTracker(), blind(frames)))
        assert not tracker.trust.reliable
    assert ids_given["without"] >= 20 * 7
    assert ids_given["with"] <= ids_given["without"] + 2


@pytest.mark.parametrize("kind", MEANINGLESS)
def test_once_found_out_they_change_nothing(kind: str) -> None:
    """The scene's figures come in one by one, so that there is little to test at first."""
    scene = Scene(figures=8, length=200)
    frames = [scene.detections(number) for number in range(len(scene))]
    tracker = SteadySORTTracker()
    ids(tracker, with_embeddings(frames[:60], kind))
    assert not tracker.trust.reliable
    without = SteadySORTTracker()
    without.load_state_dict(tracker.state_dict())
    assert ids(tracker, with_embeddings(frames[60:], kind, seed=1)) == ids(without, blind(frames[60:]))


def test_who_is_alone_keeps_the_id_too() -> None:
    """There is nobody else to be mixed up with, but somebody whose embedding is another on every frame."""
    frames = [at((100 + 2 * number, 100)) for number in range(100)]
    found = [row[0] for row in ids(SteadySORTTracker(), with_embeddings(frames, "random"))]
    assert max(found) <= 4
    assert found[25:] == [found[-1]] * 75
    assert found[-1] > 0


def test_embeddings_that_say_who_is_who_count_from_first_to_last() -> None:
    scene = Scene(figures=8, length=200)
    tracker = SteadySORTTracker(frame_rate=scene.frame_rate)
    for number in range(len(scene)):
        tracker.update(scene.detections(number))
        assert tracker.trust.reliable
    assert tracker.trust.false_reject_rate < 0.02
    assert tracker.trust.false_accept_rate < 0.1


def side_by_side(*embeddings: Any) -> sv.Detections:
    """People a few metres apart who stand still."""
    return at(*((100 + 200 * number, 100) for number in range(len(embeddings))), embedding=embeddings)


@pytest.mark.parametrize(("passed", "reliable"), [(0, False), (1, True)])
def test_two_rejects_are_too_many_where_they_are_the_first_tests(passed: int, reliable: bool) -> None:
    """Two people have an id from the third frame on, and others in their places later."""
    before, after = side_by_side(A, B), side_by_side(A, B)
    before.data["embedding"], after.data["embedding"] = np.split(np.eye(4), 2)
    tracker = SteadySORTTracker()
    ids(tracker, [before] * (3 + passed))
    assert tracker.trust.reliable
    ids(tracker, [after])
    assert tracker.trust.reliable == reliable


def test_trust_comes_back_with_embeddings_that_mean_something() -> None:
    """Everybody has the embedding A for a while, as with a lens that is covered."""
    tracker, counted = SteadySORTTracker(), []
    for frames in ([side_by_side(A, A)] * 20, [side_by_side(A, B)] * 200):
        ids(tracker, frames)
        counted.append(tracker.trust.reliable)
    assert counted == [False, True]
    assert ids(tracker, [side_by_side(B, B)]) == [[-1, 2]], "the veto is back"


@pytest.mark.parametrize(("threshold", "counts"), [(0.01, False), (0.3, True), (0.99, False)])
def test_a_threshold_that_is_not_theirs_is_found_out_as_well(threshold: float, counts: bool) -> None:
    """Two people who differ by 0.4 at least, and each by 0.1 from frame to frame."""
    tracker = SteadySORTTracker(appearance_threshold=threshold)
    frames = [side_by_side(embedding(0.1 * (number % 2)), embedding(0.8 + 0.1 * (number % 2))) for number in range(100)]
    outputs = ids(tracker, frames)
    assert tracker.trust.reliable == counts
    assert outputs[-1] == [1, 2]
    assert (tracker.trust.false_reject_rate > 0.05, tracker.trust.false_accept_rate > 0.65) == (
        threshold == 0.01,
        threshold == 0.99,
    )


@pytest.mark.parametrize("class_agnostic", [True, False])
def test_only_those_who_can_be_mixed_up_are_compared(class_agnostic: bool) -> None:
    tracker = SteadySORTTracker(class_agnostic=class_agnostic)
    frames = [side_by_side(A, A) for _ in range(20)]
    for frame in frames:
        frame.class_id = np.array([0, 2])
    ids(tracker, frames)
    assert tracker.trust.reliable != class_agnostic


def test_in_a_large_crowd_the_order_of_the_rows_has_no_say() -> None:
    """Not all are tested there; the first half have one embedding, of the others only every second."""
    people = side_by_side(*[A] * 32, *[A, B] * 16)
    backwards = people[np.arange(64)[::-1]]
    assert isinstance(backwards, sv.Detections)
    first, last = SteadySORTTracker(), SteadySORTTracker()
    ids(first, [people] * 10)
    ids(last, [backwards] * 10)
    assert first.trust == pytest.approx(last.trust)
    assert first.trust != SteadySORTTracker().trust


def test_ambiguous_motion_tests_nothing() -> None:
    """Two who walk as one, boxes without vectors, and one who was lost and may be another."""
    tracker = SteadySORTTracker()
    ids(tracker, [at((100, 100), (104, 100), embedding=[A, A])] * 20 + [at((100, 100), (300, 100))] * 20)
    assert tracker.trust == SteadySORTTracker().trust
    tracker.reset()
    ids(tracker, [side_by_side(A)] * 10 + [at(embedding=[])] * 3)
    before = tracker.trust
    assert before != SteadySORTTracker().trust
    ids(tracker, [side_by_side(B)])
    assert tracker.trust == before


def test_what_was_learned_is_part_of_the_state(tmp_path: Path) -> None:
    frames = [side_by_side(A, embedding(0.2), B)] * 13 + [side_by_side(A, embedding(0.5), B)] * 10
    tracker = SteadySORTTracker()
    ids(tracker, frames[:11])
    tracker.save(tmp_path / "state.npz")
    loaded = SteadySORTTracker.load(tmp_path / "state.npz")
    assert loaded.trust == tracker.trust != SteadySORTTracker().trust
    assert ids(loaded, frames[11:]) == ids(tracker, frames[11:])
    assert loaded.trust == tracker.trust
    tracker.reset()
    assert tracker.trust == SteadySORTTracker().trust
    assert loaded.trust != tracker.trust
    for damaged in ([0.1], [0.1, np.nan], [0.1, np.inf]):
        with pytest.raises(ValueError, match="expected 2 numbers learned"):
            tracker.load_state_dict({**loaded.state_dict(), "learned": damaged})


# Real boxes ------------------------------------------------------------------------------------------------------


def score(frames: Sequence[sv.Detections], truth: BoxTable, rate: float) -> Scores:
    tracker = SteadySORTTracker(frame_rate=rate)
    return evaluate_sequence(truth, BoxTable.from_detections(tracker.update(frame) for frame in frames))


@pytest.mark.extra
@pytest.mark.data
@pytest.mark.parametrize("kind", ["random", "constant"])
def test_real_people_lose_nothing_by_vectors_that_mean_nothing(kind: str, data_dir: Path) -> None:
    without, with_them = [], []
    for name in ("KITTI-17", "TUD-Campus", "TUD-Stadtmitte"):
        truth = read_mot(data_dir / "data" / "mot" / name / "gt" / "gt.txt")
        truth = truth.rows((truth.confidence != 0) & np.isin(truth.class_id, (1, -1)))
        stored = np.load(data_dir / "golden" / name / "detections.npz")
        boxes, confidence = stored["xyxy"].astype(np.float64), stored["confidence"]
        rows = [np.flatnonzero(stored["frame"] == frame) for frame in range(1, int(stored["frame"].max()) + 1)]
        frames = [sv.Detections(boxes[row], confidence=confidence[row]) for row in rows]
        without.append(score(frames, truth, RATES[name]))
        with_them.append(score(with_embeddings(frames, kind), truth, RATES[name]))
    for with_it, without_it in zip(with_them, without, strict=True):
        assert with_it.hota >= without_it.hota - 0.002
        assert with_it.idf1 >= without_it.idf1 - 0.002
