"""The notebooks as they are stored, and the cells in which a user puts something of their own.

`make notebooks` runs them from top to bottom.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LINK = re.compile(r"\]\(([^)#\s]+)")


def cells(notebook: Path, kind: str) -> list[str]:
    """Sources of the cells of a kind, in order."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def run(sources: list[str], names: dict[str, Any], changes: dict[str, str]) -> None:
    """Run cells in one namespace, with some of what they say replaced."""
    text = "\n\n".join(sources)
    for old, new in changes.items():
        assert text.count(old) == 1, f"expected once in the notebook: {old!r}"
        text = text.replace(old, new)
    exec(compile(text, "<notebook>", "exec"), names)


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 4


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_without_outputs(notebook: Path) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in content["cells"]}) == len(content["cells"])


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_somewhere(notebook: Path) -> None:
    links = [link for text in cells(notebook, "markdown") for link in LINK.findall(text)]
    assert all((notebook.parent / link).is_file() for link in links if "://" not in link), links


def test_the_readme_names_them_all() -> None:
    links = LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {link for link in links if link.endswith(".ipynb")} == {f"notebooks/{one.name}" for one in NOTEBOOKS}


@pytest.mark.parametrize("own", ["module", "onnx"])
def test_a_model_of_your_own(own: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a user writes in the place of `own = None`."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("timm")
    pytest.importorskip("onnx")
    from trackers import DeepSORTFeatureExtractor

    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d((2, 1)), torch.nn.Flatten())
    if own == "onnx":
        network = DeepSORTFeatureExtractor(network, device="cpu").export(tmp_path / "mine.onnx")
    code = cells(ROOT / "notebooks/bring_your_own_reid.ipynb", "code")
    cell = next(source for source in code if "own = " in source)
    line = next(line for line in cell.splitlines() if line.startswith("own = "))
    names: dict[str, Any] = {"data": None, "Path": Path, "mine": network}

    run([cell], names, {line: "own = mine"})

    assert names["trained"]
    assert names["network"].dimension == 6
    assert capsys.readouterr().out == f"{'mine' if own == 'onnx' else 'own'}: vectors of 6 numbers\n"


@pytest.mark.data
@pytest.mark.parametrize("with_truth", [True, False], ids=["truth", "no truth"])
def test_a_clip_of_your_own(
    with_truth: bool,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Real frames and a real detector in the place of the sample, all the way to the pictures."""
    pytest.importorskip("ultralytics")
    pytest.importorskip("trackeval")
    plots = pytest.importorskip("matplotlib.pyplot")
    plots.switch_backend("Agg")
    shown: list[int] = []
    monkeypatch.setattr(plots, "show", lambda: shown.append(len(plots.gcf().axes)))
    clip, truth = first_frames(data_dir / "data/mot/TUD-Campus", tmp_path, count=15)
    own = f"{str(clip)!r}, {(str(truth) if with_truth else None)!r}"

    run(
        cells(ROOT / "notebooks/compare_trackers.ipynb", "code")[1:],
        {},
        {
            "scene = Scene()": "scene = Scene(size=(320, 180), length=7)",
            "own_video, own_truth = None, None": f"own_video, own_truth = {own}",
            '"yolo11n.pt"': repr(str(data_dir / "data/weights/yolo/yolo11n_dequant.pt")),
        },
    )
    plots.close("all")

    printed = capsys.readouterr().out
    assert shown == [6, 6]
    assert [line.split()[0] for line in printed.splitlines()[-6:]] == [
        "SORT", "ByteTrack", "OC-SORT", "BoT-SORT", "DeepSORT", "SteadySORT",
    ]  # fmt: skip
    assert printed.startswith("6 people") == with_truth
    assert ("HOTA" in printed) == with_truth


def first_frames(sequence: Path, folder: Path, count: int) -> tuple[Path, Path]:
    """A folder with the first images of a sequence, and a file with their ground truth."""
    clip, truth = folder / "street", folder / "street.txt"
    clip.mkdir()
    for number in range(1, count + 1):
        (clip / f"{number:06}.jpg").symlink_to(sequence / "img1" / f"{number:06}.jpg")
    lines = (sequence / "gt/gt.txt").read_text(encoding="utf-8").splitlines()
    truth.write_text("\n".join(line for line in lines if int(line.partition(",")[0]) <= count), encoding="utf-8")
    return clip, truth
