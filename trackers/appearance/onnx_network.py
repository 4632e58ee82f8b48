"""Networks that run in ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.blocks import Blocks
from trackers.appearance.openvino_model import open_model
from trackers.appearance.pillow_crops import cut_windows, to_array
from trackers.appearance.preprocessing import Preprocessing
from trackers.boxes import Bools, Image, Ints
from trackers.deprecation import warn_renamed
from trackers.errors import check_choice, require

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "mps": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
"""ONNX Runtime's name for each device, and for the runtimes it can hand a file to."""

DEVICES = ("cpu", "cuda", "mps")
"""The names of hardware among them."""

PACKAGES = {"cuda": "onnxruntime-gpu", "tensorrt": "onnxruntime-gpu"}
"""What to install in place of `onnxruntime` for what it does not have."""

RUNTIMES = ("auto", "onnxruntime", "openvino", "tensorrt")
"""What runs a file: ONNX Runtime, unless another is named."""

PARITY = 0.9999
"""Smallest cosine similarity between OpenVINO's vector and that of ONNX Runtime."""

METADATA = "trackers.preprocessing"
"""Key under which an exported file keeps its preprocessing."""

BATCH = 8
"""Crops per run where it is not measured: anywhere but on the CPU."""

DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class OnnxNetwork:
    """An ONNX file with the preprocessing it wants.

    The input may be `(k, 3, h, w)` or `(k, h, w, 3)`; a batch size, height or width that is fixed in the file is kept.

    Args:
        path: The file.
        device: `"auto"` (CUDA if this ONNX Runtime has it, else the CPU), `"cpu"`, `"cuda"` or `"mps"`.
        size: Height and width of the crops; None takes the file's.
        settings: Fields of `Preprocessing` other than the size.
        batch_size: Most crops per run, where the file leaves it open; None measures on a CPU and takes 8 elsewhere.
        output: Name of the output to take; None takes the first.
        runtime: `"auto"` and `"onnxruntime"` run the file in ONNX Runtime, `"openvino"` in OpenVINO on the CPU, whose
            vectors are compared with ONNX Runtime's on the first batch, `"tensorrt"` in ONNX Runtime through TensorRT.

    Raises:
        ValueError: If the file is not a usable model, or a setting contradicts it.
        MissingDependencyError: If onnxruntime is not installed.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: Any = "auto",
        size: tuple[int, int] | None = None,
        settings: Mapping[str, Any],
        batch_size: int | None = None,
        output: str | None = None,
        runtime: str = "auto",
    ) -> None:
        """Open the file."""
        check_choice("runtime", runtime, RUNTIMES)
        if str(device) in ("openvino", "tensorrt"):
            warn_renamed(f'from_onnx(device="{device}")', f'from_onnx(runtime="{device}")', stacklevel=5)
            device, runtime = "auto", str(device)
        self._asked_runtime = runtime
        self._path = path
        self._content = path.read_bytes() if path.is_file() else None
        self.to(device)
        inputs, outputs = self._session.get_inputs(), [item.name for item in self._session.get_outputs()]
        if len(inputs) != 1 or inputs[0].type not in DTYPES or len(inputs[0].shape) != 4:
            got = [(item.name, item.type, item.shape) for item in inputs]
            raise ValueError(
                f"expected one input of images, shape (k, 3, h, w) or (k, h, w, 3), in {path}, but got {got}"
            )
        if output is not None and output not in outputs:
            raise ValueError(f"{path} has no output {output!r}; it has {', '.join(map(repr, outputs))}")
        self._output = output or outputs[0]
        self._input, self._dtype = inputs[0].name, DTYPES[inputs[0].type]
        batch, *shape = (side if isinstance(side, int) and side > 0 else None for side in inputs[0].shape)
        self._channels_last = shape[2] == 3 and shape[0] != 3
        self._fixed_batch = batch
        unlimited = None if self._session.get_providers()[0] == PROVIDERS["cpu"] else BATCH
        self.blocks = Blocks(batch or (unlimited if batch_size is None else batch_size))
        kept = json.loads(self._session.get_modelmeta().custom_metadata_map.get(METADATA, "{}"))
        self.preprocessing = Preprocessing(
            **{**kept, "size": _size(path, shape[:2] if self._channels_last else shape[1:], size, kept), **settings}
        )

    def to(self, device: Any) -> None:
        """Open the file on a device."""
        self._device, self._compiles = device, False
        self._request: Any = None
        if device not in (None, "auto") and str(device).split(":")[0] not in DEVICES:
            raise ValueError(f"device must be 'auto' or one of {', '.join(map(repr, DEVICES))}, but got {device!r}")
        if self._asked_runtime == "tensorrt":
            device = "tensorrt"
        elif self._asked_runtime == "openvino":
            if device not in (None, "auto", "cpu"):
                raise ValueError(f"runtime='openvino' runs on the CPU, but the device is {device!r}")
            # An ONNX Runtime that was built with OpenVINO brings its own; otherwise the package of that name is taken.
            provided = PROVIDERS["openvino"] in require("onnxruntime", "onnx").get_available_providers()
            self._compiles = not provided and bool(require("openvino", "openvino"))
            device = "openvino" if provided else "cpu"
        self._session = _open(self._path, device, self._content)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the session, which cannot leave its process; the content of the file goes along."""
        return {**vars(self), "_session": None, "_request": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open a session of its own; the file need not be on this machine unless its weights lie beside it."""
        vars(self).update(state)
        self.to(self._device)

    @property
    def runtime(self) -> str:
        """What runs the file."""
        return "onnxruntime" if self._asked_runtime == "auto" else self._asked_runtime

    def load(self, image: Image) -> Image:
        """The frame as it is."""
        return image

    def cut(self, image: Image, windows: Ints, masks: Bools | None) -> npt.NDArray[np.float32]:
        """Model input for the windows of a frame, channels last, shape `(k, h, w, 3)`."""
        return to_array(cut_windows(image, windows, masks, self.preprocessing), self.preprocessing)

    def forward(self, crops: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[Any]:
        """The network's output."""
        batch = np.concatenate(crops)
        output = self._run(batch)
        return output + self._run(batch[:, :, ::-1]) if self.preprocessing.flip else output

    def _run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """The output for crops `(k, h, w, 3)`; a batch fixed in the file is filled up with empty ones."""
        count = len(batch)
        if self._fixed_batch is not None and count < self._fixed_batch:
            batch = np.concatenate((batch, np.zeros((self._fixed_batch - count, *batch.shape[1:]), batch.dtype)))
        ordered = batch if self._channels_last else batch.transpose(0, 3, 1, 2)
        ordered = np.ascontiguousarray(ordered, self._dtype)
        if self._compiles:
            output = self._by_openvino(ordered)
        else:
            (output,) = self._session.run([self._output], {self._input: ordered})
        return np.asarray(output)[:count] if np.ndim(output) else np.asarray(output)

    def _by_openvino(self, ordered: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The output of OpenVINO; the first batch is compared with ONNX Runtime's."""
        if self._request is not None:
            return np.array(self._request.infer({self._input: ordered}, share_inputs=True)[self._output])
        (expected,) = self._session.run([self._output], {self._input: ordered})
        model: Any = self._path if self._path.is_file() else self._content
        self._request = open_model(model)
        found = self._by_openvino(ordered)
        both = (np.asarray(one, np.float64).reshape(len(ordered), -1) for one in (expected, found))
        before, after = (one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-12) for one in both)
        similarity = float((before * after).sum(axis=1)[before.any(axis=1)].min(initial=1.0))
        if similarity < PARITY:
            raise ValueError(
                f"OpenVINO's vectors of {self._path} differ from ONNX Runtime's: cosine similarity {similarity:.4f}; "
                "take runtime='onnxruntime'"
            )
        return found


def settings_metadata(preprocessing: Preprocessing) -> str:
    """Preprocessing as text, to be kept in a file under `METADATA`."""
    return json.dumps(asdict(preprocessing))


def _open(path: Path, device: Any, content: bytes | None) -> Any:
    """An ONNX Runtime session on a file; on its content where that is at hand and the file is not."""
    runtime = require("onnxruntime", extra="onnx")
    is_there = path.is_file() and (content is None or path.read_bytes() == content)
    if content is None and not is_there:
        raise FileNotFoundError(f"expected an ONNX file, but there is none at {path}")
    there = runtime.get_available_providers()
    name = str(device).split(":")[0]
    if device in (None, "auto"):
        name = "cuda" if PROVIDERS["cuda"] in there else "cpu"
    if PROVIDERS[name] not in there:
        hint = f"; install {PACKAGES[name]} in place of onnxruntime" if name in PACKAGES else ""
        raise ValueError(
            f"this onnxruntime has no {PROVIDERS[name]} for device {device!r}; it has {', '.join(there)}{hint}"
        )
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    try:
        model = str(path) if is_there else content
        session = runtime.InferenceSession(model, options, providers=[PROVIDERS[name]])
    except Exception as error:  # onnxruntime's own error types share no base class
        size = path.stat().st_size if content is None else len(content)
        raise ValueError(
            f"{path} ({size} bytes) is not a readable ONNX file ({str(error)[:200]}); "
            "it may be a truncated download or a pointer file: fetch it again and compare its size"
        ) from error
    if session.get_providers()[0] != PROVIDERS[name]:  # onnxruntime goes on with the CPU and says nothing
        raise ValueError(
            f"onnxruntime could not start {PROVIDERS[name]} for device {device!r}; its libraries are missing or do not "
            "fit, see the provider's requirements in the documentation of onnxruntime, or take device='cpu'"
        )
    return session


def _size(
    path: Path, fixed: Sequence[int | None], asked: tuple[int, int] | None, kept: Mapping[str, Any]
) -> tuple[int, int]:
    """Height and width of the input, from the file where it fixes them."""
    height, width = asked or kept.get("size") or (fixed[0] or 256, fixed[1] or 128)
    if fixed[0] not in (None, height) or fixed[1] not in (None, width):
        raise ValueError(
            f"{path} takes crops of {tuple(fixed)} (height, width) only, but input_size is {(height, width)}"
        )
    return int(height), int(width)
