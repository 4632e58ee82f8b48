"""The same people on three cameras: a yard, the street side of it, and a hall that neither camera sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.sample.paths import script
from trackers.sample.scene import Scene, camera_height
from trackers.sample.view import View

if TYPE_CHECKING:
    import supervision as sv

LIGHTS = {"yard": (1.0, 1.0, 1.0), "street": (0.82, 0.92, 1.08), "hall": (0.72, 0.84, 1.0)}
"""Gain of blue, green and red on each camera."""

OFFSET = 0.5
"""Length of what a camera adds to all embeddings, which are of length 1."""

WAY = (4.0, 7.0)
"""Seconds from the yard to the hall, and back."""

CROSSING = 9.0
"""Seconds that it takes to cross the yard or the hall."""

HEADWAY = 4.5
"""Seconds between two who set out."""


class CameraScene(Scene):
    """A scene in the light of its camera, with what the camera does to embeddings.

    Args:
        light: Gain of blue, green and red.
        offset: Added to all embeddings before they are made unit vectors again, shape `(d,)`.
        **scene: Arguments of `Scene`.
    """

    def __init__(self, light: tuple[float, float, float], offset: npt.NDArray[np.float64], **scene: Any) -> None:
        super().__init__(**scene)
        self._light, self._offset = np.array(light), offset

    def frame(self, index: int) -> npt.NDArray[np.uint8]:
        """Drawn frame in the light of the camera, BGR uint8 of shape ``(height, width, 3)``."""
        return np.asarray((super().frame(index) * self._light).clip(0, 255), np.uint8)

    def detections(self, index: int) -> sv.Detections:
        """As `Scene.detections`, with the camera's offset in the embeddings."""
        found = super().detections(index)
        moved = np.asarray(found.data["embedding"]) + self._offset
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        found.data["embedding"] = (moved / np.maximum(length, 1e-9)).astype(np.float32)
        return found


def camera_scenes(seed: int = 0, figures: int = 6, size: tuple[int, int] = (640, 360)) -> dict[str, CameraScene]:
    """Scenes of a yard, a street and a hall, on one clock; one identity of the truth is one person on all of them.

    Everybody crosses the yard, walks to the hall, crosses it, and comes back over the yard. Yard and street see one
    place from two sides; from there to the hall it takes 4 to 7 seconds. Light and embeddings differ from camera to
    camera.

    Args:
        seed: Seed of everything random.
        figures: Number of people.
        size: Width and height of the frames in pixels.

    Example:
        >>> scenes = camera_scenes(figures=3)
        >>> list(scenes), scenes["yard"].truth(100).tracker_id.tolist()
        (['yard', 'street', 'hall'], [1])
    """
    rng = np.random.default_rng([seed, 7])
    view = View(size, "static", 25.0, camera_height(figures))
    near, far = view.depth
    walks: dict[str, list[list[tuple[float, float, float]]]] = {name: [] for name in LIGHTS}
    for number in range(figures):
        there = 1.0 + HEADWAY * number
        hall = there + CROSSING + rng.uniform(*WAY)
        back = hall + CROSSING + rng.uniform(*WAY)
        side = 1.0 if rng.random() < 0.5 else -1.0
        yard = [*_crossing(view, rng, there, side), *_crossing(view, rng, back, -side)]
        walks["yard"].append(yard)
        walks["street"].append([(time, -x, near + far - z) for time, x, z in yard])
        walks["hall"].append(_crossing(view, rng, hall, -side))
    last = max(walk[-1][0] for several in walks.values() for walk in several)
    offsets = rng.standard_normal((len(LIGHTS), 128)) * OFFSET / np.sqrt(128)
    return {
        name: CameraScene(
            LIGHTS[name], offset, seed=seed, size=size, length=round(25.0 * (last + 1.0)), paths=script(walks[name])
        )
        for name, offset in zip(LIGHTS, offsets, strict=True)
    }


def _crossing(view: View, rng: np.random.Generator, start: float, side: float) -> list[tuple[float, float, float]]:
    """From one edge of the picture to the other; before and after, whoever it is stands outside."""
    near, far = view.depth
    narrow, wide = view.visible_width()
    depth = rng.uniform(near + 0.25 * (far - near), far - 0.25 * (far - near))
    edge = 0.5 * (narrow + (wide - narrow) * (depth - near) / (far - near)) + 1.0
    middle = depth + rng.uniform(-0.15, 0.15) * (far - near)
    seconds = (0.0, 0.5, 1.0)
    places = ((-side * edge, depth), (0.0, middle), (side * edge, depth))
    return [(start + CROSSING * part, x, z) for part, (x, z) in zip(seconds, places, strict=True)]
