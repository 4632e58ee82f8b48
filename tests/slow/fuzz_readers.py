"""Coverage decides what goes into the files next: the properties of the readers, driven by libFuzzer through atheris.

`python -m tests.slow.fuzz_readers detections -max_total_time=60`; `make fuzz` runs them all.
"""

from __future__ import annotations

import sys
import warnings

WATCHED = ["trackers.io", "trackers.core.state", "trackers.table", "trackers.pipeline.choices", "trackers.appearance"]
"""Modules whose branches the fuzzer sees."""


def main() -> None:
    """Fuzz the reader that the first argument names; libFuzzer takes the others."""
    import atheris

    with atheris.instrument_imports(include=WATCHED):
        from tests.io import test_readers
    warnings.simplefilter("error")
    held = getattr(test_readers, f"test_{sys.argv.pop(1)}")
    atheris.Setup(sys.argv, held.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
