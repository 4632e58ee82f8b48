"""What a command raises when part of its work is done and part of it failed."""

from __future__ import annotations


class SomeFailedError(Exception):
    """Some of many videos failed; the others are done.

    Attributes:
        report: What is printed about all of them.
    """

    def __init__(self, message: str, report: str) -> None:
        super().__init__(message)
        self.report = report
