"""What `trackers track` gives with every tracker and nothing else chosen: `python tests/benchmarks/defaults.py`.

With TRACKERS_DATA set: six sequences with frames, stored boxes of YOLO11n, joined. Confidence, extractor, frame rate
and parameters are those that the command line takes by itself; nothing was chosen on these figures.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from trackers.core.registry import TRACKERS
from trackers.evaluation import combine, evaluate_sequence, format_table
from trackers.io import find_sequences, read_mot
from trackers.pipeline.choices import Choice, default_confidence, default_extractor
from trackers.pipeline.settings import TrackSettings


def main() -> None:
    """Track every sequence as the command line does, and print the scores over all of them, best first."""
    data, rows = Path(os.environ["TRACKERS_DATA"]), []
    sequences = find_sequences(data / "data/mot")
    for name in TRACKERS:
        tracker, scores = Choice(name), []
        for sequence in sequences:
            boxes = data / "golden" / sequence.name / "detections.npz"
            with tempfile.TemporaryDirectory() as folder:
                result = Path(folder) / "result.txt"
                TrackSettings(tracker, detections=str(boxes)).run(str(sequence.folder), [result])
                assert sequence.truth is not None
                truth = read_mot(sequence.truth, last_frame=sequence.length)
                scores.append(evaluate_sequence(truth, read_mot(result), name=sequence.name))
        joined = combine(scores)
        rows.append(
            {
                "tracker": f"`{name}`",
                "confidence": f"{default_confidence(tracker, boxes)}",
                "appearance": str(default_extractor(tracker, frames=True, vectors=False)),
                "HOTA": joined.hota,
                "IDF1": joined.idf1,
                "IDSW": joined.id_switches,
            }
        )
    print(format_table(sorted(rows, key=lambda row: -row["HOTA"]), "markdown"))


if __name__ == "__main__":
    main()
