"""Make the pictures of the documentation from the embedded sample: `python -m docs.pictures`, or `make pictures`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from docs.pictures import charts, clips, diagrams, scenes
from docs.pictures.scenes import Pictures

FOLDER = Path(__file__).parents[1] / "assets"
MILLISECONDS = 120

PICTURES: dict[str, Callable[[], Pictures]] = {
    "tracked": scenes.tracked,
    "sort": scenes.sort,
    "bytetrack": scenes.bytetrack,
    "ocsort": scenes.ocsort,
    "deepsort": scenes.deepsort,
    "botsort": scenes.botsort,
    "steadysort": scenes.steadysort,
    "counting": scenes.counting,
    "crowd": clips.crowd,
    "cars": clips.cars,
    "occlusion": clips.occlusion,
    "looking-back": clips.looking_back,
    "card": scenes.card,
}


DIAGRAMS: dict[str, Callable[[], str]] = {
    "flow": diagrams.flow,
    "layers": diagrams.layers,
    "cascade": diagrams.cascade,
    "logo": diagrams.logo,
    "update": charts.update,
}


def save(pictures: Pictures, path: Path) -> None:
    """Write one picture, or a clip of several."""
    first, *others = pictures
    if others:
        first.save(path, save_all=True, append_images=others, duration=MILLISECONDS, loop=0, quality=45, method=6)
    else:
        first.save(path, quality=80, method=6)


def main() -> None:
    """Make all pictures, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m docs.pictures")
    parser.add_argument("names", nargs="*", help=f"which to make, of {', '.join((*PICTURES, *DIAGRAMS))}; default: all")
    names = parser.parse_args().names or [*PICTURES, *DIAGRAMS]
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        if name in DIAGRAMS:
            (FOLDER / f"{name}.svg").write_text(DIAGRAMS[name](), encoding="utf-8")
        else:
            save(PICTURES[name](), FOLDER / f"{name}.webp")


if __name__ == "__main__":
    main()
