"""Vectors from neural networks: what goes in, what comes out, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
import torch
from PIL.Image import Image
from torch import nn

from trackers.appearance.preprocessing import Preprocessing
from trackers.appearance.torch_crops import cut_batch, cut_each
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor

MOBILENET = "mobilenetv4_conv_small.e1200_r224_in1k"
BOXES = np.array([[10.0, 20, 60, 140], [100, 30, 150, 180], [200, 10, 290, 190]])


@pytest.fixture(scope="module")
def mobilenet() -> DeepSORTFeatureExtractor:
    """A real backbone with random weights, on small crops."""
    torch.manual_seed(0)
    return DeepSORTFeatureExtractor.from_timm(MOBILENET, "cpu", (96, 64), pretrained=False)


class MeanColor(nn.Module):
    """The mean of each channel as the model sees it."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Vectors `(k, 3)`."""
        return batch.mean((2, 3))


class Output(nn.Module):
    """A model that always says the same."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output

    def forward(self, batch: torch.Tensor) -> Any:
        """The output for this number of crops."""
        return self.output(len(batch)) if callable(self.output) else self.output


def noise(seed: int = 0) -> npt.NDArray[np.uint8]:
    """A frame of blurred noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (25, 38, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, 0), 8, 1)


def mean_color(**options: Any) -> DeepSORTFeatureExtractor:
    """An extractor whose vectors can be computed by hand."""
    return DeepSORTFeatureExtractor(MeanColor(), "cpu", (32, 16), **options)


def test_features_are_pooled_never_class_scores(mobilenet: DeepSORTFeatureExtractor) -> None:
    vectors = mobilenet.extract_features(noise(), sv.Detections(xyxy=BOXES))
    assert vectors.shape == (3, 1280)  # the width of the last layer before the classifier of 1000
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize(("name", "dimension"), [("resnet18", 512), ("vit_tiny_patch16_224", 192)])
def test_any_timm_model_gives_its_features(name: str, dimension: int) -> None:
    extractor = DeepSORTFeatureExtractor.from_timm(name, device="cpu", input_size=64, pretrained=False)
    assert extractor.dimension == dimension
    assert extractor.extract_features(noise(), sv.Detections.empty()).shape == (0, dimension)


def test_unpooled_features_are_one_long_vector() -> None:
    options: dict[str, Any] = {"device": "cpu", "input_size": 64, "pretrained": False}
    extractor = DeepSORTFeatureExtractor.from_timm("resnet18", get_pooled_features=False, **options)
    assert extractor.dimension == 512 * 2 * 2


def test_size_and_normalisation_come_from_the_model() -> None:
    extractor = DeepSORTFeatureExtractor.from_timm("vit_tiny_patch16_224.augreg_in21k", "cpu", pretrained=False)
    wanted = extractor._network.preprocessing
    assert (wanted.size, wanted.interpolation) == ((224, 224), "bicubic")
    assert (wanted.mean, wanted.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    given = DeepSORTFeatureExtractor.from_timm("resnet18", "cpu", (64, 32), False, mean=(0, 0, 0), std=(1, 1, 1))
    assert (given._network.preprocessing.size, given._network.preprocessing.mean) == ((64, 32), (0, 0, 0))


def test_a_timm_classifier_given_as_module_gives_features_and_stays_as_it_is() -> None:
    import timm

    classifier = timm.create_model("resnet18", pretrained=False).train()
    extractor = DeepSORTFeatureExtractor(classifier, "cpu", 64)
    assert extractor.dimension == 512
    assert classifier.training
    assert classifier(torch.zeros(2, 3, 64, 64)).shape == (2, 1000)


def test_frames_are_bgr_and_models_rgb() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[:, :150, 2] = 255  # red on the left, blue on the right
    frame[:, 150:, 0] = 255
    boxes = sv.Detections(xyxy=np.array([[10.0, 10, 60, 90], [200, 10, 250, 90]]))
    plain: dict[str, Any] = {"mean": (0, 0, 0), "std": (1, 1, 1)}
    np.testing.assert_allclose(mean_color(**plain).extract_features(frame, boxes), [[1, 0, 0], [0, 0, 1]], atol=1e-6)
    bgr = mean_color(color="bgr", **plain).extract_features(frame, boxes)
    np.testing.assert_allclose(bgr, [[0, 0, 1], [1, 0, 0]], atol=1e-6)


def test_pixels_are_normalised_as_set() -> None:
    frame = np.full((50, 50, 3), (10, 20, 30), np.uint8)
    boxes = sv.Detections(xyxy=np.array([[0.0, 0, 50, 50]]))
    vectors = mean_color(mean=(5, 6, 7), std=(2, 3, 4), scale=1.0).extract_features(frame, boxes)
    expected = (np.array([30, 20, 10]) - [5, 6, 7]) / [2, 3, 4]
    np.testing.assert_allclose(vectors[0], expected / np.linalg.norm(expected), rtol=1e-5)


def test_one_box_more_or_less_changes_no_vector(mobilenet: DeepSORTFeatureExtractor) -> None:
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 150, (19, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(20, 50, (19, 2))), axis=1)
    together = mobilenet.extract_features(noise(), sv.Detections(xyxy=boxes))
    alone = np.concatenate([mobilenet.extract_features(noise(), sv.Detections(xyxy=box[None])) for box in boxes])
    np.testing.assert_allclose(together, alone, atol=2e-5)


def test_crops_given_directly_have_the_same_vectors(mobilenet: DeepSORTFeatureExtractor) -> None:
    frame = noise()
    crops = [frame[int(y1) : int(y2), int(x1) : int(x2)] for x1, y1, x2, y2 in BOXES]
    expected = mobilenet.extract_features(frame, sv.Detections(xyxy=BOXES))
    np.testing.assert_allclose(mobilenet.embed(crops), expected, atol=2e-5)
    assert mobilenet.embed([]).shape == (0, 1280)


def test_a_box_that_is_not_visible_has_no_appearance_and_disturbs_no_other(mobilenet: DeepSORTFeatureExtractor) -> None:
    odd = np.array([[-30.0, -30, -5, -5], [400, 0, 450, 90], [5, 5, 5.4, 50], [0, 0, 10, 10], [9, 9, 3, 3]])
    boxes = sv.Detections(xyxy=np.concatenate((odd, BOXES)))
    boxes.xyxy[3, 0] = np.nan
    vectors = mobilenet.extract_features(noise(), boxes)
    assert not vectors[:5].any()
    np.testing.assert_allclose(vectors[5:], mobilenet.extract_features(noise(), sv.Detections(xyxy=BOXES)), atol=2e-5)
    nothing = mobilenet.extract_features(noise(), sv.Detections(xyxy=odd[[0, 1, 2, 4]]))
    assert nothing.shape == (4, 1280)
    assert not nothing.any()


def test_no_pixel_outside_the_box_counts(mobilenet: DeepSORTFeatureExtractor) -> None:
    first, second = noise(1), noise(2)
    second[20:140, 10:60] = first[20:140, 10:60]
    box = sv.Detections(xyxy=BOXES[:1])
    np.testing.assert_array_equal(mobilenet.extract_features(first, box), mobilenet.extract_features(second, box))


def test_frames_of_any_layout_are_legal(mobilenet: DeepSORTFeatureExtractor) -> None:
    frame, boxes = noise(), sv.Detections(xyxy=BOXES)
    expected = mobilenet.extract_features(frame, boxes)
    frozen = frame.copy()
    frozen.flags.writeable = False
    transparent = np.dstack((frame, frame[..., 0]))
    for given in (frame[::-1][::-1], np.asfortranarray(frame), frozen, transparent):
        np.testing.assert_allclose(mobilenet.extract_features(given, boxes), expected, atol=2e-5)
    assert mobilenet.extract_features(frame[..., 0], boxes).any(axis=1).all()
    with pytest.raises(TypeError, match=r"uint8 .* got float32"):
        mobilenet.extract_features(frame.astype(np.float32), boxes)


def test_input_is_left_alone_and_the_output_is_the_same_twice(mobilenet: DeepSORTFeatureExtractor) -> None:
    frame, boxes = noise(), sv.Detections(xyxy=BOXES.copy(), data={"a": np.arange(3)})
    before = frame.copy()
    first, second = (mobilenet.extract_features(frame, boxes) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(frame, before)
    np.testing.assert_array_equal(boxes.xyxy, BOXES)
    empty = sv.Detections.empty()
    mobilenet.extract_features(frame, empty)
    assert empty == sv.Detections.empty()


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_row_without_direction_becomes_no_appearance(value: float) -> None:
    def output(count: int) -> torch.Tensor:
        vectors = torch.ones(count, 4)
        vectors[0] = value
        return vectors

    vectors = DeepSORTFeatureExtractor(Output(output), "cpu", runtime="torch").extract_features(
        noise(), sv.Detections(xyxy=BOXES)
    )
    np.testing.assert_allclose(vectors, [[0.0] * 4, [0.5] * 4, [0.5] * 4])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (lambda count: torch.ones(count, 1000), "1000 numbers look like class scores"),
        (lambda count: torch.softmax(torch.rand(count, 751), 1), "751 numbers look like class scores"),
        (lambda count: torch.ones(count), r"shape \(3, d\), but got shape \(3,\)"),
        (lambda count: torch.ones(count + 1, 8), r"got shape \(4, 8\)"),
        (lambda count: torch.ones(count, 8, 7, 7), r"got shape \(3, 8, 7, 7\)"),
        (lambda count: (torch.ones(count, 8), torch.ones(count, 9)), "got tuple"),
        (lambda count: {"vectors": torch.ones(count, 8)}, "got dict"),
    ],
)
def test_what_is_not_one_vector_per_crop_is_refused(output: Any, message: str) -> None:
    extractor = DeepSORTFeatureExtractor(Output(output), "cpu", runtime="torch")
    with pytest.raises(ValueError, match=message):
        extractor.extract_features(noise(), sv.Detections(xyxy=BOXES))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"device": "cuda:99"}, ValueError, "device 'cuda:99' is not there"),
        ({"device": "gpu"}, ValueError, "device must be 'auto', 'cpu'"),
        ({"half": True}, ValueError, "half precision needs a CUDA device"),
        ({"sice": 3}, TypeError, "unknown option 'sice'; known ones are mean"),
        ({"input_size": (0, 3)}, ValueError, "input_size must be"),
    ],
)
def test_options_that_cannot_be_met_are_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DeepSORTFeatureExtractor(MeanColor(), **{"device": "cpu", **options})


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a torch\.nn\.Module, or the path .* got int"):
        DeepSORTFeatureExtractor(3, "cpu")  # type: ignore[arg-type]


def test_a_wrong_name_lists_close_ones() -> None:
    with pytest.raises(ValueError, match="has no model 'mobilenetv4_conv_smal'; did you mean 'mobilenetv4_conv_small'"):
        DeepSORTFeatureExtractor.from_timm("mobilenetv4_conv_smal", pretrained=False)
    with pytest.raises(ValueError, match=r"has no model 'resnet18\.nonsense'; did you mean 'resnet18\."):
        DeepSORTFeatureExtractor.from_timm("resnet18.nonsense", pretrained=False)


@pytest.mark.parametrize(
    ("name", "equal"),
    [
        ("ViT-B-16", "vit_base_patch16_clip_quickgelu_224.openai"),
        ("ViT-L/14", "vit_large_patch14_clip_224.laion2b"),
        ("ViT-L-14-336-quickgelu", "vit_large_patch14_clip_quickgelu_336.openai"),
        ("RN50x4", "resnet50x4_clip.openai"),
    ],
)
def test_a_name_of_open_clip_lists_those_of_timm(name: str, equal: str) -> None:
    with pytest.raises(ValueError, match=f"has no model '{name}'; of that network of open_clip, timm has .*'{equal}'"):
        DeepSORTFeatureExtractor.from_timm(name)


def test_a_clip_image_tower_gives_its_features() -> None:
    name = "vit_xsmall_patch16_clip_224.tinyclip_yfcc15m"
    extractor = DeepSORTFeatureExtractor.from_timm(name, "cpu", pretrained=False)
    wanted = extractor._network.preprocessing
    assert extractor.dimension == 256
    assert wanted.interpolation == "bicubic"
    assert wanted.mean == pytest.approx((0.4815, 0.4578, 0.4082), abs=1e-4)  # CLIP's own, not ImageNet's


def _hub_files(folder: Any) -> npt.NDArray[np.float32]:
    """A ResNet as timm writes one for its hub, with a normalisation of its own; and its vectors."""
    import timm
    from timm.models import save_for_hf

    torch.manual_seed(0)
    model = timm.create_model("resnet18", pretrained=False, pretrained_cfg_overlay={"mean": (0.1, 0.2, 0.3)})
    save_for_hf(model, str(folder))
    extractor = DeepSORTFeatureExtractor(model, "cpu", 64)
    return extractor.extract_features(noise(), sv.Detections(xyxy=BOXES))


def test_models_load_from_a_folder(tmp_path: Any) -> None:
    expected = _hub_files(tmp_path / "mine")
    extractor = DeepSORTFeatureExtractor.from_timm(f"local-dir:{tmp_path / 'mine'}", "cpu", 64)
    assert extractor._network.preprocessing.mean == (0.1, 0.2, 0.3)
    np.testing.assert_allclose(extractor.extract_features(noise(), sv.Detections(xyxy=BOXES)), expected, atol=1e-6)


def test_models_of_the_hub_load_without_a_connection_once_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    import huggingface_hub.constants

    repository = tmp_path / "models--somebody--resnet"
    expected = _hub_files(repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    extractor = DeepSORTFeatureExtractor.from_timm("hf-hub:somebody/resnet", "cpu", 64)
    np.testing.assert_allclose(extractor.extract_features(noise(), sv.Detections(xyxy=BOXES)), expected, atol=1e-6)
    with pytest.raises(ConnectionError, match=r"'somebody/else' with its config\.json, .* 'local-dir:/"):
        DeepSORTFeatureExtractor.from_timm("hf-hub:somebody/else", "cpu")


def test_an_unreachable_hub_says_which_file_to_put_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        ConnectionError, match=f"'model.safetensors' of the hub repository 'timm/{MOBILENET}'.*checkpoint_path="
    ):
        DeepSORTFeatureExtractor.from_timm(MOBILENET)


def test_own_preprocessing_replaces_ours() -> None:
    def steps(crop: Image) -> torch.Tensor:
        return torch.from_numpy(np.array(crop.resize((10, 20)))).permute(2, 0, 1) / 255

    frame = np.zeros((200, 300, 3), np.uint8)
    frame[..., 2] = 255
    vectors = mean_color(transforms=steps).extract_features(frame, sv.Detections(xyxy=BOXES))
    np.testing.assert_allclose(vectors, [[1.0, 0.0, 0.0]] * 3, atol=1e-6)


def test_a_crop_and_its_mirror_image_have_one_vector_under_flip(mobilenet: DeepSORTFeatureExtractor) -> None:
    torch.manual_seed(0)
    flipping = DeepSORTFeatureExtractor.from_timm(MOBILENET, "cpu", (96, 64), pretrained=False, flip=True)
    crop = noise()[:96, :64]
    vectors = flipping.embed([crop, crop[:, ::-1]])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=2e-5)
    plain = mobilenet.embed([crop, crop[:, ::-1]])
    assert np.abs(plain[0] - plain[1]).max() > 1e-3


def test_background_does_not_count_under_a_mask() -> None:
    first, second = noise(1), noise(2)
    mask = np.zeros((1, 200, 304), bool)
    mask[0, 40:100, 20:50] = True
    second[mask[0]] = first[mask[0]]
    boxes = sv.Detections(xyxy=BOXES[:1], mask=mask)
    masked = mean_color(mask="background")
    np.testing.assert_allclose(masked.extract_features(first, boxes), masked.extract_features(second, boxes), atol=1e-6)
    plain = mean_color()
    assert np.abs(plain.extract_features(first, boxes) - plain.extract_features(second, boxes)).max() > 1e-3


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("masked", [False, True])
def test_all_at_once_and_one_by_one_cut_the_same_crops(interpolation: str, fit: str, masked: bool) -> None:
    settings = Preprocessing(size=(64, 48), interpolation=interpolation, fit=fit)
    image = torch.from_numpy(noise() // 2 + 64).permute(2, 0, 1)[None]  # no overshoot to be cut off on the way
    windows = np.array([[0, 0, 10, 25], [10, 20, 260, 190], [0, 0, 304, 200], [300, 196, 304, 200], [5, 5, 6, 150]])
    masks = np.random.default_rng(0).random((5, 200, 304)) > 0.3 if masked else None
    each = cut_each(image, windows, masks, settings).float()
    batch = cut_batch(image, windows, masks, settings)
    assert (each - batch).abs().max() <= 2.0  # bytes are rounded twice on the way of the first
    assert (each - batch).abs().mean() <= 0.5


def test_memory_of_the_batched_cut_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Preprocessing(size=(32, 16))
    image = torch.from_numpy(noise()).permute(2, 0, 1)[None]
    windows = np.array([[0, 0, 50, 90], [10, 20, 60, 110], [9, 9, 39, 99]])
    whole = cut_batch(image, windows, None, settings)
    monkeypatch.setattr("trackers.appearance.torch_crops.LARGEST_GATHER", 1)
    torch.testing.assert_close(cut_batch(image, windows, None, settings), whole)


def test_the_class_imports_without_torch_and_names_the_packages_when_used() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor as E\n"
        "from trackers.errors import MissingDependencyError\n"
        "for use in (lambda: E.from_timm('resnet18'), lambda: E(print), lambda: E('weights.pth')):\n"
        "    try: use()\n"
        "    except MissingDependencyError as error: assert 'pip install torch torchvision timm' in str(error), error\n"
        "    else: raise SystemExit('no error')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
