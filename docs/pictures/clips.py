"""Clips that show two results of the same scene, one above the other."""

from __future__ import annotations

import numpy as np
from PIL import Image

from docs.pictures.canvas import stack
from docs.pictures.scenes import SIZE, Pictures
from trackers import SteadySORTTracker, refine
from trackers.pipeline.draw import Drawing, make_annotator
from trackers.sample import DetectionNoise, Scene
from trackers.sample.paths import script
from trackers.sample.view import View


def looking_back() -> Pictures:
    """Above what a tracker answers online, below the same tracks refined; one person passes behind the other."""
    view = View(SIZE, "static", 25.0, 3.2)
    walks = [[(0.0, 0.10, 0.80), (6.0, 0.46, 0.80)], [(0.0, 0.50, 0.72), (6.0, 0.12, 0.74)]]
    paths = script([[(time, *view.ground(column, row)) for time, column, row in walk] for walk in walks])
    noise = DetectionNoise(jitter=0.03, miss=0.05, occlusion=0.6, false_alarms=0.0)
    scene = Scene(2, SIZE, 150, paths=paths, noise=noise)
    tracker = SteadySORTTracker(frame_rate=scene.frame_rate)
    online = [tracker.update(scene.detections(index)) for index in range(len(scene))]
    refined = refine(online, frame_rate=scene.frame_rate)
    annotate = make_annotator(Drawing(("box", "label")), scene.size)
    pictures = []
    for index in range(40, 118, 2):
        frame = scene.frame(index)
        both = [annotate(frame, result[index])[250:640, 90:730, ::-1] for result in (online, refined)]
        halves = [Image.fromarray(np.ascontiguousarray(one)).resize((480, 292)) for one in both]
        pictures.append(stack(halves))
    return pictures
