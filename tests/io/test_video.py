"""Frames in and out: real files, real sockets."""

from __future__ import annotations

import functools
import http.server
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from trackers.boxes import Image
from trackers.io import VideoWriter, open_source

pytest.importorskip("av", reason="PyAV is not installed")


def picture(number: int, size: tuple[int, int] = (64, 48)) -> Image:
    """A frame whose grey level tells its number."""
    return np.full((size[1], size[0], 3), 12 * number, np.uint8)


def number_of(image: Image) -> int:
    return round(float(image.mean()) / 12)


def make_video(path: Path, count: int = 20, **options: object) -> Path:
    with VideoWriter(path, frame_rate=25, **options) as writer:  # type: ignore[arg-type]
        for number in range(1, count + 1):
            writer.write(picture(number))
    return path


def make_images(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True)
    for number, name in enumerate(names, start=1):
        Pillow.fromarray(picture(number)[:, :, ::-1]).save(folder / name)
    return folder


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.avi", "out.mov"])
def test_what_is_written_is_read_back_frame_by_frame(tmp_path: Path, name: str) -> None:
    source = open_source(make_video(tmp_path / name))
    assert source.frame_rate == 25
    assert source.frame_count in (20, None)
    frames = list(source)
    assert [number for number, _ in frames] == list(range(1, 21))
    assert [number_of(image) for _, image in frames] == list(range(1, 21))
    assert source.faults.broken_frames == 0


def test_frames_are_decoded_one_at_a_time_and_again(tmp_path: Path) -> None:
    source = open_source(make_video(tmp_path / "out.mp4"))
    first = iter(source)
    assert next(first)[0] == 1
    assert next(first)[0] == 2
    assert len(list(source)) == 20


def test_odd_sizes_and_a_frame_that_changes_size(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "odd.mp4", frame_rate=10) as writer:
        writer.write(picture(1, (63, 47)))
        writer.write(picture(2, (126, 94)))
    shapes = [image.shape for _, image in open_source(tmp_path / "odd.mp4")]
    assert shapes == [(48, 64, 3)] * 2


def test_images_in_natural_order_in_bgr(tmp_path: Path) -> None:
    folder = make_images(tmp_path / "pictures", ["1.png", "2.png", "10.png"])
    Pillow.new("RGB", (4, 4), (255, 0, 0)).save(folder / "11.png")
    (folder / "notes.txt").touch()
    source = open_source(folder, frame_rate=5)
    assert (source.frame_count, source.frame_rate) == (4, 5)
    images = [image for _, image in source]
    assert [number_of(image) for image in images[:3]] == [1, 2, 3]
    assert images[3][0, 0].tolist() == [0, 0, 255]
    assert images[3].flags.c_contiguous


def test_a_broken_image_is_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = make_images(tmp_path / "pictures", ["1.png", "2.png", "3.png"])
    (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:60])
    source = open_source(folder)
    with caplog.at_level(logging.WARNING):
        assert [number for number, _ in source] == [1, 3]
    assert source.faults.broken_frames == 1
    assert "2.png left out" in caplog.text


def test_a_damaged_video_is_read_to_the_end(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    rng = np.random.default_rng(0)
    path = tmp_path / "out.avi"
    with av.open(str(path), "w") as container:  # every picture of MJPEG stands alone, so damage stays local
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for _ in range(20):
            noise = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    middle = data.index(b"\xff\xd8\xff", len(data) // 2)
    data[middle : middle + 600] = b"\xff" * 600
    path.write_bytes(data)
    source = open_source(path)
    numbers = [number for number, _ in source]
    assert numbers[-1] == 20
    assert len(numbers) == 19
    assert source.faults.broken_frames == 1


def test_sequence_folders(tmp_path: Path) -> None:
    for name in ("images", "video"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "seqinfo.ini").write_text("[Sequence]\nframeRate=7\nseqLength=3\n")
    make_images(tmp_path / "images" / "img1", [f"{i:06d}.png" for i in (1, 2, 3)])
    make_video(tmp_path / "video" / "video.mp4", count=3)
    for name in ("images", "video"):
        source = open_source(tmp_path / name)
        assert (source.frame_rate, source.frame_count) == (7, 3)
        assert [number_of(image) for _, image in source] == [1, 2, 3]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["000001.png", "000003.png"], "image 2 is missing, the numbering jumps from 1 to 3"),
        (["000001.png", "000002.png", "2.png"], "the numbering repeats: .* are both image 2"),
        (["000000.png", "000001.png"], "the images are numbered from 0, but the rows of MOT text from 1"),
        (["000005.png", "000006.png"], "numbered from 5"),
    ],
)
def test_image_numbers_of_a_sequence_that_jump_or_repeat(tmp_path: Path, names: list[str], message: str) -> None:
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\n")
    make_images(tmp_path / "img1", names)
    with pytest.raises(ValueError, match=message):
        open_source(tmp_path)


def test_sources_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "nothing.mp4").touch()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "seqinfo.ini").write_text("[Sequence]\n")
    for name, kind, message in [
        ("missing.mp4", FileNotFoundError, "no such video or folder"),
        ("empty", ValueError, "has no images"),
        ("text.mp4", ValueError, "cannot be opened as a video"),
        ("nothing.mp4", ValueError, "cannot be opened as a video"),
        ("bare", FileNotFoundError, "without frames"),
    ]:
        with pytest.raises(kind, match=message):
            open_source(tmp_path / name)


def test_zero_frames(tmp_path: Path) -> None:
    folder = make_images(tmp_path / "pictures", ["1.png"])
    (folder / "1.png").write_bytes(b"")
    with pytest.raises(ValueError, match="has no frame that can be decoded"):
        list(open_source(folder))


def test_no_camera() -> None:
    pytest.importorskip("cv2", reason="the extra `opencv` is not installed")
    if Path("/dev/video73").exists():
        pytest.skip("there is a camera 73")
    with pytest.raises(ValueError, match="camera 73 cannot be opened"):
        open_source(73)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with byte ranges; the first `drops` requests break off halfway, others fall silent."""

    drops = 0
    silences: list[float]
    """For each of the first requests, the share of the response after which nothing more comes."""
    over: threading.Event

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        start = 0
        if "Range" in self.headers:
            start = int(self.headers["Range"].split("=")[1].split("-")[0])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        if type(self).drops > 0:
            type(self).drops -= 1
            body = body[: len(body) // 2]
        if self.silences:
            self.wfile.write(body[: int(self.silences.pop(0) * len(body))])
            self.over.wait(60)
            return
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    Handler.drops, Handler.silences, Handler.over = 0, [], threading.Event()
    handler = functools.partial(Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        Handler.over.set()
        httpd.shutdown()
        thread.join()


def noisy_video(path: Path, count: int = 40) -> Path:
    rng = np.random.default_rng(0)
    with VideoWriter(path, frame_rate=25) as writer:
        for _ in range(count):
            writer.write(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8))
    return path


def test_a_stream_over_http(tmp_path: Path, server: str) -> None:
    noisy_video(tmp_path / "a.mkv")
    source = open_source(f"{server}/a.mkv")
    assert [number for number, _ in source] == list(range(1, 41))
    assert source.faults.reconnections == 0


def test_a_stream_that_cannot_be_reached(server: str) -> None:
    with pytest.raises(ValueError, match="cannot be opened as a video"):
        open_source(server.replace("http:", "rtsp:") + "/live")


def test_a_stream_that_breaks_off_is_opened_again(
    tmp_path: Path, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    noisy_video(tmp_path / "a.mkv")
    whole = [image for _, image in open_source(tmp_path / "a.mkv")]
    source = open_source(f"{server}/a.mkv")
    Handler.drops = 1
    with caplog.at_level(logging.WARNING):
        frames = list(source)
    assert source.faults.reconnections == 1
    assert "broke off after frame" in caplog.text
    assert [number for number, _ in frames] == list(range(1, 41))
    assert all(np.array_equal(image, other) for (_, image), other in zip(frames, whole, strict=True))


def test_a_stream_that_falls_silent_is_opened_again(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stays open and nothing comes: the tracker is not held up for ever, and misses no frame."""
    noisy_video(tmp_path / "a.mkv")
    source = open_source(f"{server}/a.mkv")
    monkeypatch.setattr("trackers.io.streams.STALLED", 0.5)
    Handler.silences = [0.5]
    assert [number for number, _ in source] == list(range(1, 41))
    assert source.faults.reconnections == 1


def test_a_stream_that_stays_silent_ends(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    noisy_video(tmp_path / "a.mkv")
    source = open_source(f"{server}/a.mkv", retries=1)
    monkeypatch.setattr("trackers.io.streams.STALLED", 0.5)
    Handler.silences = [0.5] + [0.0] * 9
    numbers = [number for number, _ in source]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 0 < len(numbers) < 40
    assert source.faults.broken_frames >= 1


KILLED = """
import sys, time
import numpy as np
from trackers.io import VideoWriter
rng = np.random.default_rng(0)
writer = VideoWriter(sys.argv[1], frame_rate=30)
for number in range(400):
    writer.write(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8))
    print(number, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="killing is a Unix matter")
def test_a_killed_run_leaves_a_readable_video(tmp_path: Path) -> None:
    path = tmp_path / "killed.mp4"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 250:
            break
    process.kill()
    process.stdout.close()
    process.wait()
    assert len(list(open_source(path))) >= 150


def test_an_existing_video_is_kept_unless_asked(tmp_path: Path) -> None:
    path = make_video(tmp_path / "out.mp4")
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        VideoWriter(path, frame_rate=25)
    assert path.read_bytes() == before
    assert len(list(open_source(make_video(path, count=3, overwrite=True)))) == 3


def test_a_writer_without_frames_leaves_no_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", frame_rate=25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be written as a video"):
        VideoWriter(tmp_path / "out.xyz", frame_rate=25)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
@pytest.mark.parametrize("name", ["TUD-Campus", "KITTI-17"])
def test_real_sequences_have_every_frame(data_dir: Path, name: str) -> None:
    source = open_source(data_dir / "data" / "mot" / name)
    assert sum(1 for _ in source) == source.frame_count


@pytest.mark.data
def test_a_real_video_matches_opencv(data_dir: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="the extra `opencv` is not installed")
    path = data_dir / "data" / "video" / "people-detection.mp4"
    capture = cv2.VideoCapture(str(path))
    for number, image in open_source(path):
        read, other = capture.read()
        assert read
        assert np.abs(image.astype(int) - other).mean() < 2
        if number == 30:
            break
    capture.release()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot bind a process to a core")
def test_equal_frames_make_equal_files_however_many_cores_there_are(tmp_path: Path) -> None:
    script = (
        "import os, sys; from trackers.io import VideoWriter; from trackers.sample import Scene\n"
        "cores = sorted(os.sched_getaffinity(0)); os.sched_setaffinity(0, cores[: int(sys.argv[1])])\n"
        "writer = VideoWriter(sys.argv[2], frame_rate=30); scene = Scene(length=12)\n"
        "[writer.write(frame) for frame in scene.frames()]; writer.close()"
    )
    paths = [tmp_path / "one.mp4", tmp_path / "all.mp4"]
    for cores, path in zip(("1", "64"), paths, strict=True):
        subprocess.run([sys.executable, "-c", script, cores, str(path)], check=True)
    assert paths[0].read_bytes() == paths[1].read_bytes()
