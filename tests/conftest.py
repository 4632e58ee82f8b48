"""What all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

# How long an example takes says how busy the machine is, and nothing of the library. The suite tries the same examples
# on every run, so that it fails for what was changed; `--hypothesis-profile=explore` tries others, more of them where a
# test does not say how many, and keeps those that fail. Hypothesis also draws numbers that stand in the source of
# the modules imported so far, which differ with the order of the tests: see `pytest_configure`.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=1000)
settings.register_profile("trackers", settings.get_profile("explore"), derandomize=True, max_examples=100)
settings.load_profile("trackers")

# Some tests interrupt a run. A shell that starts the suite in the background has it ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile"):
        vars(providers)["_get_local_constants"] = Constants


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real sequences, videos and weights, named by the environment variable TRACKERS_DATA."""
    name = os.environ.get("TRACKERS_DATA")
    if not name:
        pytest.skip("TRACKERS_DATA is not set: no real data to test with")
    folder = Path(name)
    if not folder.is_dir():
        pytest.fail(f"TRACKERS_DATA names {name!r}, which is not a folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _model_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Converted models are kept for this run alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKERS_CACHE", str(tmp_path_factory.mktemp("models")))
        yield
