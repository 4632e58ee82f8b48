"""`trackers multicam`: files, the page in a browser, and what a person sends back."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Said
from trackers.io import read_mot

Call = Callable[..., Said]
FILES = {"door.txt", "yard.txt", "identities.csv", "events.csv", "identities.html"}
TRACKER = ("--tracker", "sort", "--tracker.minimum_consecutive_frames", "1")


@pytest.fixture
def plan(sequence: Path, tmp_path: Path) -> Path:
    """Two cameras that show the same, the second ten seconds later."""
    path = tmp_path / "farm.yaml"
    path.write_text(
        f"cameras:\n  door: {sequence}\n  yard: {{source: {sequence}, starts: 10}}\n"
        "links:\n  - {from: door, to: yard, seconds: [2, 60]}\n"
    )
    return path


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "identities.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_everybody_has_one_identity_on_both_cameras(call: Call, plan: Path, tmp_path: Path) -> None:
    said = call("multicam", plan, "out", *TRACKER, "--gallery", "known.npz")
    assert said.code == 0, said.error
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == ["identity", "name", "camera", "tracker_id", "from", "to", "confidence"]
    both = {row["identity"] for row in rows if row["camera"] == "door"} & {
        row["identity"] for row in rows if row["camera"] == "yard"
    }
    assert both
    assert f"{len(both)} of them on several cameras" in said.out
    assert "door -> yard: 2.0 to 60.0 s" in said.out
    for name in ("door", "yard"):
        ids = {str(one) for one in read_mot(tmp_path / "out" / f"{name}.txt").tracker_id.tolist()}
        assert ids == {row["identity"] for row in rows if row["camera"] == name}
    assert all(0.0 <= float(row["confidence"]) <= 1.0 for row in rows)
    again = call("multicam", plan, "out", *TRACKER)
    assert again.code == 2
    assert "file exists" in again.error
    assert call("multicam", plan, "out", *TRACKER, "--gallery", "known.npz", "--overwrite").code == 0


def test_every_change_is_written_and_scored(call: Call, plan: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    assert call("multicam", plan, "out", *TRACKER).code == 0
    with (tmp_path / "out" / "events.csv").open(newline="") as file:
        events = list(csv.DictReader(file))
    assert list(events[0]) == ["kind", "time", "identity", "camera", "tracker_id", "other", "distance"]
    assert events[0]["kind"] == "new"
    assert {event["kind"] for event in events} <= {"new", "found", "merged", "split", "named"}
    (tmp_path / "truth").mkdir()
    for name in ("door", "yard"):
        shutil.copy(tmp_path / "out" / f"{name}.txt", tmp_path / "truth")
    scored = json.loads(call("eval", "truth", "out", "--cameras", "--style", "json").out)
    identities = {row["identity"] for row in rows_of(tmp_path / "out")}
    assert scored[-1]["events per identity"] == pytest.approx(len(events) / len(identities))
    assert all(row["events per identity"] is None for row in scored[:-1])


def test_pairs_of_a_person_are_obeyed(call: Call, plan: Path, tmp_path: Path) -> None:
    assert call("multicam", plan, "out", *TRACKER).code == 0
    before = {(row["camera"], row["tracker_id"]): row["identity"] for row in rows_of(tmp_path / "out")}
    one, other = next(
        (a, b) for a in before for b in before if a[0] == "door" and b[0] == "yard" and before[a] == before[b]
    )
    (tmp_path / "pairs.csv").write_text(f"different,{one[0]},{one[1]},{other[0]},{other[1]}\n")
    assert call("multicam", plan, "out", *TRACKER, "--pairs", "pairs.csv", "--overwrite").code == 0
    after = {(row["camera"], row["tracker_id"]): row["identity"] for row in rows_of(tmp_path / "out")}
    assert after[one] != after[other]
    (tmp_path / "pairs.csv").write_text(f"same,{one[0]},{one[1]},{other[0]},{other[1]}\n")
    assert call("multicam", plan, "out", *TRACKER, "--pairs", "pairs.csv", "--overwrite").code == 0
    again = {(row["camera"], row["tracker_id"]): row["identity"] for row in rows_of(tmp_path / "out")}
    assert again[one] == again[other]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cameras: {}", "needs a section 'cameras'"),
        ("cameras: {door: {detections: a.txt}}", "camera 'door' needs a source"),
        ("cameras: {door: nowhere.mp4}\nways: []", "section 'ways'"),
        ("cameras: {door: a, yard: b}\nlinks: [{from: door}]", "needs 'from' and 'to'"),
        ("cameras: {door: a, yard: b}\nlinks: [{from: door, to: cellar}]", "'cellar', which is not known"),
        ("cameras: {door: a, yard: b}\nlinks: [{from: door, to: yard, seconds: [9, 2]}]", "seconds of a link"),
        ("cameras: {door: nowhere.mp4}", "nowhere.mp4"),
    ],
)
def test_a_wrong_plan_is_said_in_a_line(call: Call, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "farm.yaml").write_text(content)
    said = call("multicam", "farm.yaml", "out", *TRACKER)
    assert said.code == 2
    assert message in said.error


def test_wrong_pairs_are_said_in_a_line(call: Call, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("similar,door,1,yard,2\n")
    said = call("multicam", plan, "out", *TRACKER, "--pairs", "pairs.csv")
    assert said.code == 2
    assert "pairs.csv, line 1" in said.error


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if chromium is None or driver is None:
        pytest.skip("no browser is installed")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1300,900"):
        options.add_argument(option)
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield driver
    driver.quit()


def test_the_page_gives_pairs_out(call: Call, plan: Path, tmp_path: Path, browser: Any) -> None:
    assert call("multicam", plan, "out", *TRACKER).code == 0
    page = tmp_path / "out" / "identities.html"
    assert "://" not in page.read_text()
    browser.get(page.as_uri())
    rows = rows_of(tmp_path / "out")
    bars = browser.find_elements("css selector", ".bar")
    assert len(bars) == len(rows)
    assert len(browser.find_elements("css selector", "img")) == len(rows)
    sections = browser.find_elements("css selector", "section")
    assert len(sections) == len({row["identity"] for row in rows})
    doubts = [float(one.find_element("css selector", "small").text) for one in sections]
    assert doubts == sorted(doubts)
    chosen = bars[0], bars[-1]
    for bar in chosen:
        browser.execute_script("arguments[0].click()", bar)
    browser.find_element("id", "same").click()
    text = browser.find_element("id", "pairs").get_attribute("value")
    tracks = [one.get_attribute(name) for one in chosen for name in ("data-camera", "data-track")]
    assert text == "same," + ",".join(tracks) + "\n"
    browser.find_element("id", "undo").click()
    assert browser.find_element("id", "pairs").get_attribute("value") == ""
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def write_camera(path: Path, ids: list[int], frames: int = 10) -> None:
    """Objects side by side, for some frames; one of id -1 is undecided."""
    path.parent.mkdir(exist_ok=True)
    rows = [
        f"{frame},{one},{100 * place},0,50,100,1,-1,-1,-1\n"
        for frame in range(1, frames + 1)
        for place, one in enumerate(ids)
    ]
    path.write_text("".join(rows))


@pytest.mark.parametrize(
    ("yard", "idf1", "undecided"),
    [([1, 2], 1.0, 0.0), ([3, 4], 0.5, 0.0), ([2, 1], 0.5, 0.0), ([1, -1], 6 / 7, 0.25)],
    ids=["kept", "new", "swapped", "undecided"],
)
def test_eval_scores_one_identity_over_all_cameras(
    call: Call, tmp_path: Path, yard: list[int], idf1: float, undecided: float
) -> None:
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    for folder, second in (("truth", [1, 2]), ("out", yard)):
        write_camera(tmp_path / folder / "door.txt", [1, 2])
        write_camera(tmp_path / folder / "yard.txt", second)
    said = call("eval", "truth", "out", "--cameras", "--style", "json")
    assert said.code == 0, said.error
    rows = json.loads(said.out)
    assert [row["sequence"] for row in rows] == ["door", "yard", "ALL CAMERAS"]
    assert rows[0]["IDF1"] == 1.0
    assert rows[-1]["IDF1"] == pytest.approx(idf1)
    assert rows[-1]["undecided"] == undecided


@pytest.mark.parametrize("field", ["frame_rate: abc", "frame_rate: 0", "starts: .nan", "starts: noon", "starts: [1]"])
def test_a_camera_with_a_wrong_number_is_named(call: Callable[..., Said], tmp_path: Path, field: str) -> None:
    (tmp_path / "cameras.yaml").write_text(f"cameras:\n  door: {{source: door.mp4, {field}}}\n")
    said = call("multicam", "cameras.yaml", "results")
    assert (said.code, said.out) == (2, "")
    assert "cameras.yaml: camera 'door': " in said.error
    assert not (tmp_path / "results").exists()
