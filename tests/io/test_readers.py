"""Whatever is in a file, it is read, or refused with a `ValueError` that names it.

`make fuzz` has the same properties driven by coverage.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trackers import DeepSORTTracker, SORTTracker
from trackers.integrations.ultralytics.settings import read_settings
from trackers.io import read_detections, read_mot, read_result, read_sequence
from trackers.pipeline.choices import read_choice

few = settings(max_examples=50)

FOLDER = tempfile.TemporaryDirectory(prefix="readers-")
"""For files that live as long as one example."""

numbers = st.one_of(
    st.integers(-2, 12), st.floats(), st.sampled_from([2**31, 2**63, 10**30, "inf", "nan", "1e400", "0x1", "1_0", "-0"])
)
words = st.one_of(st.text(max_size=6), numbers.map(str))

SEEDS: Mapping[str, bytes] = {
    "mot": b"1,-1,10,20,30.5,40,0.9,-1,-1,-1\n2,-1,11,20,30,40,0.9,-1,-1,-1\n",
    "result": b'{"frame": 1, "tracker_id": 1, "xyxy": [1, 2, 3, 4], "confidence": 0.9, "class_id": null}\n'
    b'{"frame": 2, "tracker_id": -1, "xyxy": [1, 2, 3, 4], "confidence": null, "reason": "too far"}\n',
    "sequence": b"[Sequence]\nname=a\nimDir=img1\nframeRate=25\nseqLength=9\nimWidth=640\nimHeight=480\nimExt=.jpg\n",
    "yaml": b"tracker_type: deepsort\nlost_track_buffer: 30\nfeature_extractor: {name: stripes}\n"
    b"tracker:\n  name: sort\n  class_agnostic: [[1, 2]]\n",
}


@st.composite
def mangled(draw: st.DrawFn, seed: bytes) -> bytes:
    """A good file with a few places overwritten, cut out or filled in; now and then anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=64))
    content = seed
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        stop = min(start + draw(st.integers(0, 12)), len(content))
        put = draw(st.one_of(st.binary(max_size=4), words.map(lambda word: word.encode("utf-8", "replace"))))
        content = content[:start] + put + content[stop:]
    return content


def array_of() -> st.SearchStrategy[npt.NDArray[Any]]:
    """A small array of any type and shape."""
    return arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


@st.composite
def replaced(draw: st.DrawFn, good: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Good arrays, of which some are missing, others are of another type or shape, and some should not be there."""
    given = dict(good)
    for name in draw(st.lists(st.one_of(st.sampled_from(sorted(good)), st.text("abc/.", max_size=3)), max_size=3)):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            given.pop(name, None)
        elif kind == 1 and name in given and given[name].size and given[name].dtype.kind in "biuf":
            given[name] = given[name].copy()
            given[name].flat[draw(st.integers(0, given[name].size - 1))] = draw(st.integers(0, 127))
        elif kind == 2 and name in given:
            given[name] = draw(arrays.arrays(arrays.scalar_dtypes(), given[name].shape))
        else:
            given[name] = draw(array_of())
    return given


def archive(given: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The arrays as NumPy writes them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, array in given.items():
            member = io.BytesIO()
            np.save(member, array, allow_pickle=False)
            file.writestr(f"{name}.npy", member.getvalue())
    return content.getvalue()


def on_disk(name: str, content: bytes) -> Path:
    """A file with this content."""
    path = Path(FOLDER.name, name)
    path.write_bytes(content)
    return path


@contextmanager
def named(path: Path) -> Iterator[None]:
    """A `ValueError` is welcome here if it tells which file is meant."""
    try:
        yield
    except ValueError as error:
        if path.name not in str(error):
            raise AssertionError(f"the message does not name the file: {error}") from error


@few
@given(content=mangled(SEEDS["mot"]))
def test_mot_text(content: bytes) -> None:
    path = on_disk("boxes.txt", content)
    with named(path):
        table = read_mot(path)
        assert (table.frame >= 1).all()
        assert np.isfinite(table.xywh).all()
        assert len(read_detections(path)[1]) == (table.frame == 1).sum()


@few
@given(content=mangled(SEEDS["result"]))
def test_result(content: bytes) -> None:
    path = on_disk("result.jsonl", content)
    with named(path):
        table, reasons = read_result(path)
        assert (table.frame >= 1).all()
        assert np.isfinite(table.xywh).all()
        assert all(isinstance(reason, str) for one in reasons.values() for reason in one.values())


@few
@given(content=mangled(SEEDS["sequence"]))
def test_sequence(content: bytes) -> None:
    path = on_disk("seqinfo.ini", content)
    with named(path):
        sequence = read_sequence(path.parent)
        assert sequence.frame_rate is None or 0 < sequence.frame_rate < np.inf
        assert sequence.frames is None or sequence.frames.resolve().is_relative_to(path.parent.resolve())


def table() -> dict[str, npt.NDArray[Any]]:
    """Detections of two frames as they are on disk."""
    return {
        "frame": np.array([1, 1, 2]),
        "xyxy": np.tile([[10.0, 10.0, 50.0, 90.0]], (3, 1)),
        "confidence": np.array([0.9, 0.8, 0.7], np.float32),
        "class_id": np.array([0, 1, 0]),
        "embedding": np.eye(3, 4, dtype=np.float32),
        "last_frame": np.array(2),
    }


@few
@given(content=st.one_of(replaced(table()).map(archive), mangled(archive(table()))))
def test_detections(content: bytes) -> None:
    path = on_disk("detections.npz", content)
    with named(path):
        read = read_detections(path)
        for number in {1, *read.frame.tolist(), len(read)}:
            assert len(read[number]) == (read.frame == number).sum()


def dumped(array: npt.NDArray[Any]) -> bytes:
    """An array as NumPy writes it."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


ROWS = np.hstack(
    [np.array([[1, -1, 10, 20, 30, 40, 0.9, -1, -1, -1], [2, -1, 10, 20, 30, 40, 0.9, -1, -1, -1]]), np.eye(2)]
)
"""Two detections as the original DeepSORT keeps them, with vectors of two numbers."""


@st.composite
def rows(draw: st.DrawFn) -> npt.NDArray[Any]:
    """Detections with a few numbers that are none."""
    given: npt.NDArray[np.float64] = ROWS.copy()
    for _ in range(draw(st.integers(0, 3))):
        given.flat[draw(st.integers(0, given.size - 1))] = draw(st.floats())
    return given


@few
@given(content=st.one_of(rows().map(dumped), array_of().map(dumped), mangled(dumped(ROWS))))
def test_detections_of_the_original(content: bytes) -> None:
    path = on_disk("detections.npy", content)
    with named(path):
        read = read_detections(path)
        for number in {1, *read.frame.tolist(), len(read)}:
            assert len(read[number]) == (read.frame == number).sum()


@few
@given(content=mangled(SEEDS["yaml"]))
def test_settings_of_trackers(content: bytes) -> None:
    path = on_disk("settings.yaml", content)
    with named(path):
        read_settings(path, ["bytetrack"])
    with named(path):
        read_choice(str(path))


PERSON = sv.Detections(
    np.array([[10.0, 10.0, 50.0, 90.0]]), confidence=np.array([0.9]), data={"embedding": np.ones((1, 4))}
)


Kind = type[SORTTracker] | type[DeepSORTTracker]
KINDS: list[Kind] = [SORTTracker, DeepSORTTracker]


@cache
def saved(kind: Kind) -> Mapping[str, npt.NDArray[Any]]:
    """The arrays in the file of a tracker that has a track."""
    tracker = kind(minimum_consecutive_frames=1)
    for _ in range(3):
        tracker.update(PERSON)
    path = Path(FOLDER.name, "saved.npz")
    tracker.save(path)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@st.composite
def states(draw: st.DrawFn) -> tuple[Kind, bytes]:
    """A tracker and a state of it that was tampered with."""
    kind = draw(st.sampled_from(KINDS))
    given = dict(saved(kind))
    if draw(st.booleans()):
        header = json.loads(given.pop("header").tobytes())
        place = header
        while isinstance(place, dict) and place:
            name = draw(st.sampled_from(sorted(place)))
            if not isinstance(place[name], dict) or draw(st.booleans()):
                place[name] = draw(st.one_of(numbers, words, st.none(), st.lists(numbers, max_size=3), st.just({})))
                break
            place = place[name]
        given["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    return kind, archive(draw(replaced(given)) if draw(st.booleans()) else given)


@few
@given(state=states())
def test_state(state: tuple[Kind, bytes]) -> None:
    kind, content = state
    path = on_disk("state.npz", content)
    with suppress(ValueError):  # who tampers can make any track of it, but nothing else
        assert type(kind.load(path)) is kind


@pytest.mark.parametrize("place", ["/", "..", "img1/../..", "a/../../b"])
def test_a_sequence_does_not_name_a_folder_outside_its_own(place: str, tmp_path: Path) -> None:
    (tmp_path / "seqinfo.ini").write_text(f"[Sequence]\nimDir={place}\n")
    with pytest.raises(ValueError, match=r"seqinfo\.ini: imDir"):
        read_sequence(tmp_path)
