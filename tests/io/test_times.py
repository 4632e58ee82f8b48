"""A frame has a time: that of the video, of the rate, or of the clock, whatever it comes from."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from PIL import Image as Pillow

from tests.contract.conftest import same, walkers
from trackers import OCSORTTracker
from trackers.io import SourceFrame, open_source
from trackers.io.source import Timeline
from trackers.pipeline.track import track_frames

av = pytest.importorskip("av", reason="PyAV is not installed")


def video(path: Path, times: list[float], base: Fraction | None = None, rate: float = 30.0) -> Path:
    """A video whose frames have the given times, in a time base that may be coarse."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        base = base or Fraction(1, 90000)
        stream.codec_context.time_base = base
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 3 * i % 255, np.uint8), format="bgr24")
            frame.pts, frame.time_base = round(time / base), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("rate", [5, 15, 25, 30000 / 1001, 30, 60])
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".ts", ".avi"])
def test_a_video_of_constant_rate_gives_the_ids_of_a_run_without_times(
    tmp_path: Path, ending: str, rate: float
) -> None:
    base = Fraction(1, 1000) if ending == ".mkv" else 1 / Fraction(rate).limit_denominator(1001)
    path = video(tmp_path / f"clip{ending}", [i / rate for i in range(24)], base, rate)
    source = open_source(path)
    assert source.frame_rate == pytest.approx(rate, rel=1e-2)
    steps = np.diff([frame.time for frame in source])
    assert np.allclose(steps, 1 / source.frame_rate, atol=1e-9)

    frames = list(walkers(24, missed=0.3))
    timed, plain = (OCSORTTracker(frame_rate=source.frame_rate) for _ in range(2))
    found = [frame.detections.tracker_id for frame in track_frames(source, lambda n, _: frames[n - 1], timed)]
    for one, frame in zip(found, frames, strict=True):
        np.testing.assert_array_equal(one, plain.update(frame).tracker_id)
    assert same(timed.state_dict()["tracks"], plain.state_dict()["tracks"])


def test_a_video_of_varying_rate_has_its_own_times(tmp_path: Path) -> None:
    times = [i / 30 for i in range(10)] + [1 + i / 2 for i in range(10)]
    source = open_source(video(tmp_path / "phone.mp4", times, Fraction(1, 1000)))
    assert [frame.time for frame in source] == pytest.approx(times, abs=0.02)
    assert [frame.time for frame in open_source(tmp_path / "phone.mp4", frame_rate=10)] == pytest.approx(
        [i / 10 for i in range(20)]
    ), "a rate that is given goes first"


def test_folders_follow_their_rate(tmp_path: Path) -> None:
    folder = tmp_path / "seq" / "img1"
    folder.mkdir(parents=True)
    for i in range(1, 5):
        Pillow.fromarray(np.zeros((24, 32, 3), np.uint8)).save(folder / f"{i:06d}.png")
    (tmp_path / "seq" / "seqinfo.ini").write_text("[Sequence]\nframeRate=14\nseqLength=4\n")
    for source, rate in ((folder, 30.0), (tmp_path / "seq", 14.0)):
        assert [frame.time for frame in open_source(source)] == pytest.approx([i / rate for i in range(4)])


def test_a_frame_is_a_number_and_an_image(tmp_path: Path) -> None:
    for number, image in open_source(video(tmp_path / "a.mp4", [0, 1 / 30])):
        assert number in (1, 2)
        assert image.shape == (48, 64, 3)


def test_a_lost_frame_is_a_skipped_one_with_a_time() -> None:
    frames = list(walkers(12))
    lost = {1, 2, 6, 7}
    timeline = Timeline(30.0)
    source = open_numbers([n for n in range(1, 13) if n not in lost], timeline)
    timed, plain = OCSORTTracker(), OCSORTTracker()
    for _ in track_frames(source, lambda n, _: frames[n - 1], timed):
        pass
    for n, frame in enumerate(frames, start=1):
        if n in lost:
            plain.skip()
        else:
            plain.update(frame)
    assert same(timed.state_dict()["tracks"], plain.state_dict()["tracks"])


def open_numbers(numbers: list[int], timeline: Timeline) -> list[SourceFrame]:
    times = {n: timeline.next(None) for n in range(1, 13)}
    return [SourceFrame.at(times[n], n, np.zeros((4, 4, 3), np.uint8)) for n in numbers]


def test_the_clock_bridges_what_the_source_cannot_tell() -> None:
    timeline = Timeline(10.0, tick=0.001)
    assert [timeline.next(t) for t in (5.0, 5.1)] == pytest.approx([5.0, 5.1])
    timeline.bridge(60.0)
    assert [timeline.next(t) for t in (0.0, 0.1)] == pytest.approx([65.1, 65.2])


def test_times_that_jump_back_go_on_a_frame_later() -> None:
    timeline = Timeline(10.0)
    assert [timeline.next(t) for t in (0.0, 0.1, 0.05, 0.15, 0.15, None)] == pytest.approx(
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    )


def test_detections_of_an_outage_start_anew() -> None:
    box = sv.Detections(xyxy=np.array([[10.0, 20, 50, 120]]), confidence=np.array([0.9]))
    timeline, tracker = Timeline(30.0), OCSORTTracker(minimum_consecutive_frames=1)
    assert np.asarray(tracker.update(box, timestamp=timeline.next(None)).tracker_id).tolist() == [1]
    timeline.bridge(30.0)
    assert np.asarray(tracker.update(box, timestamp=timeline.next(None)).tracker_id).tolist() == [2]
