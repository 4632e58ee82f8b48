"""Whatever is taken for a frame is drawn, written and shown; what is none is refused in the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from PIL import Image as Pillow

from tests.io.test_kinds import FRAME, REFUSED, TAKEN
from trackers.io import open_source
from trackers.pipeline.draw import ANNOTATORS, Drawing, make_annotator
from trackers.pipeline.report.pictures import take_pictures
from trackers.pipeline.track import TrackedFrame, run
from trackers.table import BoxTable

pytest.importorskip("av", reason="PyAV is not installed")

BOX = sv.Detections(xyxy=np.array([[10.0, 20, 50, 100]]), confidence=np.array([0.9]), tracker_id=np.array([1]))
NOTHING = sv.Detections(np.empty((0, 4)), tracker_id=np.empty(0, np.int64))
ROW = BoxTable.from_rows(frame=[1], tracker_id=[1], xywh=np.array([[10.0, 20, 40, 80]]), confidence=[1.0])


def drawn(frame: Any, _: Path) -> tuple[int, ...]:
    picture = make_annotator(Drawing(), (200, 120))(frame, BOX)
    assert (picture != 0).any()
    return picture.shape


def written(frame: Any, folder: Path) -> tuple[int, ...]:
    run(iter([TrackedFrame(1, FRAME, BOX), TrackedFrame(2, frame, BOX)]), [folder / "out.mp4"])
    return [image for _, image in open_source(folder / "out.mp4")][1].shape


def shown(frame: Any, _: Path) -> tuple[int, ...]:
    pictures = take_pictures([(1, frame)], ROW, 1)
    assert pictures.stills.keys() == {1}
    assert pictures.crops.keys() == {1}
    return (pictures.size[1], pictures.size[0], 3)


DOORS: dict[str, Callable[[Any, Path], tuple[int, ...]]] = {"annotator": drawn, "video": written, "report": shown}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", [*TAKEN, *REFUSED])
def test_a_frame_is_drawn_or_refused(tmp_path: Path, door: str, kind: str) -> None:
    if kind in TAKEN:
        assert DOORS[door](TAKEN[kind], tmp_path) == (120, 200, 3)
    else:
        with pytest.raises((TypeError, ValueError), match="expected a frame"):
            DOORS[door](REFUSED[kind], tmp_path)


@pytest.mark.parametrize("name", ANNOTATORS)
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (7, 201), (201, 33)])
def test_every_annotator_draws_on_frames_of_odd_sizes(name: str, size: tuple[int, int]) -> None:
    frame = np.full((size[1], size[0], 3), 90, np.uint8)
    before = frame.copy()
    annotate = make_annotator(Drawing(annotators=[name]), size)
    for boxes in (BOX, NOTHING, sv.Detections(np.array([[-5.0, -5, 500, 500]]), tracker_id=np.array([2]))):
        assert annotate(frame, boxes).shape == frame.shape
    np.testing.assert_array_equal(frame, before)


@pytest.mark.parametrize(("size", "even"), [((33, 17), (34, 18)), ((32, 17), (32, 18)), ((2, 2), (2, 2))])
def test_a_video_of_odd_sides_is_a_pixel_larger(tmp_path: Path, size: tuple[int, int], even: tuple[int, int]) -> None:
    grey = np.full(size[::-1], 90, np.uint8)
    run(iter([TrackedFrame(i, grey, NOTHING) for i in (1, 2)]), [tmp_path / "out.mp4"])
    assert [image.shape[1::-1] for _, image in open_source(tmp_path / "out.mp4")] == [even] * 2


@pytest.mark.parametrize("mode", ["I;16", "F", "L", "LA", "RGBA", "P", "1"])
def test_pictures_of_every_depth_are_tracked_and_drawn(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(0.0, 1.0, 65), (49, 1))
    values: dict[str, Any] = {"I;16": (65535 * ramp).astype(np.uint16), "F": ramp.astype(np.float32)}
    picture = Pillow.fromarray(values.get(mode, (255 * ramp).astype(np.uint8)))
    picture = picture if mode in values else picture.convert("RGB").convert(mode)
    (tmp_path / "frames").mkdir()
    for number in (1, 2, 3):
        picture.save(tmp_path / "frames" / f"{number}.{'tif' if mode == 'F' else 'png'}")
    frames = [TrackedFrame(number, image, NOTHING) for number, image in open_source(tmp_path / "frames")]
    run(iter(frames), [tmp_path / "out.mp4"])
    video = [image for _, image in open_source(tmp_path / "out.mp4")]
    assert len(video) == 3
    assert abs(int(video[1].mean()) - int(frames[1].image.mean())) < 4  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "options",
    [{"annotators": ["3"]}, {"annotators": "box"}, {"trace_length": 0}, {"thickness": -1}, {"thickness": float("nan")}],
    ids=str,
)
def test_what_cannot_be_drawn_is_refused_when_it_is_asked_for(options: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=r"unknown annotator|trace_length|thickness"):
        Drawing(**options)
