"""Every Python block of the README and of the documentation runs; docs/contributing.md says how to write one."""

from __future__ import annotations

import importlib.util
import os
import re
import unittest
from pathlib import Path

import pytest
import supervision as sv
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from trackers.sample import Scene

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON_FENCE = re.compile(r"^\s*(?:```+|~~~+)\s*\{?\s*\.?py", re.MULTILINE)


def missing(package: str) -> bool:
    """Whether a package is not installed: what pages may skip a block for."""
    return importlib.util.find_spec(package) is None


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the embedded sample."""
    scene = Scene(size=(480, 270), length=25, figures=4)
    path = tmp_path_factory.mktemp("clip") / "in.mp4"
    with sv.VideoSink(str(path), sv.VideoInfo(width=480, height=270, fps=25)) as sink:
        for frame in scene.frames():
            sink.write_frame(frame)
    return path


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained detector where there is real data, and otherwise a small one with random weights."""
    if data := os.environ.get("TRACKERS_DATA"):
        return Path(data, "data", "weights", "yolo", "yolo11n_dequant.pt")
    from ultralytics import YOLO

    path = tmp_path_factory.mktemp("detector") / "yolo11m.pt"
    YOLO("yolo11n.yaml").save(path)
    return path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of timm's hub seems to hold every model, with random weights."""
    import huggingface_hub
    import timm
    from safetensors.torch import save_file

    def cached(repository: str, filename: str) -> str:
        path = tmp_path / "hub" / repository / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(timm.create_model(repository.partition("/")[2]).state_dict(), path)
        return str(path)

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", cached)


@pytest.fixture
def folder(clip: Path, detector: Path, hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: what pages name is in it."""
    path = tmp_path / "work"
    path.mkdir()
    (path / "in.mp4").symlink_to(clip)
    (path / "yolo11m.pt").symlink_to(detector)
    monkeypatch.chdir(path)
    return path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_run(page: Path, request: pytest.FixtureRequest, subtests: pytest.Subtests) -> None:
    document = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()]).parse(page)
    examples = list(document.examples())
    fences = len(PYTHON_FENCE.findall(document.text))
    blocks = [example for example in examples if isinstance(example.parsed, str)]
    assert len(blocks) == fences, "a block is not recognised: its first line must be ```python and nothing more"
    if not blocks:
        return
    request.getfixturevalue("folder")
    document.namespace["missing"] = missing
    for example in examples:
        with subtests.test(line=example.line):
            try:
                example.evaluate()
            except unittest.SkipTest as reason:
                pytest.skip(str(reason))
