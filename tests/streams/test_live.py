"""Sources read on threads: order, drops, reconnections, Ctrl-C."""

from __future__ import annotations

import gc
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import MultiStreamTracker, SORTTracker, SteadySORTTracker
from trackers.appearance.detector_features import DetectorFeatures
from trackers.boxes import Image
from trackers.io import FrameSource, SourceFrame, VideoWriter, open_source, read_mot
from trackers.streams.counters import Counters, StreamCounters
from trackers.streams.live import StreamResult
from trackers.streams.readers import WAITING

Read = Callable[[Any], Iterator[tuple[int, Image]]]


def frame(stream: int, number: int) -> Image:
    """An image that tells its stream and its number."""
    image = np.zeros((32, 48, 3), np.uint8)
    image[0, 0] = stream, number % 256, number // 256
    return image


def box(image: Image) -> sv.Detections:
    """One box per image, which moves with the number."""
    x = float(image[0, 0, 1]) / 8
    return sv.Detections(np.array([[x, 2.0, x + 9, 30.0]]), confidence=np.array([0.9]))


def clip(stream: int, length: int, pause: float = 0.0) -> FrameSource:
    def read(_: Any) -> Iterator[tuple[int, Image]]:
        for number in range(1, length + 1):
            time.sleep(pause)
            yield number, frame(stream, number)

    return FrameSource(f"clip {stream}", 25.0, length, read)


def endless(read: Read) -> FrameSource:
    return FrameSource("camera", 25.0, None, read)


class Sink:
    """Keeps what it is given, and sets an event after so many frames of one stream."""

    def __init__(self, name: str = "", count: int = 0) -> None:
        self.results: dict[str, list[StreamResult]] = {}
        self.enough, self._name, self._count = threading.Event(), name, count

    def __call__(self, result: StreamResult) -> None:
        kept = self.results.setdefault(result.name, [])
        kept.append(result)
        if result.name == self._name and len(kept) >= self._count:
            self.enough.set()


def test_files_are_tracked_frame_by_frame_and_detected_in_batches() -> None:
    lengths = {"door": 40, "yard": 25, "hall": 60}
    sources = {name: clip(number, length) for number, (name, length) in enumerate(lengths.items())}
    batches: list[list[tuple[int, int]]] = []

    class Detector:
        def detect_batch(self, frames: list[Image]) -> list[sv.Detections]:
            batches.append([(int(image[0, 0, 0]), int(image[0, 0, 1])) for image in frames])
            return [box(image) for image in frames]

    streams, sink = MultiStreamTracker(lambda _: SORTTracker(frame_rate=25)), Sink()
    for _ in range(2):  # a file starts its stream anew
        sink.results.clear()
        counted = streams.run(sources, Detector(), sink)
        assert streams.errors == {}
        for number, (name, length) in enumerate(lengths.items()):
            alone = SORTTracker(frame_rate=25)
            assert [one.number for one in sink.results[name]] == list(range(1, length + 1))
            for one in sink.results[name]:
                expected = alone.update(box(one.image), timestamp=one.timestamp)
                assert one.timestamp == pytest.approx((one.number - 1) / 25)
                np.testing.assert_array_equal(one.detections.tracker_id, expected.tracker_id)
                assert one.image[0, 0, 0] == number
            assert (counted[name].received, counted[name].dropped, counted[name].tracked) == (length, 0, length)
    assert all(len({stream for stream, _ in batch}) == len(batch) for batch in batches)
    assert max(map(len, batches)) == 3
    assert len(batches) < 2 * sum(lengths.values())


def test_a_live_source_drops_its_own_oldest_frames_and_a_file_none() -> None:
    def fast(_: Any) -> Iterator[tuple[int, Image]]:
        for number in range(1, 100_000):
            time.sleep(0.002)
            yield number, frame(0, number)

    sink = Sink("file", 20)

    def slow(image: Image) -> sv.Detections:
        time.sleep(0.02)
        return box(image)

    streams = MultiStreamTracker(lambda _: SORTTracker())
    sources: dict[str, Any] = {"camera": endless(fast), "file": clip(1, 20)}
    counted = streams.run(sources, slow, sink, stop=sink.enough)
    camera, file = counted["camera"], counted["file"]
    assert (file.received, file.dropped, file.tracked) == (20, 0, 20)
    assert camera.dropped > 10
    assert 0 <= camera.received - camera.dropped - camera.tracked <= WAITING + 1  # in wait, and in hand
    numbers = [one.number for one in sink.results["camera"]]
    assert numbers == sorted(set(numbers))
    assert 0 < camera.latency(0.5) <= camera.latency(0.95) < 5


def test_a_lost_source_is_opened_again_while_the_others_go_on() -> None:
    opened: list[float] = []

    def breaks(_: Any) -> Iterator[tuple[int, Image]]:
        opened.append(time.monotonic())
        for number in range(1, 4):
            yield number, frame(0, number)
        if len(opened) == 1:
            raise ValueError("connection reset")

    sink = Sink("breaks", 8)
    sources = {"breaks": endless(breaks), "steady": clip(1, 300, 0.005)}
    counted = MultiStreamTracker(lambda _: SORTTracker()).run(sources, box, sink, live=["breaks"], stop=sink.enough)
    assert counted["breaks"].reconnections == len(opened) - 1 >= 1
    assert counted["breaks"].tracked >= 8
    times = [one.timestamp for one in sink.results["breaks"]]
    assert times == sorted(set(times))
    assert max(np.diff(times)) >= 0.25  # the outage counts
    meanwhile = [one for one in sink.results["steady"] if one.timestamp]
    assert len(meanwhile) > 10


def test_a_stream_that_is_silent_holds_up_nobody() -> None:
    release = threading.Event()

    def silent(_: Any) -> Iterator[tuple[int, Image]]:
        yield 1, frame(0, 1)
        release.wait(60)

    sink = Sink("file", 50)
    sources = {"silent": endless(silent), "file": clip(1, 50)}
    start = time.monotonic()
    MultiStreamTracker(lambda _: SORTTracker()).run(sources, box, sink, stop=sink.enough)
    release.set()
    assert [one.number for one in sink.results["file"]] == list(range(1, 51))
    assert time.monotonic() - start < 30


INTERRUPTED = """
import signal, sys, threading
from trackers import MultiStreamTracker, SORTTracker
from trackers.io import ResultWriter
from tests.streams.test_live import box, clip, endless, frame

signal.signal(signal.SIGINT, signal.default_int_handler)

def hangs(_):
    yield 1, frame(0, 1)
    threading.Event().wait(10)

with ResultWriter(sys.argv[1]) as writer:
    def sink(one):
        if one.name == "moving":
            writer.write(one.number, one.detections)
            if one.number == 20:
                print("running", flush=True)
    sources = {"hangs": endless(hangs), "moving": clip(1, 100_000, 0.005)}
    counted = MultiStreamTracker(lambda _: SORTTracker()).run(sources, box, sink)
print(counted["moving"].tracked, flush=True)
"""
"""A live run with a source that hangs."""


def test_ctrl_c_ends_the_run_and_files_are_whole(tmp_path: Path) -> None:
    root, path = str(Path(__file__).parents[2]), tmp_path / "moving.txt"
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(path)],
        cwd=root, env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline() == "running\n"
        pressed = time.monotonic()
        program.send_signal(signal.SIGINT)
        tracked = int(program.stdout.readline())
        assert time.monotonic() - pressed < 2.0
        program.kill()  # a reader still waits for the source that hangs
    table = read_mot(path)
    assert (
        tracked - 1 <= table.frame.max() <= tracked + 1
    )  # a frame may be written and not counted yet, or counted first


def test_a_frame_that_a_tracker_refuses_is_counted() -> None:
    def odd(image: Image) -> Any:
        return None if image[0, 0, 0] == 0 else box(image) if image[0, 0, 1] != 3 else "no detections"

    counted = MultiStreamTracker(lambda _: SORTTracker()).run({"a": clip(0, 5), "b": clip(1, 5)}, odd)
    assert (counted["a"].tracked, counted["a"].failed) == (5, 0)
    assert (counted["b"].tracked, counted["b"].failed) == (4, 1)


def test_counters_as_prometheus_reads_them() -> None:
    odd = 'do"or\\\n'
    counters = Counters({odd: StreamCounters(received=7, dropped=2), "yard": StreamCounters()})
    for seconds in (0.01, 0.02, 0.03):
        counters[odd].took(seconds)
    text = counters.prometheus()
    assert text.endswith("\n")
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+\{stream="(\\.|[^"\\])*"(,quantile="[0-9.]+")?\} [0-9.]+', line)
    assert 'trackers_frames_dropped_total{stream="do\\"or\\\\\\n"} 2' in text
    assert 'trackers_latency_seconds{stream="do\\"or\\\\\\n",quantile="0.5"} 0.020000' in text
    assert counters.as_dict()["yard"] == dict.fromkeys(counters.as_dict()[odd], 0)


def test_what_cannot_run_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    streams = MultiStreamTracker(lambda _: SORTTracker())
    with pytest.raises(ValueError, match="at least one source"):
        streams.run({}, box)
    with pytest.raises(TypeError, match="by the name of their stream"):
        streams.run([clip(0, 3), clip(0, 3)], box)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="stream 'door' cannot be opened"):
        streams.run({"yard": clip(0, 3), "door": tmp_path / "absent.mp4"}, box)
    with pytest.raises(TypeError, match="detector"):
        streams.run({"yard": clip(0, 3)}, "yolo11n.pt")
    with pytest.raises(ValueError, match="'attic'"):
        streams.run({"yard": clip(0, 3)}, box, live=["attic"])
    with pytest.raises(ValueError, match="batch_size"):
        streams.run({"yard": clip(0, 3)}, box, batch_size=0)

    class Short:
        def detect_batch(self, frames: list[Image]) -> list[sv.Detections]:
            return []

    with pytest.raises(ValueError, match="each of 1 frames"):
        streams.run({"yard": clip(0, 3)}, Short())
    assert not [one for one in threading.enumerate() if one.name.startswith("reader") and one.is_alive()]


def test_trackers_get_the_times_of_the_source_and_an_outage_counts() -> None:
    steps = [0.0, 0.04, 0.08, 0.5, 0.54]

    def read(_: Any) -> Iterator[SourceFrame]:
        connected = time.monotonic()
        for number, stated in enumerate(steps, start=1):
            # The network has moods, the camera's clock has none.
            time.sleep(max(0.0, connected + stated - time.monotonic()) + random.random() / 50)
            yield SourceFrame.at(1000.0 + stated, number, frame(0, number))
        raise ValueError("connection reset")

    sink = Sink("door", 2 * len(steps))
    began = time.time()
    MultiStreamTracker(lambda _: SORTTracker()).run({"door": endless(read)}, box, sink, stop=sink.enough)
    times = [one.timestamp for one in sink.results["door"]]
    assert began <= times[0] <= time.time()
    for part in (times[: len(steps)], times[len(steps) : 2 * len(steps)]):
        np.testing.assert_allclose(np.diff(part), np.diff(steps), atol=1e-5)
    # The pause before the next attempt, less what the first frame of either connection was late.
    assert 0.25 - 0.05 <= times[len(steps)] - times[len(steps) - 1] < 5


def test_a_file_that_does_not_know_its_length_loses_no_frame(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "clip.mkv", frame_rate=25) as writer:
        for number in range(30):
            writer.write(np.full((48, 64, 3), number, np.uint8))
    source = open_source(tmp_path / "clip.mkv")
    assert source.frame_count is None
    sink = Sink()

    def slow(image: Image) -> sv.Detections:
        time.sleep(0.01)
        return box(image)

    streams = MultiStreamTracker(lambda _: SORTTracker())
    for given in (source, tmp_path / "clip.mkv"):
        counted = streams.run({"file": given}, slow, sink)
        assert (counted["file"].tracked, counted["file"].dropped, counted["file"].reconnections) == (30, 0, 0)
    np.testing.assert_allclose([one.timestamp for one in sink.results["file"]], 2 * [n / 25 for n in range(30)])


@pytest.mark.parametrize("reads_detector", [False, True])
def test_the_next_batch_is_detected_on_while_this_one_is_tracked(reads_detector: bool) -> None:
    tracking, detected, overlapped = threading.Event(), threading.Event(), []

    def detect(image: Image) -> sv.Detections:
        overlapped.append(tracking.wait(0.3))
        detected.set()
        return sv.Detections.empty()

    def sink(_: StreamResult) -> None:
        detected.clear()
        tracking.set()
        detected.wait(0.3)
        tracking.clear()

    extractor = DetectorFeatures() if reads_detector else None
    streams = MultiStreamTracker(lambda _: SteadySORTTracker(extractor))
    streams.run({"file": clip(0, 4)}, detect, sink, batch_size=1)
    assert not overlapped[0]
    assert any(overlapped) != reads_detector


def test_an_address_that_is_not_there_is_tried_again_where_errors_are_skipped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    streams = MultiStreamTracker(lambda _: SORTTracker())
    with pytest.raises(ValueError, match="stream 'away' cannot be opened"):
        streams.run({"away": address, "file": clip(0, 3)}, box)
    streams.on_error = "skip"
    sink = Sink("file", 250)
    counted = streams.run({"away": address, "file": clip(0, 1000, 0.005)}, box, sink, stop=sink.enough)
    assert counted["away"].reconnections >= 1
    assert counted["away"].received == 0
    assert list(streams.errors) == ["away"]
    with pytest.raises(TypeError, match="must return a tracker"):
        MultiStreamTracker(lambda _: None).run({"file": clip(0, 3)}, box)  # type: ignore[arg-type, return-value]


SENDER = """
import io, socket, sys, threading, time, av, numpy as np
clip = io.BytesIO()
with av.open(clip, "w", format="mpegts") as container:
    stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency", "g": "5"})
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for number in range(1000):
        image = np.full((48, 64, 3), 2 * number % 256, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
packets = clip.getvalue()
step = len(packets) // 1000

def send(connection):
    for start in range(0, len(packets), step):
        connection.sendall(packets[start : start + step])
        time.sleep(0.02)

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        threading.Thread(target=send, args=(server.accept()[0],), daemon=True).start()
"""


def test_a_stream_over_the_network_whose_sender_is_killed_and_started_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    senders: list[subprocess.Popen[bytes]] = []

    def send() -> None:
        command = [sys.executable, "-c", SENDER, str(port)]
        senders.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))

    times: list[float] = []
    stop = threading.Event()

    def sink(one: StreamResult) -> None:
        if one.name == "camera":
            times.append(one.timestamp)
            if len(times) in (10, 20, 30) and len(senders) < 3:  # opened, read, and lost
                senders[-1].kill()
                send()
            if len(times) >= 40 and len(senders) == 3:
                stop.set()

    send()
    streams = MultiStreamTracker(lambda _: SORTTracker(), on_error="skip")
    timer = threading.Timer(60, stop.set)
    timer.start()
    try:
        sources: dict[str, Any] = {"camera": f"tcp://127.0.0.1:{port}", "file": clip(1, 50, 0.01)}
        counted = streams.run(sources, box, sink, stop=stop)
    finally:
        timer.cancel()
        for sender in senders:
            sender.kill()
            sender.wait()
    assert len(times) >= 40
    assert times == sorted(set(times))
    assert counted["camera"].reconnections >= 2
    assert counted["file"].tracked == 50


@pytest.mark.slow
def test_memory_stays_flat_while_streams_die_and_come_back() -> None:
    random.seed(0)

    def moody(stream: int) -> Read:
        def read(_: Any) -> Iterator[tuple[int, Image]]:
            for number in range(1, random.randrange(5, 200)):
                time.sleep(0.002)
                yield number, np.full((240, 320, 3), stream, np.uint8)
            if random.random() < 0.5:
                raise ValueError("lost")

        return read

    resident: list[int] = []
    stop = threading.Event()

    def measure(_: StreamResult) -> None:
        counted[0] += 1
        if counted[0] % 2000 == 0:
            gc.collect()
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident.append(pages * resource.getpagesize())
        if time.monotonic() > end:
            stop.set()

    counted, end = [0], time.monotonic() + float(os.environ.get("SOAK_SECONDS", "60"))
    streams = MultiStreamTracker(lambda _: SORTTracker())
    counters = streams.run({str(n): endless(moody(n)) for n in range(8)}, box, measure, stop=stop)
    assert all(one.reconnections > 0 for one in counters.values())
    assert len(resident) >= 4
    assert resident[-1] - resident[len(resident) // 3] < 8e6
