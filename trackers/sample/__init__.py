"""The embedded sample: a drawn scene with ground truth, noisy detections of it, and a detector of pixels."""

from trackers.sample.detector import FigureDetector
from trackers.sample.noise import DetectionNoise
from trackers.sample.scene import Scene

__all__ = ["DetectionNoise", "FigureDetector", "Scene"]
