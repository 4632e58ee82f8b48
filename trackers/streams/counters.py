"""What a running set of streams counts, as a dict and as Prometheus reads it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

LATENCIES = 1000
"""Newest frames that the percentiles of the latency are taken over."""

COUNTED = {
    "received": "Frames decoded.",
    "dropped": "Frames that a live source let go, because newer ones had come.",
    "tracked": "Frames tracked.",
    "failed": "Frames that a tracker refused.",
    "reconnections": "How often the source was opened again.",
}
"""The counters, and what each counts."""


@dataclass
class StreamCounters:
    """Counters of one stream.

    The numbers are explained in `COUNTED`.

    Attributes:
        seconds: Seconds from decoding to the sink, all frames together.
        latencies: The same for each of the newest frames.
    """

    received: int = 0
    dropped: int = 0
    tracked: int = 0
    failed: int = 0
    reconnections: int = 0
    seconds: float = 0.0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES))

    def took(self, seconds: float) -> None:
        """Count a tracked frame."""
        self.tracked += 1
        self.seconds += seconds
        self.latencies.append(seconds)

    def latency(self, quantile: float) -> float:
        """Seconds from decoding to the sink that a share of the newest frames stays below; 0 without frames."""
        return float(np.quantile(list(self.latencies), quantile)) if self.latencies else 0.0


class Counters(dict[str, StreamCounters]):
    """Counters of all streams, by name.

    Example:
        >>> counters = Counters(door=StreamCounters(received=3, tracked=2))
        >>> counters.as_dict()["door"]["received"]
        3
        >>> print(counters.prometheus().splitlines()[2])
        trackers_frames_received_total{stream="door"} 3
    """

    def as_dict(self) -> dict[str, dict[str, float]]:
        """The counters as numbers by name, latencies in seconds."""
        return {
            name: {
                **{counter: getattr(one, counter) for counter in COUNTED},
                "latency_p50": one.latency(0.5),
                "latency_p95": one.latency(0.95),
            }
            for name, one in self.items()
        }

    def prometheus(self) -> str:
        """The counters in the text format that Prometheus scrapes."""
        lines = []
        for counter, meaning in COUNTED.items():
            metric = f"trackers_{'' if counter == 'reconnections' else 'frames_'}{counter}_total"
            lines += [f"# HELP {metric} {meaning}", f"# TYPE {metric} counter"]
            lines += [f"{metric}{{stream={_label(name)}}} {getattr(one, counter)}" for name, one in self.items()]
        metric = "trackers_latency_seconds"
        lines += [f"# HELP {metric} Seconds from decoding a frame to its result.", f"# TYPE {metric} summary"]
        for name, one in self.items():
            for share in (0.5, 0.95):
                lines.append(f'{metric}{{stream={_label(name)},quantile="{share}"}} {one.latency(share):.6f}')
            lines.append(f"{metric}_sum{{stream={_label(name)}}} {one.seconds:.6f}")
            lines.append(f"{metric}_count{{stream={_label(name)}}} {one.tracked}")
        return "\n".join(lines) + "\n"


def _label(name: str) -> str:
    """A label's value, quoted."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
