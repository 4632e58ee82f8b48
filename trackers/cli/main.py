"""Parse, call, print: every command is a function whose parameters are its options."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import trackers
from trackers.cli.failures import SomeFailedError, StoppedError
from trackers.cli.parser import parse

COMMANDS: Mapping[str, str] = {
    "track": "trackers.cli.track:track",
    "multicam": "trackers.cli.multicam:multicam",
    "eval": "trackers.cli.evaluate:evaluate_files",
    "embed": "trackers.cli.embed:embed",
    "adapt": "trackers.cli.adapt:adapt",
    "benchmark": "trackers.cli.benchmark:benchmark",
    "tune": "trackers.cli.tune:tune_tracker",
    "refine": "trackers.cli.refine:refine_result",
    "report": "trackers.cli.report:report",
    "download": "trackers.cli.download:download_item",
    "deep-sort": "trackers.cli.deep_sort:deep_sort",
    "deep-sort-embed": "trackers.cli.deep_sort:deep_sort_embed",
    "replay": "trackers.cli.deep_sort:replay_results",
    "completion": "trackers.cli.completion:completion",
}
"""Where the function of each command is."""

WRONG_INPUT = 2
"""Exit code when the command line, a file or a device is not as it should be."""

SOME_FAILED = 1
"""Exit code when some of many videos failed; the others are done."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, by convention of shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    With `TRACKERS_TRACEBACK` set in the environment an error is raised instead of printed in a line.

    Args:
        arguments: The command line without the program's name; None takes the process's own.

    Returns:
        The exit code: 0; 1 where some of many videos failed; 2 after a line on standard error that says what is wrong;
        130 after Ctrl-C.
    """
    try:
        with warnings.catch_warnings():  # supervision draws without OpenCV, and says so when it is imported
            warnings.filterwarnings("ignore", message="OpenCV", category=UserWarning)
            text = _run(list(sys.argv[1:] if arguments is None else arguments))
    except (OSError, ValueError, ImportError) as error:
        if os.environ.get("TRACKERS_TRACEBACK"):
            raise
        print(f"trackers: {one_line(error)}", file=sys.stderr)
        return WRONG_INPUT
    except SomeFailedError as failed:
        print(failed.report)
        print(f"trackers: {failed}", file=sys.stderr)
        return SOME_FAILED
    except KeyboardInterrupt as stop:
        if isinstance(stop, StoppedError):
            print(stop.report)
        return INTERRUPTED
    except SystemExit as end:  # after --help and --print-config
        return int(end.code or 0)
    print(text)
    return 0


def one_line(error: BaseException) -> str:
    """Say what went wrong in one line.

    Example:
        >>> one_line(FileExistsError(17, "file exists", "out.txt"))
        'out.txt: file exists (replace it with --overwrite)'
    """
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        hint = " (replace it with --overwrite)" if isinstance(error, FileExistsError) else ""
        return f"{error.filename}: {error.strerror}{hint}"
    return " ".join(str(error).split()) or type(error).__name__


def _run(arguments: list[str]) -> str:
    if not arguments or arguments[0] in ("-h", "--help"):
        return _overview()
    if arguments[0] == "--version":
        return f"deepsort-trackers {trackers.__version__}"
    command, *rest = arguments
    function = command_function(command)
    return str(function(**parse(f"trackers {command}", function, rest)))


def command_function(command: str) -> Callable[..., Any]:
    """Look up the function of a command.

    Raises:
        ValueError: If there is no such command; the message lists close matches.
    """
    if command not in COMMANDS:
        close = difflib.get_close_matches(command, COMMANDS, n=2)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(f"unknown command {command!r}; {hint}Commands are {', '.join(COMMANDS)}")
    module, _, name = COMMANDS[command].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _overview() -> str:
    lines = ["usage: trackers COMMAND ...    (trackers COMMAND --help tells more)", ""]
    for command in COMMANDS:
        summary = (inspect.getdoc(command_function(command)) or "").splitlines()[0]
        lines.append(f"  {command:<15} {summary}")
    return "\n".join(lines)
