"""The old name of `trackers.core.association_log`."""

from trackers.deprecation import renamed

__getattr__ = renamed(__name__, {name: f"trackers.core.association_log.{name}" for name in ("Comparison", "Decision")})
