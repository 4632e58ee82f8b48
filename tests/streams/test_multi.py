"""Many streams: each as its tracker alone, all networks in one batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from trackers import (
    DeepSORTTracker,
    MultiStreamTracker,
    SORTTracker,
    SteadySORTTracker,
    StripeFeatureExtractor,
)
from trackers.core.base import Tracker
from trackers.sample import FigureDetector, Scene
from trackers.streams.together import StreamFrame, update_together

Frames = list[tuple[sv.Detections, Any]]
NAMES = ("door", "yard", "hall")
BOX = np.array([[0.0, 0.0, 9.0, 9.0]])


@pytest.fixture(scope="module")
def clips() -> dict[str, Frames]:
    scene = Scene()
    detector = FigureDetector().fit(scene.frame(i) for i in range(0, len(scene), len(scene) // 20))
    frames = [(detector(image), image) for image in (scene.frame(i) for i in range(60))]
    return {"door": frames[:30], "yard": frames[20:50], "hall": frames[30:]}


class BatchingStripes(StripeFeatureExtractor):
    """Counts the passes of a network that takes `batch_size` crops."""

    def __init__(self, batch_size: int = 8) -> None:
        self.batch_size, self.passes, self.crops = batch_size, 0, 0

    def extract_batch(self, frames: Sequence[Any], detections: Sequence[sv.Detections]) -> list[npt.NDArray[Any]]:
        count = sum(map(len, detections))
        self.crops += count
        self.passes += math.ceil(count / self.batch_size)
        return [super(BatchingStripes, self).extract_features(*one) for one in zip(frames, detections, strict=True)]

    def extract_features(self, frame: Any, detections: sv.Detections) -> npt.NDArray[Any]:
        return self.extract_batch([frame], [detections])[0]


def makers(extractor: Any) -> dict[str, Callable[[], Tracker[Any]]]:
    return {
        "door": lambda: DeepSORTTracker(extractor, embed="ambiguous"),
        "yard": lambda: SteadySORTTracker(extractor, high_confidence_threshold=0.6),
        "hall": lambda: DeepSORTTracker(extractor),
    }


def test_ids_are_those_of_a_tracker_alone_and_boxes_go_in_one_batch(clips: dict[str, Frames]) -> None:
    shared = BatchingStripes()
    streams = MultiStreamTracker(lambda name: makers(shared)[name]())
    alone = {name: make() for name, make in makers(StripeFeatureExtractor()).items()}
    for number in range(30):
        before = shared.passes, shared.crops
        tracked = streams.update({name: clips[name][number] for name in NAMES})
        assert list(tracked) == list(NAMES)
        assert shared.passes - before[0] == math.ceil((shared.crops - before[1]) / shared.batch_size)
        for name, tracker in alone.items():
            expected = tracker.update(*clips[name][number])
            np.testing.assert_array_equal(tracked[name].tracker_id, expected.tracker_id)
            np.testing.assert_array_equal(tracked[name].xyxy, expected.xyxy)
    assert all(tracker.total_confirmed > 1 for tracker in streams.trackers.values())


@given(st.lists(st.sets(st.sampled_from(NAMES)), max_size=12), st.sampled_from([None, 5]))
@settings(max_examples=15, deadline=None)
def test_streams_come_and_go(clips: dict[str, Frames], rounds: list[set[str]], removed_after: int | None) -> None:
    extractor = StripeFeatureExtractor()
    streams = MultiStreamTracker(lambda _: SteadySORTTracker(extractor))
    alone: dict[str, tuple[Tracker[Any], int]] = {}
    for number, names in enumerate(rounds):
        if number == removed_after and "door" in alone:
            del alone["door"]
            streams.remove("door")
        alone |= {name: (SteadySORTTracker(extractor), 0) for name in names if name not in alone}
        tracked = streams.update({name: clips[name][alone[name][1]] for name in sorted(names)})
        assert set(tracked) == names
        for name in names:
            tracker, place = alone[name]
            expected = tracker.update(*clips[name][place])
            np.testing.assert_array_equal(tracked[name].tracker_id, expected.tracker_id)
            alone[name] = tracker, place + 1
    assert set(streams.trackers) == set(alone)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda detections, image: (detections, image.astype(float)),
        lambda detections, image: (detections, None),
        lambda detections, image: (np.zeros((3, 4)), image),
        lambda detections, image: (detections, image, 1),
        lambda detections, image: (
            sv.Detections(xyxy=np.ones((2, 4)) * [0, 0, 9, 9], data={"embedding": np.ones((2, 3))}),
            image,
        ),
    ],
)
def test_a_bad_frame_is_the_trouble_of_its_stream_alone(
    clips: dict[str, Frames], spoil: Callable[[Any, Any], Any]
) -> None:
    shared = BatchingStripes()
    streams = MultiStreamTracker(lambda name: SteadySORTTracker(shared))
    alone = {name: SteadySORTTracker(StripeFeatureExtractor()) for name in NAMES}
    for number in range(6):
        frames: dict[str, Any] = {name: clips[name][number] for name in NAMES}
        if number == 3:
            frames["yard"] = spoil(*frames["yard"])
            before = repr(streams.trackers["yard"].state_dict())
            tracked = streams.update(frames, on_error="skip")
            assert list(tracked) == ["door", "hall"]
            assert list(streams.errors) == ["yard"]
            assert repr(streams.trackers["yard"].state_dict()) == before
        else:
            tracked = streams.update(frames)
            assert streams.errors == {}
        for name in tracked:
            expected = alone[name].update(*clips[name][number])
            np.testing.assert_array_equal(tracked[name].tracker_id, expected.tracker_id)


def test_errors_are_raised_at_the_end_by_default(clips: dict[str, Frames]) -> None:
    streams = MultiStreamTracker(lambda _: DeepSORTTracker(StripeFeatureExtractor()))
    with pytest.raises(ValueError, match="expected the frame"):
        streams.update({"door": clips["door"][0][0], "yard": clips["yard"][0]})
    assert list(streams.tracked) == ["yard"]
    assert list(streams.errors) == ["door"]


def test_time_is_each_streams_own(clips: dict[str, Frames]) -> None:
    streams = MultiStreamTracker(lambda _: SORTTracker(), on_error="skip")
    pair: dict[str, Any] = {name: clips[name][0][0] for name in ("door", "yard")}
    streams.update(pair, timestamps={"door": 1.0, "yard": 5.0})
    assert list(streams.update(pair, timestamps={"door": 1.1, "yard": 4.0})) == ["door"]
    assert list(streams.update(pair, timestamps=6.0)) == ["door", "yard"]
    assert streams.update({"door": None}, timestamps=7.0)["door"].tracker_id.shape == (0,)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="'attic'"):
        streams.update(pair, timestamps={"attic": 1.0})


def test_state_of_all_streams(clips: dict[str, Frames], tmp_path: Path) -> None:
    extractor = StripeFeatureExtractor()

    def make(name: str) -> Tracker[Any]:
        return makers(extractor)["hall" if name == "array" else name]()

    names = {"array": "hall", "door": "door"}
    streams = MultiStreamTracker(make)
    for number in range(15):
        streams.update({name: clips[clip][number] for name, clip in names.items()})
    streams.save(tmp_path / "streams.npz")
    again = MultiStreamTracker.load(tmp_path / "streams.npz", make)
    for number in range(15, 30):
        frames: dict[str, Any] = {name: clips[clip][number] for name, clip in names.items()}
        for name, detections in streams.update(frames).items():
            np.testing.assert_array_equal(detections.tracker_id, again.update({name: frames[name]})[name].tracker_id)
    before = repr(again.state_dict())
    for wrong in ({}, {**streams.state_dict(), "names": ["door", "array"]}):
        with pytest.raises(ValueError, match="expected"):
            again.load_state_dict(wrong)
    assert repr(again.state_dict()) == before


def test_what_cannot_work_is_refused() -> None:
    with pytest.raises(TypeError, match="function"):
        MultiStreamTracker(SORTTracker())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="on_error"):
        MultiStreamTracker(lambda _: SORTTracker(), on_error="ignore")
    one = SORTTracker()
    nothing: dict[str, Any] = {"door": sv.Detections.empty(), "yard": sv.Detections.empty()}
    with pytest.raises(ValueError, match="new tracker for each"):
        MultiStreamTracker(lambda _: one).update(nothing)
    with pytest.raises(TypeError, match="must return a tracker"):
        MultiStreamTracker(lambda _: None).update(nothing)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="no stream 'door'"):
        MultiStreamTracker(lambda _: SORTTracker()).remove("door")
    assert MultiStreamTracker(lambda _: SORTTracker()).update({}) == {}


@pytest.mark.parametrize("name", NAMES)
def test_frames_of_one_tracker_are_embedded_together(name: str, clips: dict[str, Frames]) -> None:
    shared = BatchingStripes(batch_size=1000)
    tracker, alone = makers(shared)[name](), makers(StripeFeatureExtractor())[name]()
    for start in range(0, 30, 6):
        frames = [StreamFrame(tracker, *one) for one in clips[name][start : start + 6]]
        update_together(frames)
        for one, given_frame in zip(frames, clips[name][start : start + 6], strict=True):
            assert one.tracked is not None
            np.testing.assert_array_equal(one.tracked.tracker_id, alone.update(*given_frame).tracker_id)
    assert (shared.passes == 5) == (name != "door")  # which boxes are in doubt, the tracks tell
