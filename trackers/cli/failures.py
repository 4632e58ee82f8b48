"""What a command raises when part of its work is done: the rest failed, or Ctrl-C came."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackers.pipeline.track import Summary


class SomeFailedError(Exception):
    """Some of many videos failed; the others are done.

    Attributes:
        report: What is printed about all of them.
    """

    def __init__(self, message: str, report: str) -> None:
        super().__init__(message)
        self.report = report


class StoppedError(KeyboardInterrupt):
    """Ctrl-C ended a run; what is written is whole up to there.

    Attributes:
        report: What is printed about it.
    """

    def __init__(self, report: str) -> None:
        super().__init__()
        self.report = report


def finished(summary: Summary, report: str) -> str:
    """The report of a run that came to its end.

    Raises:
        StoppedError: If Ctrl-C ended it; it carries the report.
    """
    if summary.interrupted:
        raise StoppedError(report)
    return report
