"""Nothing that is read from a file is ever run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "trackers"

FORBIDDEN = {
    "eval", "exec", "compile", "os.system", "os.popen", "pickle.load", "pickle.loads", "pickle.Unpickler",
    "marshal.load", "marshal.loads", "shelve.open", "joblib.load", "dill.load", "yaml.load", "yaml.load_all",
    "yaml.unsafe_load", "yaml.full_load", "torch.hub.load", "tempfile.mktemp",
}  # fmt: skip
"""Calls that run what they are given, or that can be led astray."""

REQUIRED = {
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}
"""Calls that are safe with an argument, which must be written down."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def unsafe(source: str) -> list[str]:
    """The calls of a module that could run what a file says."""
    found = []
    for name, call in calls(ast.parse(source)):
        arguments = {word.arg: ast.unparse(word.value) for word in call.keywords}
        argument, value = REQUIRED.get(name, (None, None))
        if name in FORBIDDEN or arguments.get("shell") == "True" or arguments.get("allow_pickle") == "True":
            found.append(f"line {call.lineno}: {name}")
        elif argument is not None and arguments.get(argument) != str(value):
            found.append(f"line {call.lineno}: {name} without {argument}={value}")
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_call_runs_what_a_file_says(path: Path) -> None:
    assert unsafe(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "pickle.load(file)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path, weights_only=False)",
        "torch.load(path)",
        "yaml.load(text)",
        "subprocess.run(command, shell=True)",
        "eval(text)",
    ],
)
def test_the_check_sees_what_it_is_for(line: str) -> None:
    assert len(unsafe(f"def f():\n    {line}\n")) == 1
