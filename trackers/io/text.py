"""Text files as editors and spreadsheets write them."""

from __future__ import annotations

import codecs
from pathlib import Path


def read_text(path: Path, kind: str) -> str:
    """Read a text file in UTF-8, or in UTF-16 with a byte order mark; other marks are left out.

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
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file; {kind} was expected") from error
