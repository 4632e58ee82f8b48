"""An ONNX model in OpenVINO on the CPU, held to float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trackers.appearance.model_cache import folder
from trackers.errors import require


def open_model(model: Path | bytes, threads: int | None = None) -> Any:
    """Compile a model, or load what was compiled before.

    Args:
        model: An ONNX file, or its content.
        threads: Threads of a pass; None leaves it to OpenVINO.

    Returns:
        An inference request of OpenVINO.

    Raises:
        MissingDependencyError: If OpenVINO is not installed.
    """
    core = require("openvino", "openvino").Core()
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    cache = folder()
    if cache is not None:
        settings["CACHE_DIR"] = str(cache)
    return core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
