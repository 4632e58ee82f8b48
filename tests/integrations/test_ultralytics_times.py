"""`model.track` on video files: their own times count where the rate varies, and nothing changes where it does not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

pytest.importorskip("ultralytics")
av = pytest.importorskip("av")

from tests.integrations.test_ultralytics import OPTIONS, ids_of, untrained  # noqa: E402
from trackers.io.streams import presentation_times  # noqa: E402
from trackers.sample import Scene  # noqa: E402

FRAME = Scene(seed=3, size=(320, 240), length=1).frame(0)
EVEN = [i / 30 for i in range(24)]
AWAY = [*EVEN[:15], *(60.0 + time for time in EVEN[:16])]
"""A minute without a frame: whoever was there is gone."""


@pytest.fixture(scope="module")
def model() -> Any:
    return untrained("yolo11n.yaml")


def video(path: Path, times: list[float], rate: int = 30) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = FRAME.shape[1], FRAME.shape[0], "yuv420p"
        base = Fraction(1, 1000) if path.suffix == ".mkv" else Fraction(1, 90000)
        stream.codec_context.time_base = base
        for time in times:
            frame = av.VideoFrame.from_ndarray(FRAME, format="bgr24")
            frame.pts, frame.time_base = round(time / base), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def last_ids(model: Any, source: Path, yaml: str = "sort.yaml", **options: Any) -> list[int]:
    found = [ids_of(result) for result in model.track(str(source), tracker=yaml, **OPTIONS, **options)]
    assert found[-1]
    return found[-1]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_the_times_are_those_of_the_file(tmp_path: Path, ending: str) -> None:
    for times in (EVEN, AWAY):
        path = video(tmp_path / f"clip{ending}", times)
        stated = list(presentation_times(str(path)))
        assert np.allclose(np.diff(stated), np.diff(times), atol=2e-3)


def test_a_file_without_times_or_that_is_none_tells_none(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    for path in (video(tmp_path / "clip.avi", EVEN), tmp_path / "text.mp4", tmp_path / "missing.mp4"):
        assert list(presentation_times(str(path))) == []


@pytest.mark.parametrize("options", [{}, {"vid_stride": 3}, {"batch": 4}], ids=str)
def test_an_outage_counts(model: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    even, away = (last_ids(model, video(tmp_path / f"{len(t)}{t[-1]}.mp4", t), **options) for t in (EVEN, AWAY))
    assert max(even) == len(even)
    assert min(away) > max(even), "after a minute they are others"


def test_a_rate_that_somebody_set_goes_first(model: Any, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("tracker_type: sort\nframe_rate: 30\n")
    found = last_ids(model, video(tmp_path / "away.mp4", AWAY), str(tmp_path / "own.yaml"))
    assert max(found) == len(found)


@pytest.mark.parametrize("batch", [1, 5])
def test_an_even_video_counts_frames_as_before(model: Any, tmp_path: Path, batch: int) -> None:
    last_ids(model, video(tmp_path / "even.mp4", EVEN), batch=batch)
    tracker = model.predictor.trackers[0]
    assert tracker.state_dict()["timed"] is False
    tracker.update(sv.Detections.empty())


def test_the_next_file_has_a_rate_and_times_of_its_own(model: Any, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    video(tmp_path / "clips" / "a.mp4", AWAY)
    video(tmp_path / "clips" / "b.mp4", [i / 10 for i in range(12)], rate=10)
    found = last_ids(model, tmp_path / "clips")
    tracker = model.predictor.trackers[0]
    assert max(found) == len(found), "ids start anew"
    assert tracker.frame_rate == pytest.approx(10, rel=0.1)
    assert tracker.state_dict()["timed"] is False


def test_frames_after_a_video_go_on(model: Any, tmp_path: Path) -> None:
    for times in (EVEN, AWAY):
        known = last_ids(model, video(tmp_path / "clip.mp4", times))
        for _ in range(3):
            result = model.track(FRAME, tracker="sort.yaml", persist=True, **OPTIONS)[0]
        assert set(ids_of(result) or ()) >= set(known[:1])
