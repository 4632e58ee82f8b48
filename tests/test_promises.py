"""The page of promises names tests; they exist."""

from __future__ import annotations

import re

from tests.test_peer_defects import ROOT, names_in

PAGE = ROOT / "docs" / "promises.md"


def test_every_promise_names_a_test_that_exists() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith("| promise")]
    assert len(promises) > 20
    for row in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, f"no test beside: {row}"
        for file, name in named:
            assert name in names_in(ROOT / file), f"{file}::{name}"
