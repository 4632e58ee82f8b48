"""What `trackers benchmark` and `trackers tune` run on: the sequences of a folder, with their detections."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from trackers.cli.evaluate import DISTRACTORS, Distractors
from trackers.cli.parser import typed_options
from trackers.core.registry import EXTRACTORS
from trackers.io import MOTSequence, find_sequences
from trackers.pipeline.benchmark import Task, is_stored
from trackers.pipeline.choices import Choice, files_of, read_choice


def make_tasks(
    folder: Path,
    detections: str,
    trackers: Sequence[Choice],
    extractors: Sequence[str],
    confidence: float | None,
    distractors: Distractors,
) -> list[Task]:
    """One task for each sequence of a folder; the arguments are those of `trackers benchmark`, the trackers read."""
    chosen = [read_extractor(name) for name in extractors]
    return [
        Task(sequence, detections_of(sequence, detections), trackers, chosen, confidence, DISTRACTORS[distractors])
        for sequence in find_sequences(folder)
    ]


def inputs_of(tasks: Sequence[Task]) -> list[str | Path]:
    """Everything that is read for tasks: sequences, detections, and files among the options."""
    places = [place for task in tasks for place in (task.sequence.folder, task.detections)]
    return [*places, *(files_of(*tasks[0].trackers, *tasks[0].extractors) if tasks else ())]


def detections_of(sequence: MOTSequence, pattern: str) -> Path:
    """File of the detections of a sequence.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If the pattern has other fields than `{folder}` and `{name}`.
    """
    try:
        path = Path(pattern.format(folder=sequence.folder, name=sequence.name))
    except (KeyError, IndexError) as error:
        raise ValueError(f"{pattern}: only {{folder}} and {{name}} are filled in, not {error}") from error
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, f"no detections of {sequence.name}", str(path))
    return path


def read_extractor(name: str) -> Choice:
    """Read an extractor: a name, a YAML file, or `stored:<array>`."""
    choice = read_choice(name, "extractor")
    return choice if is_stored(choice) else typed_options(EXTRACTORS, choice)
