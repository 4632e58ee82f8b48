"""Pictures for the page: some frames, and a few crops of every track, in one pass over the source."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from trackers.boxes import Image
from trackers.images import as_bgr
from trackers.table import BoxTable

STILLS = 60
"""Pictures of whole frames, at most, and once more for those that are asked for."""

STILL_WIDTH = 800
"""Their width in pixels."""

CROP_HEIGHT = 112
"""Height of the pictures of tracks in pixels."""


@dataclass(frozen=True)
class Pictures:
    """Pictures as data URLs.

    Attributes:
        size: Width and height of the frames in pixels, (0, 0) without frames.
        stills: Pictures of whole frames by frame number.
        crops: Frame number and picture of each crop, by track.
    """

    size: tuple[int, int] = (0, 0)
    stills: dict[int, str] = field(default_factory=dict)
    crops: dict[int, list[tuple[int, str]]] = field(default_factory=dict)


def take_pictures(
    frames: Iterable[tuple[int, Image]], result: BoxTable, last_frame: int, also: Sequence[int] = ()
) -> Pictures:
    """Take the pictures of a result.

    Args:
        frames: Numbers and images, read once.
        result: The result.
        last_frame: Number of frames.
        also: Frames that are wanted besides, up to 60 of them.

    Returns:
        The pictures: up to 60 stills spread over the time and those wanted besides, and the first, the largest and the
        last crop of each track.
    """
    wanted = set(np.linspace(1, max(last_frame, 1), STILLS).round().astype(int).tolist()) | {*also[:STILLS]}
    rows_on = _rows_to_crop(result)
    size, stills, crops = (0, 0), {}, defaultdict(list)
    for number, frame in frames:
        image = as_bgr(frame)
        size = (image.shape[1], image.shape[0])
        if number in wanted:
            stills[number] = _data_url(image, width=STILL_WIDTH)
        for row in rows_on.get(number, ()):
            crop = _crop(image, result.xyxy[row])
            if crop.size:
                crops[int(result.tracker_id[row])].append((number, _data_url(crop, height=CROP_HEIGHT)))
    return Pictures(size, stills, dict(crops))


def _rows_to_crop(result: BoxTable) -> dict[int, list[int]]:
    rows_on: dict[int, list[int]] = defaultdict(list)
    area = result.xywh[:, 2] * result.xywh[:, 3]
    for tracker_id in np.unique(result.tracker_id):
        rows = np.flatnonzero(result.tracker_id == tracker_id)
        for row in sorted({int(rows[0]), int(rows[area[rows].argmax()]), int(rows[-1])}):
            rows_on[int(result.frame[row])].append(row)
    return rows_on


def _crop(image: Image, box: np.typing.NDArray[np.float64]) -> Image:
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.clip(np.round(box), 0, [width, height, width, height]).astype(int)
    return image[y1:y2, x1:x2]


def _data_url(image: Image, *, width: int | None = None, height: int | None = None) -> str:
    """A JPEG no larger than asked, inside a URL."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
    picture.thumbnail((width or 10_000, height or 10_000))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
