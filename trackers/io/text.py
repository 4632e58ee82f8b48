"""Text files as editors, spreadsheets and shells write them."""

from __future__ import annotations

import codecs
from pathlib import Path

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins like the mark of UTF-16, and goes first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks, and the encoding that each stands for."""


def read_text(path: Path, kind: str) -> str:
    """Read a text file in UTF-8, UTF-16 or UTF-32; byte order marks are left out.

    Args:
        path: The file.
        kind: What was expected, for the message.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not text.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    content = path.read_bytes()
    try:
        return content.decode(_encoding(content))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file in UTF-8 or UTF-16; {kind} was expected") from error


def _encoding(content: bytes) -> str:
    """The encoding by the mark; without one, a zero beside the first letter is half of a letter of UTF-16."""
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return encoding
    if content[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if content[:1] == b"\0" else "utf-8"
