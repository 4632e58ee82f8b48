"""A folder of videos, each a job: done when its result exists whole, so that running again resumes.

Nothing but the result files says what is done. A job writes beside its result and renames at its end, so that any
number of processes and machines may work on one folder, each on its own share.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from trackers.io.sequences import VIDEO_SUFFIXES, is_sequence
from trackers.pipeline.outputs import check_not_read
from trackers.pipeline.track import Summary

PARTIAL = ".partial-"
"""Begins the name of the folders in which results grow."""


class Work(Protocol):
    """What is done with each video; sent to other processes and machines, so that it must be plain data."""

    def run(self, source: str, outputs: Sequence[str | Path], *, overwrite: bool = False) -> Summary:
        """Write the results of a source."""
        ...


@dataclass(frozen=True)
class Job:
    """A video, and the files that are there when it is done."""

    source: str
    outputs: tuple[str, ...]
    work: Work

    @property
    def done(self) -> bool:
        """Whether all results exist."""
        return all(Path(path).exists() for path in self.outputs)


@dataclass(frozen=True)
class JobResult:
    """What became of a job.

    Attributes:
        source: The video.
        state: `"done"`, `"kept"` where the result was there, or `"failed"`.
        frames: Frames of the video.
        tracks: Tracks confirmed.
        boxes: Boxes written.
        seconds: Time it took, from reading the settings to the finished file.
        error: Why it failed.
    """

    source: str
    state: str
    frames: int = 0
    tracks: int = 0
    boxes: int = 0
    seconds: float = 0.0
    error: str = ""


def find_videos(folder: str | Path) -> list[Path]:
    """Videos and MOT sequences in a folder and in those below, sorted; names that begin with a dot are left out.

    Args:
        folder: The folder.

    Returns:
        Video files and sequence folders. Where there are neither, detections in `.npz` files, to track without frames.

    Raises:
        FileNotFoundError: If there is no such folder, or nothing to track in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    videos: list[Path] = []
    detections: list[Path] = []
    for place, folders, files in os.walk(folder):
        below = [Path(place) / name for name in folders if not name.startswith(".")]
        videos += [one for one in below if is_sequence(one)]
        folders[:] = [one.name for one in below if not is_sequence(one)]
        shown = [Path(place) / name for name in files if not name.startswith(".")]
        videos += [one for one in shown if one.suffix.lower() in VIDEO_SUFFIXES]
        detections += [one for one in shown if one.suffix.lower() == ".npz"]
    if not videos and not detections:
        raise FileNotFoundError(
            f"no video ({', '.join(VIDEO_SUFFIXES)}), MOT sequence or .npz of detections in {folder}"
        )
    return sorted(videos or detections)


def make_jobs(folder: str | Path, output_dir: str | Path, work: Work, formats: Sequence[str] = (".txt",)) -> list[Job]:
    """One job for each video of a folder.

    Args:
        folder: The folder.
        output_dir: Folder of the results: that of `a/b.mp4` is `a/b.txt`. Of two videos that would share it, such as
            `b.mp4` and `b.avi`, each keeps its ending: `b.mp4.txt` and `b.avi.txt`.
        work: What is done with each.
        formats: Endings of the result files.

    Returns:
        The jobs, sorted by path.

    Raises:
        FileNotFoundError: If there is nothing to track.
        ValueError: If the results would lie among the videos, or be what is read for one.
    """
    folder, output_dir = Path(folder), Path(output_dir)
    if output_dir.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"the results must not go into the folder of the videos: {output_dir} is in {folder}")
    videos = find_videos(folder)
    names = {video: video.relative_to(folder) for video in videos}
    plain = {video: name if video.is_dir() else name.with_suffix("") for video, name in names.items()}
    count = Counter(str(name).lower() for name in plain.values())
    jobs = []
    for video in videos:
        name = plain[video] if count[str(plain[video]).lower()] == 1 else names[video]
        outputs = tuple(f"{output_dir / name}{ending}" for ending in formats)
        check_not_read(outputs, _inputs(work, str(video)))
        jobs.append(Job(str(video), outputs, work))
    return jobs


def _inputs(work: Work, video: str) -> list[str]:
    """What is read for a video, where the work says it; where that fails, its job says why."""
    try:
        return list(getattr(work, "inputs", lambda source: [source])(video))
    except (OSError, ValueError):
        return [video]


def shard_of(jobs: Sequence[Job], shard: str | None) -> list[Job]:
    """The share of a work list that is one of several runs', such as `"3/8"`: the third of eight, counted from 1.

    Args:
        jobs: All jobs.
        shard: Which share of how many; None is everything.

    Returns:
        Every eighth job, beginning with the third.

    Raises:
        ValueError: If it is not two numbers, the first at least 1 and at most the second.

    Example:
        >>> jobs = [Job(str(number), (), None) for number in range(1, 11)]
        >>> [job.source for job in shard_of(jobs, "3/8")], [job.source for job in shard_of(jobs, "2/8")]
        (['3'], ['2', '10'])
    """
    if shard is None:
        return list(jobs)
    first, slash, last = shard.partition("/")
    if not (slash and first.strip().isdigit() and last.strip().isdigit() and 1 <= int(first) <= int(last)):
        raise ValueError(f"expected a share such as 3/8, the third of eight, but got {shard!r}")
    return list(jobs[int(first) - 1 :: int(last)])


def run_job(job: Job) -> JobResult:
    """Do a job here; whatever goes wrong is part of the result, and leaves no file.

    Args:
        job: The job.

    Returns:
        What became of it.

    Raises:
        KeyboardInterrupt: If it was interrupted.
    """
    start = time.perf_counter()
    try:
        with whole_files(job.outputs) as partial:
            summary = job.work.run(job.source, partial, overwrite=True)
            if summary.stopped:
                raise KeyboardInterrupt
    except Exception as error:  # one broken video must not stop the others
        return JobResult(job.source, "failed", seconds=time.perf_counter() - start, error=_words(error))
    seconds = time.perf_counter() - start
    return JobResult(job.source, "done", summary.frames, summary.tracks, summary.boxes, seconds)


@contextmanager
def whole_files(paths: Sequence[str]) -> Iterator[list[Path]]:
    """Files to write in place of others, which they become at the end, each whole; on an error nothing is left.

    What an earlier attempt at the same files left behind when it was killed is cleared away.
    """
    targets = [Path(path) for path in paths]
    clear_partial(targets)
    beside = [path.parent / f"{PARTIAL}{path.name}-{uuid.uuid4().hex[:8]}" for path in targets]
    try:
        for folder in beside:
            folder.mkdir(parents=True)
        partial = [folder / path.name for folder, path in zip(beside, targets, strict=True)]
        yield partial
        for path in partial:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        for path, target in zip(partial, targets, strict=True):
            path.replace(target)
    finally:
        for folder in beside:
            shutil.rmtree(folder, ignore_errors=True)


def clear_partial(targets: Iterable[Path]) -> None:
    """Remove what attempts at some results left behind when they were killed."""
    for path in targets:
        for folder in path.parent.glob(f"{PARTIAL}*"):
            if folder.name[: -len("-12345678")] == f"{PARTIAL}{path.name}":
                shutil.rmtree(folder, ignore_errors=True)


def run_jobs(
    jobs: Sequence[Job],
    pool: Executor | None = None,
    *,
    overwrite: bool = False,
    progress: Callable[..., Any] | None = None,
) -> list[JobResult]:
    """Do the jobs that are not done.

    Args:
        jobs: The jobs.
        pool: Where they run, as `trackers.jobs.open_pool` gives it; None runs them here, in order.
        overwrite: Do those again that are done.
        progress: Wraps the results as they come, given their number and the word for one.

    Returns:
        What became of each job, in the order of the jobs.
    """
    due = [job for job in jobs if overwrite or not job.done]
    results = {job.source: JobResult(job.source, "kept") for job in jobs}
    coming = map(run_job, due) if pool is None else _as_they_come(due, pool)
    try:
        for result in progress(coming, len(due), "video") if progress else coming:
            results[result.source] = result
    finally:
        clear_partial(Path(path) for job in due for path in job.outputs)
    return list(results.values())


def _as_they_come(jobs: Sequence[Job], pool: Executor) -> Iterator[JobResult]:
    futures = {pool.submit(run_job, job): job for job in jobs}
    for future in as_completed(futures):
        try:
            yield future.result()
        except Exception as error:  # the worker went away, or the cluster
            yield JobResult(futures[future].source, "failed", error=_words(error))


def write_summary(path: str | Path, results: Sequence[JobResult]) -> None:
    """Write what became of the jobs as JSON.

    Args:
        path: The file; an older one is replaced.
        results: The results.
    """
    count = Counter(result.state for result in results)
    content = {**{state: count[state] for state in ("done", "kept", "failed")}, "videos": [asdict(r) for r in results]}
    with whole_files([str(path)]) as (partial,):
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def is_summary(path: Path) -> bool:
    """Whether a summary may be written here: there is none, or one of an earlier run."""
    try:
        return not path.exists() or {"done", "kept", "failed", "videos"} <= json.loads(path.read_bytes()).keys()
    except (ValueError, AttributeError, OSError):
        return False


def _words(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
