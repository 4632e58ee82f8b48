"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing of the library. The suite tries the same examples
# on every run, so that it fails for what was changed; `--hypothesis-profile=explore` tries others, and more of them.
settings.register_profile("trackers", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("trackers"), derandomize=False, max_examples=1000)
settings.load_profile("trackers")


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
