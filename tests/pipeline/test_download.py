"""Downloads from a server on this machine that behaves, breaks off, or lies."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from trackers.pipeline.download import CATALOGUE, Item, download, find_item

pytest.importorskip("pooch", reason="the extra `cli` is not installed")
pytest.importorskip("requests", reason="the extra `cli` is not installed")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with byte ranges; the first `drops` requests break off halfway."""

    drops = 0
    ranges: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        asked = self.headers.get("Range")
        type(self).ranges.append(asked)
        start = int(asked.split("=")[1].split("-")[0]) if asked else 0
        if start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        if type(self).drops > 0:
            type(self).drops -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    Handler.drops, Handler.ranges = 0, []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def item(url: str, checksum: str | None = None) -> Item:
    return Item(url, "small", "do as you like", "for tests", checksum)


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        whole.writestr("SEQ-01/seqinfo.ini", "[Sequence]\n")
        whole.writestr("SEQ-01/gt/gt.txt", "1,1,0,0,5,5,1,1,1\n" * 1000)
    return file.getvalue()


def test_a_file_with_its_checksum(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    (folder / "clip.mp4").write_bytes(b"clip" * 1000)
    wanted = item(f"{url}/clip.mp4", hashlib.md5(b"clip" * 1000).hexdigest())
    for _ in range(2):
        assert download(wanted, tmp_path / "data").read_bytes() == b"clip" * 1000
    assert len(Handler.ranges) == 1, "what is there and whole is not fetched again"


def test_a_file_that_is_not_what_was_published(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    (folder / "clip.mp4").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"(?i)hash"):
        download(item(f"{url}/clip.mp4", "0" * 32), tmp_path / "data")
    assert not (tmp_path / "data" / "clip.mp4").exists()


def test_an_archive_is_checked_and_unpacked(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    (folder / "set.zip").write_bytes(archive())
    download(item(f"{url}/set.zip"), tmp_path / "data")
    assert (tmp_path / "data" / "SEQ-01" / "gt" / "gt.txt").read_text().startswith("1,1,0,0")
    download(item(f"{url}/set.zip"), tmp_path / "data")
    assert len(Handler.ranges) == 1


def test_a_damaged_archive(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    data = bytearray(archive())
    data[60] ^= 0xFF
    (folder / "set.zip").write_bytes(data)
    (folder / "text.zip").write_bytes(b"no archive")
    for name in ("set.zip", "text.zip"):
        with pytest.raises(ValueError, match=rf"{name}.*call again"):
            download(item(f"{url}/{name}"), tmp_path / "data")


def test_a_download_that_broke_off_goes_on(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    data = bytes(range(256)) * 4000
    (folder / "clip.mp4").write_bytes(data)
    wanted = item(f"{url}/clip.mp4", hashlib.md5(data).hexdigest())
    Handler.drops = 1
    with pytest.raises(ConnectionError, match="what has arrived is kept"):
        download(wanted, tmp_path / "data")
    assert not (tmp_path / "data" / "clip.mp4").exists()
    assert download(wanted, tmp_path / "data").read_bytes() == data
    assert Handler.ranges[0] is None
    assert Handler.ranges[1] is not None
    assert int(Handler.ranges[1].split("=")[1].split("-")[0]) > 0


def test_no_network(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match=r"cannot be fetched .*check the network"):
        download(item("http://127.0.0.1:9/clip.mp4"), tmp_path)


def test_a_file_the_server_does_not_have(site: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="HTTPError"):
        download(item(f"{site[1]}/nothing.mp4"), tmp_path)


def test_the_catalogue() -> None:
    assert find_item("mot17").url == "https://motchallenge.net/data/MOT17.zip"
    for one in CATALOGUE.values():
        assert one.url.startswith("https://")
        assert one.licence
        assert one.checksum or one.url.endswith(".zip")
    with pytest.raises(ValueError, match="did you mean mot17"):
        find_item("mot18")
