"""Appearance vectors for DeepSORT from any model: the ways to load one, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackers.appearance import loading
from trackers.appearance.detector_features import DetectorFeatures
from trackers.appearance.network import Network
from trackers.appearance.network_extractor import NetworkExtractor

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Self


class DeepSORTFeatureExtractor(NetworkExtractor):
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
        >>> import numpy as np, supervision as sv
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
    ) -> Self:
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
            ValueError: If timm has no such model (close ones are listed), or a file does not fit the model.
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
    ) -> Self:
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
    ) -> Self:
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
    ) -> Self:
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
