"""`trackers completion`."""

from __future__ import annotations

from typing import Literal

from trackers.cli.main import COMMANDS, command_function
from trackers.cli.parser import build_parser, new_parser
from trackers.errors import require


def completion(shell: Literal["bash", "zsh", "tcsh", "fish", "powershell"]) -> str:
    """Print a script that completes commands and options in a shell.

    Examples:
        source <(trackers completion bash)
        trackers completion fish > ~/.config/fish/completions/trackers.fish
        trackers completion powershell >> $PROFILE

    Args:
        shell: Which shell.

    Returns:
        The script.
    """
    parser = new_parser("trackers")
    commands = parser.add_subcommands(required=False)
    for command in COMMANDS:
        commands.add_subcommand(command, build_parser(f"trackers {command}", command_function(command)))
    if shell not in require("shtab", "cli").SUPPORTED_SHELLS:
        raise ValueError(f"completion in {shell} needs a newer package; update it with: pip install --upgrade shtab")
    return str(parser.get_completion_script(f"shtab-{shell}"))
