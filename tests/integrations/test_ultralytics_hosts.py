"""Programs around `model.track`: models that have tracked before `register`, solutions, exported detectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ultralytics = pytest.importorskip("ultralytics")
pytest.importorskip("shapely")

from ultralytics import solutions  # noqa: E402
from ultralytics import trackers as their_trackers  # noqa: E402
from ultralytics.trackers import track as their_track  # noqa: E402

from tests.integrations.test_ultralytics import OPTIONS, ids_of, untrained  # noqa: E402
from trackers.core.base import Tracker  # noqa: E402
from trackers.integrations.ultralytics import register  # noqa: E402
from trackers.integrations.ultralytics.settings import NAMES  # noqa: E402
from trackers.sample import Scene  # noqa: E402

FRAME = Scene(seed=3, size=(320, 240), length=1).frame(0)
OWN = (
    "tracker_type: bytetrack\ntrack_high_thresh: 0.1\ntrack_low_thresh: 0.05\nnew_track_thresh: 0.1\n"
    "track_buffer: 30\nmatch_thresh: 0.8\nfuse_score: False\n"
)
SQUARE = [(10, 10), (300, 10), (300, 200), (10, 200)]
CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "AIGym": ("yolo11n-pose.yaml", {}),
    "Analytics": ("yolo11n.yaml", {"analytics_type": "line"}),
    "DistanceCalculation": ("yolo11n.yaml", {}),
    "Heatmap": ("yolo11n.yaml", {"region": SQUARE}),
    "InstanceSegmentation": ("yolo11n-seg.yaml", {}),
    "ObjectBlurrer": ("yolo11n.yaml", {}),
    "ObjectCounter": ("yolo11n.yaml", {"region": SQUARE}),
    "QueueManager": ("yolo11n.yaml", {"region": SQUARE}),
    "RegionCounter": ("yolo11n.yaml", {"region": SQUARE}),
    "SecurityAlarm": ("yolo11n.yaml", {"records": 10**6}),
    "SpeedEstimator": ("yolo11n.yaml", {}),
    "TrackZone": ("yolo11n.yaml", {"region": SQUARE}),
    "VisionEye": ("yolo11n.yaml", {}),
}


@pytest.fixture
def not_registered() -> Iterator[None]:
    """Ultralytics as it is before `register`."""
    before = their_track.register_tracker
    plain = getattr(before, "__wrapped__", before)
    their_trackers.register_tracker = their_track.register_tracker = plain
    yield
    their_trackers.register_tracker = their_track.register_tracker = before


def ids_in_turn(model: Any, yaml: str, count: int = 4) -> list[list[int] | None]:
    return [ids_of(model.track(FRAME, tracker=yaml, persist=i > 0, **OPTIONS)[0]) for i in range(count)]


def test_a_model_that_has_tracked_before_finds_our_trackers_and_keeps_its_own(not_registered: None) -> None:
    Path("own.yaml").write_text(OWN)
    model = untrained("yolo11n.yaml", registered=False)
    before = ids_in_turn(model, "own.yaml")
    assert any(before)

    register()

    assert ids_in_turn(model, "own.yaml") == before
    assert ids_in_turn(model, "sort.yaml")[2:] == [list(range(1, 13))] * 2
    assert ids_in_turn(model, "own.yaml") == before
    assert ids_in_turn(untrained("yolo11n.yaml"), "own.yaml") == before


def test_callbacks_do_not_pile_up(not_registered: None) -> None:
    model = untrained("yolo11n.yaml", registered=False)
    model.track(FRAME, **OPTIONS)
    counts = {event: len(found) for event, found in model.callbacks.items()}
    for _ in range(3):
        register()
        model.track(FRAME, tracker="sort.yaml", persist=True, **OPTIONS)
    assert {event: len(found) for event, found in model.callbacks.items()} == counts


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    saved = {}
    for name in sorted({name for name, _ in CLASSES.values()}):
        saved[name] = folder / name.replace(".yaml", ".pt")
        untrained(name).save(saved[name])
    return saved


def solution_of(models: dict[str, Path], name: str, tracker: str) -> Any:
    model, options = CLASSES[name]
    given = {"show": False, "verbose": False, "imgsz": 160, "max_det": 12, "conf": 0.1, **options}
    return getattr(solutions, name)(model=str(models[model]), tracker=tracker, **given)


@pytest.mark.parametrize("name", [name for name in CLASSES if hasattr(solutions, name)])
def test_every_solution_that_tracks_runs(models: dict[str, Path], name: str) -> None:
    solution = solution_of(models, name, "deepsort.yaml")
    for number in range(4):
        solution(FRAME.copy(), *([number] if name == "Analytics" else []))
    assert isinstance(solution.model.predictor.trackers[0], Tracker)
    assert len(solution.track_ids) > 0


@pytest.mark.parametrize("yaml", NAMES)
def test_solutions_run_with_every_tracker_and_let_go_of_ids_that_are_gone(models: dict[str, Path], yaml: str) -> None:
    Path("short.yaml").write_text(f"tracker_type: {yaml}\nlost_track_buffer: 2\n")
    counter = solution_of(models, "ObjectCounter", "short.yaml")
    empty = False

    def lose(predictor: Any) -> None:
        if empty:
            predictor.results[0] = predictor.results[0][:0]

    counter.model.add_callback("on_predict_postprocess_end", lose)
    for _ in range(6):
        counter(FRAME.copy())
    assert set(counter.track_history) >= set(counter.track_ids) != set()
    empty = True
    for _ in range(2):
        counter(FRAME.copy())
    assert counter.track_history, "lost is not gone"
    for _ in range(8):
        counter(FRAME.copy())
    assert not counter.track_history
    assert counter.model.predictor.trackers[0].removed_stracks_frame == []


@pytest.mark.filterwarnings("ignore")  # exporting warns in many words
@pytest.mark.parametrize("kind", ["torchscript", "onnx", "openvino"])
def test_an_exported_detector_names_the_key_to_set(kind: str) -> None:
    if kind != "torchscript":
        pytest.importorskip("onnxruntime" if kind == "onnx" else kind)
    model = untrained("yolo11n.yaml")
    model.save("small.pt")
    options = {"simplify": False} if kind == "onnx" else {}  # simplifying takes another package
    exported = ultralytics.YOLO("small.pt").export(format=kind, imgsz=160, verbose=False, **options)
    detector = ultralytics.YOLO(exported, task="detect")
    with pytest.raises(TypeError, match=r"feature_extractor: stripes, or feature_extractor: null"):
        detector.track(FRAME, tracker="deepsort.yaml", **OPTIONS)
    for wanted in ("stripes", "null"):
        Path("set.yaml").write_text(f"tracker_type: deepsort\nfeature_extractor: {wanted}\n")
        detector.track(FRAME, tracker="set.yaml", **OPTIONS)
        again = [detector.track(FRAME, tracker="set.yaml", persist=True, **OPTIONS)[0] for _ in range(3)]
        assert ids_of(again[-1])
        assert np.isfinite(again[-1].boxes.xyxy.numpy()).all()
