"""What goes wrong around a tracker leaves it as it was, or as the documentation says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.contract.conftest import ALL_TRACKERS, same, walkers
from trackers import DeepSORTTracker, StripeFeatureExtractor
from trackers.core.base import Tracker
from trackers.io import ResultWriter, VideoWriter, open_source
from trackers.sample import Scene

Make = Callable[..., Tracker[Any]]

FAULTY = 12
"""The frame on which something goes wrong."""

PICTURE = np.zeros((9, 9, 3), np.uint8)


class Flaky:
    """Gives the vectors of the detections, and on one call goes wrong."""

    def __init__(self, fault: Callable[[Any], Any] | None = None) -> None:
        self.calls = 0
        self.fault = fault

    def __call__(self, frame: Any, detections: sv.Detections) -> Any:
        self.calls += 1
        vectors = np.asarray(detections.data["vectors"])
        return self.fault(vectors) if self.fault is not None and self.calls == FAULTY else vectors


def frames(count: int = 30) -> list[sv.Detections]:
    """Walkers whose vectors only an extractor gives."""
    frames = list(walkers(count, missed=0.2, classes=2))
    for detections in frames:
        detections.data["vectors"] = detections.data.pop("embedding")
        detections.confidence = np.full(len(detections), 0.9)
    return frames


LOOKING = {
    name: make for name, make in ALL_TRACKERS.items() if "feature_extractor" in inspect.signature(make).parameters
}
"""The trackers that ask an extractor."""

looking = pytest.mark.parametrize("make", LOOKING.values(), ids=list(LOOKING))


def out_of_memory(vectors: Any) -> Any:
    raise MemoryError("no memory left for the batch")


def broken_model(vectors: Any) -> Any:
    raise RuntimeError("the model is broken")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (out_of_memory, MemoryError),
        (broken_model, RuntimeError),
        (lambda vectors: vectors[1:], ValueError),
        (lambda vectors: np.ones((len(vectors), 3)), ValueError),
        (lambda vectors: [["a"]] * len(vectors), TypeError),
    ],
    ids=["out of memory", "exception", "too few rows", "another length", "no numbers"],
)
@looking
@pytest.mark.parametrize("again", [True, False], ids=["frame again", "frame skipped"])
def test_an_extractor_that_fails_on_one_frame_changes_nothing(
    make: Make, fault: Callable[[Any], Any], error: type[Exception], again: bool
) -> None:
    cameras = np.tile(np.eye(3), (30, 1, 1))
    cameras[:, :2, 2] = np.random.default_rng(0).normal(0, 2, (30, 2))
    tracker = make(feature_extractor=Flaky(fault), camera_motion=cameras)
    twin = make(feature_extractor=Flaky(), camera_motion=cameras)
    failures = 0
    for number, detections in enumerate(frames()):
        before = tracker.state_dict()
        try:
            output = tracker.update(detections, PICTURE, timestamp=number / 30).tracker_id
        except error:
            failures += 1
            assert same(tracker.state_dict(), before)
            if not again:
                tracker.skip(timestamp=number / 30)
                twin.skip(timestamp=number / 30)
                continue
            output = tracker.update(detections, PICTURE, timestamp=number / 30).tracker_id
        expected = twin.update(detections, PICTURE, timestamp=number / 30).tracker_id
        assert np.asarray(output).tolist() == np.asarray(expected).tolist()
    assert failures == 1
    assert tracker.total_confirmed >= 4


@looking
def test_an_extractor_that_returns_nan_on_one_frame_does_not_count_there(make: Make) -> None:
    """Boxes that stand apart keep their ids without appearance, and nothing of the NaN is kept."""
    tracker = make(feature_extractor=Flaky(lambda vectors: np.full_like(vectors, np.nan)), minimum_consecutive_frames=1)
    boxes = np.array([[200.0 * i, 100.0, 200.0 * i + 40.0, 190.0] for i in range(4)])
    for _ in range(2 * FAULTY):
        detections = sv.Detections(boxes, confidence=np.full(4, 0.9), data={"vectors": np.eye(4)})
        assert np.asarray(tracker.update(detections, PICTURE).tracker_id).tolist() == [1, 2, 3, 4]
    for track, embedding in zip(tracker.tracks, np.eye(4), strict=True):
        assert track.vector == pytest.approx(embedding)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_stops_the_writing_and_not_the_tracker(make: Make, tmp_path: Path) -> None:
    (tmp_path / "full.txt").symlink_to("/dev/full")
    tracker, twin, failures = make(), make(), 0
    with ResultWriter(tmp_path / "full.txt", overwrite=True) as writer:
        for number, detections in enumerate(walkers(), start=1):
            tracked = tracker.update(detections)
            try:
                writer.write(number, tracked)
            except OSError as error:
                failures += "No space left" in str(error)
            expected = twin.update(detections).tracker_id
            np.testing.assert_array_equal(np.asarray(tracked.tracker_id), np.asarray(expected))
    assert failures > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize("count", [5, 80], ids=["noticed at the end", "noticed on the way"])
def test_a_video_on_a_full_disk_is_an_error_and_no_crash(tmp_path: Path, ending: str, count: int) -> None:
    pytest.importorskip("av")
    path, rng = tmp_path / f"full{ending}", np.random.default_rng(0)
    path.symlink_to("/dev/full")
    writer = VideoWriter(path, frame_rate=25, overwrite=True)

    def record() -> None:
        with writer:
            for _ in range(count):
                writer.write(rng.integers(0, 255, (120, 160, 3), np.uint8))

    with pytest.raises(OSError, match=rf"No space left.*full\{ending}"):
        record()
    with pytest.raises(ValueError, match="is closed"):
        writer.write(PICTURE)
    writer.close()


@pytest.mark.parametrize("share", [0.4, 0.75, 0.97])
@pytest.mark.parametrize("ending", [".mkv", ".avi"])
def test_a_video_that_ends_in_the_middle_of_a_frame_is_tracked_up_to_there(
    tmp_path: Path, ending: str, share: float
) -> None:
    pytest.importorskip("av")
    scene, path = Scene(size=(320, 180), length=60, figures=4), tmp_path / f"video{ending}"
    with VideoWriter(path, frame_rate=25) as writer:
        for frame in scene.frames():
            writer.write(frame)

    def tracked() -> list[list[int]]:
        tracker = DeepSORTTracker(StripeFeatureExtractor(), minimum_consecutive_frames=2)
        outputs = []
        for number, image in open_source(path):
            detections = scene.detections(number - 1)
            detections.data.pop("embedding", None)
            outputs.append(np.asarray(tracker.update(detections, image).tracker_id).tolist())
        return outputs

    whole = tracked()
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    cut = tracked()
    assert 5 < len(cut) < len(whole) == 60
    assert cut[:-1] == whole[: len(cut) - 1]  # the picture of the last frame may be damaged


def test_a_video_that_lost_its_table_of_contents_is_named(tmp_path: Path) -> None:
    """A finished MP4 has it at its end; cut off, there is nothing to decode by."""
    pytest.importorskip("av")
    path = tmp_path / "video.mp4"
    with VideoWriter(path, frame_rate=25) as writer:
        for frame in Scene(size=(320, 180), length=40, figures=2).frames():
            writer.write(frame)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"video\.mp4 cannot be opened as a video"):
        list(open_source(path))
