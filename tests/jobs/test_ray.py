"""The same work list on a cluster of two nodes on this machine."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.cli.conftest import make_sequence
from trackers import SORTTracker
from trackers.cli import main
from trackers.identity import IdentityGallery, MultiCameraTracker
from trackers.io import read_detections, write_detections
from trackers.jobs import cluster, open_pool
from trackers.jobs.gallery import KeptGallery, RemoteGallery
from trackers.pipeline.choices import Choice
from trackers.pipeline.folder import make_jobs, run_jobs
from trackers.pipeline.settings import TrackSettings
from trackers.pipeline.track import Summary

ray = pytest.importorskip("ray")
VIDEOS = 100


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    Cluster: Any = pytest.importorskip("ray.cluster_utils").Cluster  # noqa: N806

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")  # other programs may fill the memory; nobody else kills
        started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        started.add_node(num_cpus=1)
        yield started.address
        started.shutdown()


@dataclass(frozen=True)
class Marked:
    """Tracks after half a result was written and a while went by, and says which process is at it.

    Attributes:
        settings: How it tracks.
        marks: Folder of a file for each attempt, `video.process`, with "running" in it until the attempt is over.
        first: Seconds that the first attempt at the first video takes, to be killed in.
    """

    settings: TrackSettings
    marks: str
    first: float = 60.0

    def run(self, source: str, outputs: Sequence[str | Path], *, overwrite: bool = False) -> Summary:
        name = Path(source).stem
        before = list(Path(self.marks).glob(f"{name}.*"))
        mark = Path(self.marks) / f"{name}.{os.getpid()}"
        mark.write_text("running")
        Path(outputs[0]).write_text("half")
        time.sleep(self.first if name == "000" and not before else 0.05)
        summary = self.settings.run(source, outputs, overwrite=overwrite)
        mark.write_text("over")
        return summary


class Killer(threading.Thread):
    """Kills processes that are at a video, at random moments."""

    def __init__(self, marks: Path, most: int) -> None:
        super().__init__(daemon=True)
        self.kills, self._marks, self._most = 0, marks, most
        self.over, self._random = threading.Event(), random.Random(1)

    def run(self) -> None:
        while not self.over.wait(self._random.uniform(0.05, 0.6)) and self.kills < self._most:
            running = [path for path in sorted(self._marks.iterdir()) if path.read_text() == "running"]
            attempts = Counter(path.stem for path in self._marks.iterdir())
            running = [path for path in running if attempts[path.stem] < cluster.RETRIES]
            for path in self._random.sample(running, min(1, len(running))):
                path.write_text("killed")
                with suppress(ProcessLookupError):
                    os.kill(int(path.suffix[1:]), signal.SIGKILL)
                    self.kills += 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Detections with vectors of a hundred small videos."""
    place = tmp_path_factory.mktemp("videos")
    for number in range(VIDEOS):
        rng = np.random.default_rng(number)
        corners, vectors = rng.uniform(0, 900, (3, 2)), rng.normal(size=(3, 8))
        frames = []
        for _ in range(8):
            corners = corners + rng.normal(0, 3, (3, 2))
            boxes = np.hstack((corners, corners + np.array([40.0, 90.0])))
            frames.append(sv.Detections(boxes, confidence=np.full(3, 0.9), data={"embedding": vectors}))
        write_detections(place / f"{number:03d}.npz", frames)
    return place


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("count", "most"), [(10, 3), pytest.param(VIDEOS, 25, marks=pytest.mark.slow)])
def test_killed_workers_lose_nothing_and_do_nothing_twice(
    address: str, folder: Path, tmp_path: Path, count: int, most: int
) -> None:
    settings = TrackSettings(Choice("steadysort"))
    assert {one.state for one in run_jobs(make_jobs(folder, tmp_path / "here", settings)[:count])} == {"done"}
    marks = tmp_path / "marks"
    marks.mkdir()
    jobs = make_jobs(folder, tmp_path / "there", Marked(settings, str(marks)))[:count]
    killer = Killer(marks, most)
    killer.start()
    with open_pool(None, count, backend="ray", ray_address=address) as pool:
        results = run_jobs(jobs, pool)
    killer.over.set()
    killer.join()
    assert [one.source for one in results] == [job.source for job in jobs]
    assert {one.state for one in results} == {"done"}
    here, there = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("here", "there"))
    assert len(here) == count
    assert there == here
    assert killer.kills >= 1
    attempts = Counter(path.stem for path in marks.iterdir())
    assert len(attempts) == count
    assert attempts.total() <= count + killer.kills


@pytest.mark.filterwarnings("ignore")
def test_benchmark_tune_and_embed_give_what_they_give_here(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed, name in enumerate(("one", "two")):
        make_sequence(tmp_path / "in" / name, seed)
    monkeypatch.chdir(tmp_path)  # relative paths, in a directory that no worker began in
    cluster_of = ("--backend", "ray", "--ray-address", address)
    cluster.connect(ray, address)  # once for all commands, which saves seconds

    def call(*arguments: str) -> str:
        assert main(arguments) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    def scores(text: str) -> list[dict[str, Any]]:
        return [{name: value for name, value in row.items() if name != "FPS"} for row in json.loads(text)]

    benchmark = (
        "benchmark",
        "in",
        "--trackers",
        "sort",
        "--trackers",
        "steadysort",
        "--extractors",
        "stripes",
        "--sequences",
    )
    here = scores(call(*benchmark, "--style", "json", "--workers", "1"))
    assert len(here) == 6
    assert scores(call(*benchmark, "--style", "json", *cluster_of)) == here

    tune = ("--tracker", "sort", "--trials", "2")
    call("tune", "in", "here.yaml", *tune, "--workers", "1")
    call("tune", "in", "there.yaml", *tune, *cluster_of)
    assert Path("there.yaml").read_text() == Path("here.yaml").read_text()

    call("embed", "in", "here", "--extractor", "stripes", "--workers", "1")
    call("embed", "in", "there", "--extractor", "stripes", *cluster_of)
    for name in ("one.npz", "two.npz"):
        ours, theirs = read_detections(f"here/{name}"), read_detections(f"there/{name}")
        np.testing.assert_array_equal(ours.xyxy, theirs.xyxy)
        np.testing.assert_array_equal(ours.data["embedding"], theirs.data["embedding"])

    Path("in/two/gt/gt.txt").write_text("no numbers\n")
    assert main([*benchmark, *cluster_of]) == 2
    error = capsys.readouterr().err
    assert "gt.txt" in error
    assert "ray::" not in error
    assert len(error.splitlines()) == 1
    ray.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_machines_with_another_version_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trackers.__version__", "99.0")
    with pytest.raises(RuntimeError, match=r"expected trackers 99\.0 .* on every machine"):
        cluster.RayWorkers(address)
    assert not ray.is_initialized()


@pytest.mark.filterwarnings("ignore")
def test_machines_with_other_code_of_the_same_version_are_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(cluster.__file__).parents[1]
    shutil.copytree(package, tmp_path / "trackers", ignore=shutil.ignore_patterns("__pycache__"))
    here = cluster.installed()
    monkeypatch.setattr(cluster, "__file__", str(tmp_path / "trackers/jobs/cluster.py"))
    assert cluster.installed() == here
    with (tmp_path / "trackers/core/steadysort/tracker.py").open("a") as file:
        file.write("\n")
    with pytest.raises(RuntimeError, match=rf"code .* on every machine.*code {here['code']}; install"):
        cluster.RayWorkers(address)


def test_an_address_that_does_not_respond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    silent, other = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = other.accept()
        connection.recv(9)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    threading.Thread(target=refuse, daemon=True).start()
    ports = {name: server.getsockname()[1] for name, server in (("silent", silent), ("other", other))}
    cases = {
        f"127.0.0.1:{port}": "refused",
        f"ray://127.0.0.1:{port}": "refused",
        "nonsense": "",
        "host.invalid:6379": "",
        f"127.0.0.1:{ports['silent']}": "timed out",
        f"ray://127.0.0.1:{ports['silent']}": "timed out",
        f"127.0.0.1:{ports['other']}": "no Ray cluster",
    }
    start = time.monotonic()
    with silent, other:
        for address, reason in cases.items():
            with pytest.raises(ConnectionError, match=f"no Ray cluster responds.*{reason}") as caught:
                cluster.RayWorkers(address)
            assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 20


def test_what_a_worker_calls_is_called_in_the_directory_with_so_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path.cwd())
    limited: list[int] = []
    monkeypatch.setattr(cluster, "limit_threads", limited.append)
    assert cluster.call(str(tmp_path), 3, Path.cwd) == tmp_path
    assert cluster.call(str(tmp_path / "absent"), 2, Path.cwd) == tmp_path
    assert limited == [3, 2]


def test_a_kept_gallery_tells_what_has_changed_since_a_version(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.npz")
    kept = KeptGallery(path, {"threshold": 0.3})
    origin, version, news, state, _ = kept.change("", 0, None)
    assert (version, news, state["names"]) == (0, None, {})
    enrolments = [("enroll", (name,), {"vectors": [[1.0, 0.0]]}) for name in ("Ada", "Grace")]
    for number, enrolment in enumerate(enrolments, start=1):
        assert kept.change(origin, version, enrolment)[1:] == (number, enrolments[:number], None, number)
    assert kept.change(origin, 1, None)[2] == enrolments[1:]
    assert kept.change(origin, 2, None)[2] == []
    with pytest.raises(ValueError, match="name"):
        kept.change(origin, 2, ("enroll", ("",), {"vectors": [[1.0, 0.0]]}))
    again = KeptGallery(path, {})
    _, version, news, state, _ = again.change(origin, 2, None)
    assert (version, news, state["names"]) == (0, None, {"1": "Ada", "2": "Grace"})


def test_options_of_a_task_are_those_of_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    class Remote:
        def options(self, **options: Any) -> Remote:
            asked.update(options)
            return self

        def remote(self, *arguments: Any) -> Any:
            asked["arguments"] = arguments
            return self

        def future(self) -> Future[str]:
            done: Future[str] = Future()
            done.set_result("done")
            return done

    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "nodes", list)
    monkeypatch.setattr(ray, "remote", lambda function: Remote())
    workers = cluster.RayWorkers(cpus=2, gpus=0.25)
    assert str(workers.submit(replace).result()) == "done"
    assert asked["arguments"] == (str(Path.cwd()), 2, replace)
    assert (asked["num_cpus"], asked["num_gpus"]) == (2, 0.25)
    assert asked["max_retries"] > 0


@pytest.mark.filterwarnings("ignore")
def test_a_killed_gallery_comes_back_with_its_identities(address: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4, 16))
    local = IdentityGallery(threshold=0.3)
    shared = RemoteGallery(tmp_path / "farm.npz", name="farm", ray_address=address, threshold=0.3)
    try:
        for number in range(3):
            for gallery in (local, shared):
                assert gallery.enroll(f"cow {number}", vectors=vectors[number : number + 1]) == number + 1
        ray.kill(shared._actor, no_restart=False)
        again = RemoteGallery(tmp_path / "absent.npz", name="farm", ray_address=address)
        for gallery in (shared, again):
            assert (len(gallery), gallery.names, gallery.identities) == (3, local.names, local.identities)
            assert gallery.limits == local.limits
            for ours, theirs in zip(gallery.search(vectors, 2), local.search(vectors, 2), strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-6)
        other = IdentityGallery(threshold=0.3)
        other.enroll("cow 9", vectors=vectors[3:])
        again.merge(other)
        shared.remove(1)
        ray.kill(shared._actor, no_restart=False)
        assert sorted(shared.names.values()) == ["cow 1", "cow 2", "cow 9"]
        assert sorted(IdentityGallery.load(tmp_path / "farm.npz").names.values()) == ["cow 1", "cow 2", "cow 9"]
        with pytest.raises(ValueError, match=r"name|vector"):
            shared.enroll("", vectors=vectors)
    finally:
        shared.close()
        ray.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_cameras_of_two_machines_share_a_gallery_that_is_killed(address: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    people = rng.normal(size=(3, 16))

    def walk(cameras: MultiCameraTracker, camera: str, person: int, start: float) -> int:
        """A person crosses a camera; the identity at the end."""
        identity = -1
        for step in range(40):
            box = np.array([[100.0 + step, 100.0, 140.0 + step, 200.0]])
            vector = people[person : person + 1] + rng.normal(0, 0.05, (1, 16))
            found = sv.Detections(box, confidence=np.array([0.9]), data={"embedding": vector})
            identity = int(cameras.update(camera, found, timestamp=start + step / 10).data["identity"][0])
        return identity

    galleries = [RemoteGallery(tmp_path / "site.npz", name="site", ray_address=address, threshold=0.3) for _ in "ab"]
    try:
        north, south = (
            MultiCameraTracker({camera: SORTTracker(frame_rate=10)}, gallery)
            for camera, gallery in zip(("north", "south"), galleries, strict=True)
        )
        first, second = walk(north, "north", 0, 0.0), walk(south, "south", 1, 0.0)
        assert first > 0
        assert second > 0
        assert first != second
        north.enroll("Ada", camera="north", tracker_id=1)
        north.settle()
        time.sleep(1.1)  # what cameras add is on the disk after a second
        galleries[1].enroll("Grace", vectors=people[2:])
        ray.kill(galleries[0]._actor, no_restart=False)
        assert walk(south, "south", 0, 100.0) == first
        assert walk(north, "north", 1, 100.0) == second
        assert galleries[1].names[first] == "Ada"
        assert len(galleries[0]) == len(galleries[1]) == 3
        assert galleries[0].cameras == ["north", "south"]
        for ours, theirs in zip(galleries[0].search(people), galleries[1].search(people), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=0.05)
    finally:
        galleries[0].close()
        ray.shutdown()
