"""The command line without reading Python: words, spellings, help, and what is said before and after a run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Said
from trackers.cli.main import COMMANDS, command_function
from trackers.cli.parser import build_parser, parse

Call = Callable[..., Said]
PYTHON = re.compile(
    r"<class|Sequence\[|Optional\[|Union\[|Literal\[|collections\.|typing\.|numpy|_Buffer|null\)|Subtypes"
)
ALL = "--help-all"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_fits_a_screen_and_has_examples(
    call: Call, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = call(command, "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) <= (30 if command == "track" else 34)
    assert not PYTHON.search(said.out)
    assert f"usage: trackers {command}" in said.out
    assert "\nexamples:\n" in said.out
    assert said.out == call(command, "-h").out


@pytest.mark.parametrize("tracker", ["sort", "deepsort", "bytetrack", "ocsort", "botsort", "steadysort"])
def test_all_options_are_one_word_away(call: Call, tracker: str) -> None:
    said = call("track", "--tracker", tracker, ALL)
    assert not PYTHON.search(said.out)
    assert not re.search(r"\bNone\b|\bTrue\b|\bFalse\b|`\"|torch\.|constructor|\(frame|docstring", said.out)
    parser = build_parser("trackers track", command_function("track"), [f"--tracker.name={tracker}"])
    for action in parser._actions:
        if action.option_strings and not action.dest.endswith((".help", ".name", "help")):
            name = action.dest if "." in action.dest else action.dest.replace("_", "-")
            assert f"--{name}" in said.out
    assert "--tracker.lost_track_buffer" in call("track", "--tracker", tracker, "--help").out, "a tracker that is named"
    assert ALL in call("track", "--help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_are_understood(
    call: Call, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import shlex

    monkeypatch.chdir(tmp_path)
    lines = [line.strip() for line in call(command, "--help").out.splitlines() if line.startswith("  trackers ")]
    assert lines or command == "completion"
    for line in lines:
        _, named, *arguments = shlex.split(line.partition(" >")[0])
        assert parse(f"trackers {named}", command_function(named), arguments)


WRONG = {
    "--only a": "--only: expected whole numbers, but got a",
    "--confidence high": "--confidence: expected a number, but got high",
    "--workers two": "--workers: expected a whole number, but got two",
    "--backend slurm": "--backend: expected one of processes, ray, but got slurm",
    "--tracker.lost_track_buffer many": "--tracker.lost_track_buffer: expected a whole number, but got many",
    "--tracker.class_agnostic perhaps": "expected true or false or lists, such as [[0, 1], [2, 3]], but got perhaps",
    "--tracker.selection x": "--tracker.selection: expected its parts by name, such as .minimum_confidence",
    "--draw ellipse": "--draw: it has parts that are set by name, such as --draw.annotators",
    "--tracker": "--tracker: a value is missing",
    "--extractor": "--extractor: a value is missing",
    "--output": "--output: a value is missing",
    "--extractor timm": "required: --extractor.model_name (see trackers track --help)",
    "--frame_rate 0": "frame_rate must be",
    "--frame_rate nan": "--frame-rate: expected a number, but got nan",
    "--outputs x": "did you mean --output?",
}


@pytest.mark.parametrize("options", WRONG)
def test_errors_are_one_line_in_words_of_users(call: Call, sequence: Path, options: str) -> None:
    said = call("track", sequence, *options.split())
    assert (said.code, said.out) == (2, "")
    assert len(said.error.splitlines()) == 1
    assert WRONG[options] in said.error
    assert not PYTHON.search(said.error)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "adapt"])
def test_a_bare_command_names_what_is_missing_as_the_usage_does(call: Call, command: str) -> None:
    said = call(command)
    assert said.code == 2
    assert re.search(r"required: [A-Z_]+.* \(see trackers [\w-]+ --help\)|required: .*--output", said.error)


def parsed(line: str, command: str = "track") -> dict[str, object]:
    """The options, the fields of settings among them."""
    values = parse(f"trackers {command}", command_function(command), line.split())
    return {**values, **vars(values["settings"])} if "settings" in values else values


@pytest.mark.parametrize(
    "line",
    [
        "a.mp4 --classes person --classes car",
        "a.mp4 --classes person,car",
        "a.mp4 --classes person car",
        "--classes person car -- a.mp4",
        "--classes person car a.mp4",
        "--classes=person,car a.mp4",
        "--classes person, car a.mp4",
        "a.mp4 --classes ['person','car']",
        "--classes person --overwrite --classes car a.mp4",
        "--overwrite a.mp4 --classes person car",
    ],
)
def test_several_names_are_words_commas_or_the_option_again(line: str) -> None:
    values = parsed(line)
    assert (values["source"], list(values["classes"])) == ("a.mp4", ["person", "car"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("line", "outputs"),
    [
        ("a.mp4 --output x,y.txt", ["x,y.txt"]),
        ("--output x.txt a.mp4", ["x.txt"]),
        ("--output x.txt y.mp4 a.mp4", ["x.txt", "y.mp4"]),
        ("--output x.txt a.mp4 --output y.mp4", ["x.txt", "y.mp4"]),
        ("--output x.txt a.mp4 --classes car", ["x.txt"]),
        ("a.mp4 --output=x.txt --output=y,z.mp4", ["x.txt", "y,z.mp4"]),
        ("a.mp4 --only 3,4 --output x.txt", ["x.txt"]),
    ],
)
def test_a_comma_in_the_name_of_a_file_is_part_of_it(line: str, outputs: list[str]) -> None:
    values = parsed(line)
    assert values["source"] == "a.mp4"
    assert list(values["output"]) == outputs  # type: ignore[call-overload]
    assert list(values["only"]) == ([3, 4] if "--only" in line else [])  # type: ignore[call-overload]


def test_of_several_words_the_file_that_exists_is_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.mp4").touch()
    values = parsed("--output x.txt a.mp4 --classes person car")
    assert (values["source"], list(values["classes"])) == ("a.mp4", ["person", "car"])  # type: ignore[call-overload]


def test_arguments_that_take_several_values_stand_anywhere() -> None:
    for line in (
        "a.mp4 b.mp4 --output x.npz",
        "--output x.npz a.mp4 b.mp4",
        "--classes car --output x.npz a.mp4 b.mp4",
    ):
        assert list(parsed(line, "adapt")["sources"]) == ["a.mp4", "b.mp4"]  # type: ignore[call-overload]
    values = parsed("data --trackers sort,deepsort --extractors stripes mine.npz --output t.md c.png", "benchmark")
    assert list(values["trackers"]) == ["sort", "deepsort"]  # type: ignore[call-overload]
    assert list(values["extractors"]) == ["stripes", "mine.npz"]  # type: ignore[call-overload]
    assert list(values["output"]) == ["t.md", "c.png"]  # type: ignore[call-overload]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_configuration_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "run.yaml").write_text("tracker:\n  name: sort\n  lost_track_buffer: 60\n", encoding=encoding)
    tracker = parsed(f"a.mp4 --config {tmp_path / 'run.yaml'}")["tracker"]
    assert tracker.options["lost_track_buffer"] == 60  # type: ignore[attr-defined]


def test_a_run_without_output_says_so_at_its_start(call: Call, sequence: Path) -> None:
    said = call("track", sequence)
    assert said.code == 0
    assert "nothing will be written" in said.error
    assert "nothing will be written" not in call("track", sequence, "--output", "out.txt").error


def test_camera_motion_by_name(call: Call, sequence: Path) -> None:
    pytest.importorskip("cv2")
    for kind in ("sparse_flow", "orb", "ecc"):
        assert call("track", sequence, "--tracker.camera_motion", kind, "--output", f"{kind}.txt").code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh", "fish", "powershell"])
def test_completion_for_every_shell(call: Call, shell: str) -> None:
    import shtab

    said = call("completion", shell)
    if shell in shtab.SUPPORTED_SHELLS:
        assert "tracker.lost_track_buffer" in said.out
    else:
        assert "needs a newer package" in said.error


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trackers", *arguments],
        cwd=cwd,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_is_said_before_the_one_line(tmp_path: Path, sequence: Path) -> None:
    shutil.copytree(sequence, tmp_path / "seq")
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(200))
    for source in ("9", "broken.mp4", "rtsp://127.0.0.1:9/x"):
        done = run("track", source, "--detections", "seq/det/det.txt", "--output", "o.mp4", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert done.stderr.startswith("trackers: ")


@pytest.mark.parametrize("kind", ["torchscript", "onnx"])
def test_a_file_is_an_extractor(call: Call, sequence: Path, tmp_path: Path, kind: str) -> None:
    torch = pytest.importorskip("torch")
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
    from trackers import DeepSORTFeatureExtractor
    from trackers.integrations.ultralytics.settings import read_settings

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    extractor = DeepSORTFeatureExtractor(network, device="cpu", input_size=(64, 32), appearance_threshold=0.2)
    path = extractor.export(tmp_path / ("model.onnx" if kind == "onnx" else "model.pt"), format=kind)
    options = ["--tracker", "deepsort", "--extractor.device", "cpu", "--extractor.appearance_threshold", "0.2"]
    named = ["--extractor", "checkpoint", "--extractor.model_or_checkpoint_path", path]
    for out, chosen in (("file.txt", ["--extractor", path]), ("named.txt", named)):
        said = call("track", sequence, *chosen, *options, "--output", out)
        assert said.code == 0, said.error
    assert (tmp_path / "file.txt").read_text() == (tmp_path / "named.txt").read_text()
    (tmp_path / "own.yaml").write_text(f"tracker_type: deepsort\nfeature_extractor: {path}\n")
    settings = read_settings(tmp_path / "own.yaml", [])
    assert settings is not None
    assert str(settings.extractor) == str(path)


@pytest.mark.parametrize("ending", ["pth", "PT", "onnx", "safetensors", "npz"])
def test_a_file_that_is_not_there_is_named(call: Call, sequence: Path, ending: str) -> None:
    pytest.importorskip("torch")
    said = call("track", sequence, "--tracker", "deepsort", "--extractor", f"no.{ending}", "--output", "out.txt")
    assert (said.code, said.out) == (2, "")
    assert f"no.{ending}" in said.error
    assert len(said.error.splitlines()) == 1


NOT_NOW = {
    "--draw.annotators 3": "unknown annotator '3'",
    "--draw.annotators box,round_box": "did you mean round-box?",
    "--draw.trace_length 0": "trace_length must be at least 1",
    "--draw.thickness -2": "thickness must be at least 1",
    "--tracker.lost_track_buffer -1": "lost_track_buffer must be at least 0",
    "--tracker.frame_rate 0": "frame_rate must be between",
    "--tracker sort --tracker.minimum_iou_threshold 7": "minimum_iou_threshold must be between",
    "--tracker steadysort --tracker.embed never": "embed must be one of",
    "--frame-rate -3": "frame_rate must be between",
    "--confidence 1e99": "confidence must be between",
}


@pytest.mark.parametrize("where", ["out.txt", "out.mp4", "a folder", "nothing"])
@pytest.mark.parametrize("options", NOT_NOW)
def test_every_option_is_checked_before_anything_is_opened(
    call: Call, tmp_path: Path, sequences: Path, options: str, where: str
) -> None:
    outputs = {"a folder": ["--output-dir", "out"], "nothing": []}.get(where, ["--output", where])
    source = sequences if where == "a folder" else "no-such-video.mp4"
    said = call("track", source, "--detections", "no-such-model.pt", *outputs, *options.split())
    assert (said.code, said.out) == (2, "")
    assert NOT_NOW[options] in said.error
    assert len(said.error.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_sends_the_reader_to_another_command(call: Call, command: str) -> None:
    assert "As in" not in call(command, ALL).out
    assert "as in `trackers" not in call(command, ALL).out


IDLE = {
    "--workers 2": "--workers: only for a folder of videos",
    "--shard 1/2 --task-cpus 2": "--shard, --task-cpus: only for a folder of videos",
    "--output-format csv": "--output-format: only for a folder of videos",
    "--backend ray": "--backend: only for a folder of videos",
    "--explain --output out.txt": "--explain writes to JSON lines: name an output such as out.jsonl",
    "--explain": "--explain writes to JSON lines",
}


@pytest.mark.parametrize("options", IDLE)
def test_an_option_that_would_do_nothing_is_refused(call: Call, tmp_path: Path, sequence: Path, options: str) -> None:
    said = call("track", sequence, *options.split())
    assert (said.code, said.out) == (2, "")
    assert IDLE[options] in said.error
    if "--explain" not in options and "format" not in options:
        assert IDLE[options] in call("embed", sequence / "img1", "out.npz", *options.split()).error
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_is_none_is_named(call: Call, tmp_path: Path, sequence: Path) -> None:
    for name, text in {"det.txt": "1,2,3\n4,5,6\n", "list.yaml": "- a\n- b\n", "text.yaml": "tracker"}.items():
        (tmp_path / name).write_text(text)
        said = call("track", sequence, "--config", name)
        assert (said.code, said.error) == (
            2,
            f"trackers: {name} is no file of options: expected YAML, a name and a value on each line\n",
        )
    (tmp_path / "empty.yaml").write_text("")
    assert call("track", sequence, "--config", "empty.yaml", "--output", "out.txt").code == 0
