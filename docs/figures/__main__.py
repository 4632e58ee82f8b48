"""Write stored figures into the pages, or store what a benchmark printed.

`python -m docs.figures` writes; `COMMAND | python -m docs.figures NAME "COMMAND"` stores the first table of the output.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from docs.figures.tables import from_markdown, store, written

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Store a table from standard input if one is named, and write all of them into the pages."""
    parser = argparse.ArgumentParser(prog="python -m docs.figures", description=__doc__)
    parser.add_argument("name", nargs="?", help="name under which to store the table on standard input")
    parser.add_argument("command", nargs="?", help="the command that printed it")
    arguments = parser.parse_args()
    if arguments.name:
        if not arguments.command:
            parser.error("say the command that printed the table")
        today = datetime.date.today().isoformat()
        store(arguments.name, from_markdown(sys.stdin.read(), arguments.command, today))
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        if (new := written(text)) != text:
            page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
