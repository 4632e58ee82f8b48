"""What a parser says, in words of people who write no Python."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

KINDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    dict: "names with values, such as {name: [10, 90]}",
}
"""What is expected of a type."""

SIGNS: Mapping[Any, str] = {int: "N", float: "NUMBER", Path: "PATH", dict: "{NAME: VALUE}", str: "TEXT"}
"""What stands for a value of a type in a usage."""


FILES = ("output", "sources")
"""Lists of files, in which a comma is part of a name."""


SAID: Mapping[str, str] = {
    "print_config": "Print all options with their values as YAML, and exit.",
    "draw": "YAML file with the parts below.",
    "tracker.adapt": "Learn on the way, from undisturbed tracks, what tells the objects of this video apart.",
    "tracker.camera_motion": "How the camera moves: sparse_flow, orb or ecc estimate it from the frames (needs "
    "opencv-python). Default: it stands still.",
    "tracker.class_agnostic": "With true a track matches detections of any class, with false only of its own; [[2, 7]] "
    "lets the classes 2 and 7 share tracks.",
    "tracker.device": "Where the extractor runs, such as cpu or cuda:0. Default: where it is.",
    "tracker.selection": "Which detections take part, such as {minimum_confidence: 0.3, maximum_overlap: 0.7}. "
    "Default: all.",
    "extractor.appearance_threshold": "Cosine distance beyond which two vectors are taken for two objects. Default: "
    "what suits the model.",
    "extractor.device": "Where it runs, such as cpu or cuda:0. Default: on a GPU if there is one.",
    "extractor.input_size": "Height and width of the crops, such as [256, 128], or one number for both. Default: the "
    "model's own, or 256 x 128.",
    "extractor.model_or_checkpoint_path": "File of a model: TorchScript, ONNX, or weights of a known architecture.",
}
"""What is said of options on the command line, where their docstrings speak to readers of Python."""

PLACES = {"detections": "FILE", "source": "FILE", "tracker": "NAME", "extractor": "NAME", "extractor.name": "NAME|FILE"}
"""What stands for the value of an option that takes names of different kinds."""


def said_of(action: Any) -> str | None:
    """What is said of an option, with values as they are typed.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> said_of(parser.add_argument("--gating", help='`"state"` gates on all; None is no gate.'))
        '`state` gates on all; null is no gate.'
    """
    if action.dest in SAID:
        return SAID[action.dest]
    if not isinstance(action.help, str) or action.help == argparse.SUPPRESS:
        return None if action.help is None else str(action.help)
    text = re.sub(r'`"([^"`]+)"`', r"`\1`", action.help)
    return re.sub(r"\b(True|False|None)\b", lambda found: VALUES[found[1]], text)


VALUES = {"True": "true", "False": "false", "None": "null"}
"""Values of Python as YAML has them."""


def hints_of(action: Any) -> list[Any]:
    """The types that an option takes; None is left out."""
    hint = getattr(action, "_typehint", None)
    several = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [one for one in several if one is not type(None) and one is not None]


def is_list(action: Any) -> bool:
    """Whether an option takes several values."""
    hints = hints_of(action)
    return len(hints) == 1 and getattr(get_origin(hints[0]), "__name__", "") == "Sequence"


def is_flag(action: Any) -> bool:
    """Whether an option may stand alone."""
    return hints_of(action) == [bool]


def expected(action: Any) -> str | None:
    """What an option expects; None where only `--help` can tell."""
    hints = [_expected(hint) for hint in hints_of(action)]
    return " or ".join(one for one in hints if one) or None


def _expected(hint: Any) -> str | None:
    origin = get_origin(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if getattr(origin, "__name__", "") in ("Sequence", "Iterable", "Collection"):
        (item,) = get_args(hint)
        inner = {"a whole number": "whole numbers", "text": "names", "a number": "numbers"}.get(_expected(item) or "")
        return inner or "lists, such as [[0, 1], [2, 3]]"
    if dataclasses.is_dataclass(hint):
        return f"its parts by name, such as .{dataclasses.fields(hint)[0].name}"
    return KINDS.get(origin or hint)


def sign(action: Any) -> str:
    """What stands for the value of an option in a usage; nothing for a flag."""
    if action.dest in PLACES and action.option_strings:
        return PLACES[action.dest]
    if isinstance(action.metavar, str) and action.metavar.isalpha() and action.metavar != "CONFIG":
        return str(action.metavar)
    if is_list(action):
        return (
            "FILE ..." if action.dest in FILES else "N ..." if get_args(hints_of(action)[0]) == (int,) else "NAME ..."
        )
    hints = hints_of(action)
    if is_flag(action) or action.nargs is not None:
        return ""
    if hints and get_origin(hints[0]) is Literal:
        return "|".join(map(str, get_args(hints[0])))
    return next((SIGNS[get_origin(one) or one] for one in hints if (get_origin(one) or one) in SIGNS), "VALUE")


def called(action: Any) -> str:
    """What users call an option or an argument.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> called(parser.add_argument("--frame_rate")), called(parser.add_argument("source"))
        ('--frame-rate', 'SOURCE')
    """
    if not action.option_strings:
        return str(action.dest).upper()
    name = str(action.option_strings[-1 if action.option_strings[0] == "-h" else 0])
    if "." not in name:
        return name.replace("_", "-")
    return name.removesuffix(".name") if name.count(".") == 1 else name


def plain(message: str, parser: argparse.ArgumentParser) -> str:
    """An error of the parser without types and modules, with names as they are typed."""
    actions = {action.dest: action for action in parser._actions}
    found = re.match(r'(?:Problem.*? - )?Parser key "([^"]+)":\s*(.*)', message, re.DOTALL)
    if found:
        return _of_key(found[1], found[2], actions, str(parser.prog))
    required = re.match(r"the following arguments are required: (.*)", message)
    if required:
        missing = [called(actions[name]) if name in actions else name for name in required[1].split(", ")]
        return f"the following arguments are required: {', '.join(missing)} (see {parser.prog} --help)"
    lone = re.match(r"argument (--[\w.-]+)\S*: expected (?:one|at least one) argument", message)
    if lone:
        name = lone[1][2:]
        return f"{called(actions[name]) if name in actions else lone[1]}: a value is missing"
    return _untyped(_with_close_matches(message, parser))


def _of_key(name: str, text: str, actions: Mapping[str, Any], prog: str) -> str:
    action = actions.get(name)
    who = f"{prog}: {name.removeprefix('choice.')}" if name.startswith("choice.") else f"--{name}"
    value = re.search(r"(?:Given|Got) value: (.*)\Z", text, re.DOTALL)
    kind = None if action is None else expected(action)
    parts = next((called(one) for dest, one in actions.items() if dest.startswith(f"{name}.")), None)
    if action is not None:
        who = who if name.startswith("choice.") else called(action)
    if value and kind:
        return f"{who}: expected {kind}, but got {value[1]}"
    if parts and "Unable to load" in text:
        return f"{who}: it has parts that are set by name, such as {parts}"
    return f"{who}: {_untyped(_with_choices(text))}"


def _with_choices(text: str) -> str:
    """Literal types as the choices they are."""
    return re.sub(r"typing\.Literal\[([^\]]*)\]", lambda found: f"one of {found[1]}", text)


def _untyped(text: str) -> str:
    """A message without the names of classes and their modules."""
    text = re.sub(r"<class '(?:[\w]+\.)*(\w+)'>", lambda found: _word(found[1]), text)
    return re.sub(r"\b(?:typing|collections\.abc|pathlib|numpy\._typing[\w.]*)\.(\w+)", r"\1", text)


def _word(name: str) -> str:
    return {"int": "whole number", "float": "number", "str": "text", "bool": "true or false"}.get(name, name)


def _with_close_matches(message: str, parser: argparse.ArgumentParser) -> str:
    """Add the options that are spelled much like an unknown one."""
    known = {option.lstrip("-"): option for action in parser._actions for option in action.option_strings}
    known = {name: option for name, option in known.items() if not name.endswith(("+", ".help"))}
    for word in message.replace("'", " ").replace('"', " ").replace("=", " ").split():
        bare = word.lstrip("-")
        close = difflib.get_close_matches(bare, known, n=3, cutoff=0.75)
        if close and bare not in known and (word.startswith("--") or "." in word or "_" in word):
            return f"{message}; did you mean {' or '.join(known[one] for one in close)}?"
    return message
