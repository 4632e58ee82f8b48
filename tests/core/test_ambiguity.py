"""`embed="ambiguous"` and `embed_budget`: which detections the extractor is run on, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.conftest import same, walkers
from trackers import BoTSORTTracker, DeepSORTTracker, SteadySORTTracker, StripeFeatureExtractor
from trackers.association.selection import Selection
from trackers.core.base import Tracker
from trackers.evaluation import combine, evaluate_sequence
from trackers.io import read_mot
from trackers.sample import Scene
from trackers.table import BoxTable

PICTURE = np.zeros((9, 9, 3), np.uint8)
RED, BLUE = np.eye(2)


class Asked:
    """Gives the vectors that detections carry as `data["vectors"]`, and keeps the rows it was run on."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []
        """Of each frame, the rows of its detections."""

    def start(self) -> None:
        self.rows.append([])

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> npt.NDArray[Any]:
        self.rows[-1] += np.asarray(detections.data["row"]).tolist()
        return np.asarray(detections.data["vectors"])

    @property
    def total(self) -> int:
        return sum(map(len, self.rows))


def people(*corners: tuple[float, float], embedding: Iterable[Any] | None = None, **fields: Any) -> sv.Detections:
    """People of 32 x 80 pixels with their top left corners at the given places."""
    corner = np.array(corners, float).reshape(-1, 2)
    embeddings = np.tile(RED, (len(corner), 1)) if embedding is None else np.array(list(embedding), float)
    return sv.Detections(
        np.hstack((corner, corner + np.array([32, 80]))),
        confidence=np.full(len(corner), 0.9),
        data={"vectors": embeddings, "row": np.arange(len(corner))},
        **fields,
    )


def some(detections: sv.Detections, rows: Any) -> sv.Detections:
    """Some of the rows, in that order."""
    taken = detections[rows]
    assert isinstance(taken, sv.Detections)
    return taken


def play(
    frames: Iterable[sv.Detections],
    times: Sequence[float] | None = None,
    kind: Callable[..., Tracker[Any]] = DeepSORTTracker,
    embed: str = "ambiguous",
    **options: Any,
) -> tuple[list[list[int]], Asked, Tracker[Any]]:
    """Ids of every frame, what the extractor was asked, and the tracker."""
    extractor = Asked()
    tracker = kind(extractor, embed=embed, **options)
    ids = []
    for number, frame in enumerate(frames):
        extractor.start()
        now = None if times is None else times[number]
        ids.append(np.asarray(tracker.update(frame, PICTURE, timestamp=now).tracker_id).tolist())
    return ids, extractor, tracker


class TestAmbiguity:
    def test_a_new_box_until_it_has_an_id_then_once_in_fifteen_frames(self) -> None:
        _, asked, _ = play(people((10 + 2 * k, 10)) for k in range(40))
        assert [k for k, rows in enumerate(asked.rows) if rows] == [0, 1, 2, 17, 32]

    def test_once_in_six_frames_where_another_is_near(self) -> None:
        _, asked, _ = play(people((10 + 2 * k, 10), (30 + 2 * k, 10), (200, 10)) for k in range(18))
        extracted = {k: rows for k, rows in enumerate(asked.rows) if rows and k > 2}
        assert extracted == {8: [0, 1], 14: [0, 1], 17: [2]}

    def test_every_other_frame_while_its_confidence_is_low(self) -> None:
        """Of two people, one fades and comes back."""
        frames = [people((10, 10), (200, 10)) for _ in range(20)]
        for frame in frames[5:12]:
            frame.confidence = np.array([0.49, 0.5])
        _, asked, _ = play(frames)
        assert [k for k, rows in enumerate(asked.rows) if 0 in rows] == [0, 1, 2, 5, 7, 9, 11]
        assert [k for k, rows in enumerate(asked.rows) if 1 in rows] == [0, 1, 2, 17]

    @pytest.mark.parametrize(("step", "embeddings"), [(1, [17, 32]), (3, range(7, 35, 5)), (15, range(3, 35))])
    def test_fifteen_frames_are_a_time_where_frames_carry_one(self, step: int, embeddings: Sequence[int]) -> None:
        times = [step * k / 30 for k in range(35)]
        _, asked, _ = play((people((10, 10)) for _ in times), times)
        assert [k for k, rows in enumerate(asked.rows) if rows] == [0, 1, 2, *embeddings]

    def test_an_embedding_in_vain_is_not_repeated_on_every_frame(self) -> None:
        """From some frame on the network makes nothing of the box."""
        _, asked, _ = play(people((10, 10), embedding=[RED if k < 12 else 0 * RED]) for k in range(40))
        assert [k for k, rows in enumerate(asked.rows) if rows] == [0, 1, 2, 17, 32]

    def test_nor_is_an_embedding_of_what_somebody_hides(self) -> None:
        alone, hidden = people((10, 10)), people((10, 10), (26, 30))
        _, asked, _ = play([alone] * 17 + [hidden] * 18, occlusion_limit=0.3)
        assert [k for k, rows in enumerate(asked.rows) if 0 in rows] == [0, 1, 2, 17, 23, 29]

    def test_a_track_that_comes_back_from_a_gap(self) -> None:
        gap = [people() if k in (10, 11) else people((10, 10)) for k in range(20)]
        _, asked, _ = play(gap)
        assert [k for k, rows in enumerate(asked.rows) if rows] == [0, 1, 2, 12]

    def test_two_boxes_that_could_belong_to_one_track(self) -> None:
        """The only track is expected between two boxes."""
        alone, doubled = people((10, 10)), people((9, 10), (12, 10))
        _, asked, _ = play([alone] * 5 + [doubled])
        assert asked.rows[3:] == [[], [], [0, 1]]

    def test_a_second_box_that_overlaps_clearly_less_is_embedded_alone(self) -> None:
        _, asked, _ = play([people((10, 10))] * 5 + [people((10, 10), (20, 10))])
        assert asked.rows[3:] == [[], [], [1]]

    def test_a_box_where_two_tracks_are_expected(self) -> None:
        """Two pass each other closely, and one of them is not found just then."""
        both = [people((10 + 3 * k, 10), (100 - 3 * k, 14), embedding=(RED, BLUE)) for k in range(16)]
        both[15] = some(both[15], [0])
        _, asked, _ = play(both)
        assert asked.rows[7] == []
        assert asked.rows[15] == [0]

    def test_a_box_off_the_predicted_place(self) -> None:
        _, asked, _ = play([people((10, 10))] * 5 + [people((10, 40))])
        assert asked.rows[3:] == [[], [], [0]]

    def test_another_group_of_classes_is_no_rival(self) -> None:
        pair = people((10, 10), (11, 10), class_id=np.array([0, 1]))
        apart, together = (play([pair] * 7, class_agnostic=agnostic)[1] for agnostic in (False, True))
        assert apart.rows[3:] == [[]] * 4
        assert together.rows[3:] == [[0, 1]] * 4

    def test_what_is_not_selected_is_no_rival_and_is_not_embedded(self) -> None:
        pair = people((10, 10), (12, 10))
        pair.confidence = np.array([0.9, 0.2])
        ids, asked, _ = play([pair] * 7, selection=Selection(minimum_confidence=0.5))
        assert asked.rows == [[0]] * 3 + [[]] * 4
        assert ids[-1] == [1, -1]

    def test_the_prediction_moves_with_the_camera(self) -> None:
        """Jolts of the camera far larger than a person."""
        jolts = np.tile(np.eye(3), (20, 1, 1))
        jolts[:, 0, 2] = np.random.default_rng(0).uniform(-99, 99, 20)
        places = 500 + np.cumsum(jolts[:, 0, 2])
        frames = [people((x, 10)) for x in places]
        still, moved = (play(frames, camera_motion=camera)[1] for camera in (None, jolts))
        assert [k for k, rows in enumerate(moved.rows) if rows] == [0, 1, 2, 17]
        assert still.total > 15

    def test_skipped_frames_move_the_prediction(self) -> None:
        extractor = Asked()
        tracker = DeepSORTTracker(extractor, embed="ambiguous")
        for k in range(25):
            extractor.start()
            if 10 <= k < 13:
                tracker.skip()
            else:
                tracker.update(people((10 + 12 * k, 10)), PICTURE)
        assert [k for k, rows in enumerate(extractor.rows) if rows] == [0, 1, 2, 20]


OTHERS = (SteadySORTTracker, BoTSORTTracker)


@pytest.mark.parametrize("kind", OTHERS)
class TestOtherTrackers:
    def test_a_new_box_until_it_has_an_id_then_once_in_fifteen_frames(self, kind: Any) -> None:
        frames = (people((10 + 2 * k, 10)) for k in range(40))
        ids, asked, _ = play(frames, kind=kind, minimum_consecutive_frames=3)
        assert [k for k, rows in enumerate(asked.rows) if rows] == [0, 1, 2, 17, 32]
        assert ids[2:] == [[1]] * 38

    def test_two_boxes_that_could_belong_to_one_track(self, kind: Any) -> None:
        alone, doubled = people((10, 10)), people((9, 10), (12, 10))
        _, asked, _ = play([alone] * 5 + [doubled], kind=kind, minimum_consecutive_frames=3)
        assert asked.rows[3:] == [[], [], [0, 1]]

    def test_a_detection_of_low_confidence_is_in_no_doubt(self, kind: Any) -> None:
        faint = people((10, 10))
        faint.confidence = np.array([0.3])
        _, asked, _ = play([people((10, 10))] * 5 + [faint] * 3, kind=kind)
        assert asked.rows[5:] == [[]] * 3

    def test_one_vector_stands_for_the_frames_since_the_last(self, kind: Any) -> None:
        """The average of a track moves as far as if every frame had been embedded with the new vector."""
        tilted = np.array([0.8, 0.6])
        frames = [people((10, 10), embedding=[RED if k < 17 else tilted]) for k in range(18)]
        _, asked, sparse = play(frames, kind=kind, minimum_consecutive_frames=3)
        assert asked.rows[17] == [0]
        early = [people((10, 10), embedding=[RED if k < 3 else tilted]) for k in range(18)]
        _, _, dense = play(early, kind=kind, minimum_consecutive_frames=3, embed="always")
        assert sparse.tracks[0].vector == pytest.approx(dense.tracks[0].vector, abs=0.02)

    def test_given_vectors_are_all_used(self, kind: Any) -> None:
        always, ambiguous = kind(), kind(embed="ambiguous", embed_budget=1)
        for frame in walkers(seed=3):
            assert np.array_equal(always.update(frame).tracker_id, ambiguous.update(frame).tracker_id)

    def test_after_a_pause_the_same_rows_are_in_doubt(self, kind: Any) -> None:
        frames = unembedded(5)
        expected, asked, _ = play(frames, kind=kind, embed_budget=2)
        before, first, tracker = play(frames[:20], kind=kind, embed_budget=2)
        second = Asked()
        resumed = kind(second, embed="ambiguous", embed_budget=2)
        resumed.load_state_dict(tracker.state_dict())
        for frame in frames[20:]:
            second.start()
            before.append(np.asarray(resumed.update(frame, PICTURE).tracker_id).tolist())
        assert before == expected
        assert first.rows + second.rows == asked.rows

    def test_a_state_from_before_there_was_a_choice_goes_on(self, kind: Any) -> None:
        tracker, resumed = kind(), kind()
        for frame in walkers(seed=2):
            tracker.update(frame)
        old = tracker.state_dict()
        del old["parameters"]["embed"], old["parameters"]["embed_budget"]
        del old["tracks"]["frames_since_embedding"]
        resumed.load_state_dict(old)
        assert same(resumed.state_dict()["tracks"], tracker.state_dict()["tracks"])


class TestBudget:
    @pytest.mark.parametrize("embed", ["always", "ambiguous"])
    @pytest.mark.parametrize("kind", [DeepSORTTracker, *OTHERS])
    @pytest.mark.parametrize("budget", [0, 1, 3])
    def test_no_frame_exceeds_it(self, kind: Any, embed: str, budget: int) -> None:
        _, asked, _ = play(unembedded(1), kind=kind, embed=embed, embed_budget=budget)
        _, without, _ = play(unembedded(1), kind=kind, embed=embed)
        assert max(map(len, asked.rows)) == budget < max(map(len, without.rows))

    @pytest.mark.parametrize("kind", [DeepSORTTracker, *OTHERS])
    def test_a_budget_nobody_reaches_changes_nothing(self, kind: Any) -> None:
        ids, asked, _ = play(unembedded(1), kind=kind)
        limited, asked_within, _ = play(unembedded(1), kind=kind, embed_budget=100)
        assert (limited, asked_within.rows) == (ids, asked.rows)

    @pytest.mark.parametrize("embed", ["always", "ambiguous"])
    def test_the_most_doubtful_come_first(self, embed: str) -> None:
        """One track is due for a vector, and beside it a new box and a contested one compete."""
        known = people((10, 10), (300, 10), embedding=(RED, BLUE))
        late = people((10, 10), (300, 10), (500, 10), (303, 10), embedding=(RED, BLUE, -RED, -BLUE))
        wanted = []
        for budget in (1, 3):
            _, asked, _ = play([known] * 15 + [late], embed=embed, embed_budget=budget, minimum_consecutive_frames=1)
            wanted.append(sorted(asked.rows[-1]))
        assert wanted == [[2], [1, 2, 3]]

    @pytest.mark.parametrize("wrong", [-1, True, "many", float("nan")])
    def test_what_is_no_number_of_boxes_is_refused(self, wrong: Any) -> None:
        with pytest.raises((TypeError, ValueError), match="embed_budget"):
            DeepSORTTracker(embed_budget=wrong)


class TestWhatComesOfIt:
    def test_a_row_nobody_embedded_says_which_overlap_settled_it(self) -> None:
        _, asked, tracker = play(people((10, 10), (200, 10)) for _ in range(4))
        assert asked.rows[-1] == []
        tracker.explain = True
        asked.start()
        tracker.update(people((10, 10), (205, 10)), PICTURE)
        assert list(map(str, tracker.decisions)) == [
            "row 0: id 1, matched: IoU 1.00 >= 0.50 (track 1)",
            "row 1: id 2, matched: IoU 0.73 >= 0.50 (track 2)",
        ]

    def test_a_row_without_a_vector_is_embedded_until_it_has_one(self) -> None:
        """Zeros from the extractor are no embedding; a row it is not run on has one."""
        undescribed, described = people((10, 10), embedding=[[0.0, 0.0]]), people((10, 10))
        ids, asked, tracker = play([undescribed] * 12 + [described] * 3)
        assert asked.rows == [[0]] * 13 + [[]] * 2
        assert ids[2:] == [[1]] * 13
        assert tracker.tracks[0].vector == pytest.approx(RED)

    def test_vectors_go_back_to_their_rows(self) -> None:
        """One known person among three new ones who come and go, in any order."""
        rng = np.random.default_rng(0)
        for _ in range(5):
            frames = [people((300, 10), embedding=[BLUE])] * 4
            order = rng.permutation(4)
            four = people((10, 10), (100, 10), (200, 10), (300, 10), embedding=(RED, -RED, -BLUE, BLUE))
            four = some(four, order)
            four.data["row"] = np.arange(4)
            _, asked, tracker = play([*frames, four])
            assert sorted(asked.rows[-1]) == [row for row in range(4) if order[row] != 3]
            embeddings = {round(track.xyxy[0]): track.vector for track in tracker.tracks}
            for x, embedding in ((10, RED), (100, -RED), (200, -BLUE), (300, BLUE)):
                assert embeddings[x] == pytest.approx(embedding)

    def test_embeddings_still_decide_where_motion_cannot(self) -> None:
        """Two stand side by side, are hidden for ten frames, and come back at the other's place."""
        before = [people((100, 100), (112, 100), embedding=(RED, BLUE))] * 6
        after = [people((100, 100), (112, 100), embedding=(BLUE, RED))] * 3
        ids, _, _ = play([*before, *[people()] * 10, *after])
        assert ids[5] == [1, 2]
        assert ids[-1] == [2, 1]

    def test_galleries_fill_as_fast_as_if_all_were_embedded(self) -> None:
        """From one vector to the next along a straight line, scaled to unit length."""
        frames = [people((10, 10), embedding=[RED if k < 17 else BLUE]) for k in range(18)]
        _, _, tracker = play(frames)
        kept = tracker.state_dict()["tracks"]["gallery"]["vectors"]
        assert kept[:3] == pytest.approx(np.tile(RED, (3, 1)))
        assert np.linalg.norm(kept, axis=1) == pytest.approx(np.ones(18))
        assert kept[:, 1] / kept.sum(axis=1) == pytest.approx(np.r_[0, 0, np.linspace(0, 1, 16)], abs=1e-6)

    def test_nothing_is_made_up_where_the_track_was_not_found(self) -> None:
        frames = [people() if k in (6, 7) else people((10, 10)) for k in range(10)]
        _, asked, tracker = play(frames)
        assert tracker.state_dict()["tracks"]["gallery"]["written"].tolist() == [asked.total]

    def test_opposite_embeddings_have_no_middle(self) -> None:
        frames = [people((10, 10), embedding=[RED if k < 17 else -RED]) for k in range(18)]
        _, _, tracker = play(frames)
        kept = tracker.state_dict()["tracks"]["gallery"]["vectors"]
        assert np.linalg.norm(kept, axis=1) == pytest.approx(np.ones(len(kept)))

    def test_an_embedding_for_the_memory_alone_changes_no_match(self) -> None:
        """When the track is due, its box is unlike all it keeps; it is unambiguous all the same."""
        frames = [people((10, 10), embedding=[RED if k < 17 else -RED]) for k in range(24)]
        ids, asked, _ = play(frames)
        assert asked.rows[17] == [0]
        assert ids[2:] == [[1]] * 22

    def test_reid_memory_has_the_embedding_of_a_newcomer(self) -> None:
        frames = (
            [people((100, 100), embedding=[BLUE])] * 8 + [people()] * 5 + [people((900, 100), embedding=[BLUE])] * 4
        )
        ids, _, _ = play(frames, reid_memory=3.0)
        assert ids[-1] == [1]


class TestWhatIsGiven:
    @settings(deadline=None, max_examples=10)
    @given(seed=st.integers(0, 1000))
    def test_given_vectors_are_all_used(self, seed: int) -> None:
        """Then nothing is saved by leaving one out: the outputs are those of `embed="always"`."""

        def refuse(frame: Any, detections: Any) -> Any:
            raise AssertionError

        for extractor in (None, refuse):
            always, ambiguous = (DeepSORTTracker(extractor, embed=embed) for embed in ("always", "ambiguous"))
            for frame in walkers(seed=seed):
                outputs = [tracker.update(frame, PICTURE).tracker_id for tracker in (always, ambiguous)]
                np.testing.assert_array_equal(*outputs)  # type: ignore[arg-type]

    def test_without_any_embeddings_it_tracks_by_motion(self) -> None:
        always, ambiguous = DeepSORTTracker(), DeepSORTTracker(embed="ambiguous")
        for frame in walkers(vectors=False):
            assert np.array_equal(always.update(frame).tracker_id, ambiguous.update(frame).tracker_id)  # type: ignore[arg-type]

    def test_a_frame_is_needed_also_where_nobody_is_in_doubt(self) -> None:
        _, asked, tracker = play([people((10, 10))] * 5)
        assert asked.rows[-1] == []
        with pytest.raises(ValueError, match="expected the frame"):
            tracker.update(people((10, 10)))

    @pytest.mark.parametrize("wrong", ["never", "Always", "", None, True])
    def test_any_other_word_is_refused(self, wrong: Any) -> None:
        with pytest.raises(ValueError, match="embed must be one of"):
            DeepSORTTracker(embed=wrong)


def unembedded(seed: int, frames: int = 40) -> list[sv.Detections]:
    """Crossing walkers whose vectors only an extractor gives."""
    found = list(walkers(frames, seed=seed))
    for detections in found:
        detections.data = {"vectors": detections.data["embedding"], "row": np.arange(len(detections))}
    return found


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), stop=st.integers(0, 40))
def test_after_a_pause_the_same_rows_are_in_doubt(seed: int, stop: int) -> None:
    frames = unembedded(seed)
    expected, asked, _ = play(frames)
    before, first, tracker = play(frames[:stop])
    second = Asked()
    resumed = DeepSORTTracker(second, embed="ambiguous")
    resumed.load_state_dict(tracker.state_dict())
    for frame in frames[stop:]:
        second.start()
        before.append(np.asarray(resumed.update(frame, PICTURE).tracker_id).tolist())
    assert before == expected
    assert first.rows + second.rows == asked.rows


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = Asked(), Asked()
    first, second = (DeepSORTTracker(asked, embed="ambiguous") for asked in (one, two))
    names: dict[int, int] = {}
    for frame in unembedded(seed):
        order = rng.permutation(len(frame))
        one.start()
        two.start()
        straight = np.asarray(first.update(frame, PICTURE).tracker_id)
        mixed = np.asarray(second.update(some(frame, order), PICTURE).tracker_id)
        for a, b in zip(straight[order].tolist(), mixed.tolist(), strict=True):
            assert names.setdefault(a, b) == b
        assert sorted(one.rows[-1]) == sorted(two.rows[-1])
    assert same(first.state_dict()["total_confirmed"], second.state_dict()["total_confirmed"])


class Counting(StripeFeatureExtractor):
    """Counts the crops it is asked for."""

    crops = 0

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Any:
        self.crops += len(detections)
        return super().extract_features(frame, detections)


@pytest.mark.extra
def test_on_the_sample_it_keeps_ids_as_well_and_cuts_a_fraction_of_the_crops() -> None:
    scene = Scene(size=(640, 360), length=200, figures=5)
    frames = list(scene.frames())
    truth = BoxTable.from_detections(scene.truth(number) for number in range(len(scene)))
    crops, scores = {}, {}
    for embed in ("always", "ambiguous"):
        extractor = Counting()
        tracker = DeepSORTTracker(extractor, embed=embed)
        found = [replace(scene.detections(number), data={}) for number in range(len(scene))]
        outputs = (tracker.update(*pair) for pair in zip(found, frames, strict=True))
        scores[embed] = evaluate_sequence(truth, BoxTable.from_detections(outputs))
        crops[embed] = extractor.crops
    assert crops["always"] > 3 * crops["ambiguous"]
    assert scores["ambiguous"].idf1 >= scores["always"].idf1 - 0.01
    assert scores["ambiguous"].id_switches <= scores["always"].id_switches + 1


SEQUENCES = ["KITTI-17", "MOT16-09", "MOT16-11a", "PETS09-S2L1", "TUD-Campus", "TUD-Stadtmitte"]


@pytest.mark.extra
@pytest.mark.data
@pytest.mark.parametrize("network", ["osnet", "retail0248"])
def test_on_real_sequences_a_quarter_of_the_crops_is_enough(network: str, data_dir: Path) -> None:
    """Stored boxes and vectors of a real network."""
    boxes, crops = 0, Asked()
    scores: dict[str, list[Any]] = {"always": [], "ambiguous": []}
    for name in SEQUENCES:
        truth = read_mot(data_dir / "data" / "mot" / name / "gt" / "gt.txt")
        stored = dict(np.load(data_dir / "golden" / name / "detections.npz"))
        confident = stored["confidence"] >= np.float32(0.3)
        rows = [np.flatnonzero(confident & (stored["frame"] == k)) for k in range(1, int(stored["frame"].max()) + 1)]
        embeddings = stored[network].astype(np.float32)
        for embed, results in scores.items():
            tracker = DeepSORTTracker(crops, embed=embed, appearance_threshold=0.3)
            outputs = []
            for r in rows:
                key = "embedding" if embed == "always" else "vectors"
                frame = sv.Detections(
                    stored["xyxy"][r], confidence=stored["confidence"][r], data={key: embeddings[r], "row": r}
                )
                crops.start()
                outputs.append(tracker.update(frame, PICTURE))
            results.append(evaluate_sequence(truth, BoxTable.from_detections(outputs), name=name))
        boxes += sum(map(len, rows))
    always, ambiguous = combine(scores["always"]), combine(scores["ambiguous"])
    assert boxes > 4 * crops.total
    assert ambiguous.hota > always.hota - 0.003
    assert ambiguous.idf1 > always.idf1 - 0.003
    assert ambiguous.id_switches <= always.id_switches
