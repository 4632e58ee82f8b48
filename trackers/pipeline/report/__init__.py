"""A page that shows a result: tracks over time, trajectories, thumbnails, switches, reasons."""

from trackers.pipeline.report.page import write_report

__all__ = ["write_report"]
