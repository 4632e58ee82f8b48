"""What works beside any tracker: states, daily labels, one object alone, polygons."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import DeepSORTTracker, SORTTracker
from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.sample import Scene
from trackers.tools import (
    DailyLabels,
    SingleObjectTracker,
    TrackStates,
    bounding_rectangles,
    polygon_detections,
)

WALKER = np.array([100.0, 100.0, 140.0, 180.0])
VETO_RELIEF = np.array([300.0, 100.0, 340.0, 180.0])
MOVE = np.array([3.0, 0.0, 3.0, 0.0])


def boxes(*rows: Any) -> sv.Detections:
    return sv.Detections(xyxy=np.array(rows, np.float64).reshape(-1, 4))


class Dwell:
    """Frames spent left of a line."""

    def __init__(self, track_id: int) -> None:
        self.track_id = track_id
        self.frames = 0

    def see(self, row: sv.Detections) -> None:
        self.frames += int(row.xyxy[0, 2] < 150)


@pytest.mark.parametrize("kind", [DeepSORTTracker, SORTTracker])
def test_states_live_as_long_as_their_tracks(kind: Any) -> None:
    tracker = kind(minimum_consecutive_frames=2, lost_track_buffer=2)
    ended: list[tuple[int, Dwell]] = []
    dwells = TrackStates(tracker, Dwell, removed=lambda number, dwell: ended.append((number, dwell)))
    for step in range(6):
        found = boxes(WALKER + step * MOVE, *([VETO_RELIEF] if step < 3 else []))
        for dwell, row in dwells.rows(tracker.update(found)):
            assert len(row) == 1
            dwell.see(row)
    # Confirmed on the second frame; the right edge passes 150 on the fifth.
    assert (dwells[1].frames, dwells[1].track_id) == (3, 1)
    assert list(dwells) == [1]
    assert [(number, dwell.track_id) for number, dwell in ended] == [(2, 2)]


def test_states_of_nothing() -> None:
    dwells = TrackStates(DeepSORTTracker(), Dwell)
    assert list(dwells.rows(sv.Detections.empty())) == []
    assert len(dwells) == 0
    with pytest.raises(KeyError):
        dwells[1]


def test_states_can_start_anew() -> None:
    tracker = DeepSORTTracker(minimum_consecutive_frames=1)
    dwells = TrackStates(tracker, Dwell)
    for _ in range(2):
        for dwell, row in dwells.rows(tracker.update(boxes(WALKER))):
            dwell.see(row)
        assert dwells[1].frames == 1
        tracker.reset()
        dwells.clear()


def test_a_day_names_a_track_for_its_life() -> None:
    tracker, labels = DeepSORTTracker(minimum_consecutive_frames=1), DailyLabels()
    first, second = date(2024, 12, 31), date(2025, 1, 1)
    days = [(first, [WALKER]), (first, [WALKER, VETO_RELIEF]), (second, [WALKER, VETO_RELIEF + 500]), (second, [])]
    named = []
    for today, rows in days:
        tracked = tracker.update(boxes(*rows))
        assert np.asarray(tracked.tracker_id).dtype == np.int64
        named.append(labels(np.asarray(tracked.tracker_id), today))
    assert named == [["2024-12-31_1"], ["2024-12-31_1", "2024-12-31_2"], ["2024-12-31_1", "2025-01-01_1"], []]


def test_a_day_without_tracks_costs_no_number() -> None:
    labels = DailyLabels()
    assert labels(np.array([1]), date(2024, 6, 1)) == ["2024-06-01_1"]
    assert labels(np.empty(0, np.int64), date(2024, 6, 2)) == []
    assert labels(np.array([2, 1, -1]), date(2024, 6, 3)) == ["2024-06-03_1", "2024-06-01_1", None]
    with pytest.raises(ValueError, match="2024-06-02"):
        labels(np.array([3]), date(2024, 6, 2))


def single(**options: Any) -> SingleObjectTracker:
    return SingleObjectTracker(DeepSORTTracker(minimum_consecutive_frames=1, lost_track_buffer=3, **options))


def test_one_object_is_followed_lost_recovered_and_given_up() -> None:
    follower = single()
    start = follower.start(WALKER + 4, boxes(VETO_RELIEF, WALKER))
    assert (start.state, start.event, start.row) == ("visible", None, 1)
    assert start.box.tolist() == WALKER.tolist()
    events = []
    for step, visible in enumerate([True, False, False, True, False, False, False, False, False], start=1):
        rows = [VETO_RELIEF, *([WALKER + step * MOVE] if visible else [])]
        observation = follower.update(boxes(*rows))
        events.append((observation.state, observation.event, observation.row))
        assert np.isfinite(observation.box).all()
    hidden = ("hidden", None, None)
    assert events == [
        ("visible", None, 1),
        ("hidden", "lost", None),
        hidden,
        ("visible", "recovered", 1),
        ("hidden", "lost", None),
        hidden,
        hidden,
        ("gone", "gone", None),
        ("gone", None, None),
    ]


def test_while_hidden_the_box_moves_on() -> None:
    follower = single()
    follower.start(WALKER, boxes(WALKER))
    for step in range(1, 15):
        follower.update(boxes(WALKER + step * MOVE))
    places = [follower.update(boxes()).box[0] for _ in range(2)]
    assert places[0] == pytest.approx(WALKER[0] + 15 * 3, abs=1.5)
    assert places[1] == pytest.approx(WALKER[0] + 16 * 3, abs=2.0)


def test_a_box_without_a_detection_can_be_followed() -> None:
    follower = single()
    assert follower.start(WALKER).box.tolist() == WALKER.tolist()
    assert follower.update(boxes(VETO_RELIEF, WALKER + MOVE)).row == 1


def test_starting_again_drops_the_first_object() -> None:
    follower = single()
    follower.start(WALKER)
    follower.start(VETO_RELIEF)
    assert follower.update(boxes(WALKER, VETO_RELIEF)).row == 1


def test_what_cannot_be_followed_is_refused() -> None:
    with pytest.raises(ValueError, match="start"):
        single().update(boxes())
    with pytest.raises(ValueError, match="four corners"):
        single().start([1, 2, 3])
    with pytest.raises(ValueError, match="minimum_consecutive_frames=1"):
        SingleObjectTracker(DeepSORTTracker()).start(WALKER)
    with pytest.raises(ValueError, match="minimum_consecutive_frames=1"):
        single().start([9, 9, 5, 5])
    with pytest.raises(ValueError, match="minimum_overlap"):
        SingleObjectTracker(DeepSORTTracker(), minimum_overlap=0.0)


def test_one_figure_of_the_sample_through_an_occlusion() -> None:
    scene = Scene.occlusion()
    follower = SingleObjectTracker(DeepSORTTracker(StripeFeatureExtractor(), minimum_consecutive_frames=1))
    truth = scene.truth(0)
    follower.start(truth.xyxy[0], scene.detections(0), scene.frame(0))
    number, events, off = int(np.asarray(truth.tracker_id)[0]), [], 0
    for index in range(1, len(scene)):
        observation = follower.update(scene.detections(index), scene.frame(index))
        events += [observation.event] if observation.event else []
        here = scene.truth(index)
        rows = np.flatnonzero(np.asarray(here.tracker_id) == number)
        if observation.state == "visible" and len(rows):
            off += float(sv.box_iou_batch(here.xyxy[rows], observation.box[None])[0, 0]) < 0.3
    assert {"lost", "recovered"} <= set(events)
    assert off == 0


TRIANGLE = [10, 5, 30, 5, 10, 45]


def test_polygons_become_detections() -> None:
    given = [TRIANGLE, [50, 50, 60, 40, 70, 50, 60, 60]]
    detections = polygon_detections(given, [0.9, 0.8], [1, 2], frame_size=(100, 80))
    assert detections.xyxy.tolist() == bounding_rectangles(given).tolist() == [[10, 5, 30, 45], [50, 40, 70, 60]]
    assert detections.mask is not None
    masks = np.asarray(detections.mask)
    assert masks.shape == (2, 80, 100)
    assert masks[0, 10, 12]
    assert not masks[0, 40, 28]
    inside, border = 20 * 40 / 2, 20 + 40 + 45  # supervision counts the pixels on the border, or half of them
    assert inside - border / 2 < masks[0].sum() < inside + border
    assert given[0] == TRIANGLE


def test_the_polygon_comes_back_from_the_tracker() -> None:
    tracker = DeepSORTTracker(minimum_consecutive_frames=1)
    tracked = tracker.update(polygon_detections([TRIANGLE], frame_size=(100, 80)))
    assert np.asarray(tracked.tracker_id).tolist() == [1]
    assert tracked.data["polygon"][0].tolist() == [[10, 5], [30, 5], [10, 45]]
    assert tracked.mask is not None


def test_no_polygons() -> None:
    assert len(polygon_detections([], frame_size=(10, 10))) == 0
    assert bounding_rectangles([]).shape == (0, 4)


@pytest.mark.parametrize("wrong", [[0, 0, 1, 1], [0, 0, 1, 1, 2, 2, 3], [[0, 0], [1, 1], [2, 0]]])
def test_what_is_no_polygon_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"polygon 1 .*three corners"):
        polygon_detections([TRIANGLE, wrong])
