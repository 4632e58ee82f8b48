"""Pages and messages use the words of the glossary."""

from __future__ import annotations

import ast
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if page.name not in ("changelog.md", "glossary.md")
]
NOT_OURS = {
    r"\b(a|another|the|its|their|new|newest|averaged|without|no|by|of) looks?\b(?! (at|for|up))": "appearance",
    r"\blook(s|ed|ing)? (much )?(alike|different|the same)\b": "similar in appearance",
    r"\bstrangers?\b": "another person, another object",
    r"\b(hand|hands|handed) (\w+ )?over\b": "pass, return",
    r"\b(remember|remembers|remembered|forget|forgets|forgot)\b": "keep, drop, gallery, buffer",
    r"\b(is|are|was|were|be|unless|not) told\b|\btold apart\b|\buntold\b": "get, distinguish, set",
    r"\b(answers|answered)\b": "return, output",
    r"\b(is|are|was|were|been|last|just|first|not) seen\b|\bseen (again|together|last|so far)\b": "matched",
    r"\bknows\b|\bknow (nothing|no)\b": "has, supports, keeps",
    r"\b(is|are) sure\b": "confidence, unambiguous",
    r"\bid switch": "ID switch",
}
"""Words that other people in the field would not use, and theirs."""

NOT_NAMES = re.compile(
    r"(^|_)(answers?|looks?|looked|strangers?|seen|unseen|told|sure|remember(s|ed|ing)?|forg[eo]t(s|ful|ting)?)($|_)",
    re.IGNORECASE,
)
"""The same among names of variables, functions and classes."""

CODE = [
    path
    for folder in ("trackers", "docs", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)
]


def found(text: str) -> list[str]:
    """Words in a text that are not of the field."""
    return [match[0] for words in NOT_OURS for match in re.finditer(words, text)]


def test_words_are_recognised() -> None:
    assert found("recognised by its looks, and a stranger is handed over") == ["its looks", "stranger", "handed over"]
    assert found("they look alike, and are told apart where last seen") == ["look alike", "are told", "last seen"]
    assert not found("take a look at the page; it looks like this; an answer to a question; see what is known")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_uses_the_words_of_the_field(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not found(" ".join(text.split()))


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_uses_the_words_of_the_field(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert not found(" ".join(" ".join("".join(cell["source"]) for cell in cells).split()))


def code() -> Iterator[tuple[str, str]]:
    """Texts and names of the code with their files: docstrings, comments, messages, what is assigned or defined."""
    for path in CODE:
        where = str(path.relative_to(ROOT))
        content = path.read_text(encoding="utf-8")
        with path.open("rb") as file:
            comments = [one.string for one in tokenize.tokenize(file.readline) if one.type == tokenize.COMMENT]
        yield where, " ".join(one.lstrip("# ") for one in comments)
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield where, " ".join(node.value.split())
            elif isinstance(node, ast.arg):
                yield where, f"name {node.arg}"
            elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                yield where, f"name {node.name}"
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield where, f"name {node.id}"
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                yield where, f"name {node.attr}"


def test_code_uses_the_words_of_the_field() -> None:
    everything = list(code())
    assert len(everything) > 5000
    wrong = [
        (where, text)
        for where, text in everything
        if (NOT_NAMES.search(text.removeprefix("name ")) if text.startswith("name ") else found(text))
    ]
    assert not wrong
