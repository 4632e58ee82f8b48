"""Drawing on a part of a frame, smoothly: everything is drawn four times as large and then reduced."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

WHITE, YELLOW, RED, GREEN, BLUE, GREY = "#ffffff", "#ffd54f", "#ff5252", "#69f0ae", "#40c4ff", "#bdbdbd"
DARK = "#1e1e24"

Point = Sequence[float] | npt.NDArray[np.float64]
Window = tuple[int, int, int, int]


class Canvas:
    """A part of a frame to draw on, in the coordinates of the frame.

    Args:
        frame: BGR frame, shape `(height, width, 3)`.
        window: Left, top, right, bottom of the part.
        width: Width of the picture in pixels.
        dim: Share of the frame's colours that is kept, so that what is drawn stands out.
    """

    def __init__(self, frame: npt.NDArray[np.uint8], window: Window, width: int = 880, *, dim: float = 0.75) -> None:
        self.left, self.top, right, bottom = window
        self.scale = width / (right - self.left)
        self.size = (width, round((bottom - self.top) * self.scale))
        image = Image.fromarray(np.ascontiguousarray(frame[self.top : bottom, self.left : right, ::-1]))
        grey = Image.new("RGB", image.size, DARK)
        self._picture = Image.blend(grey, image, dim).resize(self.size, Image.Resampling.LANCZOS)
        self._over = Image.new("RGBA", (self.size[0] * 4, self.size[1] * 4))
        self._draw = ImageDraw.Draw(self._over)

    def _at(self, point: Point) -> tuple[float, float]:
        return 4 * self.scale * (point[0] - self.left), 4 * self.scale * (point[1] - self.top)

    def line(self, points: Sequence[Point], colour: str, *, dashed: bool = False, width: float = 2.5) -> None:
        """A line through points."""
        corners = np.array([self._at(point) for point in points])
        for begin, end in itertools.pairwise(corners):
            length = float(np.hypot(*(end - begin)))
            if length < 1e-6:
                continue
            steps = np.arange(0.0, length, 40.0) if dashed else np.zeros(1)
            on = 24.0 if dashed else length
            for step in steps:
                ends = [begin + (end - begin) * part / length for part in (step, min(step + on, length))]
                self._draw.line([tuple(map(float, place)) for place in ends], fill=colour, width=round(4 * width))

    def box(self, box: Point, colour: str, label: str = "", *, dashed: bool = False, width: float = 2.5) -> None:
        """A box with a label above it."""
        x1, y1, x2, y2 = (float(edge) for edge in box)
        self.line([(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)], colour, dashed=dashed, width=width)
        if label:
            self.text((x1, y1), label, colour, anchor="ld")

    def ellipse(self, centre: Point, radii: Point, colour: str) -> None:
        """An ellipse, lightly filled."""
        (x, y), (a, b) = self._at(centre), (4 * self.scale * float(radius) for radius in radii)
        self._draw.ellipse((x - a, y - b, x + a, y + b), fill=colour + "30", outline=colour, width=10)

    def dot(self, point: Point, colour: str, radius: float = 4.0) -> None:
        """A dot."""
        x, y = self._at(point)
        r = 4 * radius
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def arrow(self, begin: Point, end: Point, colour: str) -> None:
        """An arrow."""
        self.line([begin, end], colour)
        tip, tail = np.array(self._at(end)), np.array(self._at(begin))
        along = (tip - tail) / max(float(np.hypot(*(tip - tail))), 1e-6)
        across = np.array([-along[1], along[0]])
        base = tip - 40 * along
        self._draw.polygon([tuple(map(float, p)) for p in (tip, base + 20 * across, base - 20 * across)], fill=colour)

    def text(self, point: Point, text: str, colour: str = WHITE, *, size: float = 15.0, anchor: str = "lt") -> None:
        """Dark text on a patch of a colour; `anchor` is Pillow's."""
        x, y = self._at(point)
        font = ImageFont.load_default(4 * size)
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=font, anchor=anchor)
        x = float(np.clip(x, 24 - left, self._over.width - right - 24))
        y = float(np.clip(y, 16 - top, self._over.height - bottom - 16))
        patch = (x + left - 20, y + top - 14, x + right + 20, y + bottom + 14)
        self._draw.rounded_rectangle(patch, 14, fill=colour)
        self._draw.text((x, y), text, fill=DARK, font=font, anchor=anchor)

    def paste(self, crop: npt.NDArray[np.uint8], point: Point, height: float, colour: str = WHITE) -> float:
        """A BGR crop with a border, its top left corner at a point of the frame; returns its width in the frame."""
        image = Image.fromarray(np.ascontiguousarray(crop[:, :, ::-1]))
        x, y = self._at(point)
        tall = round(4 * self.scale * height)
        wide = round(tall * image.width / image.height)
        self._over.paste(image.resize((wide, tall), Image.Resampling.LANCZOS), (round(x), round(y)))
        self._draw.rectangle((x, y, x + wide, y + tall), outline=colour, width=10)
        return wide / (4 * self.scale)

    def picture(self) -> Image.Image:
        """The finished picture."""
        over = self._over.resize(self.size, Image.Resampling.LANCZOS)
        return Image.alpha_composite(self._picture.convert("RGBA"), over).convert("RGB")


def stack(pictures: Sequence[Image.Image], *, across: bool = False, gap: int = 6) -> Image.Image:
    """Pictures of equal size below each other, or side by side."""
    width, height = pictures[0].size
    count = len(pictures) - 1
    size = (len(pictures) * width + count * gap, height) if across else (width, len(pictures) * height + count * gap)
    sheet = Image.new("RGB", size, WHITE)
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index * (width + gap), 0) if across else (0, index * (height + gap)))
    return sheet
