"""Files of weights that are damaged or something else: one sentence, whatever is in them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from trackers.cli import main
from trackers.pipeline.choices import Choice, make_extractor

NOISE = np.random.default_rng(0).integers(0, 256, 300, np.uint8).tobytes()
CONTENTS = {
    "nothing": b"",
    "noise": NOISE,
    "half an archive": b"PK\x03\x04" + NOISE,
    "a pointer": b"version https://git-lfs.github.com/spec/v1\n",
    "a pickle of None": b"\x80\x04N.",
    "a pickle of tomorrow": b"\x80\x63abc",
}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("ending", [".pth", ".pt", ".bin", ".safetensors", ".onnx", ".npz"])
def test_damaged_weights(tmp_path: Path, ending: str, content: str) -> None:
    path = tmp_path / f"weights{ending}"
    path.write_bytes(CONTENTS[content])
    choice = Choice(str(path)) if ending == ".npz" else Choice("checkpoint", {"model_or_checkpoint_path": path})
    with pytest.raises(ValueError, match=r"weights\.\w+") as caught:
        make_extractor(choice)
    assert str(path) in str(caught.value)


def test_an_archive_that_only_resembles_torchscript(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "script.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/constants.pkl", b"x")
    with pytest.raises(ValueError, match=r"script\.pt .* is not a readable file of weights"):
        make_extractor(Choice("checkpoint", {"model_or_checkpoint_path": path}))
    line = ["track", "sample", "--tracker", "deepsort", "--extractor", "checkpoint"]
    assert main([*line, "--extractor.model_or_checkpoint_path", str(path), "--output", str(tmp_path / "o.txt")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "o.txt").exists()
