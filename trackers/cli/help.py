"""What `--help` shows: the options that most people need on one screen, and all of them with `--help-all`."""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from typing import Any

from trackers.cli.words import called, sign

HELP_ALL = "--help_all"

RARE = (
    *("print_config", "draw", "draw.annotators", "draw.trace_length", "draw.thickness", "only", "explain", "refine"),
    *("output_format", "shard", "workers", "backend", "ray_address", "task_cpus", "task_gpus", "processes", "ranges"),
    *("distractors", "sequences", "unpack", "adapt"),
)
"""Options that the short help leaves out."""

WIDTH = 100
"""Most columns of the help, in a terminal that has more."""


def help_of(parser: Any, documentation: str, *, full: bool, named: Sequence[str]) -> str:
    """The help of a command.

    Args:
        parser: Its parser.
        documentation: Docstring of its function; what stands in it under `Examples:` are command lines.
        full: Show all options and everything that is said of them.
        named: What is chosen by name on the command line; its options are shown, too.
    """
    known = [action for action in parser._actions if not str(action.dest).endswith(".help")]
    shown = [action for action in known if full or _is_common(action, named)]
    hidden = len([one for one in known if not _is_help(one)]) - len(shown)
    formatter = _Formatter(str(parser.prog), full)
    places = [one for one in parser._actions if not one.option_strings]
    usage = " ".join([str(parser.prog), *(called(one) + (" ..." if _several(one) else "") for one in places)])
    formatter.add_text(f"usage: {usage} [options]")
    formatter.add_text(parser.description)
    formatter.start_section("arguments" if full else None)
    formatter.add_arguments(places)
    formatter.end_section()
    if lines := examples(documentation):
        formatter.start_section("examples")
        formatter.add_lines(lines)
        formatter.end_section()
    for title, group in _sections(parser, full, named):
        options = [one for one in group if one in shown and one.option_strings]
        if options:
            formatter.start_section(title)
            formatter.add_arguments(options)
            formatter.end_section()
    if hidden > 0:
        formatter.add_text(f"{hidden} more options: {parser.prog} --help-all")
    return formatter.format_help()


def _sections(parser: Any, full: bool, named: Sequence[str]) -> list[tuple[str, list[Any]]]:
    """Options under their titles; in the short help those without a choice of their own stand in one list."""
    groups = [(str(group.title), list(group._group_actions)) for group in parser._action_groups]
    if full:
        return groups
    chosen = [(title, actions) for title, actions in groups if title.partition(":")[0] in named]
    apart = [action for _, actions in chosen for action in actions]
    rest = [action for _, actions in groups for action in actions if action not in apart]
    rest.sort(key=lambda one: (one.dest == "config", not str(one.dest).endswith(".name")))
    return [("options", rest), *chosen]


def examples(documentation: str) -> list[str]:
    r"""The lines under `Examples:` in a docstring.

    Example:
        >>> examples("Track.\n\nExamples:\n    trackers track a.mp4\n\nArgs:\n    source: A video.")
        ['trackers track a.mp4']
    """
    found = re.search(r"^Examples:\n((?:[ ]+.*\n)+)", documentation + "\n", re.MULTILINE)
    return [] if found is None else [line.strip() for line in found[1].splitlines()]


def _is_help(action: Any) -> bool:
    return HELP_ALL in action.option_strings or "--help" in action.option_strings


def _is_common(action: Any, named: Sequence[str]) -> bool:
    group, dot, _ = str(action.dest).partition(".")
    if action.dest in RARE or _is_help(action):
        return False
    return not dot or group not in ("tracker", "extractor") or group in named or str(action.dest).endswith(".name")


def _several(action: Any) -> bool:
    return sign(action).endswith("...")


class _Formatter(argparse.HelpFormatter):
    """Names as they are typed, and signs for values in place of types."""

    def __init__(self, prog: str, full: bool) -> None:
        columns = int(os.environ.get("COLUMNS", 0)) or shutil.get_terminal_size().columns
        super().__init__(prog, max_help_position=28, width=max(40, min(columns, WIDTH) - 2))
        self._full = full

    def add_lines(self, lines: Iterable[str]) -> None:
        """Add lines as they are."""
        self._add_item(lambda: "".join(f"  {line}\n" for line in lines), [])

    def _format_action_invocation(self, action: Any) -> str:
        if not action.option_strings:
            return called(action)
        return f"{'-h, ' if '-h' in action.option_strings else ''}{called(action)} {sign(action)}".rstrip()

    def _expand_help(self, action: Any) -> str:
        text = " ".join(str(action.help or "").split())
        text = text[:1].upper() + text[1:]
        text = text if text.endswith(".") or not text else f"{text}."
        if not self._full:
            text = re.split(r"(?<=[.])\s", text, maxsplit=1)[0]
        default = action.default
        if default in (None, False, (), "", {}, argparse.SUPPRESS) or "Default:" in str(action.help) or not text:
            return text
        if not action.option_strings:
            return text
        shown = ", ".join(map(str, default)) if isinstance(default, tuple | list) else str(default)
        return f"{text} Default: {shown.lower() if default is True else shown}."
