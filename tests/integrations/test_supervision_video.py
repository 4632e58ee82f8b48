"""supervision's video loop, annotators, zones and smoother on the ids of the sample's people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from trackers import DeepSORTTracker
from trackers.sample import FigureDetector, Scene

Frame = npt.NDArray[np.uint8]


def tracked(scene: Scene) -> Iterator[tuple[int, Any]]:
    """The rows with an id, frame by frame."""
    tracker = DeepSORTTracker(appearance_threshold=0.4, frame_rate=scene.frame_rate)
    for index in range(len(scene)):
        detections: Any = tracker.update(scene.detections(index))
        yield index, detections[detections.tracker_id != -1]


@pytest.fixture(scope="module")
def crossing() -> Scene:
    return Scene.crossing(size=(640, 360))


def test_process_video(crossing: Scene, tmp_path: Path) -> None:
    source, target = str(tmp_path / "in.mp4"), str(tmp_path / "out.mp4")
    width, height = crossing.size
    with sv.VideoSink(source, sv.VideoInfo(width=width, height=height, fps=25)) as sink:
        for index in range(60):
            sink.write_frame(crossing.frame(index))
    detector, tracker = FigureDetector(), DeepSORTTracker()
    detector.fit(sv.get_video_frames_generator(source))
    given: list[npt.NDArray[np.int64]] = []

    def callback(frame: Frame, _: int) -> Frame:
        detections: Any = tracker.update(detector(frame), frame)
        detections = detections[detections.tracker_id != -1]
        ids = np.asarray(detections.tracker_id)
        given.append(ids)
        return sv.LabelAnnotator().annotate(frame.copy(), detections, [str(number) for number in ids])

    sv.process_video(source_path=source, target_path=target, callback=callback)

    assert sv.VideoInfo.from_video_path(target).total_frames == 60
    assert set(np.concatenate(given).tolist()) == {1, 2}
    assert sum(len(ids) == 2 for ids in given) > 40


def test_labels_are_drawn_where_the_people_are(crossing: Scene) -> None:
    annotator = sv.LabelAnnotator(text_position=sv.Position.CENTER)
    detections = next(rows for index, rows in tracked(crossing) if index == 20)
    frame = crossing.frame(20)
    drawn = annotator.annotate(frame.copy(), detections, [f"#{number}" for number in detections.tracker_id])
    changed = (drawn != frame).any(axis=2)
    assert len(detections) == 2
    for x, y in detections.get_anchors_coordinates(sv.Position.CENTER).astype(int):
        assert changed[y - 3 : y + 4, x - 3 : x + 4].all()


def test_a_trace_follows_each_person(crossing: Scene) -> None:
    annotator = sv.TraceAnnotator(trace_length=100, thickness=1, color_lookup=sv.ColorLookup.TRACK)
    blank = np.zeros((*crossing.size[::-1], 3), np.uint8)
    paths: dict[int, list[tuple[float, float]]] = {}
    for index, detections in tracked(crossing):
        drawn = annotator.annotate(blank.copy(), detections)
        centers = detections.get_anchors_coordinates(sv.Position.CENTER)
        for number, center in zip(detections.tracker_id.tolist(), centers.tolist(), strict=True):
            paths.setdefault(number, []).append(center)
        if index == 40:
            break
    assert set(paths) == {1, 2}
    for path in paths.values():
        on_path = [drawn[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].any() for x, y in path]
        assert all(on_path)


def test_line_zone_counts_who_crosses(crossing: Scene) -> None:
    start, end = sv.Point(crossing.size[0] // 3, 0), sv.Point(crossing.size[0] // 3, crossing.size[1])
    options: dict[str, Any] = {"triggering_anchors": [sv.Position.CENTER], "minimum_crossing_threshold": 3}
    ours, true = (sv.LineZone(start, end, **options) for _ in range(2))
    for index, detections in tracked(crossing):
        ours.trigger(detections)
        true.trigger(crossing.truth(index))
    assert (ours.in_count, ours.out_count) == (true.in_count, true.out_count) == (1, 1)


def test_polygon_zone_counts_who_was_there(crossing: Scene) -> None:
    width, height = crossing.size
    left = np.array([[0, 0], [width // 4, 0], [width // 4, height], [0, height]])
    zone = sv.PolygonZone(left)
    visitors: set[int] = set()
    people: set[int] = set()
    for index, detections in tracked(crossing):
        visitors |= set(detections[zone.trigger(detections)].tracker_id.tolist())
        truth: Any = crossing.truth(index)
        people |= set(truth[zone.trigger(truth)].tracker_id.tolist())
    assert len(visitors) == len(people) == 2


def test_smoother_keeps_ids_and_calms_boxes(crossing: Scene) -> None:
    smoother = sv.DetectionsSmoother(length=5)
    edges: dict[str, dict[int, list[npt.NDArray[np.float64]]]] = {"raw": {}, "smooth": {}}
    for _, detections in tracked(crossing):
        smooth: Any = smoother.update_with_detections(detections)
        assert set(detections.tracker_id.tolist()) <= set(smooth.tracker_id.tolist())
        for kind, rows in (("raw", detections), ("smooth", smooth)):
            for number, box in zip(rows.tracker_id.tolist(), rows.xyxy, strict=True):
                edges[kind].setdefault(number, []).append(box)
    assert set(edges["smooth"]) == {1, 2}
    for number in (1, 2):
        raw, smooth = (np.abs(np.diff(edges[kind][number], n=2, axis=0)).mean() for kind in ("raw", "smooth"))
        assert smooth < 0.5 * raw
