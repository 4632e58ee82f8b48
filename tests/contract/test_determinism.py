"""With a real network, too, the ids depend on neither the process, nor the threads, nor how crops are batched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

torch = pytest.importorskip("torch", reason="the extra `reid` is not installed")

from trackers import DeepSORTTracker  # noqa: E402
from trackers.core.deepsort.feature_extractor import DeepSORTFeatureExtractor  # noqa: E402
from trackers.sample import Scene  # noqa: E402

Video = list[tuple[sv.Detections, npt.NDArray[np.uint8]]]


def drawn(figures: int = 8) -> Video:
    """A drawn street, crowded enough that appearance decides."""
    scene = Scene(seed=4, size=(480, 270), length=20, figures=figures)
    video = [(scene.detections(index), scene.frame(index)) for index in range(len(scene))]
    for detections, _ in video:
        detections.data.pop("embedding", None)
    return video


def real(folder: Path) -> Video:
    """The detections of a real street and its pictures."""
    from trackers.io import open_source, read_detections

    table = read_detections(folder / "det/det.txt")
    return [(table[number], image) for number, image in open_source(folder) if number <= 25]


def random_network(batch_size: int) -> DeepSORTFeatureExtractor:
    """The same random weights in every process; such vectors lie close together, and so does the threshold."""
    torch.manual_seed(0)
    return DeepSORTFeatureExtractor.from_timm(
        "mobilenetv3_small_050", "cpu", (64, 32), pretrained=False, batch_size=batch_size, appearance_threshold=1e-3
    )


def osnet(weights: Path, batch_size: int) -> DeepSORTFeatureExtractor:
    """Published weights."""
    return DeepSORTFeatureExtractor(weights, "cpu", batch_size=batch_size)


def ids(video: Video, extractor: Any) -> list[list[int]]:
    """Ids of the rows of every frame."""
    tracker = DeepSORTTracker(
        extractor, minimum_consecutive_frames=1, lost_track_buffer=10, track_activation_threshold=0.0
    )
    return [np.asarray(tracker.update(*frame).tracker_id).tolist() for frame in video]


def elsewhere(expression: str) -> Any:
    """What an expression gives in a process of another hash seed and another number of threads."""
    script = "import json, torch; from pathlib import Path; from tests.contract.test_determinism import *\n"
    script += f"torch.set_num_threads(2)\nprint(json.dumps({expression}))"
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(child.stdout)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch computes in one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_random_weights_give_the_same_ids_everywhere() -> None:
    pytest.importorskip("timm", reason="the extra `reid` is not installed")
    here = ids(drawn(), random_network(64))
    assert here == elsewhere("ids(drawn(), random_network(3))")
    assert here == ids(drawn(), random_network(1))
    assert here != ids(drawn(), None), "appearance decided nothing, so nothing was checked"


@pytest.mark.data
@pytest.mark.usefixtures("one_thread")
def test_published_weights_give_the_same_ids_everywhere(data_dir: Path) -> None:
    pytest.importorskip("av", reason="the extra `cli` is not installed")
    weights = data_dir / "data/weights/reid/osnet_x0_25_msmt17.pth"
    folder = data_dir / "data/mot/TUD-Campus"
    here = ids(real(folder), osnet(weights, 64))
    assert here == elsewhere(f"ids(real(Path({str(folder)!r})), osnet(Path({str(weights)!r}), 3))")
    assert here == ids(real(folder), osnet(weights, 1))
    assert here != ids(real(folder), None), "appearance decided nothing, so nothing was checked"
