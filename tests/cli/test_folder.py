"""`trackers track FOLDER --output-dir OUT`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Said
from trackers.io import VideoWriter, write_detections
from trackers.sample import FigureDetector, Scene


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    scene = Scene(seed=3, size=(320, 240), length=60)
    detector = FigureDetector().fit(scene.frame(i) for i in range(0, 60, 6))
    (folder / "yard").mkdir()
    for number, name in enumerate(("door", "yard/east", "yard/west")):
        frames = [scene.frame(index) for index in range(15 * number, 15 * number + 20)]
        with VideoWriter(folder / f"{name}.mp4", frame_rate=25) as writer:
            for frame in frames:
                writer.write(frame)
        write_detections(folder / f"{name}.npz", [detector(frame) for frame in frames])
    return folder


def texts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.txt"))}


Call = Callable[..., Said]
OPTIONS = ("--detections", "{folder}/{name}.npz", "--extractor", "stripes")


def test_processes_and_shares_give_the_bytes_of_one_process(call: Call, videos: Path, tmp_path: Path) -> None:
    for name, more in {"one": ("--workers", "1"), "two": ("--workers", "2")}.items():
        said = call("track", videos, "--output-dir", tmp_path / name, *OPTIONS, *more)
        assert said.code == 0, said.error
        assert "3 videos: 3 done, 0 kept, 0 failed; 60 frames" in said.out
    for share in ("1/2", "2/2"):
        options = ("--output-dir", tmp_path / "shares", "--shard", share, "--workers", "1")
        assert call("track", videos, *options, *OPTIONS).code == 0
    single = tmp_path / "single.txt"
    boxes = ("--detections", videos / "yard/east.npz", "--extractor", "stripes", "--output", single)
    assert call("track", videos / "yard/east.mp4", *boxes).code == 0

    expected = texts(tmp_path / "one")
    assert list(expected) == ["door.txt", "yard/east.txt", "yard/west.txt"]
    assert all(expected.values())
    assert texts(tmp_path / "two") == texts(tmp_path / "shares") == expected
    assert single.read_bytes() == expected["yard/east.txt"]
    assert sorted(path.name for path in (tmp_path / "shares").glob("*.json")) == [
        "summary-1-of-2.json",
        "summary-2-of-2.json",
    ]


def test_a_broken_video_is_reported_at_the_end(call: Call, videos: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("door.mp4", "door.npz"):
        (folder / name).write_bytes((videos / name).read_bytes())
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "broken.npz").write_bytes((videos / "door.npz").read_bytes())
    said = call(
        "track",
        folder,
        "--output-dir",
        out,
        *OPTIONS,
        "--workers",
        "1",
        "--output-format",
        "csv",
        "--output-format",
        "mp4",
    )
    assert said.code == 1
    assert "broken.mp4" in said.error
    assert "cannot be opened as a video" in said.out
    assert "1 done, 0 kept, 1 failed" in said.out
    assert sorted(path.name for path in out.iterdir()) == ["door.csv", "door.mp4", "summary.json"]
    summary = json.loads((out / "summary.json").read_text())
    assert [video["state"] for video in summary["videos"]] == ["failed", "done"]
    (folder / "broken.mp4").unlink()
    again = call("track", folder, "--output-dir", out, *OPTIONS, "--output-format", "csv", "--output-format", "mp4")
    assert (again.code, "1 kept" in again.out) == (0, True)


def test_embed_takes_a_folder(call: Call, videos: Path, tmp_path: Path) -> None:
    said = call("embed", videos, tmp_path / "vectors", *OPTIONS, "--workers", "1")
    assert said.code == 0, said.error
    stored = call("track", videos, "--output-dir", tmp_path / "out", "--detections", f"{tmp_path}/vectors/{{name}}.npz")
    assert stored.code == 1  # the vectors of yard/east lie in yard
    assert "1 done, 0 kept, 2 failed" in stored.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--output-dir", "{videos}/results"), "must not go into"),
        (("--output-dir", "{out}", "--output", "x.txt"), "leave --output"),
        (("--output-dir", "{out}", "--output-format", "doc"), ".doc"),
        (("--output-dir", "{out}", "--shard", "9/8"), "3/8"),
        (("--output-dir", "{out}", "--workers", "0"), "at least 1"),
    ],
)
def test_what_cannot_work(call: Call, videos: Path, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    said = call("track", videos, *(one.format(videos=videos, out=tmp_path / "out") for one in options), *OPTIONS)
    assert said.code == 2
    assert message in said.error
