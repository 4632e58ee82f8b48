"""What became of identities during a run, as a file beside the result."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path

from trackers.identity import Event
from trackers.io.whole import whole_file

EVENTS_FILE = "events.csv"
"""Name of the file in the folder of results."""


def write_events(folder: Path, events: Iterable[Event]) -> Path:
    """Write `events.csv`, a row for each event with the fields of `Event`, oldest first; returns its path."""
    path = folder / EVENTS_FILE
    with whole_file(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([field.name for field in fields(Event)])
        table.writerows(astuple(event) for event in events)
    return path


def count_events(folder: Path) -> int | None:
    """Number of events in a folder of results; None where they are not known.

    Args:
        folder: Folder that `trackers multicam` wrote into, or any other.
    """
    path = folder / EVENTS_FILE
    if not path.is_file():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.DictReader(file))
