"""Clips of the embedded sample: a crowd, cars, an occlusion, and the same tracks with hindsight."""

from __future__ import annotations

import numpy as np
from PIL import Image

from docs.pictures.canvas import stack
from docs.pictures.scenes import SIZE, Pictures, run, stage
from trackers import SORTTracker, SteadySORTTracker, StripeFeatureExtractor, refine
from trackers.pipeline.draw import Drawing, make_annotator
from trackers.sample import DetectionNoise, ObjectScene, Scene
from trackers.sample.paths import script
from trackers.sample.view import View


def looking_back() -> Pictures:
    """Above what a tracker returns online, below the same tracks refined; one person passes behind the other."""
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


def crowd() -> Pictures:
    """Thirty people from above, each with its path."""
    noise = DetectionNoise(jitter=0.015, miss=0.03, false_alarms=0.1)
    scene = Scene(4, SIZE, 150, figures=30, noise=noise)
    return _every_third(scene, 90, len(scene))


def cars() -> Pictures:
    """Cars at a crossing turn and hide one another, with the way that each has gone."""
    scene = ObjectScene.cars(frame_rate=25)
    return _every_third(scene, 75, 225)


def _every_third(scene: Scene | ObjectScene, first: int, end: int) -> Pictures:
    """Every third frame of a part of a scene, tracked from its beginning."""
    tracker = SteadySORTTracker(frame_rate=scene.frame_rate)
    annotate = make_annotator(Drawing(("box", "label", "trace")), scene.size)
    pictures = []
    for index in range(end):
        tracked = tracker.update(scene.detections(index))
        if index >= first and index % 3 == 0:
            picture = annotate(scene.frame(index), tracked)
            image = Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))
            pictures.append(image.resize((640, 360), Image.Resampling.LANCZOS))
    return pictures


def occlusion() -> Pictures:
    """Two people meet, one is hidden behind the other, both turn back: SORT above, SteadySORT below."""
    scene = stage(
        [(0.0, 0.30, 0.72), (2.4, 0.498, 0.74), (3.2, 0.502, 0.74), (6.0, 0.27, 0.72)],
        [(0.0, 0.72, 0.72), (2.4, 0.515, 0.72), (3.2, 0.512, 0.72), (6.0, 0.74, 0.72)],
    )
    annotate = make_annotator(Drawing(("box", "label")), scene.size)
    trackers = SORTTracker(frame_rate=scene.frame_rate), SteadySORTTracker(StripeFeatureExtractor(), frame_rate=25.0)
    results = [list(run(scene, tracker, len(scene) - 1)) for tracker in trackers]
    pictures = []
    for index in range(30, 130, 3):
        frame = scene.frame(index)
        both = [annotate(frame, result[index])[250:640, 250:1030, ::-1] for result in results]
        pictures.append(stack([Image.fromarray(np.ascontiguousarray(one)).resize((520, 260)) for one in both]))
    return pictures
