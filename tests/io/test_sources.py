"""Whatever a source is called, it is opened, or refused in a sentence that is true; and nothing tells a password."""

from __future__ import annotations

import functools
import http.server
import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from trackers.io import VideoWriter, open_source
from trackers.io.frames import kind_of
from trackers.io.source import Timeline, without_password

pytest.importorskip("av", reason="PyAV is not installed")

NAMES = (
    *("clip.mp4", "CLIP.MP4", "12:30.mp4", "a b (1).mp4", "café ü 視頻.mp4", "50%.mp4", "a#b?c=1.mp4", "it's.mp4"),
    *("[1].mp4", "-clip.mp4", "~.mp4", "a,b.mp4", "rtsp.mp4", "file:x.mp4", "0.mp4", "clip", "007"),
)
"""Names a video may have."""


def write_video(path: Path, count: int = 3) -> Path:
    with VideoWriter(path.with_name("made.mp4"), frame_rate=25) as writer:
        for i in range(count):
            writer.write(np.full((48, 64, 3), 60 * i, np.uint8))
    return path.with_name("made.mp4").rename(path)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files whatever query follows."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    write_video(tmp_path / "clip.mp4")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


SPELLINGS: dict[str, Callable[[Path], str]] = {
    "relative": lambda path: path.name,
    "with a dot": lambda path: f"./{path.name}",
    "absolute": str,
    "file:": lambda path: f"file:{path}",
    "a URL": lambda path: path.resolve().as_uri(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_video_by_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, spelling: str) -> None:
    monkeypatch.chdir(tmp_path)
    source = SPELLINGS[spelling](write_video(tmp_path / name))
    assert kind_of(source) == "path"
    assert [number for number, _ in open_source(source)] == [1, 2, 3]


@pytest.mark.parametrize("name", NAMES)
def test_an_output_by_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if not name.lower().endswith(".mp4"):
        pytest.skip("the ending chooses the container")
    monkeypatch.chdir(tmp_path)
    with VideoWriter(name, frame_rate=25) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("query", ["", "?token=x", "?a=1&b=%20c#start", "?file=other.mp4"])
@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_a_query_is_part_of_an_address(served: str, scheme: str, query: str) -> None:
    source = open_source(f"{scheme}://{served}/clip.mp4{query}")
    assert [number for number, _ in source] == [1, 2, 3]
    assert not source.live


@pytest.mark.parametrize("password", ["secret", "sec@ret", "se:cr@et", "s%40t"])
def test_nobody_tells_a_password(served: str, password: str, caplog: pytest.LogCaptureFixture) -> None:
    url = f"http://me:{password}@{served}/no.mp4"
    with pytest.raises(ValueError, match=r"://me:\*\*\*@127") as refused:
        open_source(url)
    assert password not in str(refused.value) + caplog.text
    assert without_password(f"clips/{password}.mp4") == f"clips/{password}.mp4"
    assert without_password("http://host:8080/a@b:c.mp4") == "http://host:8080/a@b:c.mp4"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/dev/video97", "no such device: /dev/video97"),
        ("no.mp4", "no such video or folder: no.mp4"),
        ("no/*.png", r"no such video or folder: no/\*\.png"),
        ("file:///no/such.mp4", "no such video or folder"),
        ("²", "no such video or folder"),
        ("", "no images|no such"),
    ],
)
def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        open_source(name)


def test_a_stream_with_a_query_that_nobody_serves() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"rtsp://127.0.0.1:{free.getsockname()[1]}/cam?channel=1&subtype=0"
    with pytest.raises(ValueError, match=r"cam\?channel=1&subtype=0 cannot be opened as a video"):
        open_source(address)


def pictures(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        Pillow.fromarray(np.full((8, 8, 3), i, np.uint8)).save(folder / name)
    return folder


@pytest.mark.parametrize(
    "names",
    [("1.png", "1.jpg"), ("a.png", "a.bmp"), ("000002.png", "2.png"), ("img_01.png", "img_1.png")],
)
@pytest.mark.parametrize("source", ["{}", "{}/*", "{}/.."])
def test_two_pictures_of_one_frame(tmp_path: Path, names: tuple[str, str], source: str) -> None:
    folder = pictures(tmp_path / "seq" / "img1", *names)
    if source.endswith(".."):
        (tmp_path / "seq" / "seqinfo.ini").write_text("[Sequence]\n")
    with pytest.raises(ValueError, match="are both image") as refused:
        open_source(source.format(folder))
    for name in names:
        assert name in str(refused.value)


def test_a_pattern_chooses_among_pictures_of_one_frame(tmp_path: Path) -> None:
    pictures(tmp_path, "1.png", "1.jpg", "2.png", "2.jpg")
    assert [number for number, _ in open_source(tmp_path / "*.png")] == [1, 2]


def test_cameras_in_folders_of_their_own_may_have_the_same_names(tmp_path: Path) -> None:
    for camera in "ab":
        pictures(tmp_path / camera, "1.png", "2.png")
    assert [number for number, _ in open_source(tmp_path / "*" / "*.png")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["frame_000000.png", "frame_000001.png", "frame_000002.png"], None),
        (["frame_000000.png", "frame_000005.png", "frame_000010.png"], None),
        (["cam1_7.png", "cam1_8.png"], None),
        (["frame_1.png", "frame_2.png", "frame_4.png"], "image 3 is missing"),
        (["frame_1.png", "frame_2.png", "frame_02.jpg"], "both image"),
        (["0.png", "1.png"], "numbered from 0, but the rows of MOT text from 1. Rename"),
        (["3.png", "4.png"], "numbered from 3, but the rows of MOT text from 1, and images before 3 are missing"),
    ],
)
def test_images_of_a_sequence_are_numbered_by_their_names(
    tmp_path: Path, names: list[str], message: str | None
) -> None:
    pictures(tmp_path / "img1", *names)
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\n")
    if message is None:
        assert len(list(open_source(tmp_path))) == len(names)
        return
    with pytest.raises(ValueError, match=message):
        open_source(tmp_path)


def test_a_pipe_goes_by_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert kind_of(tmp_path / "pipe") == "pipe"


times = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(0.0)), min_size=1, max_size=40)


@given(stated=times, rate=st.floats(0.5, 240))
def test_times_grow_whatever_a_source_tells(stated: list[float | None], rate: float) -> None:
    timeline = Timeline(rate)
    found = [timeline.next(one) for one in stated]
    assert all(after > before for before, after in itertools.pairwise(found))


@pytest.mark.parametrize("silent", [1, 2, 40])
def test_zeros_between_times_are_no_outage(silent: int) -> None:
    """Cameras whose driver tells 0 for a while, and then goes on where it was."""
    timeline, start = Timeline(30.0, tick=1e-6), 326.0
    stated = [start + i / 30 for i in range(3)] + [0.0] * silent + [start + (3 + silent + i) / 30 for i in range(3)]
    assert np.allclose(np.diff([timeline.next(one) for one in stated]), 1 / 30)


def test_a_source_that_begins_anew_goes_on(tmp_path: Path) -> None:
    timeline = Timeline(10.0, tick=1e-3)
    stated = [500.0, 500.1, 0.0, 0.1, 0.5, 0.6]
    assert [timeline.next(one) for one in stated] == pytest.approx([500.0, 500.1, 500.2, 500.3, 500.7, 500.8])


def test_a_pipe_that_brings_nothing_is_called_by_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(b""), daemon=True).start()
    with pytest.raises(ValueError, match=r"pipe cannot be opened as a video: (?!.*file:)"):
        open_source(tmp_path / "pipe")


def test_an_address_that_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trackers.io.streams.STALLED", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ValueError, match=r"nothing came within 0\.3 s"):
        open_source(f"udp://127.0.0.1:{port}")


@pytest.mark.parametrize("name", ["cover.png", "thumb_1.jpg", "zz.bmp", "0_mask.png"])
def test_a_picture_without_a_number_is_no_frame_of_a_sequence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    pictures(tmp_path / "img1", "000001.png", "000002.png", "000003.png", name)
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nseqLength=3\n")
    assert [frame.image[0, 0, 0] for frame in open_source(tmp_path)] == [0, 1, 2]
    assert f"{name} left out" in caplog.text
    assert len(list(open_source(tmp_path / "img1"))) == 4, "of a plain folder every picture is one"


def test_images_that_are_missing_at_the_end_are_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pictures(tmp_path / "img1", "000001.png", "000002.png")
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nseqLength=9\n")
    assert len(list(open_source(tmp_path))) == 2
    assert "ended with frame 2 of 9" in caplog.text
