"""DeepSORT on real boxes and vectors, row by row against what the published implementation gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from trackers import DeepSORTTracker

# The reference counts frames since the last update, we count frames missed: its max_age is our buffer + 1.
SETTINGS: dict[str, dict[str, Any]] = {
    "paper": {"appearance_threshold": 0.2, "gallery_size": 100, "lost_track_buffer": 29},
    "loose": {"appearance_threshold": 0.5, "gallery_size": None, "lost_track_buffer": 69},
    "tight": {
        "appearance_threshold": 0.1,
        "gallery_size": 5,
        "lost_track_buffer": 9,
        "minimum_consecutive_frames": 5,
    },
    "retail": {"appearance_threshold": 0.3, "gallery_size": 100, "lost_track_buffer": 29},
    "position": {"appearance_threshold": 0.2, "gallery_size": 100, "lost_track_buffer": 29, "gating": "position"},
}
SEQUENCES = ["KITTI-17", "MOT16-09", "MOT16-11a", "PETS09-S2L1", "TUD-Campus", "TUD-Stadtmitte"]
CASES = [(sequence, setting) for sequence in SEQUENCES for setting in SETTINGS]
CASES += [("synthetic-30", "paper"), ("synthetic-150", "paper")]


def ids_of(folder: Path, setting: str) -> dict[int, int]:
    """Id of each row that our tracker gives one, over the whole sequence."""
    stored = np.load(folder / "detections.npz")
    key = "vectors" if "vectors" in stored else "retail0248" if setting == "retail" else "osnet"
    boxes, confidence, vectors = stored["xyxy"].astype(np.float64), stored["confidence"], stored[key].astype(np.float32)
    tracker = DeepSORTTracker(track_activation_threshold=0.0, **SETTINGS[setting])
    ids: dict[int, int] = {}
    for frame in range(1, int(stored["frame"].max()) + 1):
        rows = np.flatnonzero((stored["frame"] == frame) & (confidence >= np.float32(0.3)))
        detections = sv.Detections(boxes[rows], confidence=confidence[rows], data={"embedding": vectors[rows]})
        tracked = tracker.update(detections)
        assert tracked.tracker_id is not None
        ids.update((row, number) for row, number in zip(rows.tolist(), tracked.tracker_id.tolist(), strict=True))
    return {row: number for row, number in ids.items() if number != -1}


@pytest.mark.data
@pytest.mark.parametrize(("sequence", "setting"), CASES)
def test_same_partition_as_the_published_implementation(data_dir: Path, sequence: str, setting: str) -> None:
    folder = data_dir / "golden" / sequence
    reference = np.loadtxt(folder / f"reference_{setting}.csv", delimiter=",", skiprows=1, dtype=np.int64)
    expected = dict(reference[:, 1:].tolist())
    ours = ids_of(folder, setting)
    assert ours.keys() == expected.keys()
    pairs = {(ours[row], expected[row]) for row in expected}
    assert len(pairs) == len({ours_id for ours_id, _ in pairs}) == len({reference_id for _, reference_id in pairs})


@pytest.mark.data
def test_every_reference_file_is_compared(data_dir: Path) -> None:
    files = {(path.parent.name, path.stem.split("_")[1]) for path in data_dir.glob("golden/*/reference_*.csv")}
    assert files == set(CASES)
