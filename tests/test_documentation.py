"""Every Python block of the README and of the documentation runs, and pages say what is there.

docs/contributing.md says how to write a block.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import os
import pkgutil
import re
import sys
import textwrap
import unittest
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import supervision as sv
from PIL import Image
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

import trackers
from docs.pictures.__main__ import DIAGRAMS, PICTURES
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
    from ultralytics.utils import YAML
    from ultralytics.utils.checks import check_yaml

    path = tmp_path_factory.mktemp("detector") / "yolo11m.pt"
    made = YOLO("yolo11n.yaml")
    made.model.names = YAML.load(check_yaml("coco.yaml"))["names"]  # as the released weights have them
    made.save(path)
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


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny detector of transformers with random weights, saved as its makers save theirs."""
    import transformers

    folder = tmp_path_factory.mktemp("transformer")
    depth: dict[str, Any] = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1] * 4}
    backbone = transformers.AutoConfig.for_model(
        "rt_detr_resnet", layer_type="basic", out_features=["stage2", "stage3", "stage4"], **depth
    )
    options: dict[str, Any] = {
        **dict.fromkeys(("encoder_hidden_dim", "encoder_ffn_dim", "d_model", "decoder_ffn_dim"), 16),
        **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads", "decoder_layers"), 2),
        "encoder_in_channels": [8, 16, 16],
        "decoder_in_channels": [16] * 3,
        "num_queries": 10,
    }
    config: Any = transformers.AutoConfig.for_model("rt_detr_v2", backbone_config=backbone, **options)
    transformers.RTDetrV2ForObjectDetection(config).save_pretrained(folder)
    transformers.RTDetrImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


@pytest.fixture
def inference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the package `inference_sdk`, which needs a server: finds one thing in each frame."""

    class Client:
        def __init__(self, api_url: str) -> None: ...

        def infer(self, image: np.ndarray[Any, Any], model_id: str) -> dict[str, Any]:
            height, width = image.shape[:2]
            found: dict[str, Any] = {"x": 60.0, "y": 80.0, "width": 40.0, "height": 100.0, "confidence": 0.9}
            found |= {"class": "person", "class_id": 0, "detection_id": "1"}
            return {"image": {"width": width, "height": height}, "predictions": [found]}

    package: Any = ModuleType("inference_sdk")
    package.InferenceHTTPClient = Client
    monkeypatch.setitem(sys.modules, "inference_sdk", package)


@pytest.fixture
def folder(
    clip: Path,
    detector: Path,
    transformer: Path,
    hub: None,
    inference: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The working folder: what pages name is in it."""
    path = tmp_path / "work"
    path.mkdir()
    (path / "in.mp4").symlink_to(clip)
    # What exists under its name is opened in place of a camera or an address.
    (path / "rtsp:" / "camera").mkdir(parents=True)
    for name in ("0", "rtsp:/camera/stream"):
        (path / name).symlink_to(clip)
    (path / "yolo11m.pt").symlink_to(detector)
    (path / "PekingU").mkdir()
    (path / "PekingU" / "rtdetr_v2_r18vd").symlink_to(transformer)
    monkeypatch.chdir(path)
    return path


@pytest.mark.filterwarnings("ignore:the appearance threshold of this model is not known:UserWarning")
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


# --- names -----------------------------------------------------------------------------------------


def found(path: str) -> Any:
    """The object that a dotted path names; LookupError where there is none."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        try:
            return functools.reduce(getattr, parts[length:], module)
        except AttributeError as error:
            raise LookupError(path) from error
    raise LookupError(path)


def python_blocks(page: Path) -> Iterator[str]:
    """The Python blocks of a page."""
    for block in re.findall(r"^ *```python\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        yield textwrap.dedent(block)


def public_names() -> dict[str, Any]:
    """What modules list in `__all__`, and what pages import."""
    names: dict[str, Any] = {}
    for path in ["trackers", *(module.name for module in pkgutil.walk_packages(trackers.__path__, "trackers."))]:
        if not path.endswith("__main__"):
            module = importlib.import_module(path)
            names |= {f"{path}.{name}": getattr(module, name) for name in getattr(module, "__all__", ())}
    for page in PAGES:
        for block in python_blocks(page):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "trackers":
                    paths = [f"{node.module}.{name.name}" for name in node.names]
                    names |= {path: found(path) for path in paths}
    return names


def documented() -> list[Any]:
    """The objects that pages document: what `:::` names, and of a module the members listed, or all public ones."""
    objects = []
    for page in PAGES:
        directives = re.findall(r"^::: (\S+)\n((?:    .*\n)*)", page.read_text(encoding="utf-8") + "\n", re.MULTILINE)
        for path, options in directives:
            thing = found(path)
            if not isinstance(thing, ModuleType):
                objects.append(thing)
                continue
            listed = re.search(r"members: \[(.*)\]", options)
            names = listed.group(1).split(", ") if listed else [name for name in vars(thing) if name[0] != "_"]
            objects += [getattr(thing, name) for name in names]
    return objects


def test_every_public_name_is_on_a_page() -> None:
    names, on_pages = public_names(), documented()
    assert len(names) > 60
    # Types of arrays have no page; they are described where they occur.
    missed = {
        name
        for name, thing in names.items()
        if not name.startswith("trackers.boxes.") and not any(thing is other for other in on_pages)
    }
    assert not missed


@pytest.mark.filterwarnings(
    "ignore:.*the old name goes in the next release:DeprecationWarning"
)  # the changelog has them
def test_every_dotted_name_in_the_pages_exists() -> None:
    names = set()
    for page in PAGES:
        for name in re.findall(r"(?<![\w/.@-])trackers(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8")):
            if not name.endswith((".yaml", ".md", ".py")):
                names.add(name)
    assert len(names) > 60
    unknown = set()
    for name in names:
        try:
            found(name)
        except LookupError:
            unknown.add(name)
    assert not unknown


def test_the_table_of_imports_is_true() -> None:
    imports: dict[str, set[str]] = {}
    for path in (ROOT / "trackers").rglob("*.py"):
        part = path.relative_to(ROOT / "trackers").parts[0].removesuffix(".py")
        if part.startswith("__"):
            continue
        used = imports.setdefault(part, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trackers."):
                used.add(str(node.module).split(".")[1])
        used.discard(part)
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|(.*)\|$", (ROOT / "docs/how-it-works.md").read_text(), re.MULTILINE)
    assert {part: set(re.findall(r"\w+", listed)) for part, listed in rows} == imports


# --- pictures --------------------------------------------------------------------------------------

ASSETS = ROOT / "docs" / "assets"


def test_pictures_are_made_by_the_script_used_and_small() -> None:
    made = {f"{name}.webp" for name in PICTURES} | {f"{name}.svg" for name in DIAGRAMS}
    sizes = {path.name: path.stat().st_size for path in ASSETS.iterdir()}
    users = [*PAGES, ROOT / "mkdocs.yml", ROOT / "docs/overrides/main.html"]
    used = {name for page in users for name in re.findall(r"assets/([\w.-]+)", page.read_text(encoding="utf-8"))}
    assert set(sizes) == made == used
    assert max(sizes.values()) < 300_000
    assert sum(sizes.values()) < 1_500_000


@pytest.mark.parametrize("name", DIAGRAMS)
def test_diagrams_are_up_to_date(name: str) -> None:
    assert (ASSETS / f"{name}.svg").read_text(encoding="utf-8") == DIAGRAMS[name](), "run `make pictures`"


def test_a_picture_can_be_made() -> None:
    (picture,) = PICTURES["sort"]()
    with Image.open(ASSETS / "sort.webp") as committed:
        assert picture.size == committed.size
        difference = np.abs(np.asarray(picture, float) - np.asarray(committed.convert("RGB"), float))
    assert difference.mean() < 4.0, "the picture shows something else by now: run `make pictures`"
