"""Appearance that learns from a video: the map, the decline, the file."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from trackers import DeepSORTFeatureExtractor, SteadySORTTracker, StripeFeatureExtractor
from trackers.appearance.adaptation import AdaptedExtractor, adapt, adapt_vectors
from trackers.appearance.adaptation.learning import learn
from trackers.appearance.adaptation.tracklets import MOST_TRACKLETS, MOST_VECTORS, Sample, Tracklets

OBJECTS, WIDTH, TELLING = 8, 48, 8


def footage(frames: int = 60, nuisance: float = 4.0, seed: int = 0) -> list[sv.Detections]:
    """Objects side by side, replaced every 15 frames, whose vectors differ in eight numbers out of 48.

    The other numbers tell nothing: they are pose and light, new on each frame.
    """
    rng = np.random.default_rng(seed)
    found = []
    for number in range(frames):
        if number % 15 == 0:
            telling = rng.permutation(np.eye(TELLING))
        pose = nuisance * rng.standard_normal((OBJECTS, WIDTH - TELLING))
        noise = 0.1 * rng.standard_normal((OBJECTS, TELLING))
        left = 100.0 * np.arange(OBJECTS) + 30.0 * (number // 15)
        xyxy = np.stack([left, np.full(OBJECTS, 10.0), left + 30.0, np.full(OBJECTS, 90.0)], axis=1)
        vectors = np.concatenate([telling + noise, pose / np.sqrt(WIDTH)], axis=1).astype(np.float32)
        found.append(sv.Detections(xyxy, confidence=np.ones(OBJECTS), data={"embedding": vectors}))
    return found


class Stored:
    """Gives the vectors that lie beside the boxes."""

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> npt.NDArray[Any]:
        return np.asarray(detections.data["embedding"])


def test_the_map_tells_objects_apart_that_it_was_not_learned_from() -> None:
    adapted = adapt_vectors(footage(seed=0))
    report = adapted.report
    assert report.adapted
    assert report.objects == OBJECTS
    assert report.separation_after > report.separation_before + 0.05
    assert report.error_after < 0.5 * report.error_before

    fresh = [one.data["embedding"] for one in footage(seed=1)[15:30]]
    raw = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in fresh]
    assert _found_again(raw) < 0.8
    assert _found_again([adapted.transform(one) for one in fresh]) > 0.85


def _found_again(frames: list[npt.NDArray[Any]]) -> float:
    """Share of the objects whose nearest vector on the next frame is their own."""
    right = [(one @ two.T).argmax(axis=1) == np.arange(OBJECTS) for one, two in itertools.pairwise(frames)]
    return float(np.mean(right))


def test_vectors_that_are_good_already_stay_as_they_are() -> None:
    found = footage(nuisance=0.0)
    adapted = adapt_vectors(found)
    assert not adapted.report.adapted
    assert "better" in adapted.report.reason
    vectors = found[0].data["embedding"]
    np.testing.assert_allclose(
        adapted.transform(vectors), vectors / np.linalg.norm(vectors, axis=1, keepdims=True), atol=1e-6
    )


def test_a_map_for_later_must_serve_other_objects_at_another_time() -> None:
    def sample_of(found: list[sv.Detections]) -> Sample:
        tracklets = Tracklets()
        for one in found:
            vectors = np.asarray(one.data["embedding"])
            tracklets.add(np.asarray(one.xyxy, np.float64), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        return tracklets.sample()

    early, late = footage(seed=0), footage(seed=1)
    same = sample_of([*early, *late])
    assert learn(same).report.adapted
    assert learn(same, for_later=True).report.adapted

    for one in late:  # what told objects apart tells nothing any more, and what told nothing does
        one.data["embedding"] = np.roll(one.data["embedding"], TELLING, axis=1)
    changed = sample_of([*early, *late])
    assert learn(changed).report.adapted
    assert not learn(changed, for_later=True).report.adapted


@pytest.mark.parametrize(
    "found",
    [[], [sv.Detections.empty()] * 5, footage(frames=5), [one[:1] for one in footage()]],
    ids=["no frames", "no boxes", "five frames", "one object"],
)
def test_too_little_to_learn_from_is_said(found: list[sv.Detections]) -> None:
    adapted = adapt_vectors(found)
    assert not adapted.report.adapted
    assert "too little" in str(adapted.report)
    assert adapted.projection is None


def test_the_threshold_is_no_stricter_than_the_one_in_use() -> None:
    found = footage()
    vectors = np.stack([one.data["embedding"] for one in footage(seed=1)])  # had no say in the map
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    raw, limits = _between(vectors), (0.0, 0.5, 0.9)
    learned = [adapt_vectors(found, appearance_threshold=limit) for limit in limits]
    for limit, adapted in zip(limits, learned, strict=True):
        assert adapted.report.adapted
        assert adapted.appearance_threshold is not None
        mapped = _between(np.stack([adapted.transform(one) for one in vectors]))
        assert (mapped <= adapted.appearance_threshold).mean() >= 0.8 * (raw <= limit).mean()
    strict, _, lax = (adapted.appearance_threshold for adapted in learned)
    assert strict == adapt_vectors(found).appearance_threshold
    assert lax is not None
    assert strict is not None
    assert lax > strict


def _between(frames: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cosine distances of all pairs of two objects on one frame."""
    first, second = np.triu_indices(OBJECTS, 1)
    return np.asarray(1.0 - np.einsum("fij,fij->fi", frames[:, first], frames[:, second]).ravel())


def test_an_extractor_without_a_map_keeps_its_threshold() -> None:
    frame = np.zeros((100, 100, 3), np.uint8)
    adapted = adapt([frame], [sv.Detections(np.array([[10.0, 10, 30, 70]]))], StripeFeatureExtractor())
    assert adapted.appearance_threshold == StripeFeatureExtractor.appearance_threshold


def test_the_order_of_rows_has_no_say() -> None:
    found = footage()
    order = np.random.default_rng(3).permutation(OBJECTS)
    first, second = adapt_vectors(found), adapt_vectors([one[order] for one in found])  # type: ignore[misc]
    assert first.projection is not None
    assert second.projection is not None
    np.testing.assert_array_equal(first.projection.matrix, second.projection.matrix)
    assert first.appearance_threshold == second.appearance_threshold


def test_the_detections_are_not_changed() -> None:
    found = footage()
    before = [one.data["embedding"].copy() for one in found]
    adapt_vectors(found)
    for one, vectors in zip(found, before, strict=True):
        np.testing.assert_array_equal(one.data["embedding"], vectors)


def test_frames_and_detections_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        adapt([np.zeros((10, 10, 3), np.uint8)], [], StripeFeatureExtractor())


def test_vectors_that_are_missing_are_named() -> None:
    with pytest.raises(ValueError, match="embedding"):
        adapt_vectors([sv.Detections(np.array([[0.0, 0, 10, 20]]))])


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="48 numbers"):
        adapt_vectors(footage()).transform(np.ones((1, 5)))


def test_memory_is_bounded_on_a_long_video() -> None:
    tracklets = Tracklets()
    rng = np.random.default_rng(0)
    for number in range(1500):
        left = 100.0 * np.arange(OBJECTS) + 37.0 * (number // 4)
        boxes = np.stack([left, np.zeros(OBJECTS), left + 30.0, np.full(OBJECTS, 80.0)], axis=1)
        tracklets.add(boxes, rng.standard_normal((OBJECTS, 3)).astype(np.float32))
        held = tracklets.sample()
        assert len(held.vectors) <= (MOST_TRACKLETS + 1) * MOST_VECTORS
    assert len(np.unique(held.tracklet)) > MOST_TRACKLETS // 4
    assert held.frame.min() < 1000 < held.frame.max()


def test_tracklets_go_on_from_their_state() -> None:
    first, second = Tracklets(), Tracklets()
    found = footage()
    for one in found[:30]:
        first.add(one.xyxy.astype(np.float64), np.asarray(one.data["embedding"], np.float32))
    second.load_state_dict(first.state_dict())
    for one in found[30:]:
        for tracklets in (first, second):
            tracklets.add(one.xyxy.astype(np.float64), np.asarray(one.data["embedding"], np.float32))
    for left, right in zip(first.sample(), second.sample(), strict=True):
        np.testing.assert_array_equal(left, right)


def stripes_video(seed: int = 0) -> tuple[list[npt.NDArray[np.uint8]], list[sv.Detections]]:
    """Eight figures in two tones of grey each, under light that flickers from box to box."""
    rng = np.random.default_rng(seed)
    frames, found = [], []
    for number in range(45):
        if number % 15 == 0:
            tones = rng.integers(40, 200, (OBJECTS, 2))
        image = np.zeros((100, 110 * OBJECTS, 3), np.uint8)
        left = 110 * np.arange(OBJECTS) + 28 * (number // 15)
        for one in range(OBJECTS):
            column = slice(left[one], left[one] + 30)
            image[10:50, column] = tones[one, 0]
            image[50:90, column] = rng.integers(0, 255, 3)
        xyxy = np.stack([left, np.full(OBJECTS, 10), left + 30, np.full(OBJECTS, 90)], axis=1).astype(np.float64)
        frames.append(image)
        found.append(sv.Detections(xyxy))
    return frames, found


def test_drawn_figures_that_a_generic_descriptor_confuses_are_distinguished() -> None:
    """Of other figures than those learned from: the coats tell, the flickering trousers do not."""
    adapted = adapt(*stripes_video(), StripeFeatureExtractor())
    frames, found = stripes_video(seed=1)
    plain, mapped = (
        [one.extract_features(frame, boxes) for frame, boxes in zip(frames[:15], found[:15], strict=True)]
        for one in (StripeFeatureExtractor(), adapted)
    )
    assert _found_again(plain) < 0.5
    assert _found_again(mapped) > 0.8


def test_a_file_names_the_extractor_and_is_checked_against_it(tmp_path: Path) -> None:
    frames, found = stripes_video()
    adapted = adapt(frames, found, StripeFeatureExtractor())
    assert adapted.report.adapted
    adapted.save(tmp_path / "mine.npz")
    loaded = AdaptedExtractor.load(tmp_path / "mine.npz")
    assert isinstance(loaded.extractor, StripeFeatureExtractor)
    assert loaded.report == adapted.report
    assert loaded.appearance_threshold == adapted.appearance_threshold
    np.testing.assert_array_equal(
        loaded.extract_features(frames[0], found[0]), adapted.extract_features(frames[0], found[0])
    )
    with pytest.raises(ValueError, match="another extractor"):
        AdaptedExtractor.load(tmp_path / "mine.npz", lambda frame, boxes: np.ones((len(boxes), 192)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="vectors of 192 numbers"):
        AdaptedExtractor.load(tmp_path / "mine.npz", lambda frame, boxes: np.ones((len(boxes), 5)))  # type: ignore[arg-type]


def test_a_file_of_an_extractor_of_ones_own_needs_it_again(tmp_path: Path) -> None:
    class Mine(StripeFeatureExtractor):
        recipe = None

    frames, found = stripes_video()
    adapt(frames, found, Mine()).save(tmp_path / "mine.npz")
    with pytest.raises(ValueError, match="load\\(path, extractor\\)"):
        AdaptedExtractor.load(tmp_path / "mine.npz")
    assert AdaptedExtractor.load(tmp_path / "mine.npz", Mine()).report.adapted


def test_a_map_of_stored_vectors_needs_no_extractor(tmp_path: Path) -> None:
    found = footage()
    adapt_vectors(found).save(tmp_path / "mine.npz")
    loaded = AdaptedExtractor.load(tmp_path / "mine.npz")
    assert loaded.transform(found[0].data["embedding"]).shape[0] == OBJECTS
    with pytest.raises(ValueError, match="stored vectors"):
        loaded.extract_features(np.zeros((10, 10, 3), np.uint8), found[0])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"\x93NUMPY"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.npz"):
        AdaptedExtractor.load(tmp_path / "mine.npz")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.npz"):
        adapt_vectors(footage()).save(tmp_path / "mine.pkl")


@pytest.mark.extra
def test_a_network_is_made_again_from_the_file(tmp_path: Path) -> None:
    pytest.importorskip("timm")
    import torch

    torch.manual_seed(0)
    network = DeepSORTFeatureExtractor.from_timm("resnet18", device="cpu", pretrained=False, input_size=(64, 32))
    frames, found = stripes_video()
    adapt(frames[:2], found[:2], network).save(tmp_path / "mine.npz")
    with pytest.raises(ValueError, match="another extractor"):  # random weights are others each time
        AdaptedExtractor.load(tmp_path / "mine.npz")
    assert AdaptedExtractor.load(tmp_path / "mine.npz", network).extractor is network


def test_a_tracker_takes_the_threshold() -> None:
    adapted = adapt_vectors(footage(), Stored())
    assert SteadySORTTracker(adapted).appearance_threshold == adapted.appearance_threshold
