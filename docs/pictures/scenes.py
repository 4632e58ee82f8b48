"""What the pictures show: the embedded sample, tracked by the trackers themselves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv
from PIL import Image

from docs.pictures.canvas import BLUE, GREEN, GREY, RED, WHITE, YELLOW, Canvas, stack
from trackers import (
    ByteTrackTracker,
    DeepSORTTracker,
    OCSORTTracker,
    SORTTracker,
    SteadySORTTracker,
    StripeFeatureExtractor,
)
from trackers.association.pairs import GATE, mahalanobis
from trackers.boxes import overlap
from trackers.core.base import Tracker
from trackers.motion import kalman
from trackers.motion.models import XYAH, XYSR, XYWH, MotionModel
from trackers.pipeline.draw import Drawing, make_annotator
from trackers.sample import DetectionNoise, FigureDetector, Scene
from trackers.sample.paths import script
from trackers.sample.view import View

SIZE = (1280, 720)
Pictures = list[Image.Image]
Walk = Sequence[tuple[float, float, float]]


def stage(*walks: Walk, visible: float = 0.75, seed: int = 2, length: int = 150) -> Scene:
    """A scene of walks given as (seconds, column, row), the latter as parts of the picture."""
    view = View(SIZE, "static", 25.0, 3.2)
    paths = script([[(time, *view.ground(column, row)) for time, column, row in walk] for walk in walks])
    noise = DetectionNoise(jitter=0.012, miss=0.0, occlusion=visible, false_alarms=0.0)
    return Scene(seed, SIZE, length, paths=paths, noise=noise)


def run(scene: Scene, tracker: Tracker[Any], last: int) -> Iterator[sv.Detections]:
    """Track a scene up to a frame."""
    for index in range(last + 1):
        detections = scene.detections(index)
        detections.data.pop("embedding")
        yield tracker.update(detections, scene.frame(index))


def final(outputs: Iterator[sv.Detections]) -> sv.Detections:
    """The last output."""
    *_, last = outputs
    return last


def person_of(scene: Scene, index: int, person: int) -> Any:
    """The detection of one person in a frame, if there is one."""
    detections = scene.detections(index)
    return detections[np.asarray(detections.data["object"]) == person]


def filtered(model: MotionModel, scene: Scene, person: int, frames: Sequence[int]) -> npt.NDArray[np.float64]:
    """State of a filter that got the boxes of one person; it predicts alone where there are none."""
    state = None
    for index in frames:
        boxes = person_of(scene, index, person).xyxy.astype(np.float64)
        if state is None:
            state = model.initiate(boxes)
            continue
        state = model.predict(state)
        if len(boxes):
            state = model.correct(state, boxes)
    assert state is not None
    return state


def tracked() -> Pictures:
    """The home page: everything from pixels to ids, as `make demo` does it."""
    scene = Scene(length=220)
    detector = FigureDetector().fit(scene.frame(index) for index in range(0, 220, 6))
    tracker = DeepSORTTracker(StripeFeatureExtractor(), frame_rate=scene.frame_rate)
    annotate = make_annotator(Drawing(("box", "label")), scene.size)
    pictures = []
    for index, frame in enumerate(scene.frames()):
        picture = annotate(frame, tracker.update(detector(frame), frame))
        if index >= 100 and index % 3 == 0:
            image = Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))
            pictures.append(image.resize((640, 360), Image.Resampling.LANCZOS))
    return pictures


def card() -> Pictures:
    """What a link to the site shows: one frame, wide, with ids and ways."""
    scene = Scene(length=140, size=SIZE, noise=DetectionNoise(jitter=0.01, miss=0.0, false_alarms=0.0))
    tracker = SteadySORTTracker(frame_rate=scene.frame_rate)
    annotate = make_annotator(Drawing(("box", "label", "trace")), scene.size)
    for index, frame in enumerate(scene.frames()):
        picture = annotate(frame, tracker.update(scene.detections(index)))
    image = Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))
    return [image.crop((0, 24, 1280, 696)).resize((1200, 630), Image.Resampling.LANCZOS)]


def sort() -> Pictures:
    """Predictions and detections, eight frames after the last ones."""
    scene = stage(
        [(0, 0.10, 0.80), (6, 0.46, 0.80)],
        [(0, 0.55, 0.72), (6, 0.22, 0.74)],
        [(0, 0.57, 0.62), (6, 0.50, 0.62)],
        visible=0.0,
    )
    now, gap = 60, 8
    canvas = Canvas(scene.frame(now), (140, 230, 820, 640))
    for person in (1, 2, 3):
        state = filtered(XYSR, scene, person, range(now - gap + 1))
        canvas.box(XYSR.boxes(state)[0], GREY, width=1.2)
        for _ in range(gap):
            state = XYSR.predict(state)
        box = person_of(scene, now, person).xyxy[0].astype(np.float64)
        predicted = XYSR.boxes(state)[0]
        canvas.box(box, WHITE, f"IoU {overlap(predicted, box):.2f}")
        canvas.box(predicted, YELLOW, dashed=True)
    canvas.text((150, 630), "grey: last observed   dashed: predicted   white: detected now", anchor="lb")
    return [canvas.picture()]


def bytetrack() -> Pictures:
    """Half hidden behind the pillar: weak detections keep the track going."""
    scene = stage([(0, 0.42, 0.74), (6, 0.84, 0.74)], seed=5)
    moments = (48, 58, 62, 66, 94)
    rows = []
    for tracker, name, lowest in ((ByteTrackTracker(), "ByteTrack", 0.0), (SORTTracker(), "SORT on 0.6 and up", 0.6)):
        crops = []
        for index in range(moments[-1] + 1):
            visible: Any = scene.truth(index)
            # A detector whose confidence is the visible part.
            visible.confidence = (0.95 * visible.data["visibility"]).astype(np.float32)
            weak = visible.confidence < lowest
            output: Any = tracker.update(visible[~weak])
            if index not in moments:
                continue
            canvas = Canvas(scene.frame(index), (640, 250, 960, 570), 210)
            for box, number, confidence in zip(output.xyxy, output.tracker_id, output.confidence, strict=True):
                colour = GREEN if confidence >= 0.6 else YELLOW
                canvas.box(box, colour, f"id {number}" if number > 0 else "no id")
                canvas.text((box[0], box[3]), f"{confidence:.2f}", colour, size=13)
            for box, confidence in zip(visible.xyxy[weak], visible.confidence[weak], strict=True):
                canvas.box(box, RED, "left out", dashed=True)
                canvas.text((box[0], box[3]), f"{confidence:.2f}", RED, size=13)
            if index == moments[0]:
                canvas.text((646, 256), name, size=13)
            crops.append(canvas.picture())
        rows.append(stack(crops, across=True, gap=4))
    return [stack(rows)]


def ocsort() -> Pictures:
    """Somebody turned round while hidden."""
    scene = stage([(0, 0.42, 0.74), (2.4, 0.63, 0.74), (2.6, 0.63, 0.74), (5.0, 0.42, 0.74)], visible=0.6, seed=0)
    tracker = OCSORTTracker(lost_track_buffer=60)
    outputs = list(run(scene, tracker, 95))
    matched = [index for index, output in enumerate(outputs) if len(output)]
    lost = max(index for index, after in itertools.pairwise(matched) if after - index > 5)
    back = min(index for index in matched if index > lost)
    number = int(np.asarray(outputs[back].tracker_id)[0])
    canvas = Canvas(scene.frame(back), (420, 210, 1180, 590))
    state = filtered(XYSR, scene, 1, range(lost + 1))
    for step in range(back - lost):
        state = XYSR.predict(state)
        if step % 7 == 6:
            canvas.box(XYSR.boxes(state)[0], YELLOW, dashed=True, width=1.2)
    canvas.box(XYSR.boxes(state)[0], YELLOW, f"predicted after {back - lost} frames", dashed=True)
    for index in matched[: matched.index(lost) : 4]:
        box = outputs[index].xyxy[0]
        canvas.dot(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), BLUE)
    found = outputs[back].xyxy[0]
    canvas.box(outputs[lost].xyxy[0], BLUE, dashed=True)
    canvas.text(outputs[lost].xyxy[0][[2, 3]] + np.array([4.0, 4.0]), "last observation", BLUE)
    canvas.box(found, GREEN)
    canvas.text(found[[0, 1]], f"found again, id {number}", GREEN, anchor="rd")
    return [canvas.picture()]


def deepsort() -> Pictures:
    """Gate, candidates and gallery, when two people come out from behind the pillar."""
    scene = stage([(0, 0.38, 0.76), (4, 0.88, 0.76)], [(0, 0.88, 0.71), (4, 0.38, 0.71)], length=100)
    outputs = list(run(scene, DeepSORTTracker(StripeFeatureExtractor()), 80))
    both = [index for index, output in enumerate(outputs) if len(output) == 2]
    lost, back = next((a, b) for a, b in itertools.pairwise(both) if b - a > 5)
    window = (310, 40, 1280, 690)
    canvas = Canvas(scene.frame(back), window)
    state = filtered(XYAH, scene, 1, range(lost + 1))
    for _ in range(back - lost):
        state = XYAH.predict(state)
    centre, variance = state[0, kalman.POSITION, :2], state[0, kalman.VARIANCE] + XYAH.measurement_variance(state)[0]
    radii = np.sqrt(GATE["state"] * variance[:2])
    canvas.ellipse(centre, radii, YELLOW)
    canvas.text((centre[0], centre[1] - radii[1]), "gate", YELLOW, anchor="mm")
    canvas.box(XYAH.boxes(state)[0], YELLOW, dashed=True)
    extractor = StripeFeatureExtractor()
    embeddings, edge = [], window[0] + 12.0
    canvas.text((edge, window[1] + 10), "gallery of the lost track")
    for index in range(lost - 24, lost + 1, 6):
        frame, person = scene.frame(index), person_of(scene, index, 1)
        embeddings.append(extractor.extract_features(frame, person)[0])
        x1, y1, x2, y2 = np.maximum(person.xyxy[0].round(), 0).astype(int)
        edge += canvas.paste(frame[y1:y2, x1:x2], (edge, window[1] + 46.0), 120.0, YELLOW) + 6.0
    frame, output = scene.frame(back), outputs[back]
    for vector, box, number in zip(
        extractor.extract_features(frame, output), output.xyxy, np.asarray(output.tracker_id), strict=True
    ):
        distance = float(min(1.0 - vector @ embedding for embedding in embeddings))
        gate = float(mahalanobis(XYAH, state, XYAH.coordinates(box[None].astype(np.float64)))[0, 0])
        inside, similar = gate <= GATE["state"], distance <= extractor.appearance_threshold
        colour = GREEN if inside and similar else RED
        canvas.box(box, colour, f"id {number}")
        canvas.text((box[0], box[3] + 5), f"gate {gate:.1f} {'<' if inside else '>'} 9.5", colour)
        canvas.text((box[0], box[3] + 32), f"distance {distance:.2f} {'<' if similar else '>'} 0.20", colour)
    return [canvas.picture()]


def botsort() -> Pictures:
    """One frame old tracks, eight frames of panning later, without and with camera motion."""
    view = View(SIZE, "pan", 25.0, 3.2)
    walks = [(0.30, 0.80, 0.03), (0.42, 0.64, 0.0), (0.52, 0.72, -0.03), (0.62, 0.60, 0.0), (0.66, 0.84, 0.02)]
    paths = script([[(0, *view.ground(c, r)), (6, *view.ground(c + go, r))] for c, r, go in walks])
    scene = Scene(2, SIZE, 120, camera="pan", noise=DetectionNoise.none(), paths=paths)
    before, now = 78, 86
    canvas = Canvas(scene.frame(now), (180, 200, 1060, 600))
    motion = np.eye(3)
    for index in range(before + 1, now + 1):
        motion = np.vstack([scene.camera_motion(index), [0.0, 0.0, 1.0]]) @ motion
    old, new = scene.truth(before), scene.truth(now)
    for box, number in zip(old.xyxy, np.asarray(old.tracker_id), strict=True):
        match = np.flatnonzero(np.asarray(new.tracker_id) == number)
        if not len(match) or not 200 < box[0] < 1000:
            continue
        state = XYWH.initiate(box[None].astype(np.float64))
        canvas.box(XYWH.boxes(state)[0], RED, dashed=True, width=1.8)
        warped = XYWH.boxes(XYWH.warp(state, motion))[0]
        canvas.box(new.xyxy[match[0]], WHITE)
        canvas.box(warped, GREEN, dashed=True)
        middle = np.array([(box[0] + box[2]) / 2, box[1] - 12])
        canvas.arrow(middle, (middle[0] + warped[0] - box[0], middle[1]), GREEN)
    canvas.text(
        (190, 590), "white: detected   red: camera taken to be still   green: moved with the camera", anchor="lb"
    )
    return [canvas.picture()]


def steadysort() -> Pictures:
    """Two people meet behind the pillar and turn back."""
    scene = stage(
        [(0, 0.42, 0.76), (2.7, 0.625, 0.76), (5.4, 0.42, 0.76)],
        [(0, 0.84, 0.72), (2.7, 0.635, 0.72), (5.4, 0.84, 0.72)],
    )
    window = (480, 220, 1130, 580)
    before, after = 30, 110
    canvas = Canvas(scene.frame(before), window, 438)
    steady = list(run(scene, SteadySORTTracker(StripeFeatureExtractor(), frame_rate=25), after))
    paper = final(run(scene, DeepSORTTracker(StripeFeatureExtractor(), frame_rate=25), after))
    for box, number in zip(steady[before].xyxy, np.asarray(steady[before].tracker_id), strict=True):
        canvas.box(box, WHITE, f"id {number}")
    canvas.text((490, 230), "they walk behind the pillar")
    pictures = [canvas.picture()]
    canvas = Canvas(scene.frame(after), window, 438)
    people, given = (np.asarray(column).tolist() for column in (paper.data["object"], paper.tracker_id))
    numbers = dict(zip(people, given, strict=True))
    output = steady[after]
    for box, person, number in zip(output.xyxy, output.data["object"], np.asarray(output.tracker_id), strict=True):
        canvas.box(box, GREEN, f"id {number}")
        canvas.text((box[0], box[3] + 5), f"DeepSORT: id {numbers[int(person)]}", RED)
    canvas.text((490, 230), "and come back on their own side")
    return [stack([*pictures, canvas.picture()], across=True, gap=4)]


def counting() -> Pictures:
    """A line and a zone."""
    scene = Scene.crossing(size=SIZE)
    tracker = DeepSORTTracker(StripeFeatureExtractor(), frame_rate=scene.frame_rate)
    line = sv.LineZone(
        sv.Point(430, 0), sv.Point(430, 720), triggering_anchors=[sv.Position.CENTER], minimum_crossing_threshold=3
    )
    zone = sv.PolygonZone(np.array([[40, 380], [320, 380], [320, 700], [40, 700]]))
    traces = sv.TraceAnnotator(color_lookup=sv.ColorLookup.TRACK, trace_length=60, thickness=3)
    annotate = make_annotator(Drawing(("box", "label")), scene.size)
    for index, output in enumerate(run(scene, tracker, 104)):
        confirmed: Any = output[np.asarray(output.tracker_id) != -1]
        line.trigger(confirmed)
        zone.trigger(confirmed)
        picture = traces.annotate(scene.frame(index).copy(), confirmed)
    picture = annotate(picture, output)
    picture = sv.LineZoneAnnotator(text_scale=0.7, thickness=3).annotate(picture, line)
    picture = sv.PolygonZoneAnnotator(zone, color=sv.Color.GREEN, opacity=0.15).annotate(picture)
    image = Image.fromarray(np.ascontiguousarray(picture[150:720, 0:1010, ::-1]))
    return [image.resize((880, 497), Image.Resampling.LANCZOS)]
