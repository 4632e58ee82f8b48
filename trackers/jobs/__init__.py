"""Work lists over processes and over machines: `open_pool` gives an executor, whatever runs behind it."""

from trackers.jobs.pool import BACKENDS, open_pool

__all__ = ["BACKENDS", "open_pool"]
