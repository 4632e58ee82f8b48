"""A folder of videos from the command line: where the jobs run, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from trackers.cli.failures import SomeFailedError
from trackers.cli.progress import progress_bar
from trackers.deprecation import warn_renamed
from trackers.jobs import open_pool
from trackers.pipeline.folder import JobResult, Work, is_summary, make_jobs, run_jobs, shard_of, write_summary
from trackers.pipeline.sinks import OUTPUT_SUFFIXES

Backend = Literal["processes", "ray"]

LONGEST_TABLE = 40
"""Videos up to which each has a row in the summary; of more, those that failed have one."""


@dataclass(frozen=True)
class Jobs:
    """Where jobs run; see `trackers.jobs.open_pool`.

    Attributes:
        workers: Videos or sequences worked on at the same time, each in a process. Default: as many as there are
            processors.
        backend: Where they are worked on: processes of this machine, or a ray cluster.
        ray_address: Address of the cluster: auto for the one this machine belongs to, HOST:6379, or local.
        task_cpus: Processors that each of them takes of the cluster.
        task_gpus: GPUs, or the share of one, that each of them takes of the cluster.
    """

    workers: int | None = None
    backend: Backend = "processes"
    ray_address: str = "auto"
    task_cpus: float = 1.0
    task_gpus: float = 0.0

    def open(self, count: int) -> AbstractContextManager[Executor | None]:
        """Open what runs so many jobs."""
        return open_pool(
            self.workers,
            count,
            backend=self.backend,
            ray_address=self.ray_address,
            cpus=self.task_cpus,
            gpus=self.task_gpus,
        )


def renamed_workers(jobs: Jobs, processes: int | None) -> Jobs:
    """The jobs with the number of workers, which had another name."""
    if processes is None:
        return jobs
    warn_renamed("--processes", "--workers")
    return replace(jobs, workers=processes)


def check_one_video(jobs: Jobs, shard: str | None, formats: Sequence[str] = ("txt",)) -> None:
    """Refuse options that only work on a folder of videos.

    Raises:
        ValueError: If one is given.
    """
    given = {"--shard": shard is not None, "--output-format": tuple(formats) != ("txt",)}
    given |= {f"--{name.replace('_', '-')}": value != vars(Jobs())[name] for name, value in vars(jobs).items()}
    idle = ", ".join(name for name, is_given in given.items() if is_given)
    if idle:
        raise ValueError(f"{idle}: only for a folder of videos, whose results go into a folder")


def run_folder(
    folder: str,
    output_dir: Path,
    work: Work,
    formats: Sequence[str],
    jobs: Jobs,
    *,
    shard: str | None = None,
    overwrite: bool = False,
) -> str:
    """Do the work with every video of a folder.

    Args:
        folder: The folder.
        output_dir: Folder of the results, and of a `summary.json`.
        work: What is done with each video.
        formats: Endings of the results, such as `txt`.
        jobs: Where it is done.
        shard: Which share of the videos.
        overwrite: Do those again that have a result.

    Returns:
        A table of the videos.

    Raises:
        SomeFailedError: If a video failed; it carries the table.
        ValueError: If an ending is unknown, or folders do not fit.
    """
    endings = [f".{ending.lstrip('.')}" for ending in formats]
    known = (*OUTPUT_SUFFIXES, ".npz")
    unknown = [ending for ending in endings if ending not in known]
    if unknown or not endings:
        raise ValueError(
            f"expected endings of results among {', '.join(known)}, but got {', '.join(unknown) or 'none'}"
        )
    here = Path(folder)
    if jobs.backend == "ray":  # another machine has another working directory
        here, output_dir = here.resolve(), output_dir.resolve()
    share = shard_of(make_jobs(here, output_dir, work, endings), shard)
    summary = output_dir / ("summary.json" if shard is None else f"summary-{shard.replace('/', '-of-')}.json")
    if not is_summary(summary):
        raise ValueError(f"{summary} exists and is no summary of an earlier run; choose another folder for the results")
    output_dir.mkdir(parents=True, exist_ok=True)
    due = len(share) if overwrite else sum(not job.done for job in share)
    with jobs.open(due) as pool:
        results = run_jobs(share, pool, overwrite=overwrite, progress=progress_bar)
    write_summary(summary, results)
    report = f"{_table(results, here)}\nwritten: {output_dir}, {summary}"
    failed = [result for result in results if result.state == "failed"]
    if failed:
        first = f"{failed[0].source}: {failed[0].error}"
        raise SomeFailedError(f"{len(failed)} of {len(results)} videos failed, the first {first}", report)
    return report


def _table(results: Sequence[JobResult], folder: Path) -> str:
    """The videos, or those of them that failed, and a line about all."""
    shown = results if len(results) <= LONGEST_TABLE else [result for result in results if result.state == "failed"]
    rows = [("video", "state", "frames", "tracks", "boxes", "seconds", "")]
    for one in shown:
        counts = (str(one.frames), str(one.tracks), str(one.boxes), f"{one.seconds:.1f}")
        name = Path(one.source).relative_to(folder).as_posix()
        rows.append((name, one.state, *(("", "", "", "") if one.state == "kept" else counts), one.error))
    width = [max([1, *(len(row[column]) for row in rows)]) for column in range(len(rows[0]))]
    signs = "<<>>>><"
    lines = ["  ".join(f"{one:{sign}{w}}" for one, sign, w in zip(row, signs, width, strict=True)) for row in rows]
    states = [result.state for result in results]
    total = ", ".join(f"{states.count(state)} {state}" for state in ("done", "kept", "failed"))
    frames = sum(result.frames for result in results)
    return "\n".join([*(line.rstrip() for line in lines if shown), f"{len(results)} videos: {total}; {frames} frames"])
