"""`trackers report`: the page is opened in a browser, clicked and compared."""

from __future__ import annotations

import colorsys
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.conftest import FRAMES, Said
from trackers.io import read_mot, read_result

pytest.importorskip("trackeval", reason="the extra `eval` is not installed")

Call = Callable[..., Said]


@pytest.fixture
def page(call: Call, sequence: Path, tmp_path: Path) -> Path:
    """A report with frames, ground truth and reasons."""
    options = ("--tracker", "sort", "--tracker.lost_track_buffer", "10", "--explain")
    assert call("track", sequence, *options, "--output", "result.jsonl", "--output", "result.txt").code == 0
    said = call("report", "result.jsonl", "report.html", "--source", sequence, "--title", "Three <people>")
    assert said.code == 0, said.error
    return tmp_path / "report.html"


def content(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_the_page_holds_the_result(page: Path) -> None:
    data, rows = content(page), read_mot(page.with_name("result.txt"))
    assert data["frames"] == FRAMES
    assert sum(data["counts"]) == len(rows) == sum(len(track["frames"]) for track in data["tracks"])
    assert [track["id"] for track in data["tracks"]] == sorted(set(rows.tracker_id.tolist()))
    assert len(data["truth"]["switches"]) == data["truth"]["scores"]["IDSW"]
    for track in data["tracks"]:
        missing = sum(last - first + 1 for first, last in track["gaps"])
        assert track["frames"][-1] - track["frames"][0] + 1 == len(track["frames"]) + missing
        assert track["crops"]
        assert all("IoU" in reason for reason in track["why"].values())


def test_the_page_needs_nothing_else(page: Path) -> None:
    text = page.read_text().replace("http://www.w3.org/2000/svg", "")
    assert "://" not in text
    assert "<title>Three &lt;people&gt;</title>" in text
    for attribute in ("src=", "href=", "@import", "url("):
        assert attribute not in text.split('id="data"')[0]


def test_json_lines_say_the_same_as_mot_text(page: Path) -> None:
    rows, reasons = read_result(page.with_name("result.jsonl"))
    plain, _ = read_result(page.with_name("result.txt"))
    assert rows.tracker_id.tolist() == plain.tracker_id.tolist()
    assert -1 in reasons


def test_bad_results_are_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"frame": 1, "tracker_id": 1, "xyxy": [1, 2, 3, 4]}\n{"frame": 2}\n')
    (tmp_path / "empty.txt").write_text("")
    for name, message in [("bad.jsonl", "bad.jsonl, line 2"), ("empty.txt", "is empty"), ("no.txt", "no such file")]:
        said = call("report", name, "report.html")
        assert said.code == 2
        assert message in said.error
        assert not (tmp_path / "report.html").exists()


@pytest.fixture
def browser() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium with its driver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1200", offline):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


def test_the_page_in_a_browser(browser: Any, page: Path) -> None:
    data = content(page)
    browser.get(page.as_uri())
    find = browser.find_elements
    assert browser.title == "Three <people>"
    assert [lane.get_attribute("data-track") for lane in find("css selector", ".lane")] == [
        str(track["id"]) for track in data["tracks"]
    ]
    assert len(find("css selector", "rect.gap")) == sum(len(track["gaps"]) for track in data["tracks"])
    assert len(find("css selector", ".switch-mark")) == len(data["truth"]["switches"])
    facts = browser.find_element("id", "facts").text
    assert f"{100 * data['truth']['scores']['HOTA']:.1f}" in facts

    detail = browser.find_element("id", "detail")
    assert "Click a track" in detail.text
    track = data["tracks"][1]
    find("css selector", ".card")[1].click()
    assert f"Track {track['id']}" in detail.text
    assert f"frames {track['frames'][0]} to {track['frames'][-1]}" in detail.text
    assert len(detail.find_elements("css selector", "img")) == len(track["crops"])
    chosen = find("css selector", ".lane.chosen")
    assert [lane.get_attribute("data-track") for lane in chosen] == [str(track["id"])]

    last = max(track["frames"], key=lambda frame: data["counts"][frame - 1])
    browser.execute_script(
        "const slider = document.getElementById('frame');"
        "slider.value = arguments[0]; slider.dispatchEvent(new Event('input'));",
        last,
    )
    assert f"frame {last} of {FRAMES}" in browser.find_element("id", "clock").text
    assert "IoU" in detail.find_element("css selector", ".why").text

    before = browser.execute_script("return document.getElementById('canvas').toDataURL()")
    browser.find_element("id", "trails").click()
    after = browser.execute_script("return document.getElementById('canvas').toDataURL()")
    assert before != after
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_boxes_are_drawn_on_the_frame(browser: Any, page: Path) -> None:
    track = content(page)["tracks"][0]
    browser.get(page.as_uri())
    x, y, _, height = track["boxes"][0]
    script = "return [...pen.getImageData(arguments[0] * scale, arguments[1] * scale, 1, 1).data]"
    *shown, opacity = browser.execute_script(script, max(x, 0), y + height // 2)
    expected = [round(255 * one) for one in colorsys.hls_to_rgb(track["id"] * 137.508 % 360 / 360, 0.6, 0.75)]
    assert opacity == 255
    assert max(abs(a - b) for a, b in zip(expected, shown, strict=True)) < 30


def test_the_page_tells_how_the_result_was_made(page: Path, sequence: Path) -> None:
    about = content(page)["about"]
    assert about["tracker"] == "sort"
    assert "lost_track_buffer=10" in about["settings"]
    assert about["source"] == str(sequence)
    assert about["result"] == "result.jsonl"
    assert re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d", about["date"])
    first, second = page.with_name("result.jsonl").read_text().splitlines()[:2]
    assert "run" in json.loads(first)
    assert "run" not in json.loads(second)


def test_what_the_result_does_not_tell_is_said(call: Call, page: Path, sequence: Path) -> None:
    result = page.with_name("result.txt")
    said = call("report", result, "plain.html", "--source", sequence)
    assert re.match(r"\d+ kB\n", said.out)
    assert content(page.with_name("plain.html"))["about"]["tracker"] == "not recorded in the result"
    call("report", result, "named.html", "--tracker", "SORT, buffer 10")
    assert content(page.with_name("named.html"))["about"]["tracker"] == "SORT, buffer 10"


def test_boxes_are_shown_with_the_picture_of_their_own_frame(browser: Any, call: Call, tmp_path: Path) -> None:
    rows = "".join(f"{i},1,{i},20,40,60,1,-1,-1,-1\n" for i in range(1, 301))
    (tmp_path / "long.txt").write_text(rows)
    (tmp_path / "frames").mkdir()
    for i in range(1, 301):
        Image.new("RGB", (400, 120), (i % 256, 0, 0)).save(tmp_path / "frames" / f"{i}.png")
    assert call("report", "long.txt", "long.html", "--source", "frames").code == 0
    browser.get((tmp_path / "long.html").as_uri())
    for frame in (1, 60, 100, 257, 300):
        shown = browser.execute_script("go(arguments[0]); return pictured(frame)", frame)
        assert str(shown) in content(tmp_path / "long.html")["stills"]
        assert abs(shown - frame) <= 3
        clock = browser.find_element("id", "clock").text
        assert f"frame {frame} of 300" in clock
        assert (f"shown: frame {shown} with its boxes" in clock) == (shown != frame)
