"""The embedded sample: drawn scenes with ground truth, noisy detections of it, and a detector of pixels."""

from trackers.sample.detector import FigureDetector
from trackers.sample.noise import DetectionNoise
from trackers.sample.objects import ObjectScene
from trackers.sample.scene import Scene

__all__ = ["DetectionNoise", "FigureDetector", "ObjectScene", "Scene"]
