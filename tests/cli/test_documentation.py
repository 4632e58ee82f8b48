"""Every command line in the documentation is one that the program understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from trackers.cli.main import command_function
from trackers.cli.parser import parse

pytest.importorskip("jsonargparse", reason="the extra `cli` is not installed")

DOCS = Path(__file__).parents[2] / "docs"
SHELL_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def command_lines() -> list[str]:
    lines = []
    for page in sorted(DOCS.rglob("*.md")):
        for block in SHELL_BLOCK.findall((DOCS / page).read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.search(r"^ *(?:deepsort-)?trackers [a-z].*", line.partition(" #")[0].partition(" >")[0])
                if found:
                    lines.append(found.group().strip().rstrip(")"))
    return lines


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_of_the_documentation(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text("tracker:\n  name: deepsort\n  lost_track_buffer: 60\n")
    (tmp_path / "best.yaml").write_text("tracker:\n  name: deepsort\n")
    _, command, *arguments = shlex.split(line)
    if "--help" in arguments or "--print-config" in arguments:
        with pytest.raises(SystemExit):
            parse(command, command_function(command), arguments)
    else:
        assert parse(command, command_function(command), arguments)


def test_there_are_command_lines() -> None:
    assert len(command_lines()) > 15
