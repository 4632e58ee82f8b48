"""A folder of videos: resumed, shared out, and never spoiled by one broken video."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackers.pipeline.folder import (
    Job,
    JobResult,
    find_videos,
    make_jobs,
    run_job,
    run_jobs,
    shard_of,
    whole_files,
    write_summary,
)
from trackers.pipeline.track import Summary


@dataclass(frozen=True)
class Copy:
    """Work that writes the name of its source, in two steps; a source named `bad` fails between them."""

    def run(self, source: str, outputs: Sequence[str | Path], *, overwrite: bool = False) -> Summary:
        for path in map(Path, outputs):
            with path.open("w") as file:
                file.write(Path(source).name)
                if "bad" in source:
                    raise OSError(28, "No space left on device", str(path))
                file.write("\n")
        return Summary(frames=3, tracks=1, boxes=2, stopped="stopped" in source)


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_every_video_has_its_place(tmp_path: Path) -> None:
    make(tmp_path / "in", "b.mp4", "a/b.mp4", "a/b.AVI", "a/c.d.mkv", ".hidden/x.mp4", "a/._b.mp4", "a/notes.txt")
    make(tmp_path / "in/seq.1", "seqinfo.ini", "img1/000001.jpg", "video.mp4")
    jobs = make_jobs(tmp_path / "in", tmp_path / "out", Copy(), (".txt", ".mp4"))
    assert [job.outputs[0] for job in jobs] == [
        str(tmp_path / "out" / name) for name in ("a/b.AVI.txt", "a/b.mp4.txt", "a/c.d.txt", "b.txt", "seq.1.txt")
    ]
    assert {Path(job.outputs[1]).suffix for job in jobs} == {".mp4"}
    make(tmp_path / "boxes", "x/one.npz", "two.npz")
    assert [path.name for path in find_videos(tmp_path / "boxes")] == ["two.npz", "one.npz"]


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    make(tmp_path / "in", "b.mp4")
    (tmp_path / "empty").mkdir()
    for output in (tmp_path / "in", tmp_path / "in/results", tmp_path / "empty/../in/x"):
        with pytest.raises(ValueError, match="must not go into"):
            make_jobs(tmp_path / "in", output, Copy())
    for folder in (tmp_path / "empty", tmp_path / "absent", tmp_path / "in/b.mp4"):
        with pytest.raises(FileNotFoundError):
            make_jobs(folder, tmp_path / "out", Copy())


@given(st.integers(0, 30), st.integers(1, 9))
def test_shares_are_disjoint_and_make_up_the_whole(count: int, of: int) -> None:
    jobs = [Job(str(number), (), Copy()) for number in range(count)]
    shares = [shard_of(jobs, f"{share}/{of}") for share in range(1, of + 1)]
    assert sorted(int(job.source) for share in shares for job in share) == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/2/3", ""])
def test_a_share_that_is_none(shard: str) -> None:
    with pytest.raises(ValueError, match="3/8"):
        shard_of([], shard)


def test_running_again_resumes_and_touches_nothing_that_is_done(tmp_path: Path) -> None:
    make(tmp_path / "in", "good.mp4", "bad.mp4", "a/other.mp4")
    jobs = make_jobs(tmp_path / "in", tmp_path / "out", Copy())
    results = run_jobs(jobs)
    assert [(Path(one.source).name, one.state) for one in results] == [
        ("other.mp4", "done"),
        ("bad.mp4", "failed"),
        ("good.mp4", "done"),
    ]
    assert "No space left" in results[1].error
    assert files(tmp_path / "out") == {"a/other.txt": "other.mp4\n", "good.txt": "good.mp4\n"}
    times = [(tmp_path / "out" / name).stat().st_mtime_ns for name in ("good.txt", "a/other.txt")]

    (tmp_path / "out/a/other.txt").unlink()
    assert [one.state for one in run_jobs(jobs)] == ["done", "failed", "kept"]
    assert (tmp_path / "out/good.txt").stat().st_mtime_ns == times[0]
    assert [one.state for one in run_jobs(jobs, overwrite=True)] == ["done", "failed", "done"]

    write_summary(tmp_path / "out/summary.json", results)
    written = json.loads((tmp_path / "out/summary.json").read_text())
    assert (written["done"], written["kept"], written["failed"]) == (2, 0, 1)
    assert [JobResult(**one) for one in written["videos"]] == results


def test_what_a_killed_attempt_left_is_cleared_away(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.mp4", "b.mp4")
    jobs = make_jobs(tmp_path / "in", tmp_path / "out", Copy())
    for name in ("a.txt", "b.txt"):
        killed = whole_files([str(tmp_path / "out" / name)])
        (partial,) = killed.__enter__()
        partial.write_text("half")
    assert run_job(jobs[0]).state == "done"
    left = [path.name for path in (tmp_path / "out").rglob("*.txt")]
    assert sorted(left) == ["a.txt", "b.txt"]  # the half of b belongs to somebody else
    assert (tmp_path / "out/b.txt").exists() is False
    run_jobs(jobs)
    assert files(tmp_path / "out") == {"a.txt": "a.mp4\n", "b.txt": "b.mp4\n"}


def test_an_interrupted_job_is_not_done(tmp_path: Path) -> None:
    make(tmp_path / "in", "stopped.mp4")
    (job,) = make_jobs(tmp_path / "in", tmp_path / "out", Copy())
    with pytest.raises(KeyboardInterrupt):
        run_job(job)
    assert files(tmp_path / "out") == {}
