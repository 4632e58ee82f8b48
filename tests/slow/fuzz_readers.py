"""Coverage decides what goes into the files next: the properties of the readers, driven by libFuzzer through atheris.

`python -m tests.slow.fuzz_readers detections -max_total_time=60`; `make fuzz` runs them all.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

CORPUS = Path(".hypothesis/readers")
"""What has led to new branches is kept here for the next run."""

WATCHED = [
    "trackers.io",
    "trackers.core.state",
    "trackers.core.state_file",
    "trackers.table",
    "trackers.pipeline.choices",
    "trackers.appearance",
]
"""Modules whose branches the fuzzer sees."""


def main() -> None:
    """Fuzz the reader that the first argument names; libFuzzer takes the others."""
    import atheris

    with atheris.instrument_imports(include=WATCHED):
        from tests.io import test_readers
    warnings.simplefilter("error")
    name = sys.argv.pop(1)
    held = getattr(test_readers, f"test_{name}")
    kept = CORPUS / name
    kept.mkdir(parents=True, exist_ok=True)
    for seed in range(20):  # choices for hypothesis, which can do nothing with few of them
        (kept / f"seed-{seed}").write_bytes(np.random.default_rng(seed).bytes(2000))
    atheris.Setup([*sys.argv, str(kept)], held.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
