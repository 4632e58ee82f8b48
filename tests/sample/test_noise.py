"""The noisy detections err as much as they say."""

from __future__ import annotations

import numpy as np

from trackers.sample import DetectionNoise, Scene


def test_without_noise_detections_are_the_visible_truth() -> None:
    scene = Scene(1, length=60, noise=DetectionNoise.none())
    for index in range(0, 60, 7):
        truth, found = scene.truth(index), scene.detections(index)
        assert truth.tracker_id is not None
        rows = np.searchsorted(truth.tracker_id, found.data["object"])
        assert sorted(rows.tolist()) == list(range(len(truth)))
        assert np.allclose(found.xyxy, truth.xyxy[rows].clip(0, [960, 540, 960, 540]), atol=1e-3)


def test_levels_of_noise() -> None:
    scene = Scene(4, length=400, figures=40, noise=DetectionNoise(jitter=0.02, miss=0.1, false_alarms=2.0))
    shown, found, alarms, offsets = [], [], 0, []
    for index in range(400):
        truth, noisy = scene.truth(index), scene.detections(index)
        assert truth.tracker_id is not None
        alarms += int(np.count_nonzero(np.asarray(noisy.data["object"]) == -1))
        inside = (truth.xyxy[:, 0] > 20) & (truth.xyxy[:, 2] < 940)
        hit = np.isin(truth.tracker_id, noisy.data["object"])
        visible = np.asarray(truth.data["visibility"])
        shown += visible[inside].tolist()
        found += hit[inside].tolist()
        row = {identity: row for row, identity in enumerate(np.asarray(noisy.data["object"]).tolist())}
        for k in np.flatnonzero(hit & inside & (visible == 1.0)):
            box = truth.xyxy[k]
            offsets.append((noisy.xyxy[row[int(truth.tracker_id[k])]] - box)[1] / (box[3] - box[1]))
    visibility, hits = np.array(shown), np.array(found)
    assert 0.87 < hits[visibility > 0.9].mean() < 0.93
    assert hits[visibility < 0.15].mean() < 0.2
    assert 1.7 < alarms / 400 < 2.3
    assert 0.018 < np.std(offsets) < 0.022


def test_confidence_and_embeddings_mean_something() -> None:
    scene = Scene(5, length=200)
    frames = [scene.detections(index) for index in range(0, 200, 4)]
    who = np.concatenate([frame.data["object"] for frame in frames])
    vectors = np.concatenate([frame.data["embedding"] for frame in frames])
    confidence = np.concatenate([frame.confidence for frame in frames if frame.confidence is not None])
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert ((confidence > 0) & (confidence < 1)).all()
    assert confidence[who == -1].mean() < 0.5 < confidence[who > 0].mean()
    distance = 1.0 - vectors @ vectors.T
    same = (who[:, None] == who) & (who > 0) & ~np.eye(len(who), dtype=bool)
    other = (who[:, None] != who) & (who > 0) & (who[:, None] > 0)
    assert np.quantile(distance[same], 0.9) < np.quantile(distance[other], 0.1)


def test_occluded_embedding_is_mixed_with_the_embedding_in_front() -> None:
    scene = Scene.crossing()
    scene.noise = DetectionNoise.none()
    vectors = {}
    for index in (0, int(np.argmin([scene.truth(i, hidden=True).data["visibility"][1] for i in range(len(scene))]))):
        found = scene.detections(index)
        for identity, vector in zip(np.asarray(found.data["object"]).tolist(), found.data["embedding"], strict=True):
            vectors[index > 0, identity] = vector
    if (True, 2) in vectors:
        assert vectors[True, 2] @ vectors[False, 1] > vectors[False, 2] @ vectors[False, 1]
    assert vectors[True, 1] @ vectors[False, 1] > 0.999


def test_thousands_of_objects_are_not_drawn() -> None:
    scene = Scene(figures=2000, size=(1920, 1080), length=5)
    assert len(scene.detections(3)) > 800
    assert "_painter" not in vars(scene)
