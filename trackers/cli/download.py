"""`trackers download`."""

from __future__ import annotations

from pathlib import Path

from trackers.pipeline.download import CATALOGUE, download, find_item


def download_item(
    name: str,
    *,
    folder: Path = Path("data"),
    agree: bool = False,
    unpack: bool = True,
) -> str:
    """Download a public benchmark set or a sample clip.

    Examples:
        trackers download list
        trackers download mot17-labels --agree

    Args:
        name: What to download; `list` shows what there is.
        folder: Folder to put it in.
        agree: Agree to the licence, which is shown without it.
        unpack: Unpack an archive.

    Returns:
        What was downloaded, or what there is, in words.
    """
    if name == "list":
        return "\n".join(f"{key:<16} {item.size:>12}  {item.about}" for key, item in CATALOGUE.items())
    item = find_item(name)
    if not agree:
        return (
            f"{name}: {item.about}, {item.size}\nfrom: {item.url}\nlicence: {item.licence}\n"
            f"To agree and download: trackers download {name} --agree"
        )
    path = download(item, folder, unpack=unpack, progress=True)
    return f"licence: {item.licence}\nwritten: {path}"
