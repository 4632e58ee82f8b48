"""`trackers.refine` on tables and detections."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from trackers import SteadySORTTracker, refine
from trackers.io import ResultWriter, read_mot, read_result
from trackers.io.mot import write_mot
from trackers.pipeline.hindsight import frames_of_table
from trackers.table import BoxTable


def moving(frames: list[int], *, tracker_id: int = 1, speed: float = 1.0, at: float = 0.0) -> BoxTable:
    return BoxTable.from_rows(
        frame=frames, tracker_id=tracker_id, xywh=[[at + speed * n, 10, 20, 40] for n in frames], confidence=0.9
    )


def joined(*tables: BoxTable) -> BoxTable:
    return BoxTable.from_rows(**{name: np.concatenate([vars(one)[name] for one in tables]) for name in vars(tables[0])})


def detections(frame: dict[int, float], **data: Any) -> sv.Detections:
    """A box for each id, that far to the right."""
    ids = np.array(list(frame), np.int64)
    return sv.Detections(
        xyxy=np.array([[x, 10, x + 20, 50] for x in frame.values()], np.float32).reshape(-1, 4),
        confidence=np.full(len(ids), 0.9, np.float32),
        class_id=np.full(len(ids), 2),
        tracker_id=ids,
        data={name: np.array([value] * len(ids)) for name, value in data.items()},
    )


def column(detections: sv.Detections, name: str) -> npt.NDArray[Any]:
    return np.asarray(detections.data[name])


def random_table(seed: int) -> BoxTable:
    """Tracks with gaps, boxes without ids, low confidences."""
    rng = np.random.default_rng(seed)
    tables = []
    for tracker_id in range(1, int(rng.integers(2, 6))):
        frames = 1 + np.flatnonzero(rng.random(int(rng.integers(1, 60))) < 0.8)
        steps = np.cumsum(rng.normal(0, 1, (len(frames), 2)), axis=0) + rng.uniform(0, 300, 2)
        size = np.tile(rng.uniform(10, 60, 2), (len(frames), 1))
        ids = np.where(np.arange(len(frames)) < 2, -1, tracker_id)
        tables.append(
            BoxTable.from_rows(
                frame=frames, tracker_id=ids, xywh=np.hstack((steps, size)), confidence=rng.random(len(frames))
            )
        )
    return joined(*tables)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.sampled_from([1.0, 7.0, 30.0, 240.0]), st.sampled_from([0.0, 0.65, 1.0]))
def test_rows_and_ids_stay_and_nothing_of_the_input_changes(seed: int, frame_rate: float, confident: float) -> None:
    table = random_table(seed)
    before = copy.deepcopy(vars(table))
    better = refine(table, frame_rate=frame_rate, relative_confidence=confident)
    for name, column in before.items():
        assert_array_equal(vars(table)[name], column)
    kept = better.rows(~better.interpolated)
    assert_array_equal(kept.frame, table.frame)
    assert_array_equal(kept.confidence, table.confidence)
    unsure = (table.tracker_id >= 0) & ~np.isin(table.tracker_id, better.tracker_id)
    assert not (confident == 0.0 and unsure.any())
    given = (table.tracker_id >= 0) & ~unsure
    assert_array_equal(kept.tracker_id[given], table.tracker_id[given])
    assert (kept.tracker_id[unsure] == -1).all()
    assert_array_equal(kept.xywh[kept.tracker_id < 0], table.xywh[kept.tracker_id < 0])
    tracked = better.rows(better.tracker_id >= 0)
    assert len(np.unique(np.stack((tracked.frame, tracked.tracker_id)), axis=1).T) == len(tracked)
    assert np.isfinite(better.xywh).all()
    assert (better.xywh[:, 2:] > 0).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31))
def test_a_table_and_detections_are_refined_alike(seed: int) -> None:
    table = random_table(seed)
    numbered = dict(frames_of_table(table))
    frames = [numbered.get(number, sv.Detections.empty()) for number in range(1, int(table.frame.max()) + 1)]
    expected, outputs = refine(table), refine(frames)
    assert len(outputs) == len(frames)
    for number, (frame, output) in enumerate(zip(frames, outputs, strict=True), start=1):
        rows = expected.rows(expected.frame == number)
        assert_array_equal(output.tracker_id, rows.tracker_id)
        assert_array_equal(column(output, "interpolated"), rows.interpolated)
        assert not column(output, "interpolated")[: len(frame)].any()
        assert column(output, "interpolated")[len(frame) :].all()
        np.testing.assert_allclose(output.xyxy, rows.xyxy.reshape(-1, 4), atol=1e-6)


def test_boxes_before_the_id_get_it() -> None:
    start = BoxTable.from_rows(frame=[1, 2], tracker_id=-1, xywh=[[1, 10, 20, 40], [2, 10, 20, 40]], confidence=0.5)
    away = BoxTable.from_rows(frame=[2], tracker_id=-1, xywh=[[90, 10, 20, 40]])
    better = refine(joined(start, away, moving([3, 4, 5])))
    assert better.tracker_id.tolist() == [1, 1, -1, 1, 1, 1]


def test_an_early_box_of_another_class_gets_no_id() -> None:
    table = moving([1, 2, 3])
    table = BoxTable(**{**vars(table), "tracker_id": np.array([-1, 1, 1]), "class_id": np.array([0, 2, 2])})
    assert refine(table).tracker_id.tolist() == [-1, 1, 1]


def test_a_credible_gap_is_filled_on_the_way() -> None:
    better = refine(moving([*range(1, 31), *range(41, 71)]), frame_rate=30)
    assert better.frame.tolist() == list(range(1, 71))
    filled = better.rows(better.interpolated)
    assert filled.frame.tolist() == list(range(31, 41))
    np.testing.assert_allclose(filled.xywh, [[n, 10, 20, 40] for n in range(31, 41)], atol=0.5)
    np.testing.assert_allclose(filled.confidence, 0.9)


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (moving([*range(200, 260)]), "more than three seconds"),
        (moving([*range(50, 110)], at=60), "farther than a box height"),
        (BoxTable.from_rows(frame=range(50, 110), tracker_id=1, xywh=[[40, 0, 30, 60]] * 60), "of another size"),
        (moving([50, 51, 52]), "known too shortly afterwards"),
    ],
)
def test_a_gap_that_is_not_credible_stays(later: BoxTable, why: str) -> None:
    table = joined(moving([*range(1, 31)]), later)
    assert not refine(table, frame_rate=30).interpolated.any(), why


def test_seconds_are_seconds_at_any_rate() -> None:
    slow = moving([*range(1, 11), *range(21, 31)], speed=0.1)
    assert not refine(slow, frame_rate=3).interpolated.any()
    assert refine(slow, frame_rate=10).interpolated.sum() == 10


def test_no_gap_is_filled_and_no_box_moved_on_request() -> None:
    table = moving([*range(1, 31), *range(41, 71)])
    assert not refine(table, longest_gap=0.0).interpolated.any()
    kept = refine(table, smooth=False)
    assert_array_equal(kept.xywh[~kept.interpolated], table.xywh)


def of_confidence(*scores: float, classes: tuple[int, ...] = ()) -> BoxTable:
    """A track of 30 frames for each score, ids from 1."""
    tables = [moving(list(range(1, 31)), tracker_id=n, at=100.0 * n) for n in range(1, len(scores) + 1)]
    table = joined(*tables)
    return BoxTable(
        **{
            **vars(table),
            "confidence": np.array(scores)[table.tracker_id - 1],
            "class_id": np.array(classes or [0] * len(scores))[table.tracker_id - 1],
        }
    )


def kept_ids(table: BoxTable, relative_confidence: float = 0.65) -> set[int]:
    better = refine(table, relative_confidence=relative_confidence)
    assert len(better) == len(table)
    return set(better.tracker_id.tolist()) - {-1}


def test_a_track_that_is_unsure_from_beginning_to_end_loses_its_id() -> None:
    table = of_confidence(0.9, 0.8, 0.4)
    assert kept_ids(table) == {1, 2}
    assert kept_ids(table, relative_confidence=0.0) == {1, 2, 3}
    assert kept_ids(table, relative_confidence=1.0) == {1, 2}


def test_tracks_are_measured_by_others_of_their_class() -> None:
    assert kept_ids(of_confidence(0.9, 0.9, 0.4, 0.4, classes=(0, 0, 1, 1))) == {1, 2, 3, 4}


def test_a_detector_that_is_unsure_of_everything_loses_nothing() -> None:
    assert kept_ids(of_confidence(0.3, 0.3, 0.25)) == {1, 2, 3}


@pytest.mark.parametrize("scores", [(8.0, 7.0, 0.2), (0.9, 0.8, -0.5)])
def test_confidence_that_is_no_probability_takes_no_id(scores: tuple[float, ...]) -> None:
    assert kept_ids(of_confidence(*scores)) == {1, 2, 3}


def test_one_unsure_moment_takes_no_id() -> None:
    table = of_confidence(0.9, 0.8)
    low = np.where((table.tracker_id == 2) & (table.frame < 8), 0.2, table.confidence)
    assert kept_ids(BoxTable(**{**vars(table), "confidence": low})) == {1, 2}


def tremble(table: BoxTable) -> float:
    return float(np.abs(np.diff(table.xywh[:, 0], n=2)).mean())


def test_boxes_tremble_less_and_are_nearer_the_truth() -> None:
    rng = np.random.default_rng(1)
    truth = moving(list(range(1, 121)))
    noisy = BoxTable(**{**vars(truth), "xywh": truth.xywh + rng.normal(0, 1.5, truth.xywh.shape)})
    better = refine(noisy, frame_rate=30)
    assert tremble(better) < 0.1 * tremble(noisy)
    assert np.abs(better.xywh - truth.xywh).mean() < 0.5 * np.abs(noisy.xywh - truth.xywh).mean()


def test_a_track_that_turns_abruptly_keeps_its_boxes() -> None:
    frames = np.arange(1, 61)
    zigzag = 60.0 * (frames // 6 % 2)
    table = BoxTable.from_rows(
        frame=frames, tracker_id=1, xywh=np.stack((zigzag, 0 * zigzag, 20 + 0 * zigzag, 20 + 0 * zigzag), axis=1)
    )
    assert_array_equal(refine(table).xywh, table.xywh)


def test_a_track_of_one_frame_stays() -> None:
    assert_array_equal(refine(moving([5])).xywh, moving([5]).xywh)


def test_nothing_is_refined_to_nothing() -> None:
    empty = BoxTable.from_rows(frame=[], tracker_id=[], xywh=[])
    assert len(refine(empty)) == 0
    assert refine([]) == []
    (frame,) = refine([sv.Detections.empty()])
    assert frame.tracker_id is not None
    assert frame.tracker_id.shape == (0,)
    assert column(frame, "interpolated").dtype == np.bool_


def test_an_id_twice_on_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="id 1 occurs twice on frame 2"):
        refine(joined(moving([1, 2, 3]), moving([2], at=99)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("frame_rate", 0.0), ("frame_rate", float("nan")), ("longest_gap", -1.0), ("relative_confidence", 1.5)],
)
def test_options_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        refine(moving([1]), **{name: value})  # type: ignore[call-overload]


def test_detections_without_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="no tracker_id"):
        refine([sv.Detections(np.array([[0.0, 0, 10, 20]]))])


def test_what_is_not_detections_is_refused() -> None:
    with pytest.raises(TypeError, match=r"sv\.Detections"):
        refine([np.zeros((1, 4))])  # type: ignore[list-item]


def test_a_column_that_some_frames_lack_is_refused() -> None:
    with pytest.raises(ValueError, match="'speed' is given on 1 frames of 2"):
        refine([detections({1: 0.0}, speed=1.0), detections({1: 1.0})])


def test_a_tracked_row_that_is_no_box_loses_its_id() -> None:
    frames = [detections({1: float(n)}) for n in range(40)]
    frames[20].xyxy[0, 2] = np.nan
    outputs = refine(frames)
    assert outputs[20].tracker_id is not None
    assert outputs[20].tracker_id.tolist() == [-1, 1]
    assert np.isnan(outputs[20].xyxy[0, 2])
    assert column(outputs[20], "interpolated").tolist() == [False, True]


def test_filled_rows_have_all_columns() -> None:
    frames = [detections({1: float(n), 2: 200.0 - n}, embedding=[float(n), 1.0], class_name=f"n{n}") for n in range(40)]
    for n, frame in enumerate(frames):
        frame.mask = np.full((2, 6, 8), True)
        frame.data["note"] = [f"{n}a", f"{n}b"]
        if 15 <= n < 20:
            frames[n] = frame[np.array([False, n < 17])]  # type: ignore[assignment]
    outputs = refine(frames)
    assert all(output.tracker_id is not None and output.tracker_id.dtype == np.int64 for output in outputs)
    assert [len(output) for output in outputs] == [2] * 40
    early, late = outputs[16], outputs[19]
    assert early.tracker_id is not None
    assert early.tracker_id.tolist() == [2, 1]
    assert column(early, "interpolated").tolist() == [False, True]
    assert column(early, "class_name").tolist() == ["n16", "n14"]
    assert early.data["note"] == ["16b", "14a"]
    assert column(late, "class_name").tolist() == ["n20", "n20"]
    assert column(late, "embedding").shape == (2, 2)
    assert late.class_id is not None
    assert late.class_id.tolist() == [2, 2]
    assert late.mask is not None
    assert late.mask.shape == (2, 6, 8)
    assert not np.asarray(late.mask).any()
    assert late.xyxy.dtype == np.float32
    assert frames[19].mask is not None
    assert len(frames[19]) == 0


def test_what_a_tracker_returns_can_be_merged_afterwards() -> None:
    tracker = SteadySORTTracker()
    frames = [tracker.update(detections({7: float(n)} if n != 10 else {})) for n in range(30)]
    outputs = refine(frames)
    assert [output.tracker_id.tolist() for output in outputs if output.tracker_id is not None] == [[1]] * 30
    assert len(sv.Detections.merge(outputs)) == 30


def test_results_keep_the_mark(tmp_path: Path) -> None:
    better = refine(moving([*range(1, 31), *range(41, 71)]))
    write_mot(tmp_path / "written.txt", better)
    for name in ("result.txt", "result.jsonl", "result.csv"):
        with ResultWriter(tmp_path / name) as writer:
            for number, frame in frames_of_table(better):
                writer.write(number, frame)
    for name in ("written.txt", "result.txt", "result.jsonl"):
        assert_array_equal(read_result(tmp_path / name)[0].interpolated, better.interpolated)
    header, *lines = (tmp_path / "result.csv").read_text().splitlines()
    assert header.endswith(",interpolated")
    assert [line[-1] == "1" for line in lines] == better.interpolated.tolist()
    again = refine(tmp_path / "written.txt")
    assert_array_equal(again.interpolated, better.interpolated)


def test_space_coordinates_are_no_mark(tmp_path: Path) -> None:
    (tmp_path / "gt.txt").write_text("1,1,0,0,5,5,1,2.5,3,1\n2,1,0,0,5,5,1,-1,-1,-1\n")
    assert not read_mot(tmp_path / "gt.txt").interpolated.any()
