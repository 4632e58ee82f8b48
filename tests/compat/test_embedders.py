"""Embedders by their older names, on real networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

from trackers.compat.deep_sort_realtime import DeepSort, Embedder, MobileNetv2_Embedder
from trackers.compat.deep_sort_realtime.embedders import CLIP, EMBEDDERS, clip_network

RED, BLUE = (0, 0, 255), (255, 0, 0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the default network, in a file."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mobilenetv2.safetensors"
    save_file(timm.create_model("mobilenetv2_100", pretrained=False).state_dict(), path)
    return path


@pytest.fixture
def tracker(weights: Path) -> DeepSort:
    return DeepSort(n_init=1, embedder_gpu=False, embedder_wts=str(weights))


@pytest.fixture
def frame() -> Any:
    return np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)


def test_the_first_example_with_the_default_embedder(tracker: DeepSort, frame: Any) -> None:
    tracks = []
    for step in range(2):
        bbs = [([10 + step, 20, 20, 40], 0.9, "person"), ([60 - step, 20, 20, 40], 0.8, "person")]
        tracks = tracker.update_tracks(bbs, frame=frame)
    assert [track.track_id for track in tracks] == ["1", "2"]
    for track in tracks:
        feature = track.get_feature()
        assert feature is not None
        assert feature.shape == (1280,)
        assert np.linalg.norm(feature) == pytest.approx(1.0, abs=1e-5)


def test_predict_takes_a_list_of_images(weights: Path) -> None:
    embedder = Embedder("mobilenet", embedder_gpu=False, embedder_wts=weights)
    images = [np.full((height, 30, 3), color, np.uint8) for height, color in ((50, RED), (80, RED), (60, BLUE))]
    vectors = embedder.predict(images)
    assert [vector.shape for vector in vectors] == [(1280,)] * 3
    assert vectors[0] @ vectors[1] > 0.999
    assert vectors[0] @ vectors[2] < 0.999
    assert embedder.predict([]) == []


def test_rgb_frames_give_what_bgr_frames_give(weights: Path, frame: Any) -> None:
    bgr, rgb = (Embedder("mobilenet", embedder_gpu=False, embedder_wts=weights, bgr=bgr) for bgr in (True, False))
    boxes = np.array([[10.0, 10.0, 40.0, 90.0]])
    assert np.array_equal(bgr.embed_boxes(frame, boxes), rgb.embed_boxes(frame[..., ::-1], boxes))
    assert not np.allclose(bgr.embed_boxes(frame, boxes), rgb.embed_boxes(frame, boxes), atol=1e-3)


@pytest.mark.parametrize(
    "box", [[-30, -30, 20, 20], [120, 10, 20, 20], [10, 130, 20, 20], [50, 50, 0.4, 20], [np.nan, 0, 9, 9]]
)
def test_rows_5_and_6_a_box_that_is_not_visible_has_no_appearance(
    tracker: DeepSort, frame: Any, box: list[float]
) -> None:
    raw = [(box, 0.9, "ghost"), ([10, 20, 20, 40], 0.8, "person")]
    ghost, person = tracker.generate_embeds(frame, raw)
    assert not ghost.any()
    assert person.any()
    assert "person" in [track.get_det_class() for track in tracker.update_tracks(raw, frame=frame)]


def test_the_background_of_masks_is_left_out(tracker: DeepSort, frame: Any) -> None:
    raw = [([10, 20, 40, 60], 0.9, "person")]
    mask = np.zeros((100, 100), bool)
    mask[30:70, 20:40] = True
    elsewhere = frame.copy()
    elsewhere[~mask] = 255 - elsewhere[~mask]
    here, there = (tracker.generate_embeds(image, raw, instance_masks=[mask])[0] for image in (frame, elsewhere))
    assert np.array_equal(here, there)
    bare = [tracker.generate_embeds(image, raw)[0] for image in (frame, elsewhere)]
    assert not np.allclose(bare[0], bare[1], atol=1e-3)
    with pytest.raises(ValueError, match=r"instance mask 0 .*\(100, 100\)"):
        tracker.generate_embeds(frame, raw, instance_masks=[mask[:50]])


def test_polygons_mask_their_crops(weights: Path, frame: Any) -> None:
    tracker = DeepSort(polygon=True, n_init=1, embedder_gpu=False, embedder_wts=weights)
    raw = [[[10, 10, 60, 10, 10, 90]], ["sail"], [0.9]]
    corner = frame.copy()
    corner[60:, 50:] = 0
    assert np.array_equal(tracker.generate_embeds(frame, raw), tracker.generate_embeds(corner, raw))
    (track,) = tracker.update_tracks(raw, frame=frame)
    assert np.array_equal(track.get_feature(), tracker.generate_embeds(frame, raw)[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "length"), [("clip_RN50", 1024), ("clip_ViT-B/32", 512)])
def test_clip_networks_end_with_their_projection(name: str, length: int) -> None:
    import torch

    model, settings = clip_network(CLIP[name], None, pretrained=False)
    with torch.inference_mode():
        assert model.eval()(torch.zeros(1, 3, *settings["input_size"])).shape == (1, length)


def test_all_names_of_timm_exist() -> None:
    import timm

    assert set(CLIP.values()) <= set(timm.list_models(pretrained=True))
    assert set(EMBEDDERS) > set(CLIP)


def test_unknown_embedders_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'mobilenet', 'torchreid', 'clip_RN50'"):
        DeepSort(embedder="resnet")


def test_nothing_is_loaded_before_it_is_needed() -> None:
    tracker = DeepSort(embedder="torchreid")
    assert tracker.update_tracks([([0, 0, 9, 9], 0.5, "a")], embeds=[np.ones(4)])
    with pytest.raises(FileNotFoundError, match=r"embedder_wts"):
        tracker.update_tracks([([0, 0, 9, 9], 0.5, "a")], frame=np.zeros((20, 20, 3), np.uint8))


def test_weights_of_a_hub_that_cannot_be_reached_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for embedder, weights in (("mobilenet", "mobilenetv2_100"), ("clip_RN50", "resnet50_clip.openai")):
        with pytest.raises(ConnectionError, match=weights):
            Embedder(embedder, embedder_gpu=False).predict([np.zeros((20, 20, 3), np.uint8)])


@pytest.mark.data
def test_real_weights(data_dir: Path) -> None:
    folder = data_dir / "data" / "weights"
    image = np.random.default_rng(0).integers(0, 256, (128, 64, 3), np.uint8)
    for name, file, length in (
        ("mobilenet", "imagenet/mobilenetv2_100.safetensors", 1280),
        ("torchreid", "reid/osnet_x0_25_msmt17.pth", 512),
    ):
        (vector,) = Embedder(name, embedder_gpu=False, embedder_wts=folder / file).predict([image])
        assert vector.shape == (length,)
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_the_embedder_on_its_own(weights: Path, frame: Any) -> None:
    crops = [frame[:40, :20], frame[30:90, 10:60], frame[:, :30], frame[5:50, 50:]]
    options: dict[str, Any] = {"gpu": False, "model_wts_path": str(weights)}
    expected = Embedder("mobilenet", embedder_gpu=False, embedder_wts=weights).predict(crops)
    embedder = MobileNetv2_Embedder(half=True, max_batch_size=3, bgr=True, **options)
    found = embedder.predict(crops)
    assert [one.shape for one in found] == [(1280,)] * 4
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert embedder.predict([]) == []
    swapped = MobileNetv2_Embedder(bgr=False, **options).predict([crop[..., ::-1] for crop in crops])
    np.testing.assert_allclose(swapped, expected, atol=1e-5)
    with pytest.raises(ValueError, match="max_batch_size"):
        MobileNetv2_Embedder(max_batch_size=0)
