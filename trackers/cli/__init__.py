"""The command line: `trackers track`, `eval`, `embed`, `benchmark`, `tune`, `report` and `download`."""

from trackers.cli.main import main

__all__ = ["main"]
