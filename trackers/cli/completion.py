"""`trackers completion`."""

from __future__ import annotations

from typing import Literal

from trackers.cli.main import COMMANDS, command_function
from trackers.cli.parser import build_parser, new_parser


def completion(shell: Literal["bash", "zsh", "tcsh"]) -> str:
    """Print a script that completes commands and options in a shell.

    Args:
        shell: Which shell; for bash, add `source <(trackers completion bash)` to ~/.bashrc.

    Returns:
        The script.
    """
    parser = new_parser("trackers")
    commands = parser.add_subcommands(required=False)
    for command in COMMANDS:
        commands.add_subcommand(command, build_parser(f"trackers {command}", command_function(command)))
    return str(parser.get_completion_script(f"shtab-{shell}"))
