"""Tables of results: kept in one file each, and written between two comments of a page."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "results"
MARKED = re.compile(
    r"^(?P<indent> *)<!-- figures: (?P<name>[\w-]+) -->\n.*?^ *<!-- end of figures -->$", re.MULTILINE | re.DOTALL
)
SCORES = re.compile(r"\d{2}\.\d / \d{2}\.\d / \d+")
"""HOTA / IDF1 / ID switches."""

TRIPLE = re.compile(r"(\**)(\d{1,2}\.\d) / (\d{1,2}\.\d) / (\d+)\1")
ACROSS = {
    "deepsort-thresholds": "threshold",
    "embed-ambiguous": "boxes",
    "embed-ambiguous-by-sequence": "sequence",
    "extractor-thresholds": "threshold",
    "identity": "boxes",
    "identity-by-sequence": "sequence",
    "identity-by-threshold": "tracker, boxes",
    "identity-by-vectors": "boxes",
    "identity-held-out": "vectors",
    "identity-without-vectors": "objects",
    "learned-appearance": "boxes",
    "refinement": "boxes",
    "refinement-inputs": "tracks",
    "refinement-left-out": "settings",
}
"""What the columns of a result differ in, where several hold scores: pages show a row for each."""


@dataclass(frozen=True)
class Results:
    """What a benchmark printed.

    Attributes:
        command: What was run.
        date: When, as year-month-day.
        header: Names of the columns.
        rows: Cells of each row.
    """

    command: str
    date: str
    header: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table as pages show it."""
        head, *rows = [f"| {' | '.join(line)} |".replace("|  |", "| |") for line in (self.header, *self.rows)]
        return "\n".join([head, "|" + "---|" * len(self.header), *rows])

    def apart(self, across: str) -> Results:
        """The same with one number per cell: HOTA, IDF1 and IDSW in columns of their own.

        Where several columns hold scores, each makes a row, and a column named `across` says which one it was. What
        stands after the scores stays in the first of these rows.
        """
        scored = [at for at in range(len(self.header)) if any(TRIPLE.fullmatch(row[at]) for row in self.rows)]
        if not scored:
            short = ["IDSW" if name == "ID switches" else name for name in self.header]
            return Results(self.command, self.date, short, self.rows)
        first = scored[0]
        before = ["tracker" if name.startswith("HOTA / ") else name for name in self.header[:first]]
        after = [at for at in range(first, len(self.header)) if at not in scored]
        named = [across] if len(scored) > 1 else []
        header = [*before, *named, "HOTA", "IDF1", "IDSW", *(self.header[at] for at in after)]
        rows = []
        for row in self.rows:
            kept = [row[at] for at in after]
            for at in scored:
                if found := TRIPLE.fullmatch(row[at]):
                    bold, *numbers = found.groups()
                    which = [self.header[at]] if named else []
                    rows.append([*row[:first], *which, *(f"{bold}{number}{bold}" for number in numbers), *kept])
                    kept = [""] * len(after)
        return Results(self.command, self.date, header, rows)

    def scores(self) -> set[str]:
        """HOTA / IDF1 / ID switches of every cell that holds them, and of every row that has a column for each."""
        found = {score for row in self.rows for cell in row for score in SCORES.findall(cell)}
        columns = [self.header.index(name) for name in ("HOTA", "IDF1", "IDSW") if name in self.header]
        return found | (
            {" / ".join(row[column] for column in columns) for row in self.rows} if len(columns) == 3 else set()
        )


def read(name: str) -> Results:
    """Read stored results."""
    return Results(**json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def store(name: str, results: Results) -> None:
    """Keep results."""
    rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in results.rows)
    content = {key: json.dumps(value, ensure_ascii=False) for key, value in asdict(results).items()}
    text = (
        f'{{\n  "command": {content["command"]},\n  "date": {content["date"]},\n  "header": {content["header"]},\n'
        f'  "rows": [\n{rows}\n  ]\n}}\n'
    )
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def from_markdown(text: str, command: str, date: str) -> Results:
    """Read the first table of a text, such as a benchmark prints."""
    table = re.search(r"(?:^ *\|.*\|\n?){3,}", text, re.MULTILINE)
    if table is None:
        raise ValueError("there is no table in the text")
    cells = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in table[0].strip().splitlines()]
    return Results(command, date, cells[0], cells[2:])


def written(page: str) -> str:
    """A page with every marked table as it is stored."""

    def stored(found: re.Match[str]) -> str:
        table = read(found["name"]).apart(ACROSS.get(found["name"], "")).markdown().splitlines()
        lines = [f"<!-- figures: {found['name']} -->", "", *table, "", "<!-- end of figures -->"]
        return "\n".join(found["indent"] + line if line else "" for line in lines)

    return MARKED.sub(stored, page)
