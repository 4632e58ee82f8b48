"""`yolo` with these trackers registered; the name of a YAML file writes one with a tracker's parameters."""

from __future__ import annotations

import sys

from trackers.errors import require
from trackers.integrations.ultralytics import register, write_yaml


def main() -> None:
    """Run the command line."""
    if len(sys.argv) == 2 and sys.argv[1].endswith(".yaml"):
        write_yaml(sys.argv[1])
        return
    register()
    require("ultralytics.cfg", extra="ultralytics").entrypoint()


if __name__ == "__main__":
    main()
