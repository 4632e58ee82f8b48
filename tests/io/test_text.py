"""Text in every encoding that editors, spreadsheets and shells write, through every reader of text."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackers.integrations.ultralytics.settings import read_settings
from trackers.io import read_detections, read_mot, read_result, read_sequence
from trackers.pipeline.choices import read_choice
from trackers.pipeline.multicam import read_pairs, read_plan

ENCODINGS = {
    "utf-8": b"",
    "utf-8 with a mark": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-16-le without a mark": b"",
    "utf-16-be without a mark": b"",
    "utf-32-le": codecs.BOM_UTF32_LE,
}
ROW = "1,-1,10,20,30,40,0.9,-1,-1,-1"
CSV = "frame,tracker_id,x1,y1,x2,y2,confidence,class_id,class_name"
JSON = '{"frame": 1, "xyxy": [1, 2, 3, 4], "tracker_id": 1}\n'
COCO = json.dumps([{"image_id": 1, "bbox": [1, 2, 3, 4], "category_id": 1}], indent=1)


def name_of(choice: Any) -> str:
    return str(choice.name)


READERS: dict[str, tuple[str, str, Callable[[Path], Any]]] = {
    "MOT text": ("det.txt", f"{ROW}\n{ROW}\n", lambda path: len(read_mot(path))),
    "detections": ("det.txt", f"{ROW}\n", lambda path: len(read_detections(path)[1])),
    "CSV": ("r.csv", f"{CSV}\n1,1,1,2,3,4,0.5,0,größer\n", lambda path: read_detections(path)[1].data["class_name"][0]),
    "JSON lines": ("r.jsonl", JSON, lambda p: read_result(p)[0].frame[0]),
    "COCO": ("c.json", COCO, lambda path: len(read_detections(path)[1])),
    "YOLO": ("1.txt", "0 0.5 0.5 0.1 0.1\n", lambda path: len(read_detections(path.parent, size=(8, 8))[1])),
    "seqinfo.ini": ("seqinfo.ini", "[Sequence]\nframeRate=14\n", lambda path: read_sequence(path.parent).frame_rate),
    "YAML": ("set.yaml", "tracker:\n  name: sort\n", lambda path: name_of(read_choice(str(path)))),
    "YAML of model.track": ("set.yaml", "tracker_type: sort\n", lambda path: read_settings(path, []) is not None),
    "pairs": ("pairs.csv", "same,a,1,b,2\ndifferent, a, 1, b, 3\n", lambda path: read_pairs(path)["different"]),
    "cameras": ("plan.yaml", "cameras:\n  tür: sample\n", lambda path: list(read_plan(path).cameras)),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", READERS)
def test_every_reader_takes_every_encoding(tmp_path: Path, kind: str, encoding: str, end: str) -> None:
    name, text, read = READERS[kind]
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / name).write_bytes(text.encode())
    content = text.replace("\n", end).encode(encoding.split()[0])
    (tmp_path / name).write_bytes(ENCODINGS[encoding] + content)
    assert read(tmp_path / name) == read(tmp_path / "plain" / name)


@pytest.mark.parametrize("kind", [kind for kind in READERS if "model.track" not in kind])
def test_every_reader_names_a_file_that_is_no_text(tmp_path: Path, kind: str) -> None:
    name, _, read = READERS[kind]
    (tmp_path / name).write_bytes(b"\xff\xff\xfe" + bytes(range(128, 256)))
    with pytest.raises(ValueError, match=f"{name.replace('.', chr(92) + '.')} is not a text file"):
        read(tmp_path / name)
