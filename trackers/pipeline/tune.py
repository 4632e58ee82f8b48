"""Search for the parameters of a tracker that suit a folder of sequences.

The search is Optuna's tree-structured Parzen estimator, beginning at the tracker's defaults. What it finds is
never worse than they are on the sequences it was tuned on. Every trial goes to a journal from which a later call
goes on.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trackers.core.registry import TRACKERS, find
from trackers.deprecation import warn_renamed
from trackers.errors import check_choice, require
from trackers.evaluation import check_truth
from trackers.jobs import open_pool
from trackers.pipeline.benchmark import Task, run_tasks, summarise
from trackers.pipeline.choices import Choice

RANGES: Mapping[str, tuple[float, float]] = {
    "lost_track_buffer": (10, 120),
    "track_activation_threshold": (0.1, 0.9),
    "high_confidence_threshold": (0.3, 0.8),
    "minimum_consecutive_frames": (1, 5),
    "minimum_iou_threshold": (0.05, 0.6),
    "appearance_threshold": (0.05, 0.6),
    "appearance_weight": (0.5, 1.0),
    "gallery_size": (5, 150),
}
"""Where each parameter is searched, by name; one whose default is a whole number is searched in whole numbers."""

OBJECTIVES: Mapping[str, str] = {"HOTA": "hota", "IDF1": "idf1", "MOTA": "mota", "AssA": "assa"}
"""What can be maximised, and the attribute of `Scores` it is."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        tracker: The best parameters.
        value: What they reach, in [0, 1].
        default: What the tracker's defaults reach.
        trials: Trials done, those of earlier calls included.
    """

    tracker: Choice
    value: float
    default: float
    trials: int


def search_space(
    tracker: Choice, ranges: Mapping[str, Sequence[float]] | None = None
) -> dict[str, tuple[float, float]]:
    """Parameters to search, and where.

    Args:
        tracker: The tracker; parameters it sets are not searched.
        ranges: Own ranges; each replaces the one of `RANGES`, or adds a parameter.

    Returns:
        Lowest and highest value by parameter.

    Raises:
        ValueError: If the tracker has no such parameter, or a range is not two ascending numbers.

    Example:
        >>> search_space(Choice("sort", {"lost_track_buffer": 30}), {"minimum_iou_threshold": (0.2, 0.4)})[
        ...     "minimum_iou_threshold"
        ... ]
        (0.2, 0.4)
    """
    parameters = inspect.signature(find(TRACKERS, tracker.name)).parameters
    for name, limits in (ranges or {}).items():
        if name not in parameters:
            raise ValueError(f"{tracker.name} has no parameter {name!r}; it has {', '.join(parameters)}")
        if len(limits) != 2 or not limits[0] < limits[1]:
            raise ValueError(f"the range of {name} must be two ascending numbers, but is {list(limits)}")
    return {
        name: (int(low), int(high)) if _is_whole(name, parameters[name].default) else (float(low), float(high))
        for name, (low, high) in {**RANGES, **(ranges or {})}.items()
        if name in parameters and name not in tracker.options
    }


def tune(
    tasks: Sequence[Task],
    tracker: Choice,
    journal: str | Path,
    *,
    trials: int = 100,
    objective: str = "HOTA",
    ranges: Mapping[str, Sequence[float]] | None = None,
    pool: Executor | None = None,
    processes: int | None = None,
    progress: Callable[[Any, int | None, str], Any] | None = None,
) -> Found:
    """Search for the best parameters.

    Args:
        tasks: The sequences; their trackers are replaced by the one that is tuned.
        tracker: The tracker, with parameters that are to stay as they are.
        journal: File of all trials; if it exists, the search goes on from there.
        trials: Trials to do now.
        objective: What to maximise, one of `OBJECTIVES`.
        ranges: See `search_space`.
        pool: Where sequences are worked on, as `trackers.jobs.open_pool` gives it; None works on them here, in order.
        processes: Old way to say how many sequences are worked on at the same time.
        progress: Wraps the trials, given their number and the word for one, to show how far they are.

    Returns:
        The best parameters found, in this call or in earlier ones.

    Raises:
        ValueError: If a parameter or a range is wrong, or the journal is of another search.
        MissingDependencyError: If Optuna is not installed.
    """
    check_choice("objective", objective, tuple(OBJECTIVES))
    space = search_space(tracker, ranges)
    if processes is not None:
        warn_renamed("tune(processes=...)", "tune(pool=...)")
    with (
        _study(Path(journal), f"{tracker.name} {objective} {len(tasks)} sequences") as study,
        nullcontext(pool) if processes is None else open_pool(processes, len(tasks)) as pool,
    ):

        def value(**parameters: Any) -> float:
            tuned = replace(tracker, options={**tracker.options, **parameters})
            done = run_tasks([replace(task, trackers=[tuned]) for task in tasks], pool=pool)
            scores = summarise(one for outcomes in done for one in outcomes)[0].scores
            check_truth([scores])
            return float(getattr(scores, OBJECTIVES[objective]))

        if "default" not in study.user_attrs:
            study.set_user_attr("default", value())
            study.enqueue_trial(_defaults(tracker, space))
        rounds = range(trials)
        for _ in progress(rounds, trials, "trial") if progress else rounds:
            study.optimize(
                lambda trial: value(**{name: _suggest(trial, name, *limits) for name, limits in space.items()}),
                n_trials=1,
            )
    default, finished = study.user_attrs["default"], [one for one in study.trials if one.value is not None]
    if not finished or study.best_value < default:
        return Found(tracker, default, default, len(finished))
    best = replace(tracker, options={**tracker.options, **study.best_params})
    return Found(best, study.best_value, default, len(finished))


@contextmanager
def _study(journal: Path, name: str) -> Iterator[Any]:
    """The search of a journal; a new journal in which no trial came to its end goes away again with an error."""
    new = not journal.exists()
    if not new and not _is_journal(journal):
        raise ValueError(f"{journal} exists and is no journal of trials; choose another name for the output")
    study = _open_study(journal, name)
    try:
        yield study
    except BaseException:
        if new and not any(trial.value is not None for trial in study.trials):
            for file in (journal, *journal.parent.glob(f"{journal.name}.lock*")):
                file.unlink(missing_ok=True)
        raise


def _is_journal(path: Path) -> bool:
    """Whether a file is empty, or begins as Optuna's journals do."""
    with path.open("rb") as file:
        first = file.readline(100_000)
    try:
        return not first or "op_code" in json.loads(first)
    except (ValueError, TypeError, RecursionError):
        return False


def _open_study(journal: Path, name: str) -> Any:
    optuna = require("optuna", "tune")
    storages = require("optuna.storages.journal", "tune")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.JournalStorage(storages.JournalFileBackend(str(journal)))
    known = [study.study_name for study in optuna.get_all_study_summaries(storage)]
    if known and known != [name]:
        raise ValueError(f"{journal} is the journal of another search ({known[0]}), not of {name}")
    done = len(storage.get_all_trials(storage.get_study_id_from_name(name))) if known else 0
    sampler = optuna.samplers.TPESampler(seed=done)
    return optuna.create_study(
        storage=storage, study_name=name, sampler=sampler, direction="maximize", load_if_exists=True
    )


def _is_whole(name: str, default: Any) -> bool:
    """Whether a parameter is a whole number; one whose default is None is if its usual range is."""
    whole = RANGES.get(name, (0.0,)) if default is None else (default,)
    return all(isinstance(number, int) for number in whole)


def _defaults(tracker: Choice, space: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """The tracker's own defaults, where they lie in the space."""
    parameters = inspect.signature(find(TRACKERS, tracker.name)).parameters
    defaults = {name: parameters[name].default for name in space}
    return {
        name: value
        for name, value in defaults.items()
        if isinstance(value, int | float) and space[name][0] <= value <= space[name][1]
    }


def _suggest(trial: Any, name: str, low: float, high: float) -> float:
    if isinstance(low, int) and isinstance(high, int):
        return int(trial.suggest_int(name, low, high))
    return float(trial.suggest_float(name, low, high))
