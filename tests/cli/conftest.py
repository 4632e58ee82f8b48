"""A small MOT sequence drawn by the embedded sample, and a way to call the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from trackers.cli import main
from trackers.io.mot import mot_row
from trackers.sample import Scene

FRAMES = 25


class Said(NamedTuple):
    """What a call of the command line ended with."""

    code: int
    out: str
    error: str


def make_sequence(folder: Path, seed: int = 0) -> Path:
    """Write a scene as a MOT sequence folder with images, ground truth and detections."""
    scene = Scene(seed=seed, size=(192, 108), length=FRAMES, figures=3)
    for name in ("img1", "gt", "det"):
        (folder / name).mkdir(parents=True)
    truth: list[str] = []
    found: list[str] = []
    for i in range(FRAMES):
        Image.fromarray(scene.frame(i)[:, :, ::-1]).save(folder / "img1" / f"{i + 1:06d}.png")
        for rows, detections in ((truth, scene.truth(i)), (found, scene.detections(i))):
            ids = detections.tracker_id if detections.tracker_id is not None else [-1] * len(detections)
            scores = detections.confidence if detections.confidence is not None else [1.0] * len(detections)
            for (x1, y1, x2, y2), tracker_id, score in zip(detections.xyxy.tolist(), ids, scores, strict=True):
                rows.append(mot_row(i + 1, int(tracker_id), [x1, y1, x2 - x1, y2 - y1], float(score)))
    (folder / "gt" / "gt.txt").write_text("".join(truth))
    (folder / "det" / "det.txt").write_text("".join(found))
    (folder / "seqinfo.ini").write_text(f"[Sequence]\nseqLength={FRAMES}\nframeRate=25\n")
    return folder


@pytest.fixture(scope="session")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two small sequences, `one` and `two`; not to be written to."""
    folder = tmp_path_factory.mktemp("sequences")
    for seed, name in enumerate(("one", "two")):
        make_sequence(folder / name, seed)
    return folder


@pytest.fixture
def sequence(sequences: Path) -> Path:
    """A small sequence; not to be written to."""
    return sequences / "one"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Call the command line in an empty folder."""
    for module in ("jsonargparse", "av"):
        pytest.importorskip(module, reason="the extra `cli` is not installed")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        out, error = capsys.readouterr()
        return Said(code, out, error)

    return run
