"""Thirty-seven defects of other trackers: which tests show that none of them is here.

Most are asked where the part is tested; what is asked of all trackers at once, and nowhere else, is asked below.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.contract.conftest import ALL_TRACKERS, Make

ROOT = Path(__file__).parents[1]
COMPAT, APPEARANCE = "tests/compat/test_peer_defects.py::", "tests/appearance/test_feature_extractor.py::"
CONTRACT, DEEPSORT = "tests/contract/test_contract.py::", "tests/core/test_deepsort.py::"
HERE, MEMORY = "tests/test_peer_defects.py::", "tests/core/test_reidentification.py::"

SHOWN_BY = {
    1: COMPAT + "test_row_1_vectors_stay_with_their_row",
    2: COMPAT + "test_row_2_one_entry_per_matched_frame",
    3: COMPAT + "test_row_3_the_budget_keeps_exactly_the_newest",
    4: COMPAT + "test_row_4_no_state_survives_a_reset",
    5: COMPAT + "test_rows_5_and_6_a_box_that_is_not_visible_is_tracked_by_motion",
    6: COMPAT + "test_rows_5_and_6_a_box_that_is_not_visible_is_tracked_by_motion",
    7: COMPAT + "test_row_7_a_vector_that_says_nothing_is_no_appearance",
    8: COMPAT + "test_row_8_a_box_that_is_none_does_not_stop_the_others",
    9: COMPAT + "test_row_9_too_few_vectors_are_refused_naming_both_lengths",
    10: COMPAT + "test_row_10_a_small_box_inside_a_large_one_is_kept",
    11: COMPAT + "test_row_11_one_hit_can_be_enough",
    12: COMPAT + "test_row_12_exactly_max_age_misses_are_survived",
    13: CONTRACT + "test_reset_equals_new",
    14: CONTRACT + "test_interleaved_instances_equal_lone_ones",
    15: DEEPSORT + "test_an_old_embedding_is_kept_as_long_as_it_is_in_the_gallery",
    16: DEEPSORT + "test_the_gate_opens_while_a_track_is_hidden",
    17: DEEPSORT + "test_a_crossing_with_little_overlap_keeps_both_ids",
    18: DEEPSORT + "test_the_buffer_follows_the_frame_rate_and_rounds_up",
    19: APPEARANCE + "test_features_are_pooled_never_class_scores",
    20: APPEARANCE + "test_frames_are_bgr_and_models_rgb",
    21: CONTRACT + "test_the_input_is_not_changed",
    22: APPEARANCE + "test_a_wrong_name_lists_close_ones",
    23: CONTRACT + "test_empty_frames",
    24: CONTRACT + "test_same_rows_in_the_same_order_with_ids",
    25: CONTRACT + "test_same_rows_in_the_same_order_with_ids",
    26: HERE + "test_row_26_large_ids_stay_apart",
    27: HERE + "test_row_27_a_frame_may_be_skipped_under_a_moving_camera",
    28: APPEARANCE + "test_input_is_left_alone_and_the_output_is_the_same_twice",
    29: MEMORY + "test_the_id_comes_back_with_the_last_of_the_agreeing_frames",
    30: "tests/test_package.py::test_import_is_silent",
    31: COMPAT + "test_row_31_one_zero_vector_does_not_poison_a_gallery",
    32: HERE + "test_row_32_one_zero_vector_costs_nobody_the_id",
    33: COMPAT + "test_row_33_a_gallery_does_not_grow_while_its_track_is_lost",
    37: CONTRACT + "test_a_confirmed_track_has_its_id_on_the_first_frame_it_is_matched_again",
}
"""By the number of the defect, the test that asks for it; its name says what is right."""

MEASURED = {34: "tests/benchmarks/update.py", 35: "tests/benchmarks/update.py", 36: "tests/slow/test_soak.py"}
"""Speed is measured, not asserted: slower with more threads, frames far above the median, slower with age."""

every_tracker = pytest.mark.parametrize("make", ALL_TRACKERS.values(), ids=list(ALL_TRACKERS))


def names_in(path: Path) -> set[str]:
    """Names of the tests in a file."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_defect_is_covered_by_a_test_that_exists() -> None:
    assert sorted(SHOWN_BY.keys() | MEASURED.keys()) == list(range(1, 38))
    for place in SHOWN_BY.values():
        file, _, name = place.partition("::")
        assert name in names_in(ROOT / file), place
    for file in MEASURED.values():
        assert (ROOT / file).is_file(), file


def standing(embeddings: Any) -> sv.Detections:
    """Five objects side by side that stand still."""
    boxes = np.array([[200.0 * i, 100.0, 200.0 * i + 40.0, 180.0] for i in range(5)])
    return sv.Detections(boxes, confidence=np.full(5, 0.9), data={"embedding": embeddings})


@every_tracker
def test_row_26_large_ids_stay_apart(make: Make) -> None:
    """Float32 holds no odd number above 16,777,216: a tracker that has given so many ids still gives one at a time."""
    tracker = make(minimum_consecutive_frames=1)
    state = tracker.state_dict()
    state["total_confirmed"] = first = 2**24 + 1
    tracker.load_state_dict(state)
    ids = tracker.update(standing(np.eye(5))).tracker_id
    assert ids is not None
    assert ids.dtype == np.int64
    assert ids.tolist() == list(range(first + 1, first + 6))


@every_tracker
@pytest.mark.parametrize("given", [True, False], ids=["matrices", "function"])
def test_row_27_a_frame_may_be_skipped_under_a_moving_camera(make: Make, given: bool) -> None:
    """The camera turns by 300 px on the skipped frame, which only matrices tell beforehand."""
    matrices = np.tile(np.eye(3), (6, 1, 1))
    matrices[3, 0, 2] = 300.0
    camera: Any = matrices if given else lambda frame, boxes: np.eye(3)
    tracker = make(minimum_consecutive_frames=1, camera_motion=camera)
    for _ in range(3):
        output = tracker.update(standing(np.eye(5)))
    assert len(tracker.update(None)) == 0
    moved = standing(np.eye(5))
    moved.xyxy = moved.xyxy + (np.array([300.0, 0.0, 300.0, 0.0]) if given else 0.0)
    np.testing.assert_array_equal(np.asarray(tracker.update(moved).tracker_id), np.asarray(output.tracker_id))


@every_tracker
def test_row_32_one_zero_vector_costs_nobody_the_id(make: Make) -> None:
    tracker = make(minimum_consecutive_frames=1)
    embeddings = np.eye(5)
    spoiled = embeddings.copy()
    spoiled[2] = 0.0
    for frame in range(40):
        output = tracker.update(standing(spoiled if frame in (0, 7) else embeddings))
        assert np.asarray(output.tracker_id).tolist() == [1, 2, 3, 4, 5], f"frame {frame}"
