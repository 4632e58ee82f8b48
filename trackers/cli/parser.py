"""Parsers made from signatures and docstrings.

`jsonargparse` turns the parameters of a function into options, reads and prints YAML, and checks types. What it does
not do is here, options of a tracker or an extractor that is chosen by name, and beside it: spellings people expect
(`trackers.cli.arguments`), words (`trackers.cli.words`) and help (`trackers.cli.help`).
"""

from __future__ import annotations

import argparse
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

from trackers.cli.arguments import respell, spell_out
from trackers.cli.help import HELP_ALL, help_of
from trackers.cli.words import plain, said_of
from trackers.core.registry import EXTRACTORS, TRACKERS, find
from trackers.errors import require
from trackers.io.text import read_text
from trackers.pipeline.choices import NO_EXTRACTOR, Choice, read_yaml
from trackers.pipeline.outputs import check_not_read

CHOICES: Mapping[str, tuple[Mapping[str, str], str | None]] = {
    "tracker": (TRACKERS, "steadysort"),
    "extractor": (EXTRACTORS, None),
}
"""Parameters that are chosen by name: the names, and the default."""


def parse(prog: str, function: Callable[..., Any], arguments: Sequence[str]) -> dict[str, Any]:
    """Parse the command line of a function.

    Args:
        prog: Name of the program in messages.
        function: Its parameters become options; those of type `Choice` are chosen by name, and of a dataclass without a
            default each field is an option.
        arguments: The command line.

    Returns:
        The arguments to call the function with.

    Raises:
        ValueError: If the command line or the configuration file is wrong; the message lists close matches.
    """
    chosen, spread = _chosen_by_name(function), _spread(function)
    arguments = [spell_out(argument, chosen) for argument in arguments]
    parser = build_parser(prog, function, arguments)
    values = _built(parser, parser.parse_args(respell(arguments, parser)))
    configurations = [str(one) for one in values.pop("config", None) or () if one is not None]
    output = values.get("output") or ()
    check_not_read([output] if isinstance(output, str | Path) else output, configurations)
    for name in chosen:
        values[name] = _as_choice(values.get(name))
    for name, kind in spread.items():
        values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
    return values


def typed_options(names: Mapping[str, str], choice: Choice) -> Choice:
    """Check the options of a choice that was read from a file, and build the objects among them.

    Raises:
        ValueError: If an option is unknown or has the wrong type.

    Example:
        >>> typed_options(TRACKERS, Choice("sort", {"lost_track_buffer": 60})).options["lost_track_buffer"]
        60
    """
    parser = new_parser(str(choice))
    _add_options(parser, "choice", find(names, choice.name))
    values = _built(parser, parser.parse_object({"choice": dict(choice.options)})).get("choice", {})
    return replace(choice, options={name: values[name] for name in choice.options})


def build_parser(prog: str, function: Callable[..., Any], arguments: Sequence[str] = ()) -> Any:
    """Build the parser of a function, with the options of what the arguments choose by name.

    Raises:
        ValueError: If a tracker or an extractor is unknown.
    """
    parser = new_parser(prog, inspect.getdoc(function) or "")
    parser.add_argument("--config", action="config", metavar="FILE", help="YAML file with any of these options.")
    parser.add_argument(HELP_ALL, action="help", help="Show all options.")
    parser.full, parser.named = (
        HELP_ALL in arguments,
        [name for name in _chosen_by_name(function) if any(one.startswith(f"--{name}.name") for one in arguments)],
    )
    chosen = {name: _chosen(name, arguments) for name in _chosen_by_name(function)}
    spread, every = _spread(function), inspect.signature(function).parameters.keys()
    for kind, adjacent in itertools.groupby(every, spread.get):
        if kind is None:
            others = {*every - set(adjacent), *chosen}
            parser.add_function_arguments(function, as_group=False, as_positional=True, skip=others)
        else:
            parser.add_class_arguments(kind, as_group=False, skip=set(chosen), instantiate=False)
    for name, choice in chosen.items():
        names, default = CHOICES[name]
        group = parser.add_argument_group(f"{name}: {choice or 'by the tracker'}")
        known = [*names] if name == "tracker" else [*names, NO_EXTRACTOR]
        options = f"One of {', '.join(known)}{', or a file such as osnet.pth' if name == 'extractor' else ''}."
        group.add_argument(f"--{name}.name", metavar="NAME", type=str, default=default, help=options)
        if choice and choice != NO_EXTRACTOR:
            _add_options(group, name, find(names, choice))
    for action in parser._actions:
        action.help = said_of(action)
    return parser


def new_parser(prog: str, documentation: str = "") -> Any:
    """An empty parser that raises `ValueError` instead of ending the process, and helps in plain words."""
    jsonargparse = require("jsonargparse", "cli")

    class Parser(jsonargparse.ArgumentParser):  # type: ignore[misc, name-defined]
        full = False
        named: Sequence[str] = ()

        def error(self, message: str, ex: Exception | None = None) -> None:
            raise ValueError(plain(message, self)) from ex

        def format_help(self, formatter: Any = None) -> str:
            return help_of(self, documentation, full=self.full, named=self.named)

        def parse_path(self, path: Any, **options: Any) -> Any:
            content = read_yaml(Path(path))
            if not isinstance(content, dict | None):
                raise ValueError(f"{path} is no file of options: expected YAML, a name and a value on each line")
            text = "{}" if content is None else read_text(Path(path), "YAML")
            return self.parse_string(text, path=str(path), **options)

    first = documentation.partition("\n")[0]
    return Parser(prog=prog, description=first, print_config="--print-config")


def _built(parser: Any, namespace: Any) -> dict[str, Any]:
    """Turn parsed values into what the signatures ask for."""
    values: dict[str, Any] = parser.instantiate(namespace).as_dict()
    return values


def _spread(function: Callable[..., Any]) -> dict[str, Any]:
    """Parameters of a function that are a dataclass and have no default: each of their fields is an option."""
    hints = get_type_hints(function)
    own = [one.name for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    return {name: hints[name] for name in own if name not in CHOICES and is_dataclass(hints[name])}


def _chosen_by_name(function: Callable[..., Any]) -> list[str]:
    """Parameters of a function, or fields of those that are spread, that are a `Choice`."""
    hints = get_type_hints(function)
    for kind in _spread(function).values():
        hints |= get_type_hints(kind)
    return [name for name in CHOICES if hints.get(name) in (Choice, Choice | None)]


def _chosen(name: str, arguments: Sequence[str]) -> str | None:
    """What the command line, or else the configuration file in it, chooses by name."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument(f"--{name}.name", dest="name", nargs="?")
    first.add_argument("--config", type=Path, nargs="?")
    given, _ = first.parse_known_args(list(arguments))
    if given.name is None and given.config is not None:
        return _named_in(given.config, name) or CHOICES[name][1]
    return CHOICES[name][1] if given.name is None else str(given.name)


def _named_in(path: Path, name: str) -> str | None:
    content = read_yaml(path)
    section = content.get(name) if isinstance(content, dict) else None
    return section.get("name") if isinstance(section, dict) else None


def _add_options(group: Any, name: str, factory: Any) -> None:
    parameters = inspect.signature(factory).parameters
    skip = {"feature_extractor", "frame_rate"} & parameters.keys()
    if isinstance(factory, partial):  # a file that stands for a name
        if not inspect.isclass(factory.func):
            return
        factory = factory.func
        skip |= inspect.signature(factory).parameters.keys() - parameters.keys()
    if "frame_rate" in skip:
        text = "Frames per second. Default: those of the source."
        group.add_argument(f"--{name}.frame_rate", type=float | None, default=None, help=text)
    if inspect.isclass(factory):
        group.add_class_arguments(factory, name, as_group=False, skip=skip, instantiate=False)
    else:
        group.add_method_arguments(factory.__self__, factory.__name__, name, as_group=False, skip=skip)
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        text = "Further options of the extractor, such as {batch_size: 16}."
        group.add_argument(f"--{name}.options", type=dict[str, Any], default={}, help=text)


def _as_choice(values: dict[str, Any] | None) -> Choice | None:
    if not values or values.get("name") is None:
        return None
    options = {key: value for key, value in values.items() if key not in ("name", "options")}
    if options.get("frame_rate") is None:
        options.pop("frame_rate", None)  # the source's
    return Choice(values["name"], {**options, **values.get("options", {})})
