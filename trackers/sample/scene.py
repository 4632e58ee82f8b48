"""The scene: figures on a plaza, their ground truth, noisy detections of them and drawn frames."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trackers.sample import body, sight
from trackers.sample.noise import DetectionNoise, identity_vectors, observe
from trackers.sample.paths import Paths, script, wander
from trackers.sample.snapshot import Snapshot
from trackers.sample.view import Camera, View

if TYPE_CHECKING:
    import supervision as sv

    from trackers.sample.painter import Painter


class Scene:
    """People who walk about a plaza: ground truth, noisy detections and drawn frames, all from one seed.

    Frames, truth and detections are computed when asked for, in any order, and are equal in every process.

    Args:
        seed: Seed of everything random.
        size: Width and height of a frame in pixels.
        length: Number of frames.
        figures: Number of figures; more of them are drawn from higher up, and so are smaller.
        camera: ``"static"``, or ``"pan"`` for one that turns to and fro.
        frame_rate: Frames per second.
        noise: How far `detections` are from the truth.
        embedding_size: Length of the appearance vectors.
        paths: Own paths of the figures (`trackers.sample.paths.script`), instead of ``figures`` random ones.

    Raises:
        ValueError: An argument is out of range.

    Example:
        >>> from trackers.sample import Scene
        >>> scene = Scene(seed=1, figures=5, length=50)
        >>> truth, detections = scene.truth(10), scene.detections(10)
        >>> detections.data["embedding"].shape[1]
        128
    """

    def __init__(
        self,
        seed: int = 0,
        size: tuple[int, int] = (960, 540),
        length: int = 300,
        figures: int = 8,
        camera: Camera = "static",
        frame_rate: float = 25.0,
        *,
        noise: DetectionNoise | None = None,
        embedding_size: int = 128,
        paths: Paths | None = None,
    ) -> None:
        if min(size) < 32 or length < 1 or figures < 0 or frame_rate <= 0 or embedding_size < 2:
            raise ValueError(
                "expected size of at least 32 x 32, length >= 1, figures >= 0, frame_rate > 0 and embedding_size >= 2, "
                f"got {size=}, {length=}, {figures=}, {frame_rate=}, {embedding_size=}"
            )
        if camera not in ("static", "pan"):
            raise ValueError(f'expected camera "static" or "pan", got {camera!r}')
        self.seed, self.size, self.length, self.frame_rate = seed, size, length, frame_rate
        self.figures = figures if paths is None else len(paths)
        self.noise = DetectionNoise() if noise is None else noise
        self.view = View(size, camera, frame_rate, height=camera_height(self.figures))
        rng = np.random.default_rng([seed, 1])
        self._metres = rng.uniform(body.SHORTEST, body.TALLEST, self.figures)
        self._girth = rng.uniform(0.88, 1.15, self.figures)
        self._paths = paths or wander(rng, self.figures, self.view.visible_width(), self.view.depth)
        self._embeddings = identity_vectors(seed, self.figures + 1, embedding_size)
        self._latest: tuple[int, Snapshot] | None = None

    def __len__(self) -> int:
        return self.length

    def snapshot(self, index: int) -> Snapshot:
        """All figures of a frame, also those hidden or out of the picture."""
        if not 0 <= index < self.length:
            raise IndexError(f"expected a frame index from 0 to {self.length - 1}, got {index}")
        if self._latest is None or self._latest[0] != index:
            self._latest = (index, self._snapshot(index))
        return self._latest[1]

    def truth(self, index: int, *, hidden: bool = False) -> sv.Detections:
        """Ground truth of a frame.

        Args:
            index: Frame index from 0.
            hidden: Also those in the picture of whom nothing is to be seen.

        Returns:
            Boxes around the whole body (they may leave the picture), ``tracker_id`` = identity from 1, and
            ``data["visibility"]`` = the part of the body that is to be seen, 0 to 1.
        """
        return self._truth(index, self._shown(index, hidden))

    def detections(self, index: int) -> sv.Detections:
        """What an imperfect detector and an imperfect extractor would make of a frame.

        Returns:
            Noisy boxes in the picture with confidence and class 0, the most confident first;
            ``data["embedding"]``: noisy unit vectors of the identity, float32 ``(n, embedding_size)``;
            ``data["object"]``: the true identity, -1 for a false alarm. There is no ``tracker_id``.
        """
        shown = self._shown(index, hidden=False)
        shown_at = self.snapshot(index).sight.shown[shown][:, ::4]
        # What covers a body is in its box and so in its appearance; a pillar has one of its own, the last row.
        embeddings = self._embeddings[np.where(shown_at < 0, self.figures, shown_at)]
        embeddings = (embeddings * (shown_at != sight.OUTSIDE)[..., None]).mean(axis=1)
        return observe(
            self._truth(index, shown),
            embeddings=embeddings,
            noise=self.noise,
            size=self.size,
            rng=np.random.default_rng([self.seed, 2, index]),
        )

    def camera_motion(self, index: int) -> npt.NDArray[np.float64]:
        """Affine 2 x 3 that takes points of the background from frame ``index - 1`` to frame ``index``."""
        moved = self.view.offset(index - 1) - self.view.offset(index) if index > 0 else 0
        return np.array([[1.0, 0.0, moved], [0.0, 1.0, 0.0]])

    def frame(self, index: int) -> npt.NDArray[np.uint8]:
        """Drawn frame, BGR uint8 of shape ``(height, width, 3)``."""
        return self._painter.frame(index, self.snapshot(index))

    def frames(self) -> Iterator[npt.NDArray[np.uint8]]:
        """All drawn frames in order."""
        return (self.frame(index) for index in range(self.length))

    @cached_property
    def _painter(self) -> Painter:
        from trackers.sample.painter import Painter

        return Painter(self.seed, self.view, self._girth)

    def _snapshot(self, index: int) -> Snapshot:
        motion = self._paths.at(index / self.frame_rate)
        feet, scale = self.view.project(motion.ground)
        feet[:, 0] -= self.view.offset(index)
        heights = scale * self._metres
        pose = body.pose(motion, self._metres, self._girth)
        boxes = feet[:, [0, 1, 0, 1]] + heights[:, None] * body.extent(pose)[:, [0, 3, 2, 1]] * [1, -1, 1, -1]
        pillars = self.view.pillars - [self.view.offset(index), 0, self.view.offset(index), 0]
        return Snapshot(feet, heights, boxes, pose, sight.visibility(feet, heights, pillars, self.size))

    def _shown(self, index: int, hidden: bool) -> npt.NDArray[np.int64]:
        _, _, boxes, _, (visibility, _) = self.snapshot(index)
        width, height = self.size
        inside = (boxes[:, 2] > 0) & (boxes[:, 0] < width) & (boxes[:, 3] > 0) & (boxes[:, 1] < height)
        return np.flatnonzero(inside & (hidden | (visibility > 0)))

    def _truth(self, index: int, shown: npt.NDArray[np.int64]) -> sv.Detections:
        import supervision as sv

        now = self.snapshot(index)
        return sv.Detections(
            xyxy=now.boxes[shown].astype(np.float32),
            confidence=np.ones(len(shown), dtype=np.float32),
            class_id=np.zeros(len(shown), dtype=np.int64),
            tracker_id=shown + 1,
            data={"visibility": now.sight.visibility[shown]},
        )

    @classmethod
    def crossing(cls, *, seed: int = 0, size: tuple[int, int] = (960, 540)) -> Scene:
        """Two walkers meet in the middle: the nearer one (id 1) hides the other (id 2) for a moment."""
        view = View(size, "static", 25.0, camera_height(2))
        walks = [
            [(0.0, *view.ground(0.08, 0.78)), (6.0, *view.ground(0.55, 0.78))],
            [(0.0, *view.ground(0.53, 0.70)), (6.0, *view.ground(0.06, 0.70))],
        ]
        return cls(seed, size, 150, paths=script(walks))

    @classmethod
    def occlusion(cls, *, stop: bool = False, seed: int = 0, size: tuple[int, int] = (960, 540)) -> Scene:
        """One walker passes behind a pillar; with ``stop``, stands there for three seconds first."""
        view = View(size, "static", 25.0, camera_height(1))
        begin, behind, end = (view.ground(column, 0.66) for column in (0.25, 0.63, 0.95))
        rest = [(7.5, *behind)] if stop else []
        walk = [(0.0, *begin), (4.5, *behind), *rest, (11.5 if stop else 8.3, *end)]
        return cls(seed, size, 280 if stop else 205, paths=script([walk]))

    @classmethod
    def crowd(cls, figures: int = 30, *, seed: int = 0, size: tuple[int, int] = (960, 540)) -> Scene:
        """Two streams of walkers pass through each other; everybody stays in the picture for all 200 frames."""
        rng = np.random.default_rng([seed, 4])
        view = View(size, "static", 25.0, camera_height(figures))
        walks = []
        for row in rng.permutation(np.linspace(0.52, 0.94, figures)):
            begin, end = view.ground(rng.uniform(0.06, 0.5), row), view.ground(0.94, row)
            path = [(0.0, *begin), (8.0, min(begin[0] + 8.0 * rng.uniform(0.9, 1.4), end[0]), begin[1])]
            walks.append([(t, -x, z) for t, x, z in path] if rng.random() < 0.5 else path)
        return cls(seed, size, 200, paths=script(walks))


def camera_height(figures: int) -> float:
    """Height of the camera in metres that leaves room for so many figures."""
    return 3.2 * math.sqrt(max(figures, 12) / 12)
