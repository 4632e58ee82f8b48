"""Writes the options of a command where a page says `<!-- options of: COMMAND -->`, from the command line itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from trackers.cli.main import command_function
from trackers.cli.parser import build_parser

HIDDEN = ("==SUPPRESS==",)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the table of options into a page."""
    return re.sub(r"<!-- options of: ([\w-]+) -->", lambda found: "\n".join(table(found[1])), markdown)


def table(command: str) -> Iterator[str]:
    """Lines of a table of the options of a command, group by group."""
    yield "| option | default | meaning |"
    yield "|---|---|---|"
    for group in build_parser(f"trackers {command}", command_function(command))._action_groups:
        for action in group._group_actions:
            if action.default in HIDDEN:
                continue
            name = action.option_strings[0] if action.option_strings else action.dest.upper()
            meaning = " ".join(str(action.help or "").split()).replace("|", "\\|")
            yield f"| `{name.replace('_', '-')}` | {shown(action.default)} | {meaning} |"


def shown(default: Any) -> str:
    """A default as a user would type it."""
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"`{' '.join(default)}`" if isinstance(default, tuple | list) else f"`{default}`"
