"""The table of options on the page about the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("jsonargparse", reason="the extra `cli` is not installed")

from docs.options import on_page_markdown
from trackers.cli.main import COMMANDS

PAGE = Path(__file__).parents[1] / "docs" / "command-line.md"


def test_the_page_gets_the_options_of_the_program() -> None:
    text = on_page_markdown(PAGE.read_text(encoding="utf-8"))
    rows = dict(re.findall(r"^\| `(--[\w.-]+)` \| ([^|]*) \|", text, re.MULTILINE))
    assert rows["--detections"] == ""
    assert rows["--tracker.name"] == "`steadysort`"
    assert rows["--tracker.track-activation-threshold"] == "`0.7`"
    assert rows["--overwrite"] == "off"
    assert "options of:" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_table(command: str) -> None:
    lines = on_page_markdown(f"<!-- options of: {command} -->").splitlines()
    assert all(line.count(" | ") == 2 or "\\|" in line for line in lines[2:])
    assert all(len(line.split(" | ")[2]) > 5 for line in lines[2:]), "an option without a meaning"
