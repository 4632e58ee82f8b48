"""The same work list on a cluster of two nodes on this machine."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers.io import write_detections
from trackers.jobs import cluster, open_pool
from trackers.pipeline.choices import Choice
from trackers.pipeline.folder import make_jobs, run_jobs
from trackers.pipeline.settings import TrackSettings
from trackers.pipeline.track import Summary

ray = pytest.importorskip("ray")
VIDEOS = 100


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    Cluster: Any = pytest.importorskip("ray.cluster_utils").Cluster  # noqa: N806

    os.environ["RAY_AUTH_MODE"] = "disabled"
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    started.add_node(num_cpus=1)
    yield started.address
    started.shutdown()


@dataclass(frozen=True)
class Killed:
    """Tracks, but kills its process at the first attempt at some videos, every second time with a half written result.

    Attributes:
        settings: How it tracks.
        attempts: Folder of the attempts at each video.
        period: Which videos: every so many, from the first.
    """

    settings: TrackSettings
    attempts: str
    period: int

    def run(self, source: str, outputs: Sequence[str | Path], *, overwrite: bool = False) -> Summary:
        number = int(Path(source).stem)
        attempts = Path(self.attempts) / Path(source).stem
        with attempts.open("a") as file:
            file.write(f"{os.getpid()}\n")
        first = len(attempts.read_text().split()) == 1
        if first and number % (2 * self.period) == 0:
            Path(outputs[0]).write_text("half")
        if first and number % self.period == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.settings.run(source, outputs, overwrite=overwrite)


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
@pytest.mark.parametrize(("count", "period"), [(12, 6), pytest.param(VIDEOS, 5, marks=pytest.mark.slow)])
def test_killed_workers_lose_nothing_and_do_nothing_twice(
    address: str, folder: Path, tmp_path: Path, count: int, period: int
) -> None:
    settings = TrackSettings(Choice("steadysort"))
    assert {one.state for one in run_jobs(make_jobs(folder, tmp_path / "here", settings)[:count])} == {"done"}
    (tmp_path / "attempts").mkdir()
    jobs = make_jobs(folder, tmp_path / "there", Killed(settings, str(tmp_path / "attempts"), period))[:count]
    with open_pool(None, count, backend="ray", ray_address=address) as pool:
        results = run_jobs(jobs, pool)
    assert [one.source for one in results] == [job.source for job in jobs]
    assert {one.state for one in results} == {"done"}
    here, there = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("here", "there"))
    assert len(here) == count
    assert there == here
    attempts = [len(path.read_text().split()) for path in sorted((tmp_path / "attempts").iterdir())]
    assert attempts == [2 if number % period == 0 else 1 for number in range(count)]


@pytest.mark.filterwarnings("ignore")
def test_machines_with_another_version_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trackers.__version__", "99.0")
    with pytest.raises(RuntimeError, match=r"expected trackers 99\.0 .* on every machine"):
        cluster.RayWorkers(address)
    assert not ray.is_initialized()


def test_an_address_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "nonsense", "host.invalid:6379"):
        with pytest.raises(ConnectionError, match="no Ray cluster responds") as caught:
            cluster.RayWorkers(address)
        assert "\n" not in str(caught.value)


def test_options_of_a_task_are_those_of_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    class Remote:
        def options(self, **options: Any) -> Remote:
            asked.update(options)
            return self

        def remote(self, *arguments: Any) -> Any:
            return ray

    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "nodes", list)
    monkeypatch.setattr(ray, "remote", lambda function: Remote())
    monkeypatch.setattr(ray, "future", lambda: "future", raising=False)
    workers = cluster.RayWorkers(cpus=2, gpus=0.25)
    assert workers.submit(replace) == "future"  # type: ignore[comparison-overlap]
    assert (asked["num_cpus"], asked["num_gpus"]) == (2, 0.25)
    assert asked["max_retries"] > 0


@pytest.mark.filterwarnings("ignore")
def test_a_killed_gallery_comes_back_with_its_identities(address: str, tmp_path: Path) -> None:
    from trackers.identity import IdentityGallery
    from trackers.jobs.gallery import RemoteGallery

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
