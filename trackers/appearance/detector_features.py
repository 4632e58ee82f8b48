"""Appearance from what an Ultralytics detector has computed anyway.

A detector's early layers keep colour and texture at full detail; its neck keeps what people have in common and little
of what tells them apart. So three maps of the backbone are read, the last ones at strides 2, 4 and 16. Each channel is
standardised over the frame, which takes out what the whole picture shares, and pooled in bands from head to foot.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.crops import windows
from trackers.appearance.vectors import unit_vectors
from trackers.boxes import Vectors
from trackers.errors import check_range, require

BACKBONE = (0, 2, 6)
"""Last layers at strides 2, 4 and 16 of the YOLO backbones since YOLOv5."""


ROWS, COLUMNS = 2, 4
"""Samples of a map in each band of a box."""


class DetectorFeatures:
    """Vectors from the feature maps of the detector that found the boxes; no second network is run.

    The detector must have run on the frame in its last call: give `extract_features` the very frame that was predicted.

    Args:
        layers: Which layers' maps are read.
        bands: Horizontal bands a box is pooled in.
        margin: Part of the width left out on either side of a box, where there is more background than person.
        appearance_threshold: Cosine distance beyond which two vectors are taken for two objects.

    Raises:
        ValueError: If `bands`, `margin` or the threshold is out of range.
    """

    def __init__(
        self,
        layers: Sequence[int] = BACKBONE,
        *,
        bands: int = 6,
        margin: float = 0.2,
        appearance_threshold: float = 0.25,
    ) -> None:
        """Read no detector yet; see `read`."""
        check_range("bands", bands, 1)
        check_range("margin", margin, 0.0, 0.45)
        check_range("appearance_threshold", appearance_threshold, 0.0, 2.0)
        self.layers = tuple(layers)
        self.bands = bands
        self.margin = margin
        self.appearance_threshold = appearance_threshold
        self._maps: dict[Any, Any] = {}
        self._predictor: Any = None
        self._network: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """The settings alone: the detector stays behind, and whoever has one at the other end calls `read`."""
        return {**vars(self), "_maps": {}, "_predictor": None, "_network": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> DetectorFeatures:
        """A copy that reads the same detector, from its next call on."""
        copied = type(self)(
            self.layers, bands=self.bands, margin=self.margin, appearance_threshold=self.appearance_threshold
        )
        if self._predictor is not None:
            copied.read(self._predictor)
        return copied

    @classmethod
    def of(cls, model: Any, **options: Any) -> DetectorFeatures:
        """Read the maps of an `ultralytics.YOLO` model from its next prediction on.

        Args:
            model: The model, with PyTorch weights; an exported one has no layers to read.
            **options: Arguments of the constructor.

        Returns:
            The extractor.

        Raises:
            TypeError: If the model is not one of Ultralytics' with PyTorch weights.
        """
        torch = require("torch", extra="ultralytics")
        if not hasattr(model, "add_callback") or not isinstance(getattr(model, "model", None), torch.nn.Module):
            raise TypeError(
                "expected an ultralytics model with PyTorch weights, as in YOLO('yolo11n.pt'), but got "
                f"{type(model).__name__} with {type(getattr(model, 'model', None)).__name__} inside; "
                "an exported model (ONNX, TensorRT, ...) does not show its feature maps"
            )
        extractor = cls(**options)
        model.add_callback("on_predict_start", extractor.read)
        return extractor

    def read(self, predictor: Any) -> None:
        """Read the maps of an Ultralytics predictor whose model is loaded, from its next batch on.

        Args:
            predictor: The predictor, as its callback `on_predict_start` gets it.

        Raises:
            TypeError: If its model is not a PyTorch one.
            ValueError: If it has not the layers asked for.
        """
        self._predictor = predictor
        network: Any = getattr(getattr(predictor.model, "model", None), "model", None)
        if network is self._network and network is not None:
            return
        torch = require("torch", extra="ultralytics")
        if not isinstance(network, torch.nn.Sequential):
            raise TypeError(
                "expected a detector with PyTorch weights, but got an exported one, which does not show its feature "
                "maps; use the .pt file or another extractor: in the YAML of model.track, feature_extractor: stripes, "
                "or feature_extractor: null for motion alone"
            )
        missing = [layer for layer in self.layers if not -len(network) <= layer < len(network)]
        if missing:
            raise ValueError(f"expected layers below {len(network)}, the number this detector has, but got {missing}")
        self._network = network
        handles = [network[0].register_forward_pre_hook(partial(_keep_size, self._maps))]
        for layer in self.layers:
            handles.append(network[layer].register_forward_hook(partial(_keep_map, self._maps, layer)))
        for handle in handles:
            weakref.finalize(self, handle.remove)

    def extract_features(self, frame: npt.NDArray[Any], detections: Any) -> Vectors:
        """Appearance vectors of the boxes of a frame the detector has just been given.

        Args:
            frame: The image given to the detector, shape `(h, w, 3)`.
            detections: n boxes of that frame; never changed.

        Returns:
            Unit vectors, float32, shape `(n, d)`; a row of zeros for a box that cannot be seen in the frame.

        Raises:
            ValueError: If the frame is not one of the detector's last call.
        """
        index = self._index(frame)
        height, width = frame.shape[:2]
        corners, visible = windows(detections.xyxy, height, width)
        points = self._points(corners[visible]) / [width, height]
        # Where the picture lies in the detector's input, which is padded to a size its strides divide.
        size = np.array(self._maps["size"][::-1], np.float64)
        share = np.array([width, height]) / size
        share /= share.max()
        pooled = [self._pool(layer, index, (points - 0.5) * share + 0.5, share) for layer in self.layers]
        rows = np.concatenate(pooled, axis=1)
        vectors = np.zeros((len(visible), rows.shape[1]), np.float32)
        vectors[visible] = _unit(rows)
        return vectors

    def _points(self, corners: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Where boxes `(n, 4)` are sampled, row by row in each band: pixels `(n, bands * ROWS, COLUMNS, 2)`."""
        rows, columns = self.bands * ROWS, COLUMNS
        down = (np.arange(rows) + 0.5) / rows
        across = self.margin + (1.0 - 2.0 * self.margin) * (np.arange(columns) + 0.5) / columns
        places = np.stack(np.meshgrid(across, down), axis=2)
        start, end = corners[:, None, None, :2], corners[:, None, None, 2:]
        return np.asarray(start + places * (end - start))

    def _pool(self, layer: int, index: int, points: npt.NDArray[Any], share: npt.NDArray[Any]) -> Vectors:
        """One map over the boxes, unit vectors `(n, channels * bands)`; points go from 0 to 1 over the map."""
        functional = require("torch.nn.functional", extra="ultralytics")
        maps = self._maps[layer]
        if getattr(maps, "ndim", 0) != 4:
            raise ValueError(f"expected a feature map from layer {layer} of the detector, but it gives none")
        features = maps[index : index + 1].float()
        sides = np.array(features.shape[:1:-1])
        (left, top), (right, bottom) = (np.round((0.5 + side * share / 2.0) * sides).astype(int) for side in (-1, 1))
        picture = features[0, :, top:bottom, left:right]
        mean = picture.mean((1, 2))
        deviation = (picture.square().mean((1, 2)) - mean**2).clamp(min=0.0).sqrt()
        grid = features.new_tensor(2.0 * points - 1.0).reshape(1, -1, COLUMNS, 2)
        samples = functional.grid_sample(features, grid, padding_mode="border", align_corners=False)[0]
        bands = samples.reshape(len(mean), len(points), self.bands, ROWS * COLUMNS).mean(3)
        bands = (bands - mean[:, None, None]) / (deviation[:, None, None] + 1e-6)
        return _unit(bands.transpose(0, 1).flatten(1).cpu().numpy())

    def _index(self, frame: npt.NDArray[Any]) -> int:
        """Which image of the detector's last batch the frame is."""
        results = getattr(self._predictor, "results", None) or []
        images = [result.orig_img for result in results] if "size" in self._maps else []
        same = [index for index, image in enumerate(images) if image is frame]
        same += [index for index, image in enumerate(images) if np.array_equal(image, frame)] if not same else []
        if not same:
            raise ValueError(
                "expected a frame of the detector's last call, but this is another one; predict one frame, track "
                "it, then the next (with stream=True on videos), and give the tracker the frame the model was given"
            )
        return same[0]


def _unit(rows: Vectors) -> Vectors:
    return unit_vectors(rows, len(rows), "the detector's feature maps") if len(rows) else rows


def _keep_size(maps: dict[Any, Any], module: Any, inputs: Any) -> None:
    maps["size"] = tuple(inputs[0].shape[-2:])


def _keep_map(maps: dict[Any, Any], layer: int, module: Any, inputs: Any, output: Any) -> None:
    maps[layer] = output
