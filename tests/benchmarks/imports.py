"""What an import costs: `python tests/benchmarks/imports.py` starts fresh interpreters, in turn, and prints medians."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

PROGRAMS = {
    "nothing": "pass",
    "`numpy`": "import numpy",
    "`supervision`": "import supervision",
    "`trackers`": "import trackers",
    "`trackers` and one tracker": "from trackers import SteadySORTTracker; SteadySORTTracker()",
    "`supervision`, `trackers` and one tracker": (
        "import supervision; from trackers import SteadySORTTracker; SteadySORTTracker()"
    ),
}


def seconds(program: str) -> float:
    """How long a fresh interpreter takes for a program."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15, help="interpreters for each line")
    repeats = parser.parse_args().repeats
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for program in PROGRAMS.values():
        seconds(program)  # compiles what is not compiled, and warms the disk
    for _ in range(repeats):
        for name, program in PROGRAMS.items():
            times[name].append(seconds(program))
    bare = statistics.median(times["nothing"])
    print("| imported | median ms of a fresh interpreter | more than nothing |\n|---|---|---|")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"| {name} | {1000 * median:.0f} | {1000 * (median - bare):.0f} |")


if __name__ == "__main__":
    main()
