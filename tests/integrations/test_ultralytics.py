"""`register` and `attach` in a real Ultralytics model; its weights are random, its boxes are what they are."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

ultralytics = pytest.importorskip("ultralytics")

from trackers import DeepSORTTracker, SORTTracker, StripeFeatureExtractor  # noqa: E402
from trackers.appearance.detector_features import DetectorFeatures  # noqa: E402
from trackers.core.base import Tracker  # noqa: E402
from trackers.integrations.ultralytics import attach, register, write_yaml  # noqa: E402
from trackers.integrations.ultralytics.settings import NAMES, read_settings  # noqa: E402
from trackers.io import VideoWriter  # noqa: E402
from trackers.pipeline.choices import Choice  # noqa: E402
from trackers.sample import Scene  # noqa: E402

Frame = npt.NDArray[np.uint8]
OPTIONS = {"imgsz": 160, "max_det": 12, "verbose": False}
TASKS = {
    "detect": "yolo11n.yaml",
    "segment": "yolo11n-seg.yaml",
    "pose": "yolo11n-pose.yaml",
    "obb": "yolo11n-obb.yaml",
}


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    scene = Scene(seed=3, size=(320, 240), length=6)
    return [scene.frame(index) for index in range(6)]


@pytest.fixture
def model() -> Any:
    return untrained("yolo11n.yaml")


def untrained(name: str, *, registered: bool = True) -> Any:
    import torch

    torch.manual_seed(0)
    if registered:
        register()
    model = ultralytics.YOLO(name)
    for branch in getattr(model.model.model[-1], "cv3", ()):
        branch[-1].bias.data[0] = 1.0  # so that class 0 has a high confidence everywhere
    return model


def boxes_of(result: Any) -> Any:
    return result.boxes if result.obb is None else result.obb


def ids_of(result: Any) -> list[int] | None:
    ids = boxes_of(result).id
    return None if ids is None else [int(number) for number in ids]


def write_video(path: Path, frames: list[Frame]) -> Path:
    height, width = frames[0].shape[:2]
    with sv.VideoSink(str(path), sv.VideoInfo(width=width, height=height, fps=10, total_frames=len(frames))) as sink:
        for frame in frames:
            sink.write_frame(frame)
    return path


@pytest.mark.parametrize("task", TASKS)
def test_every_task_gets_ids_and_keeps_its_rows(task: str, frames: list[Frame]) -> None:
    model = untrained(TASKS[task])
    found = model.predict(frames[0], **OPTIONS)[0]
    assert len(boxes_of(found)) > 0

    results = [model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)[0] for _ in range(4)]

    assert [ids_of(result) for result in results[:2]] == [None, None]
    assert [len(boxes_of(result)) for result in results[:2]] == [0, 0]
    for result in results[2:]:
        boxes = boxes_of(result)
        assert ids_of(result) == list(range(1, len(boxes_of(found)) + 1))
        assert np.array_equal(boxes.data[:, :-3], boxes_of(found).data[:, :-2])
        assert np.array_equal(boxes.conf, boxes_of(found).conf)
        for part in ("masks", "keypoints"):
            if getattr(found, part) is not None:
                assert np.array_equal(getattr(result, part).data, getattr(found, part).data)


def test_supervision_reads_the_ids(model: Any, frames: list[Frame]) -> None:
    Path("one.yaml").write_text("tracker_type: sort\nminimum_consecutive_frames: 1\n")
    result = model.track(frames[0], tracker="one.yaml", **OPTIONS)[0]
    detections = sv.Detections.from_ultralytics(result)
    assert detections.tracker_id is not None
    assert detections.tracker_id.tolist() == ids_of(result) == list(range(1, len(result.boxes) + 1))


def test_unconfirmed_rows_are_left_out_and_the_others_keep_their_boxes(model: Any, frames: list[Frame]) -> None:
    tracker = SORTTracker()
    model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)
    model.predictor.trackers[0].reset()
    for frame in frames:
        found = model.predict(frame, **OPTIONS)[0]
        expected = tracker.update(sv.Detections.from_ultralytics(found))
        result = model.track(frame, tracker="sort.yaml", persist=True, **OPTIONS)[0]
        confirmed: Any = expected[expected.tracker_id != -1]
        assert (ids_of(result) or []) == np.asarray(confirmed.tracker_id).tolist()
        assert np.array_equal(result.boxes.xyxy, confirmed.xyxy)


def test_a_call_without_persist_starts_anew(model: Any, frames: list[Frame]) -> None:
    for _ in range(3):
        result = model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)[0]
    assert ids_of(result) is not None
    assert ids_of(model.track(frames[0], tracker="sort.yaml", **OPTIONS)[0]) is None


def test_other_settings_start_anew_even_with_persist(model: Any, frames: list[Frame]) -> None:
    for _ in range(3):
        model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)
    assert ids_of(model.track(frames[0], tracker="trackers-ocsort.yaml", persist=True, **OPTIONS)[0]) is None
    assert type(model.predictor.trackers[0]).__name__ == "OCSORTTracker"


def test_the_next_video_starts_anew(model: Any, frames: list[Frame], tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in ("a.mp4", "b.mp4"):
        write_video(videos / name, [frames[0]] * 4)
    options = {**OPTIONS, "tracker": "sort.yaml"}

    alone = [ids_of(result) for result in model.track(videos / "a.mp4", **options)]
    both = [ids_of(result) for result in model.track(videos, **options)]

    assert alone[2] is not None
    assert both == alone * 2
    assert model.predictor.trackers[0].frame_rate == 10


@pytest.mark.parametrize("rate", [10, 25])
@pytest.mark.parametrize("stride", [1, 2, 5])
def test_the_frame_rate_is_that_of_the_source_with_its_stride(
    model: Any, frames: list[Frame], tmp_path: Path, rate: int, stride: int
) -> None:
    with VideoWriter(tmp_path / "clip.mp4", frame_rate=rate) as writer:
        for frame in frames * 2:
            writer.write(frame)
    model.track(str(tmp_path / "clip.mp4"), tracker="sort.yaml", vid_stride=stride, **OPTIONS)
    assert model.predictor.trackers[0].frame_rate == pytest.approx(rate / stride)
    (tmp_path / "own.yaml").write_text("tracker_type: sort\nframe_rate: 50\n")
    model.track(str(tmp_path / "clip.mp4"), tracker=str(tmp_path / "own.yaml"), vid_stride=stride, **OPTIONS)
    assert model.predictor.trackers[0].frame_rate == 50.0
    model.track(frames[0], tracker="sort.yaml", **OPTIONS)
    assert model.predictor.trackers[0].frame_rate == 30.0


def test_a_buffer_in_seconds_is_one_whatever_the_stride(model: Any, frames: list[Frame], tmp_path: Path) -> None:
    """Every other frame is half the frames for the same time, and the buffer holds half as many."""
    with VideoWriter(tmp_path / "clip.mp4", frame_rate=30) as writer:
        for frame in frames * 4:
            writer.write(frame)
    kept: dict[int, int] = {}
    for stride in (1, 2):
        model.track(str(tmp_path / "clip.mp4"), tracker="sort.yaml", vid_stride=stride, **OPTIONS)
        tracker = model.predictor.trackers[0]
        while tracker.lost or tracker.tracks:
            tracker.update(sv.Detections.empty())
            kept[stride] = kept.get(stride, 0) + 1
    assert kept[1] == pytest.approx(2 * kept[2], abs=2)


def test_predict_after_track_is_a_plain_prediction(model: Any, frames: list[Frame]) -> None:
    plain = model.predict(frames[0], **OPTIONS)[0]
    for _ in range(3):
        model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)
    result = model.predict(frames[0], **OPTIONS)[0]
    assert ids_of(result) is None
    assert np.array_equal(result.boxes.data, plain.boxes.data)


def test_frames_of_one_call_follow_one_another(model: Any, frames: list[Frame]) -> None:
    results = model.track([frames[0]] * 3, tracker="sort.yaml", **OPTIONS)
    assert [ids_of(result) is None for result in results] == [True, True, False]


def test_every_stream_has_its_own_tracker(model: Any, frames: list[Frame], tmp_path: Path) -> None:
    sources = [
        write_video(tmp_path / f"{name}.mp4", [frame] * 5) for name, frame in zip("ab", frames[::5], strict=True)
    ]
    streams = tmp_path / "cameras.streams"
    streams.write_text("\n".join(map(str, sources)))
    options = {**OPTIONS, "tracker": "sort.yaml", "stream_buffer": True}

    results = list(model.track(streams, stream=True, **options))

    assert len(model.predictor.trackers) == 2
    assert model.predictor.trackers[0].total_confirmed == len(results[-2].boxes)
    assert model.predictor.trackers[1].total_confirmed == len(results[-1].boxes)
    assert ids_of(results[-2]) == list(range(1, len(results[-2].boxes) + 1))
    assert ids_of(results[-1]) == list(range(1, len(results[-1].boxes) + 1))


class CountedStripes(StripeFeatureExtractor):
    """Notes how many frames each call brings."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def extract_batch(self, frames: list[Frame], detections: list[Any]) -> list[Any]:
        self.calls.append(len(frames))
        return [StripeFeatureExtractor.extract_features(self, *one) for one in zip(frames, detections, strict=True)]


def test_the_crops_of_all_streams_go_through_the_network_in_one_call(
    model: Any, frames: list[Frame], tmp_path: Path
) -> None:
    sources = [write_video(tmp_path / f"{number}.mp4", [frames[number]] * 4) for number in range(3)]
    streams = tmp_path / "cameras.streams"
    streams.write_text("\n".join(map(str, sources)))
    shared = CountedStripes()
    attach(model, lambda: DeepSORTTracker(shared, minimum_consecutive_frames=1))
    results = list(model.predict(streams, stream=True, stream_buffer=True, **OPTIONS))
    assert len(results) == 12
    assert shared.calls == [3] * 4
    assert [ids_of(result) for result in results] == [list(range(1, 1 + len(result.boxes))) for result in results]


def test_frames_of_one_call_go_through_the_network_in_one_call(model: Any, frames: list[Frame]) -> None:
    alone, shared = StripeFeatureExtractor(), CountedStripes()
    detach = attach(model, DeepSORTTracker(alone, minimum_consecutive_frames=1))
    expected = [ids_of(model.predict(frame, **OPTIONS)[0]) for frame in frames[:4]]
    detach()
    attach(model, DeepSORTTracker(shared, minimum_consecutive_frames=1))
    assert [ids_of(one) for one in model.predict(frames[:4], batch=4, **OPTIONS)] == expected
    assert shared.calls == [4]


def test_streams_share_one_extractor(frames: list[Frame]) -> None:
    settings = read_settings("trackers-botsort.yaml", ())
    assert settings is not None
    first, second = replace(settings, extractor=Choice("stripes")).build(None, [10.0, 25.0])
    assert first.feature_extractor is second.feature_extractor is not None
    assert (first.frame_rate, second.frame_rate) == (10.0, 25.0)


def test_deepsort_reads_the_detectors_own_maps(model: Any, frames: list[Frame]) -> None:
    for frame in frames[:3]:
        model.track(frame, tracker="deepsort.yaml", persist=True, **OPTIONS)
    tracker = model.predictor.trackers[0]
    assert isinstance(tracker, DeepSORTTracker)
    assert isinstance(tracker.feature_extractor, DetectorFeatures)
    assert tracker.appearance_threshold == tracker.feature_extractor.appearance_threshold


def test_parameters_of_the_file_reach_the_tracker(model: Any, frames: list[Frame]) -> None:
    Path("mine.yaml").write_text(
        "tracker_type: deepsort\nlost_track_buffer: 7\nframe_rate: 60\n"
        "appearance_threshold: 0.11\nfeature_extractor: {name: stripes}\n"
    )
    model.track(frames[0], tracker="mine.yaml", **OPTIONS)
    tracker = model.predictor.trackers[0]
    assert (tracker.frame_rate, tracker.appearance_threshold) == (60, 0.11)
    assert type(tracker.feature_extractor).__name__ == "StripeFeatureExtractor"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "tracker_type: deepsort\nlost_buffer: 3",
            "mine.yaml: deepsort has no parameter 'lost_buffer'.*lost_track_buffer",
        ),
        ("tracker_type: sort\n0: 3", "mine.yaml: sort has no parameter 0; it has"),
        ("tracker_type: deepsrot", "tracker_type 'deepsrot'; did you mean deepsort"),
        ("minimum_iou_threshold: 0.3", "tracker_type None; Known are .*deepsort"),
        (
            "tracker_type: deepsort\nfeature_extractor: stipes",
            "mine.yaml: unknown name 'stipes'.*'stripes'",
        ),
        ("tracker_type: deepsort\nfeature_extractor: {name: detector, band: 3}", "did you mean bands"),
        ("tracker_type: deepsort\nfeature_extractor: 3", "name or a mapping with a name, but got 3"),
        ("tracker_type: sort\nfeature_extractor: stripes", "uses no appearance"),
        ("tracker_type: sort\nminimum_iou_threshold: 3", "minimum_iou_threshold must be between"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(model: Any, frames: list[Frame], content: str, message: str) -> None:
    Path("mine.yaml").write_text(content + "\n")
    with pytest.raises(ValueError, match=message):
        model.track(frames[0], tracker="mine.yaml", **OPTIONS)


def test_ultralytics_own_trackers_stay(model: Any, frames: list[Frame]) -> None:
    model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)
    for name in ("bytetrack", "botsort"):
        model.track(frames[0], tracker=f"{name}.yaml", persist=True, **OPTIONS)
        model.track(frames[0], tracker=f"{name}.yaml", persist=True, **OPTIONS)
        assert not any(isinstance(tracker, Tracker) for tracker in model.predictor.trackers)
    model.track(frames[0], tracker="sort.yaml", persist=True, **OPTIONS)
    assert isinstance(model.predictor.trackers[0], SORTTracker)


@pytest.mark.parametrize("name", NAMES)
def test_a_written_file_is_the_default(name: str) -> None:
    path = write_yaml(f"{name}.yaml")
    written = read_settings(path, ())
    assert written is not None
    path.unlink()
    default = read_settings(f"{name}.yaml", ())
    assert default is not None
    assert written.extractor == default.extractor
    built = [one.build(None, [30.0])[0] for one in (written, default) if one.extractor is None]
    for key, value in vars(built[0]).items() if built else ():
        if isinstance(value, (int, float, str)):
            assert value == getattr(built[1], key)


def test_a_file_is_not_overwritten() -> None:
    write_yaml("sort.yaml")
    with pytest.raises(FileExistsError):
        write_yaml("sort.yaml")
    with pytest.raises(ValueError, match="called after one of sort, deepsort"):
        write_yaml("soort.yaml")


def test_attach_gives_predictions_ids(model: Any, frames: list[Frame]) -> None:
    detach = attach(model, SORTTracker())
    for _ in range(3):
        result = model(frames[0], **OPTIONS)[0]
    assert ids_of(result) == list(range(1, len(result.boxes) + 1))
    detach()
    assert ids_of(model(frames[0], **OPTIONS)[0]) is None
    detach()


def test_attaching_another_tracker_takes_the_place(model: Any, frames: list[Frame]) -> None:
    first, second = SORTTracker(), SORTTracker(minimum_consecutive_frames=1)
    attach(model, first)
    attach(model, second)
    result = model(frames[0], **OPTIONS)[0]
    assert ids_of(result) == list(range(1, len(result.boxes) + 1))
    assert first.total_confirmed == 0


def test_attach_starts_anew_with_a_video(model: Any, frames: list[Frame], tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [frames[0]] * 3)
    attach(model, SORTTracker(minimum_consecutive_frames=1))
    first, second = ([ids_of(result) for result in model(video, **OPTIONS)] for _ in range(2))
    assert first == second
    assert first[0] is not None


def test_attach_makes_one_tracker_for_each_stream(model: Any, frames: list[Frame], tmp_path: Path) -> None:
    sources = [write_video(tmp_path / f"{name}.mp4", [frames[0]] * 3) for name in "ab"]
    Path("cameras.streams").write_text("\n".join(map(str, sources)))
    options = {**OPTIONS, "stream_buffer": True}
    detach = attach(model, SORTTracker())
    with pytest.raises(ValueError, match=r"each of the 2 streams.*attach\(model, SORTTracker\)"):
        model("cameras.streams", **options)
    detach()
    attach(model, lambda: SORTTracker(minimum_consecutive_frames=1))
    results = list(model("cameras.streams", stream=True, **options))
    assert ids_of(results[0]) == ids_of(results[1]) == list(range(1, len(results[0].boxes) + 1))


def test_attach_refuses_what_it_cannot_do(model: Any, frames: list[Frame]) -> None:
    with pytest.raises(TypeError, match="expected a tracker"):
        attach(model, "deepsort")  # type: ignore[arg-type]
    attach(model, SORTTracker())
    with pytest.raises(ValueError, match=r"model\.track brings another"):
        model.track(frames[0], tracker="sort.yaml", **OPTIONS)
    classifier = untrained("yolo11n-cls.yaml")
    attach(classifier, SORTTracker())
    with pytest.raises(ValueError, match="finds no boxes"):
        classifier(frames[0], imgsz=64, verbose=False)


def test_the_command_line_tracks(frames: list[Frame], tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", [frames[0]] * 4)
    untrained("yolo11n.yaml").save("random.pt")
    arguments = "track model=random.pt source=a.mp4 tracker=sort.yaml imgsz=160 max_det=5"
    output = f"save_txt=True save=False project={tmp_path / 'out'} name=run"
    command = [sys.executable, "-m", "trackers.integrations.ultralytics", *arguments.split(), *output.split()]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [path.read_text().split() for path in sorted(tmp_path.rglob("labels/*.txt"))]
    assert [len(line) // 6 for line in lines] == [5, 5]
    assert {line[5] for line in lines} == {"1"}


def test_the_command_line_writes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from trackers.integrations.ultralytics.__main__ import main

    monkeypatch.setattr(sys, "argv", ["trackers", "deepsort.yaml"])
    main()
    assert Path("deepsort.yaml").read_text().startswith("tracker_type: deepsort\n")


def test_learned_appearance_from_a_yaml(tmp_path: Path) -> None:
    from tests.appearance.test_adaptation import stripes_video
    from trackers import StripeFeatureExtractor
    from trackers.appearance.adaptation import AdaptedExtractor, adapt

    adapted = adapt(*stripes_video(), StripeFeatureExtractor())
    adapted.save(tmp_path / "mine.npz")
    path = tmp_path / "mine.yaml"
    path.write_text(f"tracker_type: steadysort\nadapt: true\nfeature_extractor: {(tmp_path / 'mine.npz').as_posix()}\n")
    settings = read_settings(path, ())
    assert settings is not None
    tracker: Any = settings.build(None, [30.0])[0]
    assert tracker.adapt
    assert isinstance(tracker.feature_extractor, AdaptedExtractor)
    assert tracker.appearance_threshold == adapted.appearance_threshold


@pytest.mark.parametrize(
    "line", ["lost_track_buffer: -5", "frame_rate: fast", "selection: all", "class_agnostic: maybe"]
)
def test_a_wrong_value_in_a_file_is_named_with_the_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "own.yaml").write_text(f"tracker_type: sort\n{line}\n")
    with pytest.raises(ValueError, match=rf"own\.yaml: {line.partition(':')[0]} must be"):
        read_settings(tmp_path / "own.yaml", [])
