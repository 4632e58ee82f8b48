"""Several cameras scored as one sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trackers.evaluation import evaluate_sequence, join
from trackers.table import BoxTable


def boxes(ids: list[int], frames: int = 10) -> BoxTable:
    """Some objects side by side, for some frames."""
    rows = [(frame, one, place) for frame in range(1, frames + 1) for place, one in enumerate(ids)]
    return BoxTable.from_rows(
        frame=[row[0] for row in rows],
        tracker_id=[row[1] for row in rows],
        xywh=[[100.0 * row[2], 0, 50, 100] for row in rows],
    )


@pytest.mark.parametrize(
    ("second", "hota", "idf1"),
    [([1, 2], 1.0, 1.0), ([3, 4], 0.5**0.5, 0.5), ([2, 1], 1 / 3**0.5, 0.5)],
    ids=["kept", "new", "swapped"],
)
def test_one_id_over_cameras_scores(second: list[int], hota: float, idf1: float) -> None:
    truth = {"door": boxes([1, 2]), "yard": boxes([1, 2])}
    scores = evaluate_sequence(*join(truth, {"door": boxes([1, 2]), "yard": boxes(second)}))
    assert scores.hota == pytest.approx(hota)
    assert scores.idf1 == pytest.approx(idf1)


def test_frames_follow_one_another_whichever_is_longer() -> None:
    truth, result = {"door": boxes([1], 3), "yard": boxes([1], 2)}, {"yard": boxes([5], 2), "door": boxes([5], 4)}
    first, second = join(truth, result)
    assert first.frame.tolist() == [1, 2, 3, 5, 6]
    assert second.frame.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(first.tracker_id, 1)


def test_other_cameras_are_refused() -> None:
    with pytest.raises(ValueError, match="same cameras"):
        join({"door": boxes([1])}, {"yard": boxes([1])})
    with pytest.raises(ValueError, match="same cameras"):
        join({}, {})


def test_the_score_over_cameras_is_that_of_reid_hota() -> None:
    reid_hota = pytest.importorskip("reid_hota", reason="reid-hota is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    truth = {"door": boxes([1, 2]), "yard": boxes([1, 2])}
    result = {"door": boxes([1, 2]), "yard": boxes([2, 7])}

    def frames(tables: dict[str, BoxTable]) -> dict[str, Any]:
        return {
            name: pandas.DataFrame(
                {"frame": one.frame, "id": one.tracker_id, "object_type": 0}
                | dict(zip(("x1", "y1", "x2", "y2"), one.xyxy.T, strict=True))
            )
            for name, one in tables.items()
        }

    config = reid_hota.HOTAConfig(id_alignment_method="per_frame", similarity_metric="iou")
    evaluator = reid_hota.HOTAReIDEvaluator(n_workers=0, config=config)
    evaluator.evaluate(frames(truth), frames(result))
    theirs = float(np.mean(evaluator.get_global_hota_data()["HOTA"]))
    assert evaluate_sequence(*join(truth, result)).hota == pytest.approx(theirs, abs=1e-6)
