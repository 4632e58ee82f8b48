"""Scores: against hand-made cases, and digit by digit against TrackEval run on files by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trackers.evaluation import MOT17_DISTRACTORS, Scores, combine, evaluate, evaluate_sequence
from trackers.io.mot import read_mot, write_mot
from trackers.table import BoxTable

trackeval = pytest.importorskip("trackeval", reason="the extra `eval` is not installed")

SEQUENCES = ("KITTI-17", "MOT16-09", "MOT16-11a", "PETS09-S2L1", "TUD-Campus", "TUD-Stadtmitte")


def walkers(frames: int = 20, objects: int = 3) -> BoxTable:
    """Objects side by side, each walking right two pixels a frame."""
    frame = np.repeat(np.arange(1, frames + 1), objects)
    who = np.tile(np.arange(objects), frames)
    xywh = np.stack([who * 50 + frame * 2, np.full_like(who, 10), np.full_like(who, 20), np.full_like(who, 40)], 1)
    return BoxTable.from_rows(frame=frame, tracker_id=who + 1, xywh=xywh)


def with_ids(tracks: BoxTable, ids: np.typing.NDArray[np.int64]) -> BoxTable:
    return BoxTable.from_rows(frame=tracks.frame, tracker_id=ids, xywh=tracks.xywh)


def test_perfect_copy_scores_one() -> None:
    truth = walkers()
    scores = evaluate_sequence(truth, with_ids(truth, truth.tracker_id * 7), name="copy")
    assert (scores.hota, scores.deta, scores.assa, scores.mota, scores.motp, scores.idf1) == (
        1,
        1,
        1,
        1,
        1,
        1,
    )
    assert (scores.id_switches, scores.fragmentations, scores.false_positives, scores.false_negatives) == (0,) * 4
    assert scores.true_positives == len(truth)
    assert scores.mostly_tracked == 3


def test_swapped_ids_are_two_switches() -> None:
    truth = walkers()
    ids = truth.tracker_id.copy()
    later = truth.frame > 10
    ids[later & (truth.tracker_id == 1)] = 2
    ids[later & (truth.tracker_id == 2)] = 1
    scores = evaluate_sequence(truth, with_ids(truth, ids))
    assert scores.id_switches == 2
    assert scores.mota == pytest.approx(1 - 2 / 60)
    assert scores.idf1 == pytest.approx(40 / 60)
    assert scores.deta == 1


def test_gap_is_a_fragmentation_not_a_switch() -> None:
    truth = walkers()
    hidden = (truth.tracker_id == 1) & (truth.frame >= 8) & (truth.frame <= 10)
    scores = evaluate_sequence(truth, truth.rows(~hidden))
    assert (scores.fragmentations, scores.id_switches, scores.false_negatives) == (1, 0, 3)


def test_rows_marked_zero_do_not_count() -> None:
    truth = walkers()
    half = BoxTable.from_rows(
        frame=truth.frame, tracker_id=truth.tracker_id, xywh=truth.xywh, confidence=truth.tracker_id != 3
    )
    scores = evaluate_sequence(half, truth.rows(truth.tracker_id != 3))
    assert (scores.hota, scores.mota) == (1, 1)


def test_distractors_forgive_only_when_asked() -> None:
    truth = walkers()
    classes = np.where(truth.tracker_id == 3, 8, 1)
    labelled = BoxTable.from_rows(
        frame=truth.frame,
        tracker_id=truth.tracker_id,
        xywh=truth.xywh,
        class_id=classes,
        confidence=classes == 1,
    )
    assert evaluate_sequence(labelled, truth).false_positives == 20
    assert evaluate_sequence(labelled, truth, distractors=MOT17_DISTRACTORS).false_positives == 0


@pytest.mark.parametrize("empty", ["truth", "result", "both"])
def test_empty_sides_are_scored(empty: str) -> None:
    full, none = walkers(), walkers().rows(slice(0, 0))
    truth = none if empty in ("truth", "both") else full
    result = none if empty in ("result", "both") else full
    scores = evaluate_sequence(truth, result)
    assert scores.true_positives == 0
    assert scores.false_positives == len(result)
    assert scores.false_negatives == len(truth)


@pytest.mark.parametrize(
    ("ids", "message"),
    [([1, -1], "result has a box without an id on frame 1"), ([4, 4], "result has id 4 twice on frame 1")],
)
def test_bad_ids_are_refused(ids: list[int], message: str) -> None:
    truth = BoxTable.from_rows(frame=[1, 1], tracker_id=[1, 2], xywh=np.ones((2, 4)))
    with pytest.raises(ValueError, match=message):
        evaluate_sequence(truth, with_ids(truth, np.array(ids)))


def test_nothing_to_combine_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sequence"):
        combine([])


def recorded_result(data_dir: Path, name: str, reference: str = "paper") -> BoxTable:
    """The published DeepSORT's output on a sequence, from the recorded rows."""
    folder = data_dir / "golden" / name
    xyxy = np.load(folder / "detections.npz")["xyxy"].astype(np.float64)
    rows = np.loadtxt(folder / f"reference_{reference}.csv", delimiter=",", skiprows=1, dtype=np.int64)
    xyxy = xyxy[rows[:, 1]]
    xywh = np.hstack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]])
    return BoxTable.from_rows(frame=rows[:, 0], tracker_id=rows[:, 2], xywh=xywh)


def trackeval_on_files(
    folder: Path, truths: dict[str, Path], results: dict[str, BoxTable], *, preprocess: bool
) -> dict[str, Any]:
    """Run TrackEval's own evaluator on files in its own layout."""
    lengths: dict[str, int] = {}
    for name, path in truths.items():
        (folder / "gt" / name / "gt").mkdir(parents=True)
        (folder / "gt" / name / "gt" / "gt.txt").write_bytes(path.read_bytes())
        data = folder / "results" / "ours" / "data"
        data.mkdir(parents=True, exist_ok=True)
        write_mot(data / f"{name}.txt", results[name])
        lengths[name] = int(max(read_mot(path).frame.max(), results[name].frame.max(initial=0)))
    quiet = {
        "PRINT_CONFIG": False,
        "PRINT_RESULTS": False,
        "TIME_PROGRESS": False,
        "DISPLAY_LESS_PROGRESS": True,
    }
    evaluator = trackeval.Evaluator(
        {
            **trackeval.Evaluator.get_default_eval_config(),
            **quiet,
            "OUTPUT_SUMMARY": False,
            "OUTPUT_DETAILED": False,
            "PLOT_CURVES": False,
            "BREAK_ON_ERROR": True,
            "LOG_ON_ERROR": None,
        }
    )
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            **trackeval.datasets.MotChallenge2DBox.get_default_dataset_config(),
            "GT_FOLDER": str(folder / "gt"),
            "TRACKERS_FOLDER": str(folder / "results"),
            "TRACKERS_TO_EVAL": ["ours"],
            "SEQ_INFO": lengths,
            "DO_PREPROC": preprocess,
            "SKIP_SPLIT_FOL": True,
            "PRINT_CONFIG": False,
        }
    )
    config = {"THRESHOLD": 0.5, "PRINT_CONFIG": False}
    metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(config), trackeval.metrics.Identity(config)]
    output, _ = evaluator.evaluate([dataset], metrics)
    per_sequence: dict[str, Any] = output["MotChallenge2DBox"]["ours"]
    return {name: metric["pedestrian"] for name, metric in per_sequence.items()}


def as_scores(official: dict[str, Any]) -> dict[str, float]:
    hota, clear, identity = official["HOTA"], official["CLEAR"], official["Identity"]
    return {
        "hota": np.mean(hota["HOTA"]),
        "deta": np.mean(hota["DetA"]),
        "assa": np.mean(hota["AssA"]),
        "loca": np.mean(hota["LocA"]),
        "mota": clear["MOTA"],
        "motp": clear["MOTP"],
        "idf1": identity["IDF1"],
        "id_switches": clear["IDSW"],
        "fragmentations": clear["Frag"],
        "true_positives": clear["CLR_TP"],
        "false_positives": clear["CLR_FP"],
        "false_negatives": clear["CLR_FN"],
        "mostly_tracked": clear["MT"],
        "mostly_lost": clear["ML"],
        "id_true_positives": identity["IDTP"],
        "id_false_positives": identity["IDFP"],
        "id_false_negatives": identity["IDFN"],
    }


def assert_equal_to_trackeval(ours: list[Scores], official: dict[str, Any]) -> None:
    for scores in ours:
        expected = as_scores(official["COMBINED_SEQ" if scores.name == "COMBINED" else scores.name])
        assert {name: getattr(scores, name) for name in expected} == expected, scores.name


@pytest.mark.data
def test_equal_to_trackeval_on_the_sequences(data_dir: Path, tmp_path: Path) -> None:
    truths = {name: data_dir / "data" / "mot" / name / "gt" / "gt.txt" for name in SEQUENCES}
    results = {name: recorded_result(data_dir, name) for name in SEQUENCES}
    official = trackeval_on_files(tmp_path, truths, results, preprocess=False)
    written = tmp_path / "results" / "ours" / "data"
    pairs = {name: (read_mot(truths[name]), read_mot(written / f"{name}.txt")) for name in SEQUENCES}
    assert_equal_to_trackeval(evaluate(pairs), official)


@pytest.mark.data
def test_equal_to_trackeval_with_distractors(data_dir: Path, tmp_path: Path) -> None:
    names = ("MOT16-09", "MOT16-11a")
    truths = {name: data_dir / "data" / "mot" / name / "gt" / "gt.txt" for name in names}
    crowd = data_dir / "data" / "gt_only" / "MOT17-13"
    truths["MOT17-13"] = crowd / "gt" / "gt.txt"
    results = {name: recorded_result(data_dir, name) for name in names}
    boxes = read_mot(crowd / "det" / "det_frcnn.txt")
    results["MOT17-13"] = with_ids(boxes, np.arange(len(boxes)) // 40)
    unique = np.unique(np.stack([boxes.frame, np.arange(len(boxes)) // 40], 1), axis=0, return_index=True)[1]
    results["MOT17-13"] = results["MOT17-13"].rows(np.isin(np.arange(len(boxes)), unique))
    official = trackeval_on_files(tmp_path, truths, results, preprocess=True)
    written = tmp_path / "results" / "ours" / "data"
    pairs = {name: (read_mot(truths[name]), read_mot(written / f"{name}.txt")) for name in truths}
    forgiving = evaluate(pairs, distractors=MOT17_DISTRACTORS)
    assert_equal_to_trackeval(forgiving, official)
    assert forgiving[-1].false_positives < evaluate(pairs)[-1].false_positives


@pytest.mark.data
def test_published_deepsort_reaches_its_known_figures(data_dir: Path) -> None:
    pairs = {
        name: (read_mot(data_dir / "data" / "mot" / name / "gt" / "gt.txt"), recorded_result(data_dir, name))
        for name in SEQUENCES
    }
    joined = evaluate(pairs)[-1]
    shown = [round(100 * value, 1) for value in (joined.hota, joined.assa, joined.deta, joined.idf1, joined.mota)]
    assert shown == [53.7, 53.3, 54.6, 65.3, 60.7]
    assert (joined.id_switches, joined.fragmentations) == (114, 234)
    assert (joined.true_positives, joined.false_positives) == (12593, 2392)


def test_scores_survive_json() -> None:
    scores = evaluate_sequence(walkers(), walkers())
    numbers = {name: value for name, value in vars(scores).items() if name != "details"}
    assert json.loads(json.dumps(numbers)) == numbers
