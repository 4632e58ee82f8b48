"""Trackers inside Ultralytics: `register()` for `model.track`, `attach()` for `model.predict`.

On the command line `python -m trackers.integrations.ultralytics` takes the place of `yolo`. Needs the
extra `ultralytics`.
"""

from trackers.integrations.ultralytics.callbacks import attach, register
from trackers.integrations.ultralytics.settings import write_yaml

__all__ = ["attach", "register", "write_yaml"]
