"""Appearance vectors for DeepSORT from any model: one line to plug it in, all boxes of a frame in one go.

The code is thin, over `trackers.appearance`; the length of this file is the documentation of the ways to load a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance import loading
from trackers.appearance.detector_features import DetectorFeatures
from trackers.appearance.embedding import embed_frames, embed_images
from trackers.appearance.network import Network
from trackers.boxes import Vectors
from trackers.errors import require

if TYPE_CHECKING:
    import supervision as sv
    from torch import nn


class DeepSORTFeatureExtractor:
    """Turns the boxes of a frame into appearance vectors with a neural network.

    Boxes are cut from the frame and resized as the model's own configuration says, brought into its order of colours,
    and run through it together. Needs the extra `reid` (for ONNX files alone, `onnx`).

    Args:
        model_or_checkpoint_path: A `torch.nn.Module`, or the path of a TorchScript or ONNX file or of a checkpoint that
            tells its architecture (OSNet); for timm's models use `from_timm`. A module is copied.
        device: `"auto"` takes CUDA, then MPS, then the CPU; or a name such as `"cuda:0"`.
        input_size: Height and width of the crops, or one number for both; None takes the model's own, or 256 x 128.
        appearance_threshold: Cosine distance beyond which two vectors are taken for two objects.
        **options: Fields of `trackers.appearance.preprocessing.Preprocessing` (`mean`, `std`, `scale`,
            `interpolation`, `color`, `fit`, `padding`, `mask`, `flip`, `center_sigma`), and `batch_size` (most crops
            per forward pass; None measures the best on a CPU), `half` (CUDA only), `compile` (run through
            `torch.compile`, on CUDA as recorded graphs; the first frames take long), `runtime` (what runs the module
            on a CPU: `"auto"`, the first of `"openvino"`, `"onnxruntime"` and `"torch"` that is installed and gives
            the module's vectors, compared at the first batch; or one of these names; on CUDA `"auto"` records graphs
            and `"torch"` does not), `transforms` (a callable from a
            Pillow image to a tensor, in place of the preprocessing).

    Raises:
        ValueError: If an option is unknown or out of range, or the file cannot be used.
        MissingDependencyError: If PyTorch or ONNX Runtime is needed and not installed.

    Example:
        >>> import supervision as sv
        >>> from torch import nn
        >>> network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        >>> extractor = DeepSORTFeatureExtractor(network, device="cpu", input_size=(64, 32))
        >>> frame = np.zeros((480, 640, 3), np.uint8)
        >>> extractor.extract_features(frame, sv.Detections(xyxy=np.array([[0.0, 0.0, 20.0, 60.0]]))).shape
        (1, 8)
    """

    recipe: tuple[str, dict[str, Any]] | None = None
    """Its name in `trackers.appearance.registry` and the options that make an equal one, where there are such."""

    def __init__(
        self,
        model_or_checkpoint_path: nn.Module | str | Path | Network,
        device: Any = "auto",
        input_size: int | Sequence[int] | None = None,
        *,
        appearance_threshold: float | None = None,
        **options: Any,
    ) -> None:
        """Bring the model to its device."""
        self._adopt(loading.from_source(model_or_checkpoint_path, device, input_size, options), appearance_threshold)
        if isinstance(model_or_checkpoint_path, (str, Path)):
            given = {"model_or_checkpoint_path": str(model_or_checkpoint_path), "input_size": input_size, **options}
            self.recipe = ("checkpoint", {**given, "appearance_threshold": appearance_threshold})

    @classmethod
    def from_timm(
        cls,
        model_name: str,
        device: Any = "auto",
        input_size: int | Sequence[int] | None = None,
        pretrained: bool = True,
        get_pooled_features: bool = True,
        **kwargs: Any,
    ) -> DeepSORTFeatureExtractor:
        """Load any of timm's models, without its classifier.

        Args:
            model_name: Name in timm, with or without the tag of its weights; `"hf-hub:..."` and `"local-dir:..."` work.
            device: As in the constructor.
            input_size: As in the constructor.
            pretrained: Fetch the weights of that name; False gives random ones.
            get_pooled_features: One number per channel; False gives the whole feature map as one long vector.
            **kwargs: `checkpoint_path` (a safetensors file or state dict to load, no hub asked), the constructor's
                options, and what `timm.create_model` takes.

        Returns:
            The extractor.

        Raises:
            ValueError: If timm does not know the name (close ones are listed), or a file does not fit the model.
            ConnectionError: If the hub cannot be reached; the message says which file to put where.
            MissingDependencyError: If torch or timm is not installed.

        Example:
            >>> extractor = DeepSORTFeatureExtractor.from_timm("resnet18", device="cpu", pretrained=False)
            >>> extractor.dimension
            512
        """
        given = {"model_name": model_name, "input_size": input_size, "pretrained": pretrained, **kwargs}
        threshold = kwargs.pop("appearance_threshold", None)
        made = cls._of(
            loading.from_timm(
                model_name, device, input_size, pretrained=pretrained, pooled=get_pooled_features, options=kwargs
            ),
            threshold,
        )
        made.recipe = ("timm", {**given, "get_pooled_features": get_pooled_features})
        return made

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        architecture: str | None = None,
        device: Any = "auto",
        input_size: int | Sequence[int] | None = None,
        *,
        appearance_threshold: float | None = None,
        **options: Any,
    ) -> DeepSORTFeatureExtractor:
        """Load weights from a file: safetensors, or a state dict written by `torch.save`; never pickled code.

        Args:
            path: The file. Wrappers (`state_dict`, `model`), prefixes (`module.`) and a classifier are left out.
            architecture: Name in timm; None recognises OSNet, the re-identification network, of any width.
            device: As in the constructor.
            input_size: As in the constructor.
            appearance_threshold: As in the constructor; None takes the known one of OSNet.
            **options: As in the constructor; for timm's models, what `timm.create_model` takes as well.

        Returns:
            The extractor.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, holds pickled code, or belongs to another architecture.
        """
        return cls._of(loading.from_checkpoint(path, architecture, device, input_size, options), appearance_threshold)

    @classmethod
    def from_onnx(
        cls,
        path: str | Path,
        device: Any = "auto",
        input_size: int | Sequence[int] | None = None,
        *,
        output: str | None = None,
        appearance_threshold: float | None = None,
        **options: Any,
    ) -> DeepSORTFeatureExtractor:
        """Load an ONNX file, to run in ONNX Runtime or OpenVINO; needs the extra `onnx` and no PyTorch.

        Layout, size and a batch fixed in the file are found out. What the pixels should be is not in the file: without
        options they are RGB, scaled and normalised as for ImageNet, except for files this library wrote or recognises
        by name (`person-reidentification-retail-*`: BGR from 0 to 255).

        Args:
            path: The file.
            device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`, as this ONNX Runtime has it.
            input_size: As in the constructor, where the file leaves it open.
            output: Name of the output with the vectors; None takes the first.
            appearance_threshold: As in the constructor.
            **options: As in the constructor, but `half`, `compile` and `transforms`. `runtime` is `"onnxruntime"`,
                which `"auto"` takes, `"openvino"` (the extra of that name; on the CPU, compared with ONNX Runtime on
                the first batch) or `"tensorrt"` (on CUDA, where this ONNX Runtime has it).

        Returns:
            The extractor.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, takes no images, or contradicts an option.
        """
        return cls._of(loading.from_onnx(path, device, input_size, output, options), appearance_threshold)

    @classmethod
    def from_torchscript(
        cls,
        path: str | Path,
        device: Any = "auto",
        input_size: int | Sequence[int] | None = None,
        *,
        appearance_threshold: float | None = None,
        **options: Any,
    ) -> DeepSORTFeatureExtractor:
        """Load a TorchScript file, written by `torch.jit.trace(model, example).save(path)`.

        Args:
            path: The file.
            device: As in the constructor.
            input_size: As in the constructor.
            appearance_threshold: As in the constructor.
            **options: As in the constructor.

        Returns:
            The extractor.

        Raises:
            ValueError: If the file is no TorchScript.
        """
        return cls._of(loading.from_torchscript(path, device, input_size, options), appearance_threshold)

    @classmethod
    def from_ultralytics(cls, model: Any, **options: Any) -> DetectorFeatures:
        """Take the vectors from the feature maps of the detector that finds the boxes; see `DetectorFeatures`.

        Args:
            model: The `ultralytics.YOLO` model, with PyTorch weights. Give the tracker the very frame it was given.
            **options: `layers`, `bands`, `margin` and `appearance_threshold`.

        Returns:
            An extractor that runs no network of its own.

        Raises:
            TypeError: If the model is not one of Ultralytics' with PyTorch weights.
        """
        return DetectorFeatures.of(model, **options)

    @cached_property
    def dimension(self) -> int:
        """Length of the vectors."""
        return int(self.embed([np.full((8, 8, 3), 128, np.uint8)]).shape[1])

    def extract_features(self, frame: npt.NDArray[Any], detections: sv.Detections) -> Vectors:
        """Appearance vectors of the boxes of a frame.

        Args:
            frame: uint8 image, BGR of shape `(h, w, 3)`, BGRA of shape `(h, w, 4)`, or grey of shape `(h, w)`.
            detections: n boxes; never changed. Instance masks are used if the `mask` option asks for them.

        Returns:
            Unit vectors, float32, shape `(n, d)`. A box that cannot be seen in the frame (outside it, thinner than a
            pixel, not finite), and one for which the model gives zeros or NaN, gets a row of zeros.

        Raises:
            TypeError: If the frame is not an array of uint8.
            ValueError: If the frame has not the shape of an image, or the model does not give one vector per crop.
        """
        return self.extract_batch([frame], [detections])[0]

    def extract_batch(self, frames: Sequence[npt.NDArray[Any]], detections: Sequence[sv.Detections]) -> list[Vectors]:
        """Appearance vectors of the boxes of several frames, in as few forward passes as `batch_size` allows.

        Args:
            frames: Images as in `extract_features`, of any sizes.
            detections: Boxes of each frame.

        Returns:
            What `extract_features` gives for each frame, up to rounding.

        Raises:
            TypeError: If a frame is not an array of uint8.
            ValueError: If there are not as many frames as detections, or as in `extract_features`.
        """
        vectors = embed_frames(self._network, frames, detections)
        if vectors is None:
            return [np.zeros((len(boxes), self.dimension), np.float32) for boxes in detections]
        return vectors

    def embed(self, images: Sequence[npt.NDArray[Any]] | npt.NDArray[Any]) -> Vectors:
        """Appearance vectors of images that are crops already.

        Args:
            images: BGR images of any sizes.

        Returns:
            Unit vectors, float32, shape `(n, d)`.

        Raises:
            TypeError: If an image is not an array of uint8.
            ValueError: If an image has not the shape of one.
        """
        vectors = embed_images(self._network, images)
        return np.zeros((0, self.dimension), np.float32) if vectors is None else vectors

    @property
    def runtime(self) -> str:
        """What runs the model, such as `"torch"`; `"auto"` until the first batch has settled it."""
        return str(getattr(self._network, "runtime", "torch"))

    def to(self, device: Any) -> DeepSORTFeatureExtractor:
        """Move the model to another device, in place.

        Args:
            device: As in the constructor.

        Returns:
            This extractor.

        Raises:
            ValueError: If the device is not there.
        """
        self._network.to(device)
        return self

    def export(self, path: str | Path, *, format: str = "onnx") -> Path:
        """Write the model to a file for `from_onnx` or `from_torchscript`, and check that its output is the same.

        Args:
            path: File to write.
            format: `"onnx"` (keeps the preprocessing in the file) or `"torchscript"`.

        Returns:
            The path.

        Raises:
            TypeError: If the model does not run in PyTorch.
            ValueError: If the written file gives other vectors than the model.
        """
        require("torch", extra="reid")
        from trackers.appearance.exporting import export

        return export(self._network, path, format=format)

    @classmethod
    def _of(cls, loaded: loading.Loaded, appearance_threshold: float | None) -> DeepSORTFeatureExtractor:
        """An extractor that runs on a loaded network."""
        extractor = cls.__new__(cls)
        extractor._adopt(loaded, appearance_threshold)
        return extractor

    def _adopt(self, loaded: loading.Loaded, appearance_threshold: float | None) -> None:
        """Run on this network; a threshold that is given counts more than the known one."""
        given = appearance_threshold is not None
        self.appearance_threshold = appearance_threshold if given else loaded.appearance_threshold
        self._network = loaded.network
