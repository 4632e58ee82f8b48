"""Folders of pictures, and pictures of any depth."""

from __future__ import annotations

import glob
import itertools
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.boxes import Image
from trackers.io.sequences import IMAGE_SUFFIXES
from trackers.io.source import Faults, FrameSource, NumberedFrames, SourceFrame

logger = logging.getLogger(__name__)


def is_picture(path: Path) -> bool:
    """Tell whether a file is a picture by its ending; hidden files, as other systems leave them behind, are none."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, in natural order."""
    return sorted(filter(is_picture, folder.iterdir()), key=_natural)


def files_like(pattern: str) -> list[Path]:
    """Files that a pattern names: `frames/*.png`, or `frames/%06d.png`; in natural order."""
    if not re.search(r"[*?\[]|%0?\d*d", pattern):
        return []
    stars = re.sub(r"%0?\d*d", "*", pattern)
    return sorted((path for path in map(Path, glob.glob(stars)) if not path.name.startswith(".")), key=_natural)  # noqa: PTH207


def numbers_of(paths: Sequence[Path]) -> list[int] | None:
    """Numbers of pictures by the last digits of their names; None where the names differ in something else.

    Example:
        >>> numbers_of([Path("cam1_007.png"), Path("cam1_009.jpg")]), numbers_of([Path("1.png"), Path("b2.png")])
        ([7, 9], None)
    """
    found = [re.fullmatch(r"(.*?)(\d+)(\D*)", path.stem) for path in paths]
    parts = [one.groups() for one in found if one is not None]
    if not parts or len(parts) < len(paths) or len({(before, after) for before, _, after in parts}) > 1:
        return None
    return [int(number) for _, number, _ in parts]


def check_names(paths: Sequence[Path]) -> None:
    """Refuse two pictures of one name or number in one folder, as a picture and its preview: they are one frame.

    Raises:
        ValueError: If there are two.
    """
    known: dict[tuple[Path, str], Path] = {}
    for path in paths:
        name = re.sub(r"\d+", lambda digits: str(int(digits[0])), path.stem)
        other = known.setdefault((path.parent, name), path)
        if other is not path:
            both = f"image {name}" if name.isdigit() else f"image {path.stem}"
            raise ValueError(
                f"{path.parent}: the numbering repeats: {other.name} and {path.name} are both {both}; keep one, "
                f"or name a pattern such as {path.parent / '*'}{path.suffix}"
            )


def check_numbering(folder: Path, paths: Sequence[Path]) -> Sequence[Path]:
    """Refuse pictures of a MOT sequence that are not numbered from 1 without a hole: rows would go to other frames.

    Names with more than a number in them, as annotation tools export them, may start anywhere and go on in even steps.

    Returns:
        The pictures that are frames: where most are called by a number alone, these.

    Raises:
        ValueError: If they are not; the message says how they are numbered.
    """
    check_names(paths)
    plain = [path for path in paths if path.stem.isdigit()]
    plain = plain if 2 * len(plain) > len(paths) else []
    numbers = sorted(numbers_of(plain or paths) or ())
    if not numbers:
        return paths
    if plain and numbers[0] != 1:
        missing = "" if numbers[0] == 0 else f", and images before {numbers[0]} are missing"
        raise ValueError(
            f"{folder}: the images are numbered from {numbers[0]}, but the rows of MOT text from 1{missing}. Rename "
            "the images, or track the folder of images itself, whose frames count from 1 whatever their names"
        )
    step = 1 if plain or len(numbers) < 2 else min(after - before for before, after in itertools.pairwise(numbers))
    for before, after in itertools.pairwise(numbers):
        if after != before + step:
            raise ValueError(
                f"{folder}: image {before + step} is missing, the numbering jumps from {before} to {after}"
            )
    for path in paths if plain else ():
        if not path.stem.isdigit():
            logger.warning("%s left out: it has no number for a name, as the frames have", path)
    return plain or paths


def open_pictures(name: str, paths: Sequence[Path], frame_rate: float | None) -> FrameSource:
    """Pictures as a source of frames, numbered from 1 in the order given, 30 a second unless set otherwise."""
    rate = frame_rate or 30.0

    def read(faults: Faults) -> NumberedFrames:
        for number, path in enumerate(paths, start=1):
            try:
                image = load_picture(path)
            except (OSError, SyntaxError, DamagedPictureError) as error:
                faults.broken_frames += 1
                logger.warning("%s left out: %s", path, error)
                continue
            yield SourceFrame.at((number - 1) / rate, number, image)

    return FrameSource(name, rate, len(paths), read)


def open_picture(path: Path, frame_rate: float | None) -> FrameSource:
    """A single picture as a source; pages of one size, as of a TIFF stack or an animation, are its frames.

    Args:
        path: The picture.
        frame_rate: Pages per second, where the picture does not tell or is wrong.
    """
    try:
        with _opened(path) as file:
            count = getattr(file, "n_frames", 1) if file.format in PAGED else 1
            shown = [_seek(file, page).size for page in range(count)]
            _seek(file, 0).load()  # what an animation is shown at is known then
            seconds = float(file.info.get("duration") or 0.0) / 1000.0
    except (OSError, SyntaxError, ValueError):
        shown, seconds = [], 0.0  # reading says what is wrong
    if len(shown) < 2:
        return open_pictures(str(path), [path], frame_rate)
    pages = [page for page, size in enumerate(shown) if size == shown[0]]
    if len(pages) < len(shown):
        logger.warning("%s: %d of %d pages are of another size and left out", path, len(shown) - len(pages), len(shown))
    rate = frame_rate or (1.0 / seconds if seconds > 0 else 30.0)

    def read(faults: Faults) -> NumberedFrames:
        with _opened(path) as file:
            for number, page in enumerate(pages, start=1):
                try:
                    image = _as_image(_seek(file, page), path)
                except (OSError, SyntaxError, DamagedPictureError) as error:
                    faults.broken_frames += 1
                    logger.warning("%s, page %d left out: %s", path, page + 1, error)
                    continue
                yield SourceFrame.at((number - 1) / rate, number, image)

    return FrameSource(str(path), rate, len(pages), read)


PAGED = ("TIFF", "PNG", "WEBP")
"""Formats of Pillow whose pages are frames; a second page of a JPEG is a preview, or another eye."""


def _opened(path: Path) -> Any:
    """A picture as Pillow opens it; Ultralytics, once imported, searches packages where a picture is damaged."""
    from PIL import Image as Pillow

    opener = Pillow.open
    return getattr(opener, "__globals__", {}).get("_image_open", opener)(path)


def _seek(file: Any, page: int) -> Any:
    file.seek(page)
    return file


class DamagedPictureError(ValueError):
    """A picture that cannot be read, unlike one that could but is of no kind that is known."""


def load_picture(path: Path) -> Image:
    """Read a picture as BGR, turned as its camera was held.

    Raises:
        ValueError: If its numbers are neither 8 nor 16 bits, nor floats from 0 to 1.
    """
    with _opened(path) as file:
        return _as_image(file, path)


def _as_image(file: Any, path: Path) -> Image:
    from PIL import ImageOps

    try:
        turned = ImageOps.exif_transpose(file)
        values = None if turned.mode in PLAIN_MODES else np.asarray(turned)
        rgb = np.asarray(turned.convert("RGB")) if values is None else None
    except ValueError as error:
        raise DamagedPictureError(str(error)) from error
    if rgb is not None:
        return np.ascontiguousarray(rgb[:, :, ::-1])
    assert values is not None
    return np.repeat(to_bytes(values, path)[:, :, None], 3, axis=2)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture, turned as its camera was held; (0, 0) of one that cannot be read.

    Only its header is read.
    """
    try:
        with _opened(path) as file:
            width, height = file.size
            return (height, width) if file.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8) else (width, height)
    except (OSError, SyntaxError, ValueError):
        return 0, 0


ORIENTATION = 0x0112
"""The tag of a picture that tells how its camera was held."""

PLAIN_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB")
"""Modes of Pillow with 8 bits a channel or fewer."""


def to_bytes(values: npt.NDArray[Any], path: Path) -> Image:
    """Numbers of 16 bits, shape `(h, w)`, or floats from 0 to 1, as bytes; the same scale for every picture.

    Raises:
        ValueError: If they are of another range.

    Example:
        >>> to_bytes(np.array([[0, 65535]], np.uint16), Path("x.png")).tolist()
        [[0, 255]]
    """
    finite = bool(np.isfinite(values).all())
    low, high = (float(values.min()), float(values.max())) if finite and values.size else (np.nan, np.nan)
    if values.dtype.kind == "f" and low >= 0.0 and high <= 1.0:
        return np.rint(values * 255.0).astype(np.uint8)
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return np.rint(values * (255.0 / 65535.0)).astype(np.uint8)
    raise ValueError(
        f"{path}: expected a picture of 8 or 16 bits a channel, or of floats from 0 to 1, but got {values.dtype} from "
        f"{low:g} to {high:g}; scale it to 8 bits first"
    )


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", str(path))]
