"""What is printed about installing gets this library, and Roboflow's library in the same place gets a warning."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trackers
from trackers.errors import EXTRAS, MissingDependencyError, require

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
INSTALL = re.compile(
    r"(?:\bpip3?|\buv(?: pip)?|\bpipx|\bpoetry|\bconda|\bmamba)\s+(?:install|add|run)\s+([^`#\n]*(?:`(?=\W?trackers))?)"
)
BRING_ROBOFLOWS = {"trackers", "inference", "inference-cpu", "inference-gpu"}
"""What brings Roboflow's package into the environment: itself, and packages that require it."""

NOT_PUBLISHED = {"deepsort-trackers", "deepsort_trackers"}


def configuration() -> dict[str, Any]:
    """The content of pyproject.toml."""
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read TOML")
    content: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return content


def texts() -> Iterator[tuple[str, str]]:
    """Everything that a user reads, with where it is: pages, cells of notebooks, strings of the code."""
    for page in PAGES:
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path.name, "".join(cell["source"])
    for path in sorted((ROOT / "trackers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield str(path.relative_to(ROOT)), node.value


def fetched(line: str) -> set[str]:
    """Names of the distributions that the commands of a line fetch from a package index."""
    names = set()
    for arguments in INSTALL.findall(line):
        for word in shlex.split(arguments.replace("'", " "), posix=True) if arguments.count('"') % 2 == 0 else []:
            if not word.startswith(("-", ".", "/", "{")) and not word.endswith(".whl") and ".whl[" not in word:
                names.add(re.split(r"[\[<>=~!;,) ]", word, maxsplit=1)[0].lower())
    return names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ('pip install "trackers[reid]"', {"trackers"}),
        ("`pip install trackers` gets", {"trackers"}),
        ("!pip install -q trackers==2.0.1 timm  # both", {"trackers", "timm"}),
        ("uv add inference", {"inference"}),
        ('    %pip install --quiet "{clone}[cli]"', set()),
        ('pip install ".[cli,ultralytics]"', set()),
        ('pip install "dist/deepsort_trackers-0.1.0-py3-none-any.whl[cli]"', set()),
    ],
)
def test_commands_are_recognised(line: str, names: set[str]) -> None:
    assert fetched(line) == names


def test_no_command_fetches_another_package() -> None:
    commands, wrong = 0, []
    for where, text in texts():
        for line in text.splitlines():
            names = fetched(line)
            commands += bool(names)
            if names & BRING_ROBOFLOWS and "Roboflow" not in line:
                wrong.append((where, line))
            if names & NOT_PUBLISHED:
                wrong.append((where, line))
            if re.search(r"(?<![\w-])trackers\[[a-z][a-z,]*\]", line):
                wrong.append((where, line))
    assert commands > 5
    assert not wrong


def test_messages_name_the_packages_of_the_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = configuration()["project"]["optional-dependencies"]
    parts = {
        extra: requirements
        for extra, requirements in extras.items()
        if extra not in ("all", "test", "docs", "dev", "proof")
    }
    assert set(parts) == set(EXTRAS)
    for extra, requirements in parts.items():
        assert sorted(name.strip('"') for name in EXTRAS[extra]) == sorted(
            re.split("[<>=]", it)[0] for it in requirements
        )
        with pytest.raises(MissingDependencyError) as error:
            require("a_module_that_is_nowhere", extra)
        assert str(error.value).endswith(f"install it with: pip install {' '.join(EXTRAS[extra])}")


def test_the_page_lists_the_extras() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \|", (ROOT / "docs/install.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    listed = {extra: set(packages.strip().split(", ")) for extra, packages in rows}
    assert listed.pop("all") == {"all of the above"}
    assert listed == {extra: {re.sub(r'"|\[.*', "", name) for name in names} for extra, names in EXTRAS.items()}


def test_the_readme_in_the_metadata_has_no_dead_links() -> None:
    hook = configuration()["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = "".join((ROOT / fragment["path"]).read_text(encoding="utf-8") for fragment in hook["fragments"])
    assert len(re.findall(r"\]\((?!https?:)", text)) > 10
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    assert not re.findall(r"\]\((?!https?:)[^)]*\)", text)
    assert "docs/assets" not in text
    assert "Choose a tracker: all of them measured" in " ".join(text.split())


@pytest.mark.parametrize("other", [None, "trackers-2.6.1"])
def test_a_folder_shared_with_another_package_is_reported_in_one_sentence(other: str | None, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "trackers", tmp_path / "trackers", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "deepsort_trackers-0.1.0.dist-info").mkdir()
    (tmp_path / "trackers_of_another_name-1.0.dist-info").mkdir()
    if other:
        (tmp_path / f"{other}.dist-info").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", "import trackers; print(trackers.__file__, trackers.__version__)"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{tmp_path / 'trackers' / '__init__.py'} {trackers.__version__}\n"
    if other is None:
        assert done.stderr == ""
    else:
        (line,) = [line for line in done.stderr.splitlines() if "UserWarning" in line]
        assert "deepsort-trackers and trackers 2.6.1 (Roboflow's" in line
        assert "pip uninstall trackers deepsort-trackers" in line


def test_the_version_is_the_one_of_the_metadata() -> None:
    assert configuration()["tool"]["hatch"]["version"]["path"] == "trackers/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?(a|b|rc|dev)\d+)?", trackers.__version__)


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def first_cell(notebook: Path, clone: Path) -> tuple[str, list[str]]:
    """The first cell of code as Python, and a list that will hold what `%pip` was called with."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    source = "".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code"))
    assert 'clone = ".."' in source
    source = source.replace('clone = ".."', f"clone = {str(clone)!r}")
    return re.sub(r"%(pip install .*)", lambda found: f"pip(f'''{found[1]}''')", source), []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("loaded", ["ours", "another"])
@pytest.mark.parametrize("folder", ["clone", "alone"])
def test_the_first_cell_of_a_notebook(
    notebook: Path, loaded: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an environment without this library: it is installed from the clone, or the cell says what to do."""
    from importlib import metadata
    from types import ModuleType

    def not_installed(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", not_installed)
    if loaded == "another":
        monkeypatch.setitem(sys.modules, "trackers", ModuleType("trackers"))
    source, calls = first_cell(notebook, ROOT if folder == "clone" else tmp_path)
    said = None
    try:
        exec(compile(textwrap.dedent(source), notebook.name, "exec"), {"pip": calls.append})
    except SystemExit as end:
        said = str(end)
    if folder == "alone":
        assert said is not None
        assert "clone its repository" in said
        assert not calls
    else:
        (call,) = calls
        extras = re.fullmatch(rf'pip install --quiet "{re.escape(str(ROOT))}\[([a-z,]+)\]"', call)
        assert extras, call
        assert set(extras[1].split(",")) <= set(EXTRAS)
        assert (said is None) == (loaded == "ours")
        assert said is None or ("Roboflow" in said and "restart the kernel" in said)
