"""Pages and messages use the words of the glossary."""

from __future__ import annotations

import ast
import re
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
    r"\b(a|the|its|their|new|newest|averaged|without|no|by|of) looks?\b(?! (at|like|for|up|alike))": "embedding",
    r"\bstrangers?\b": "another person, another object",
    r"\b(hand|hands|handed) over\b": "pass, return",
    r"\b(remember|remembers|remembered|forget|forgets|forgot)\b": "keep, drop, gallery, buffer",
    r"\btrackers? (answers?|is told|are told)\b": "return, get",
    r"\b(is|are) sure\b": "confidence, unambiguous",
    r"\bid switch": "ID switch",
}
"""Words that other people in the field would not use, and theirs."""


def found(text: str) -> list[str]:
    """Words in a text that are not of the field."""
    return [match[0] for words in NOT_OURS for match in re.finditer(words, text)]


def test_words_are_recognised() -> None:
    assert found("recognised by its looks, and a stranger is handed over") == ["its looks", "stranger", "handed over"]
    assert not found("take a look at the page; it looks like this; people who look alike")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_uses_the_words_of_the_field(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not found(" ".join(text.split()))


def messages() -> Iterator[tuple[str, str]]:
    """Texts of errors and warnings, with their files."""
    for path in sorted((ROOT / "trackers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) or (
                isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn"
            ):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield str(path.relative_to(ROOT)), part.value


def test_messages_use_the_words_of_the_field() -> None:
    everything = list(messages())
    assert len(everything) > 200
    assert not [(where, text) for where, text in everything if found(text)]
