"""Spellings that people expect, turned into the one that the parser takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trackers.cli.words import FILES, is_flag, is_list


def spell_out(argument: str, chosen: Sequence[str]) -> str:
    """Write `--tracker sort` as `--tracker.name sort`, and `--frame-rate` as `--frame_rate`.

    Example:
        >>> spell_out("--tracker=sort", ["tracker"]), spell_out("--frame-rate", [])
        ('--tracker.name=sort', '--frame_rate')
    """
    option, equals, value = argument.partition("=")
    if option[:2] != "--" or option in ("--", "--print-config"):
        return argument
    option = option.replace("-", "_").replace("__", "--", 1)
    if option.lstrip("-") in chosen:
        option += ".name"
    return option + equals + value


def respell(arguments: Sequence[str], parser: Any) -> list[str]:
    """Gather the values of options that take several, let flags stand alone, and put what is no option at the front.

    Several values are several words, words with commas between them, or the option once more for each; a comma in the
    name of a file is part of it. Where arguments are missing, the last of several words is one.
    """
    known = {option: action for action in parser._actions for option in action.option_strings}
    places = [action for action in parser._actions if not action.option_strings]
    words = _split(arguments, known)
    free: list[int] = []
    taken: list[tuple[str, list[int]]] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        action = known.get(word)
        if word == "--":
            free += range(at, len(words))
            break
        if action is not None and is_list(action):
            end = _end_of_values(words, at)
            taken.append((word, list(range(at, end))))
            rest += [] if end > at else [word]
            at = end
        elif action is not None and is_flag(action):
            value = at < len(words) and words[at].lower() in ("true", "false")
            rest.append(f"{word}={words[at].lower() if value else 'true'}")
            at += value
        elif word.startswith("-") and word != "-":
            rest.append(word)
            if at < len(words) and "=" not in word and _takes_a_value(action, words[at]):
                rest.append(words[at])
                at += 1
        else:
            free.append(at - 1)
    several = any(is_list(action) for action in places)
    missing = 0 if several and free else len(places) - len(free)
    free = sorted([*free, *_spare(taken, words, missing)])
    front = [words[place] for place in free]
    if several:
        front = [json.dumps(front)] if front and not front[0].startswith("[") else front
    lists: list[str] = []
    for option in dict.fromkeys(option for option, _ in taken):
        given = [words[place] for one, run in taken if one == option for place in run]
        lists += [option, _values(given, known[option].dest)] if given else []
    hidden = any(one.startswith("-") and one != "-" for one in front)
    return [*rest, *lists, "--", *front] if hidden else [*front, *rest, *lists]


def _split(arguments: Sequence[str], known: dict[str, Any]) -> list[str]:
    """Words, with `--classes=person` as two."""
    words: list[str] = []
    for argument in arguments:
        option, equals, value = argument.partition("=")
        action = known.get(option)
        words += [option, value] if equals and action is not None and is_list(action) else [argument]
    return words


def _end_of_values(words: Sequence[str], start: int) -> int:
    """Where the values of an option end: at the next option; a list in brackets stands alone."""
    if start < len(words) and words[start].startswith("["):
        return start + 1
    return next((i for i in range(start, len(words)) if words[i].startswith("-") and words[i] != "-"), len(words))


def _takes_a_value(action: Any, following: str) -> bool:
    """Whether the word after an option is its value."""
    if action is None:  # a part of a part, or a mistake that the parser names
        return not following.startswith("-")
    if action.nargs is not None:
        return False
    return not following.startswith("--")


def _spare(taken: Sequence[tuple[str, list[int]]], words: Sequence[str], missing: int) -> list[int]:
    """Places of words that were taken for values and are arguments: files that exist first, else the last."""
    spare: list[int] = []
    for _ in range(missing):
        last = [run for _, run in taken if len(run) > 1]
        if not last:
            break
        run = max(last, key=lambda one: (Path(words[one[-1]]).exists(), one[-1]))
        spare.append(run.pop())
    return spare


def _values(words: list[str], name: str) -> str:
    """The values of an option as a list."""
    if len(words) == 1 and words[0].startswith("["):
        return words[0]
    if name not in FILES:
        words = [one for word in words for one in ([word] if Path(word).exists() else word.split(","))]
    return json.dumps([word for word in words if word])
