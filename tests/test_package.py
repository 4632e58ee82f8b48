"""The package from outside: what it exports, and what importing it costs."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path

import pytest

import trackers

OPTIONAL = ("torch", "torchvision", "timm", "safetensors", "ultralytics", "onnxruntime", "openvino", "trackeval", "cv2")
NOT_AT_IMPORT = {*OPTIONAL, "av", "matplotlib", "PIL", "scipy", "supervision"}

SUPERVISION_NEEDS_OPENCV = tuple(map(int, version("supervision").split(".")[:2])) < (0, 30)


def without(*modules: str) -> str:
    """Code after which modules cannot be imported, as if they were not installed."""
    return f"""
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def run_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter that finds this copy of the package."""
    environment = {**os.environ, "PYTHONPATH": str(Path(trackers.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, *options, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_all_is_sorted_and_complete() -> None:
    public = {
        name
        for name, value in {**vars(trackers), **{name: getattr(trackers, name) for name in trackers.__all__}}.items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert trackers.__all__ == sorted(trackers.__all__)
    assert set(trackers.__all__) == public


def test_dir_lists_the_public_names() -> None:
    assert set(trackers.__all__) <= set(dir(trackers))


def test_star_import_works_without_optional_dependencies() -> None:
    code = "from trackers import *\nimport trackers\nprint(all(name in globals() for name in trackers.__all__))"
    done = run_python(without(*NOT_AT_IMPORT) + code)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="NoSuchTracker"):
        _ = trackers.NoSuchTracker  # type: ignore[attr-defined]


def test_import_loads_nothing_heavy() -> None:
    done = run_python("import trackers", "-X", "importtime")
    assert done.returncode == 0, done.stderr
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert {"trackers", "numpy"} <= loaded
    assert not loaded & NOT_AT_IMPORT


def test_no_update_imports_anything() -> None:
    """What a tracker needs is there when it is made: no frame waits for an import."""
    code = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, supervision as sv, trackers
rng = np.random.default_rng(0)
corners = rng.uniform(0, 60, (20, 2))
crowd = sv.Detections(
    xyxy=np.hstack([corners, corners + 40]), confidence=np.full(20, 0.9), data={"embedding": rng.normal(size=(20, 8))}
)
for name in ("SORT", "DeepSORT", "ByteTrack", "OCSORT", "BoTSORT", "SteadySORT"):
    tracker = getattr(trackers, f"{name}Tracker")()
    before = set(sys.modules)
    for _ in range(4):
        tracked = tracker.update(crowd)
    assert (tracked.tracker_id > 0).sum() > 10
    print(sorted(set(sys.modules) - before))
"""
    done = run_python(code)
    assert (done.stdout, done.returncode) == ("[]\n" * 6, 0), done.stderr


def test_import_is_silent() -> None:
    done = run_python("import trackers", "-W", "error")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.skipif(SUPERVISION_NEEDS_OPENCV, reason="this supervision does not run without OpenCV")
def test_the_command_line_is_silent_about_opencv(tmp_path: Path) -> None:
    pytest.importorskip("jsonargparse", reason="the extra `cli` is not installed")
    boxes, ids = tmp_path / "det.txt", tmp_path / "ids.txt"
    boxes.write_text("1,-1,10,10,40,80,0.9\n")
    code = f"from trackers.cli.main import main; main(['track', {str(boxes)!r}, '--output', {str(ids)!r}])"
    done = run_python(without("cv2") + code, "-W", "default")
    assert ids.exists()
    assert "OpenCV" not in done.stderr


def test_tracking_by_motion_needs_no_optional_dependency() -> None:
    code = """
import warnings
warnings.simplefilter("ignore")
import numpy as np, supervision as sv
from trackers import DeepSORTTracker
tracker = DeepSORTTracker(minimum_consecutive_frames=2)
for x in range(3):
    boxes = np.array([[10.0 + x, 10.0, 50.0 + x, 90.0]])
    print(tracker.update(sv.Detections(xyxy=boxes, confidence=np.array([0.9]))).tracker_id.tolist())
"""
    absent = OPTIONAL[:-1] if SUPERVISION_NEEDS_OPENCV else OPTIONAL
    done = run_python(without(*absent) + code)
    assert (done.stdout, done.returncode) == ("[-1]\n[1]\n[1]\n", 0), done.stderr


def test_package_is_typed() -> None:
    assert (Path(trackers.__file__).parent / "py.typed").is_file()


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """The modules of this package that a file imports, for types or at any depth, too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            within = [f"{node.module}.{name.name}" for name in node.names]
            found |= {name if name in modules else str(node.module) for name in within}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found & modules


def test_nothing_imports_in_circles_not_even_for_types() -> None:
    root = Path(trackers.__file__).parents[1]
    files = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in Path(trackers.__file__).parent.rglob("*.py")
    }
    graph = {name: imports_of(path, set(files)) - {name} for name, path in files.items()}
    order = list(TopologicalSorter(graph).static_order())  # a circle raises, and is named
    assert len(order) > 100
    assert order.index("trackers.boxes") < order.index("trackers.core.base") < order.index("trackers.core.sort.tracker")
