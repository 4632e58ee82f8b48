"""Reading and writing: frames, detections with vectors, MOT text and results."""

from trackers.io.detection_table import DetectionTable
from trackers.io.detections import read_detections, write_detections
from trackers.io.frames import open_source
from trackers.io.mot import read_mot, write_mot
from trackers.io.overlap import WriteBehind, overlapped, read_ahead
from trackers.io.result_reader import read_result
from trackers.io.results import ResultWriter
from trackers.io.sequences import MOTSequence, find_sequences, pair_results, read_sequence
from trackers.io.source import Faults, FrameSource, SourceFrame
from trackers.io.video import VideoWriter

__all__ = [
    "DetectionTable",
    "Faults",
    "FrameSource",
    "MOTSequence",
    "ResultWriter",
    "SourceFrame",
    "VideoWriter",
    "WriteBehind",
    "find_sequences",
    "open_source",
    "overlapped",
    "pair_results",
    "read_ahead",
    "read_detections",
    "read_mot",
    "read_result",
    "read_sequence",
    "write_detections",
    "write_mot",
]
