"""Public benchmark sets and sample clips: fetched once, checked, resumed where they broke off."""

from __future__ import annotations

import difflib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from trackers.errors import require

MOT_LICENCE = "CC BY-NC-SA 3.0 (MOTChallenge): for research and evaluation, not for commercial use"
CLIP_LICENCE = "published by Roboflow as example media of supervision; ask Roboflow before any other use"
MOT_URL = "https://motchallenge.net/data"
CLIP_URL = "https://media.roboflow.com/supervision/video-examples"


@dataclass(frozen=True)
class Item:
    """Something to download.

    Attributes:
        url: Where it is.
        size: About how large it is.
        licence: What may be done with it.
        about: What it is.
        checksum: MD5 sum, where one is published. Archives without one are checked member by member.
    """

    url: str
    size: str
    licence: str
    about: str
    checksum: str | None = None


def _clip(name: str, checksum: str, about: str) -> Item:
    return Item(f"{CLIP_URL}/{name}", "a short clip", CLIP_LICENCE, about, checksum)


CATALOGUE: Mapping[str, Item] = {
    "mot15": Item(f"{MOT_URL}/MOT15.zip", "1.3 GB", MOT_LICENCE, "2D MOT 2015, with frames"),
    "mot16": Item(f"{MOT_URL}/MOT16.zip", "1.9 GB", MOT_LICENCE, "MOT16, with frames"),
    "mot17": Item(f"{MOT_URL}/MOT17.zip", "5.5 GB", MOT_LICENCE, "MOT17, with frames"),
    "mot17-labels": Item(f"{MOT_URL}/MOT17Labels.zip", "10 MB", MOT_LICENCE, "MOT17, boxes without frames"),
    "mot20": Item(f"{MOT_URL}/MOT20.zip", "5.0 GB", MOT_LICENCE, "MOT20, with frames"),
    "people-walking": _clip("people-walking.mp4", "0574c053c8686c3f1dc0aa3743e45cb9", "people from above"),
    "subway": _clip("subway.mp4", "453475750691fb23c56a0cffef089194", "people on a platform"),
    "market-square": _clip("market-square.mp4", "859179bf4a21f80a8baabfdb2ed716dc", "people on a square"),
    "vehicles": _clip("vehicles.mp4", "8155ff4e4de08cfa25f39de96483f918", "cars on a road"),
}
"""What can be downloaded, by name."""


def find_item(name: str) -> Item:
    """Look something up in the catalogue.

    Raises:
        ValueError: If there is no such name; the message lists close matches.
    """
    if name not in CATALOGUE:
        close = difflib.get_close_matches(name.lower(), CATALOGUE, n=3)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(f"nothing is called {name!r}; {hint}There are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def download(item: Item, folder: str | Path, *, unpack: bool = True, progress: bool = False) -> Path:
    """Download something, unless it is there already.

    A download that broke off goes on where it ended.

    Args:
        item: What to download.
        folder: Folder to put it in; made if need be.
        unpack: Unpack an archive into the folder.
        progress: Show how far it is.

    Returns:
        The file.

    Raises:
        ConnectionError: If the server cannot be reached or breaks off.
        ValueError: If what came is not what was published.
    """
    pooch = require("pooch", "cli")
    requests = require("requests", "cli")
    name = item.url.rpartition("/")[2]
    path = Path(folder) / name
    # The name differs, so that Pooch never takes a whole file of unknown checksum for one that needs fetching.
    known = None if item.checksum is None else f"md5:{item.checksum}"
    pooch.get_logger().setLevel("ERROR")
    try:
        if known is not None or not path.exists():
            pooch.retrieve(item.url, known, fname=name, path=folder, downloader=_Resuming(path, progress))
    except requests.exceptions.RequestException as error:
        raise ConnectionError(
            f"{item.url} cannot be fetched ({type(error).__name__}); check the network and call again: "
            "what has arrived is kept"
        ) from error
    if path.suffix == ".zip":
        _check_and_unpack(path, unpack)
    return path


class _Resuming:
    """Pooch's downloader, for files of gigabytes: what has arrived stays in a file of its own until it is whole."""

    def __init__(self, path: Path, progress: bool) -> None:
        self._partial = path.with_name(path.name + ".part")
        self._progress = progress

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        requests = require("requests", "cli")
        have = self._partial.stat().st_size if self._partial.exists() else 0
        with requests.get(
            url, headers={"Range": f"bytes={have}-"} if have else {}, stream=True, timeout=30
        ) as response:
            if response.status_code != requests.codes.requested_range_not_satisfiable:
                response.raise_for_status()
                resumed = response.status_code == requests.codes.partial_content
                with self._partial.open("ab" if resumed else "wb") as file:
                    self._copy(response, file, have if resumed else 0)
        self._partial.replace(output_file)

    def _copy(self, response: Any, file: BinaryIO, have: int) -> None:
        requests = require("requests", "cli")
        length = int(response.headers.get("Content-Length", 0))
        bar = require("tqdm", "cli").tqdm(
            total=have + length or None,
            initial=have,
            unit="B",
            unit_scale=True,
            disable=None if self._progress else True,
        )
        with bar:
            for chunk in response.iter_content(1 << 16):
                bar.update(file.write(chunk))
        if length and bar.n != have + length and file.tell() < have + length:
            raise requests.exceptions.ConnectionError("the server broke off")


def _check_and_unpack(path: Path, unpack: bool) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"{path}: {damaged} in it is damaged; delete the file and call again")
            if unpack:
                archive.extractall(path.parent)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is not a whole archive; delete it and call again") from error
