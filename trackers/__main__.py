"""`python -m trackers` is the command line."""

import sys

from trackers.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
