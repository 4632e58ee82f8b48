"""The workflow of the original DeepSORT script: MOT folders and detections with vectors in, MOT results out.

Conventions: a sequence is a MOT folder; a file of detections is MOT text (tracked by motion alone), a `.npy`
of ten MOT columns and the vector, or our `.npz`; results are MOT text. Every detection that takes part may
start a track.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.association.selection import Selection
from trackers.boxes import Floats, Image, trackable
from trackers.core.deepsort.tracker import DeepSORTTracker
from trackers.io import MOTSequence, find_sequences, open_source, read_detections, read_sequence
from trackers.io.mot import MOST_COLUMNS
from trackers.io.whole import whole_file
from trackers.pipeline.embed import observe
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.replay import frames_of
from trackers.pipeline.sinks import OUTPUT_SUFFIXES
from trackers.pipeline.track import Summary, run, track_frames

if TYPE_CHECKING:
    import supervision as sv

    from trackers.appearance.protocol import FeatureExtractor
    from trackers.io import DetectionTable

DETECTION_SUFFIXES = (".npy", ".npz", ".txt")


@dataclass(frozen=True, kw_only=True)
class ScriptOptions:
    """The options of the original script, under its names.

    Attributes:
        min_confidence: Lowest confidence of a detection, on the scale of the file.
        min_detection_height: Lowest height of a detection in pixels.
        nms_max_overlap: IoU above which the less confident of two detections is left out; 1.0 leaves out
            none.
        max_cosine_distance: Largest cosine distance of a match.
        nn_budget: Vectors kept per track; None keeps all.
    """

    min_confidence: float = 0.3
    min_detection_height: float = 0.0
    nms_max_overlap: float = 1.0
    max_cosine_distance: float = 0.2
    nn_budget: int | None = 100

    def tracker(self) -> DeepSORTTracker:
        """A new tracker with these options."""
        return DeepSORTTracker(
            track_activation_threshold=0.0,
            appearance_threshold=self.max_cosine_distance,
            gallery_size=self.nn_budget,
        )

    def detector(self, table: DetectionTable) -> Callable[[int, Image | None], sv.Detections]:
        """The detections of each frame that take part, without their confidence, which has no common scale."""
        selection = Selection(
            minimum_confidence=self.min_confidence,
            minimum_height=self.min_detection_height,
            maximum_overlap=self.nms_max_overlap,
        )

        def detect(number: int, image: Image | None) -> sv.Detections:
            import supervision as sv

            found = table[number]
            boxes: Floats = np.asarray(found.xyxy, np.float64)
            usable = trackable(boxes)
            scores = np.ones(len(found)) if found.confidence is None else np.asarray(found.confidence, np.float64)
            usable[usable] = selection.keep(boxes[usable], scores[usable])
            data: Any = {name: np.asarray(column)[usable] for name, column in found.data.items()}
            return sv.Detections(xyxy=boxes[usable], data=data)

        return detect


def track_sequence(
    sequence: str | Path,
    output: str | Path,
    *,
    detections: str | Path | None = None,
    options: ScriptOptions | None = None,
    overwrite: bool = False,
) -> Summary:
    """Track a MOT sequence from its detections; frames are not read.

    Args:
        sequence: The sequence folder.
        output: MOT text to write.
        detections: File of detections; None takes `det/det.txt` of the sequence.
        options: The script's options.
        overwrite: Replace an existing file.

    Returns:
        What was done.

    Raises:
        FileNotFoundError: If the sequence or its detections are not there.
        FileExistsError: If the output exists and `overwrite` is not set.
        ValueError: If a file cannot be understood.
    """
    chosen = options or ScriptOptions()
    folder = read_sequence(sequence)
    found = _detections_of(folder, detections)
    check_outputs([output], OUTPUT_SUFFIXES, overwrite=overwrite, inputs=[sequence, found])
    table = read_detections(found)
    length = folder.length or len(table)
    if len(table) > length:
        raise ValueError(f"the detections reach frame {len(table)}, but {folder.name} has {length} frames")
    frames = ((number, None) for number in range(1, length + 1))
    return run(track_frames(frames, chosen.detector(table), chosen.tracker()), [output], overwrite=overwrite)


def track_benchmark(
    benchmark: str | Path,
    output: str | Path,
    *,
    detections: str | Path | None = None,
    options: ScriptOptions | None = None,
    overwrite: bool = False,
) -> dict[str, Summary]:
    """Track every MOT sequence in a folder.

    Args:
        benchmark: The folder of sequences.
        output: Folder for `<SEQ>.txt`; made if it is not there.
        detections: Folder with `<SEQ>.npy`, `<SEQ>.npz` or `<SEQ>.txt`; None takes each sequence's own
            `det/det.txt`.
        options: The script's options.
        overwrite: Replace existing files.

    Returns:
        What was done, by name of the sequence; Ctrl-C ends the work with the sequence it is in.

    Raises:
        FileNotFoundError: If there is no sequence, or one has no detections. Nothing is tracked then.
        FileExistsError: If an output exists and `overwrite` is not set.
    """
    sequences = find_sequences(benchmark)
    files = {
        one.name: _detections_of(one, None if detections is None else _named(detections, one)) for one in sequences
    }
    folder = Path(output)
    results = {one.name: folder / f"{one.name}.txt" for one in sequences}
    if folder.is_dir():
        inputs = [*(one.folder for one in sequences), *files.values()]
        check_outputs(list(results.values()), OUTPUT_SUFFIXES, overwrite=overwrite, inputs=inputs)
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, Summary] = {}
    for one in sequences:
        done[one.name] = track_sequence(
            one.folder, results[one.name], detections=files[one.name], options=options, overwrite=overwrite
        )
        if done[one.name].interrupted:
            break
    return done


def embed_sequence(
    sequence: str | Path,
    output: str | Path,
    extractor: FeatureExtractor,
    *,
    detections: str | Path | None = None,
    overwrite: bool = False,
) -> int:
    """Write detections with vectors, as the original script reads them, from frames and `det.txt` of a sequence.

    Args:
        sequence: The sequence folder, with frames.
        output: `.npy` to write: ten columns of MOT text and the vector, one row for each row of `det.txt`.
        extractor: What makes the vectors.
        detections: MOT text; None takes `det/det.txt` of the sequence.
        overwrite: Replace an existing file.

    Returns:
        Number of rows written. A box that cannot be seen has a vector of zeros; boxes of a frame that cannot be read
        are left out.

    Raises:
        FileNotFoundError: If the sequence, its frames or its detections are not there.
        FileExistsError: If the output exists and `overwrite` is not set.
        ValueError: If the output is not a `.npy`.
    """
    path = Path(output)
    folder = read_sequence(sequence)
    found_in = _detections_of(folder, detections)
    check_outputs([path], (".npy",), overwrite=overwrite, inputs=[sequence, found_in])
    table = read_detections(found_in)
    frames = observe(open_source(frames_of(folder)), lambda number, _: table[number], extractor)
    rows = [_script_rows(number, found) for number, found in enumerate(frames, start=1) if len(found)]
    with whole_file(path) as beside, beside.open("wb") as file:
        np.save(file, np.concatenate(rows) if rows else np.empty((0, MOST_COLUMNS)), allow_pickle=False)
    return sum(map(len, rows))


def _script_rows(number: int, found: sv.Detections) -> Floats:
    """Rows of the original script's array: ten columns of MOT text, then the vector."""
    boxes: Floats = np.asarray(found.xyxy, np.float64)
    rows = np.full((len(found), MOST_COLUMNS), -1.0)
    rows[:, 0], rows[:, 2:4], rows[:, 4:6] = number, boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    rows[:, 6] = 1.0 if found.confidence is None else found.confidence
    return np.hstack([rows, np.asarray(found.data["embedding"])])


def _detections_of(sequence: MOTSequence, given: str | Path | None) -> Path:
    if given is not None:
        return Path(given)
    if sequence.detections is None:
        raise FileNotFoundError(f"{sequence.folder} has no det/det.txt; name a file of detections")
    return sequence.detections


def _named(folder: str | Path, sequence: MOTSequence) -> Path:
    candidates = [Path(folder) / f"{sequence.name}{suffix}" for suffix in DETECTION_SUFFIXES]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"no detections for {sequence.name}: expected one of {', '.join(map(str, candidates))}")
    return found
