"""The older package's embedders by name, on our feature extractor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Bools, Floats, Vectors
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor
from trackers.errors import check_choice, check_range, require

if TYPE_CHECKING:
    from torch import nn

CLIP = {
    "clip_RN50": "resnet50_clip.openai",
    "clip_RN101": "resnet101_clip.openai",
    "clip_RN50x4": "resnet50x4_clip.openai",
    "clip_RN50x16": "resnet50x16_clip.openai",
    "clip_ViT-B/32": "vit_base_patch32_clip_quickgelu_224.openai",
    "clip_ViT-B/16": "vit_base_patch16_clip_quickgelu_224.openai",
    "clip_ViT-L/14": "vit_large_patch14_clip_quickgelu_224.openai",
}
"""Names of timm for the image networks of CLIP."""

EMBEDDERS = ("mobilenet", "torchreid", *CLIP)


class Embedder:
    """An embedder by its name; the network is loaded when it is first used.

    Args:
        embedder: `"mobilenet"` (1280 numbers), `"torchreid"` (512) or a CLIP name such as `"clip_RN50"` (1024) or
            `"clip_ViT-B/32"` (512).
        half: Half precision where the device is a GPU.
        bgr: Whether images come in OpenCV's order of colours; False for RGB.
        embedder_gpu: Use a GPU where there is one.
        embedder_model_name: Another model: of timm for `"mobilenet"`, of timm for CLIP.
        embedder_wts: File of weights. `"torchreid"` needs one; without it the others are fetched from timm's hub.

    Raises:
        ValueError: If there is no embedder of that name.

    Example:
        >>> Embedder("mobilenet", embedder_gpu=False).name
        'mobilenet'
    """

    def __init__(
        self,
        embedder: str = "mobilenet",
        half: bool = True,
        bgr: bool = True,
        embedder_gpu: bool = True,
        embedder_model_name: str | None = None,
        embedder_wts: str | Path | None = None,
    ) -> None:
        """Store the choices; nothing is loaded."""
        check_choice("embedder", embedder, EMBEDDERS)
        self.name = embedder
        self.bgr = bgr
        self.model_name = embedder_model_name
        self.weights = embedder_wts
        self._options: dict[str, Any] = {
            "device": "auto" if embedder_gpu else "cpu",
            "half": None if half else False,
            "mask": "background",
        }
        self._extractor: DeepSORTFeatureExtractor | None = None

    @property
    def extractor(self) -> DeepSORTFeatureExtractor:
        """The feature extractor, loaded by now.

        Raises:
            FileNotFoundError: If `"torchreid"` has no file of weights.
            ConnectionError: If weights must come from timm's hub and it cannot be reached; the message names them.
            MissingDependencyError: If PyTorch or timm is not installed.
        """
        if self._extractor is None:
            self._extractor = self._load()
        return self._extractor

    def predict(self, images: Sequence[npt.NDArray[Any]]) -> list[Vectors]:
        """Vectors of images that are crops already.

        Args:
            images: uint8 images of any sizes, shape `(height, width, 3)`.

        Returns:
            One unit vector, float32, for each image.
        """
        return list(self.extractor.embed([self._colours(image) for image in images]))

    def embed_boxes(self, frame: npt.NDArray[Any], xyxy: Floats, masks: Bools | None = None) -> list[Vectors]:
        """Vectors of the boxes of a frame.

        Args:
            frame: uint8 image, shape `(height, width, 3)`.
            xyxy: n boxes, shape `(n, 4)`.
            masks: Pixels of the objects, shape `(n, height, width)`; what is around them is painted over.

        Returns:
            One unit vector for each box; zeros for a box that cannot be seen in the frame.
        """
        import supervision as sv

        finite = np.isfinite(xyxy).all(axis=1, keepdims=True)
        detections = sv.Detections(xyxy=np.where(finite, xyxy, 0.0), mask=masks)
        return list(self.extractor.extract_features(self._colours(frame), detections))

    def _colours(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return image if self.bgr else image[..., ::-1]

    def _load(self) -> DeepSORTFeatureExtractor:
        if self.name == "mobilenet":
            name = self.model_name or "mobilenetv2_100"
            return DeepSORTFeatureExtractor.from_timm(name, checkpoint_path=self.weights, **self._options)
        if self.name == "torchreid":
            if self.weights is None:
                raise FileNotFoundError(
                    "the weights of torchreid come from no hub: download those of an OSNet, such as "
                    "osnet_x1_0_msmt17 of torchreid's model zoo, and pass embedder_wts='/where/you/put/them'"
                )
            return DeepSORTFeatureExtractor(self.weights, **self._options)
        model, settings = clip_network(self.model_name or CLIP[self.name], self.weights)
        return DeepSORTFeatureExtractor(model, **settings, **self._options)


class MobileNetv2_Embedder(Embedder):  # noqa: N801
    """The embedder that programs use on its own: vectors of crops by MobileNetV2, 1280 numbers.

    Args:
        half: Half precision where the device is a GPU.
        max_batch_size: Most images that go through the network at once.
        bgr: Whether images come in OpenCV's order of colours; False for RGB.
        gpu: Use a GPU where there is one.
        model_wts_path: File of weights; without it they are fetched from timm's hub.

    Raises:
        ValueError: If `max_batch_size` is below 1.

    Example:
        >>> MobileNetv2_Embedder(max_batch_size=4, gpu=False).max_batch_size
        4
    """

    def __init__(
        self,
        half: bool = True,
        max_batch_size: int = 16,
        bgr: bool = True,
        gpu: bool = True,
        model_wts_path: str | Path | None = None,
    ) -> None:
        """Store the choices; nothing is loaded."""
        check_range("max_batch_size", max_batch_size, 1)
        super().__init__("mobilenet", half=half, bgr=bgr, embedder_gpu=gpu, embedder_wts=model_wts_path)
        self.max_batch_size = max_batch_size

    def predict(self, np_images: Sequence[npt.NDArray[Any]]) -> list[Vectors]:
        """Vectors of images that are crops already.

        Args:
            np_images: uint8 images of any sizes, shape `(height, width, 3)`.

        Returns:
            One unit vector, float32, for each image.
        """
        starts = range(0, len(np_images), self.max_batch_size)
        return [one for i in starts for one in Embedder.predict(self, np_images[i : i + self.max_batch_size])]


def clip_network(name: str, weights: str | Path | None, *, pretrained: bool = True) -> tuple[nn.Module, dict[str, Any]]:
    """The image network of CLIP with its projection, which is what makes its vectors comparable.

    Args:
        name: Name in timm.
        weights: File of weights, or None for timm's hub.
        pretrained: Whether to fetch weights where there is no file.

    Returns:
        The network, and the extractor's options for it.
    """
    torch = require("torch", extra="reid")
    timm = require("timm", extra="reid")
    from trackers.appearance.timm_models import create_model, model_settings

    # timm calls the projection a classifier, and its length the number of classes.
    length = getattr(timm.get_pretrained_cfg(name), "num_classes", 0)
    model = create_model(name, pretrained=pretrained, checkpoint_path=weights, num_classes=length)
    settings = model_settings(model)
    return torch.nn.Sequential(model), {"input_size": settings.pop("size"), **settings}


def stacked_masks(masks: list[Bools | None], frame: npt.NDArray[Any]) -> Bools | None:
    """Masks of a frame's detections as one array; a detection without one keeps its whole box.

    Args:
        masks: One mask of shape `(height, width)` or None for each detection.
        frame: The frame.

    Returns:
        Shape `(n, height, width)`, or None where no detection has a mask.

    Raises:
        ValueError: If a mask is not of the frame's size.
    """
    if all(mask is None for mask in masks):
        return None
    stacked = np.ones((len(masks), *frame.shape[:2]), np.bool_)
    for i, mask in enumerate(masks):
        if mask is not None:
            if np.shape(mask) != frame.shape[:2]:
                raise ValueError(
                    f"instance mask {i} must have the frame's shape {frame.shape[:2]}, but has {np.shape(mask)}"
                )
            stacked[i] = mask
    return stacked
