"""Figures of the documentation: stored results of benchmarks, written into pages by `python -m docs.figures`."""
