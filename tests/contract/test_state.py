"""A tracker can be stopped on any frame and taken up again, from memory or from a file."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import ALL_TRACKERS, same, walkers
from trackers import BoTSORTTracker, DeepSORTTracker, OCSORTTracker, SORTTracker, StripeFeatureExtractor
from trackers.association.selection import Selection
from trackers.core.base import Tracker
from trackers.core.state import COLUMNS_OF_VERSION_3, VERSION
from trackers.core.state_file import write_state
from trackers.sample import Scene

Make = Callable[..., Tracker[Any]]
MakeStream = Callable[..., Iterator[sv.Detections]]

FRAMES = 60
OPTIONS: dict[str, Any] = {"class_agnostic": [{0, 1}], "frame_rate": 25.0, "lost_track_buffer": 12}


def ids(tracker: Tracker[Any], frames: list[sv.Detections], start: int = 0) -> list[list[int]]:
    """Ids of the rows of every frame; the frames are irregular in time."""
    timed = [(frame, (start + k + 0.4 * ((start + k) % 3 == 0)) / 25.0) for k, frame in enumerate(frames)]
    return [np.asarray(tracker.update(frame, timestamp=now).tracker_id).tolist() for frame, now in timed]


@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stop=st.integers(0, FRAMES), vectors=st.booleans())
def test_stopped_on_any_frame_the_ids_go_on_as_if_it_had_not_been(
    make: Make, make_stream: MakeStream, tmp_path: Path, stop: int, vectors: bool
) -> None:
    frames = list(make_stream(FRAMES, classes=3, missed=0.25, vectors=vectors))
    expected = ids(make(**OPTIONS), frames)
    stopped = make(**OPTIONS)
    assert ids(stopped, frames[:stop]) == expected[:stop]
    stopped.save(tmp_path / "state.npz")

    loaded = type(stopped).load(tmp_path / "state.npz")
    assert same(loaded.state_dict(), stopped.state_dict())
    assert [track.id for track in loaded.lost] == [track.id for track in stopped.lost]
    assert ids(loaded, frames[stop:], stop) == expected[stop:]
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]

    in_memory = make(**OPTIONS)
    in_memory.load_state_dict(stopped.state_dict())
    assert ids(in_memory, frames[stop:], stop) == expected[stop:]


CONTINUE = """
import json, sys
from pathlib import Path
from tests.contract.conftest import ALL_TRACKERS, same, walkers
from tests.contract.test_state import FRAMES, ids
for row, make in enumerate(ALL_TRACKERS.values()):
    for stop in map(int, sys.argv[2:]):
        frames = list(walkers(FRAMES, classes=3, missed=0.25))[stop:]
        print(json.dumps(ids(type(make()).load(Path(sys.argv[1], f"{row} {stop}.npz")), frames, stop)))
"""


def test_another_process_goes_on_with_the_same_ids(tmp_path: Path) -> None:
    stops, expected = (1, 20, 41), []
    for row, make in enumerate(ALL_TRACKERS.values()):
        for stop in stops:
            frames = list(walkers(FRAMES, classes=3, missed=0.25))
            tracker = make(**OPTIONS)
            ids(tracker, frames[:stop])
            tracker.save(tmp_path / f"{row} {stop}.npz")
            expected.append(ids(tracker, frames[stop:], stop))
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CONTINUE, str(tmp_path), *map(str, stops)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line) for line in child.stdout.splitlines()] == expected


@pytest.mark.parametrize("camera", ["sparse_flow", "function", "matrices", None])
def test_pixels_and_cameras_go_on_too(camera: str | None, tmp_path: Path) -> None:
    if camera == "sparse_flow":
        pytest.importorskip("cv2")
    scene = Scene(size=(320, 180), length=24, figures=5, seed=3)
    matrices = np.stack([scene.camera_motion(index) for index in range(len(scene))])
    frames = [(scene.detections(index), scene.frame(index)) for index in range(len(scene))]
    motion: Any = {"function": lambda frame, boxes: np.eye(3), "matrices": matrices}.get(camera or "", camera)
    objects: dict[str, Any] = {"feature_extractor": StripeFeatureExtractor()}
    if not isinstance(motion, str | None):
        objects["camera_motion"] = motion
    for frame in frames:
        frame[0].data.pop("embedding", None)

    def rest(tracker: DeepSORTTracker, start: int = 0) -> list[list[int]]:
        return [np.asarray(tracker.update(*frame).tracker_id).tolist() for frame in frames[start:]]

    def new() -> DeepSORTTracker:
        return DeepSORTTracker(StripeFeatureExtractor(), minimum_consecutive_frames=1, camera_motion=motion)

    expected = rest(new())
    assert any(map(any, expected))
    for stop in (0, 1, 9):
        tracker = new()
        for frame in frames[:stop]:
            tracker.update(*frame)
        tracker.save(tmp_path / "state.npz")
        loaded = DeepSORTTracker.load(tmp_path / "state.npz", **objects)
        assert same(loaded.state_dict(), tracker.state_dict())
        assert rest(loaded, stop) == expected[stop:]


def after_a_while(make: Make, frames: int = 15) -> Tracker[Any]:
    tracker = make()
    for frame in walkers(frames, missed=0.3):
        tracker.update(frame)
    return tracker


def test_a_state_shares_nothing_with_its_tracker(make: Make, stream: list[sv.Detections]) -> None:
    tracker = after_a_while(make)
    state = tracker.state_dict()
    before = copy.deepcopy(state)
    twin = make()
    twin.load_state_dict(state)
    for frame in stream:
        tracker.update(frame)
        twin.update(frame)
    assert same(state, before)


def test_every_parameter_is_restored() -> None:
    """Also one that was changed after the tracker was made, and one that an extractor recommended."""
    tracker = DeepSORTTracker(
        StripeFeatureExtractor(),
        lost_track_buffer=7,
        frame_rate=float(np.float32(12.5)),
        minimum_consecutive_frames=np.int64(2),
        gallery_size=None,
        class_agnostic=iter([{7, 2}]),
        selection=Selection(minimum_confidence=0.2),
        reid_memory=3.0,
    )
    tracker.minimum_iou_threshold = 0.25
    state = tracker.state_dict()
    assert state["objects"] == ["feature_extractor"]
    given = {name: value for name, value in state["parameters"].items() if name != "feature_extractor"}
    assert given["class_agnostic"] == [[2, 7]]
    assert given["minimum_iou_threshold"] == 0.25
    assert given["appearance_threshold"] == StripeFeatureExtractor().appearance_threshold
    twin = DeepSORTTracker(StripeFeatureExtractor(), **{**given, "selection": Selection(**given["selection"])})
    assert same(twin.state_dict(), state)
    twin.load_state_dict(state)


def test_a_state_of_version_3_loads_with_its_old_column_names() -> None:
    for make in ALL_TRACKERS.values():
        frames = list(walkers(FRAMES, classes=3, missed=0.25))
        before, after = make(), make()
        ids(before, frames[:20])
        state = before.state_dict()
        old = {new: name for name, new in COLUMNS_OF_VERSION_3.items()}
        state["tracks"] = {old.get(name, name): column for name, column in state["tracks"].items()}
        after.load_state_dict({**state, "version": 3})
        assert ids(after, frames[20:], 20) == ids(before, frames[20:], 20)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another class": (lambda s: s.update(tracker="SORTTracker"), "of DeepSORTTracker, but got one of SORTTracker"),
    "a later format": (lambda s: s.update(version=VERSION + 1), f"but got version {VERSION + 1}"),
    "no format": (lambda s: s.pop("version"), f"version {VERSION} or 3, but got version None"),
    "another parameter": (lambda s: s["parameters"].update(gallery_size=5), "gallery_size was 5 and is 100"),
    "a parameter of the future": (lambda s: s["parameters"].update(mood=1), "mood was 1 and is None"),
    "no ids": (lambda s: s["tracks"].pop("id"), "damaged|columns"),
    "a column too many": (lambda s: s["tracks"].update(mood=np.zeros(3)), "columns"),
    "a column of words": (lambda s: s["tracks"].update(hits=np.array(["a"])), "column hits"),
    "a column too short": (lambda s: s["tracks"].update(hits=s["tracks"]["hits"][1:]), "column hits"),
    "a column of another shape": (lambda s: s["tracks"].update(state=np.zeros((9, 5, 3))), "column state"),
    "one id twice": (lambda s: s["tracks"]["id"].fill(1), "different numbers"),
    "an id not given yet": (lambda s: s.update(total_confirmed=0), "different numbers"),
    "vectors missing": (lambda s: s["tracks"]["gallery"].update(vectors=np.zeros((1, 8))), "vectors"),
    "no galleries": (lambda s: s["tracks"].update(gallery=None), "damaged"),
    "another number of classes": (lambda s: s.update(class_ids=[1, 2, 3]), "classes"),
    "time in words": (lambda s: s.update(timestamp="noon"), "timestamp must be a number of seconds"),
    "no tracks": (lambda s: s.pop("tracks"), "damaged"),
    "numbers that nobody learned": (lambda s: s.update(learned=[0.5]), "0 numbers learned"),
    "nothing learned": (lambda s: s.pop("learned"), "damaged"),
    "no parameters": (lambda s: s.update(parameters=None), "damaged"),
    "a camera from nowhere": (lambda s: s.update(camera={"failures": 0}), "camera_motion"),
}


@pytest.mark.parametrize(("spoil", "message"), WRONG.values(), ids=list(WRONG))
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(
    spoil: Callable[[dict[str, Any]], object], message: str, stream: list[sv.Detections]
) -> None:
    state = after_a_while(DeepSORTTracker).state_dict()
    spoil(state)
    tracker = DeepSORTTracker()
    for frame in stream[:7]:
        tracker.update(frame)
    before = tracker.state_dict()
    with pytest.raises(ValueError, match=message):
        tracker.load_state_dict(state)
    assert same(tracker.state_dict(), before)


def test_the_state_of_another_camera_is_refused_and_changes_nothing() -> None:
    given = SORTTracker(camera_motion=np.tile(np.eye(3), (9, 1, 1)))
    given.update(sv.Detections.empty())
    state = given.state_dict()
    for other in (SORTTracker(), SORTTracker(camera_motion=lambda frame, boxes: None)):
        before = other.state_dict()
        with pytest.raises(ValueError, match=r"camera_motion|damaged"):
            other.load_state_dict(state)
        assert same(other.state_dict(), before)


@pytest.mark.parametrize("nothing", [None, [], "state.npz"])
def test_what_is_no_state_is_refused(nothing: Any) -> None:
    with pytest.raises(TypeError, match="expected a state"):
        SORTTracker().load_state_dict(nothing)


def test_the_right_class_is_asked_for(tmp_path: Path) -> None:
    BoTSORTTracker().save(tmp_path / "state.npz")
    with pytest.raises(ValueError, match="state of OCSORTTracker, but got one of BoTSORTTracker"):
        OCSORTTracker.load(tmp_path / "state.npz")
    with pytest.raises(FileNotFoundError):
        OCSORTTracker.load(tmp_path / "nothing.npz")


@pytest.mark.parametrize(
    "wrong", [{" ost_track_buffer": 30}, {"frame_rate": []}, {"selection": {"mood": "calm"}}, None]
)
def test_parameters_that_cannot_be_are_damage(wrong: dict[str, Any] | None, tmp_path: Path) -> None:
    state = SORTTracker().state_dict()
    if wrong is None:
        state["objects"] = [3]
    else:
        state["parameters"].update(wrong)
    write_state(tmp_path / "state.npz", state)
    with pytest.raises(ValueError, match="damaged"):
        SORTTracker.load(tmp_path / "state.npz")


def test_a_parameter_passed_again_that_cannot_be_is_no_damage(tmp_path: Path) -> None:
    SORTTracker().save(tmp_path / "state.npz")
    with pytest.raises(TypeError, match="mood"):
        SORTTracker.load(tmp_path / "state.npz", mood="calm")


def test_an_extractor_is_passed_again(tmp_path: Path) -> None:
    DeepSORTTracker(StripeFeatureExtractor()).save(tmp_path / "state.npz")
    with pytest.raises(
        ValueError, match=r"cannot hold feature_extractor; call .*load\(path, feature_extractor=\.\.\.\)"
    ):
        DeepSORTTracker.load(tmp_path / "state.npz")
    extractor = StripeFeatureExtractor()
    assert DeepSORTTracker.load(tmp_path / "state.npz", feature_extractor=extractor).feature_extractor is extractor
    with pytest.raises(ValueError, match="gating was 'state' and is 'position'"):
        DeepSORTTracker.load(tmp_path / "state.npz", feature_extractor=extractor, gating="position")


class Incomplete(SORTTracker):
    """A tracker that does not keep its own parameter."""

    def __init__(self, mood: str = "calm") -> None:
        super().__init__()


def test_a_parameter_that_is_not_kept_is_named() -> None:
    with pytest.raises(ValueError, match="Incomplete must keep its parameter 'mood'"):
        Incomplete().state_dict()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "state.npz"
    after_a_while(DeepSORTTracker).save(path)
    return path


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_harmless(file: Path, data: st.DataObject) -> None:
    """Cut anywhere, or with bytes changed anywhere: an error that names the file, or the very same state."""
    content = file.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    cut = data.draw(st.booleans())
    spoiled = (
        content[:place] if cut else content[:place] + data.draw(st.binary(min_size=1, max_size=4)) + content[place:]
    )
    if not cut and data.draw(st.booleans()):  # bytes overwritten instead of slipped in
        spoiled = spoiled[: len(content)]
    damaged = file.with_name("damaged.npz")
    damaged.write_bytes(spoiled)
    try:
        loaded = DeepSORTTracker.load(damaged)
    except ValueError:
        return
    assert not cut
    assert same(loaded.state_dict(), DeepSORTTracker.load(file).state_dict())


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x93NUMPY", b"PK\x05\x06" + bytes(18)])
def test_a_file_of_something_else_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.npz is damaged or holds no state"):
        SORTTracker.load(path)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    np.savez(tmp_path / "trap.npz", header=np.array([Trap()], object), allow_pickle=True)
    with pytest.raises(ValueError, match="damaged"):
        SORTTracker.load(tmp_path / "trap.npz")
    assert not (tmp_path / "sprung").exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    after_a_while(SORTTracker).save(path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        after_a_while(SORTTracker, 30).save(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["state.npz"]
