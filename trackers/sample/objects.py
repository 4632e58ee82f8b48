"""Scenes of other objects than people who walk: cars that turn, fish that bend, and what a drone sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trackers.sample import routes, shapes
from trackers.sample.ground import Ground, covered, draw_polygons
from trackers.sample.noise import DetectionNoise, identity_vectors, observe
from trackers.sample.overhead import Overhead
from trackers.sample.paths import Floats
from trackers.sample.routes import Traveller, drive, park, stroll

if TYPE_CHECKING:
    import supervision as sv

    from trackers.sample.shapes import Colour

CLASSES = {"person": 0, "car": 2, "fish": 3}
"""Class ids; those of people and cars are COCO's."""

SHADOW = np.array([0.35, -0.35])
"""How far a shadow falls, in heights of the body, east and north."""

STEP = 2
"""Visibility is counted on every second pixel of every second row."""

BENT = 0.12
"""Seconds over which a fish bends into a turn."""


class ObjectScene:
    """Cars, fish or what a drone sees: ground truth, noisy detections and drawn frames, all from one seed.

    The boxes change their shape as objects turn and bend. Make one with `cars`, `fish` or `drone`, at any frame rate.

    Args:
        travellers: Who moves, and how (`trackers.sample.routes`).
        view: The camera.
        ground: `"crossing"` or `"tank"`.
        seconds: Duration.
        frame_rate: Frames per second.
        seed: Seed of everything random.
        noise: How far `detections` are from the truth.
        embedding_size: Length of the appearance vectors.

    Raises:
        ValueError: An argument is out of range.

    Example:
        >>> from trackers.sample import ObjectScene
        >>> scene = ObjectScene.cars(frame_rate=10)
        >>> truth = scene.truth(40)
        >>> truth.data["xyxyxyxy"].shape[1:], set(truth.data["class_name"].tolist())
        ((4, 2), {'car'})
    """

    def __init__(
        self,
        travellers: Sequence[Traveller],
        view: Overhead,
        ground: str,
        seconds: float = 12.0,
        frame_rate: float = 30.0,
        *,
        seed: int = 0,
        noise: DetectionNoise | None = None,
        embedding_size: int = 128,
    ) -> None:
        if min(view.size) < 32 or frame_rate <= 0 or seconds * frame_rate < 1 or embedding_size < 2:
            raise ValueError(
                "expected size of at least 32 x 32, frame_rate > 0, one frame at least and embedding_size >= 2, got "
                f"size={view.size}, {frame_rate=}, {seconds=}, {embedding_size=}"
            )
        self.seed, self.size, self.frame_rate, self.view = seed, view.size, frame_rate, view
        self.length = round(seconds * frame_rate)
        self.noise = DetectionNoise(miss=0.02, false_alarms=0.2) if noise is None else noise
        self._travellers, self._ground_kind = travellers, ground
        self._paths = routes.paths_of(travellers)
        self._kinds = np.array([one.kind for one in travellers] or ["car"])
        self._embeddings = identity_vectors(seed, len(travellers), embedding_size)

    def __len__(self) -> int:
        return self.length

    def truth(self, index: int) -> sv.Detections:
        """Ground truth of a frame, as far as something is to be seen.

        Args:
            index: Frame index from 0.

        Returns:
            Upright boxes around what is drawn (they may leave the picture), ``tracker_id`` = identity from 1,
            ``class_id``, ``data["class_name"]``, ``data["visibility"]``, and ``data["xyxyxyxy"]``: the corners of the
            body on the ground, front left first, clockwise as seen from above.
        """
        import supervision as sv

        bodies, corners = self._bodies(index), self._corners(index)
        boxes = np.array([_bounds(faces) for faces in bodies]).reshape(-1, 4)
        visibility = self._visibility(bodies)
        width, height = self.size
        inside = (boxes[:, 2] > 0) & (boxes[:, 0] < width) & (boxes[:, 3] > 0) & (boxes[:, 1] < height)
        shown = np.flatnonzero(inside & (visibility > 0))
        names = self._kinds[shown]
        return sv.Detections(
            xyxy=boxes[shown].astype(np.float32),
            confidence=np.ones(len(shown), dtype=np.float32),
            class_id=np.array([CLASSES[name] for name in names], dtype=np.int64),
            tracker_id=shown + 1,
            data={
                "visibility": visibility[shown],
                "class_name": names,
                "xyxyxyxy": corners[shown].astype(np.float32),
            },
        )

    def detections(self, index: int) -> sv.Detections:
        """What an imperfect detector and an imperfect extractor would make of a frame.

        Returns:
            As `trackers.sample.Scene.detections`, with ``class_id``, ``data["class_name"]`` and ``data["xyxyxyxy"]``;
            the corners of a false alarm are those of its box.
        """
        truth = self.truth(index)
        assert truth.tracker_id is not None
        rng = np.random.default_rng([self.seed, 2, index])
        embeddings = self._embeddings[truth.tracker_id - 1]
        found = observe(truth, embeddings=embeddings, noise=self.noise, size=self.size, rng=rng, people=False)
        identity = np.asarray(found.data["object"])
        found.data["class_name"] = self._kinds[np.maximum(identity, 1) - 1]
        found.class_id = np.array([CLASSES[name] for name in found.data["class_name"]], np.int64)
        corners = found.xyxy[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
        real = np.flatnonzero(identity > 0)
        row = np.searchsorted(truth.tracker_id, identity[real])
        old, new = truth.xyxy[row].reshape(-1, 2, 2), found.xyxy[real].reshape(-1, 2, 2)
        share = (np.asarray(truth.data["xyxyxyxy"])[row] - old[:, :1]) / (old[:, 1:] - old[:, :1])
        corners[real] = new[:, :1] + share * (new[:, 1:] - new[:, :1])
        found.data["xyxyxyxy"] = corners
        return found

    def camera_motion(self, index: int) -> npt.NDArray[np.float64]:
        """Affine 2 x 3 that takes points of the ground from frame ``index - 1`` to frame ``index``."""
        return self.view.motion(max(index - 1, 0) / self.frame_rate, index / self.frame_rate)

    def frame(self, index: int) -> npt.NDArray[np.uint8]:
        """Drawn frame, BGR uint8 of shape ``(height, width, 3)``."""
        seconds = self._seconds(index)
        picture, bodies = self._ground.frame(seconds), self._bodies(index)
        for row in self._from_far_to_near(index):
            draw_polygons(picture, bodies[row], self._shadow(index, row))
        return np.ascontiguousarray(np.asarray(picture)[..., ::-1])

    def frames(self) -> Iterator[npt.NDArray[np.uint8]]:
        """All drawn frames in order."""
        return (self.frame(index) for index in range(self.length))

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self._ground_kind, self.view, self.seed)

    def _seconds(self, index: int) -> float:
        if not 0 <= index < self.length:
            raise IndexError(f"expected a frame index from 0 to {self.length - 1}, got {index}")
        return index / self.frame_rate

    def _bodies(self, index: int) -> list[list[tuple[Floats, Colour]]]:
        """The polygons of each traveller in pixels, and their colours, from far to near."""
        seconds = self._seconds(index)
        now, before = self._paths.at(seconds), self._paths.at(max(seconds - BENT, 0.0))
        flat = self.view.axes(seconds)[:, :2]
        bodies = []
        for row, one in enumerate(self._travellers):
            turned = _turn(now.heading[row])
            if one.kind == "fish":
                bend = float(np.arcsin(np.clip(_cross(now.heading[row], before.heading[row]), -1.0, 1.0)))
                faces = shapes.fish(*one.body, row, float(now.walked[row]), bend)
            elif one.kind == "person":
                faces = shapes.person(*one.body, row, float(now.walked[row]))
            else:
                faces = shapes.car(*one.body, row)
            polygons = []
            for points, colour, outward in faces:
                if outward.any() and (flat @ turned @ outward)[1] <= 0.0:
                    continue  # the back of a wall
                world = np.column_stack([points[:, :2] @ turned.T + now.ground[row], points[:, 2]])
                polygons.append((self.view.project(world, seconds), colour))
            bodies.append(polygons)
        return bodies

    def _corners(self, index: int) -> Floats:
        """Corners of each body on the ground in pixels, shape `(n, 4, 2)`."""
        seconds = self._seconds(index)
        now = self._paths.at(seconds)
        half = np.array([one.body[:2] for one in self._travellers]).reshape(-1, 1, 2) / 2
        local = half * [[1, 1], [1, -1], [-1, -1], [-1, 1]]
        turned = np.array([_turn(heading) for heading in now.heading]).reshape(-1, 2, 2)
        world = local @ turned.swapaxes(1, 2) + now.ground[:, None]
        return self.view.project(np.concatenate([world, np.zeros((*world.shape[:2], 1))], axis=2), seconds)

    def _shadow(self, index: int, row: int) -> Floats:
        seconds = self._seconds(index)
        flat = self.view.axes(seconds)[:, :2]
        fall = SHADOW * self._travellers[row].body[2]
        return np.asarray(self._corners(index)[row] + flat @ fall)

    def _from_far_to_near(self, index: int) -> list[int]:
        order: list[int] = np.argsort(self._corners(index)[:, :, 1].mean(axis=1), kind="stable").tolist()
        return order

    def _visibility(self, bodies: list[list[tuple[Floats, Colour]]]) -> Floats:
        """The part of each body within the picture that no nearer one covers."""
        visibility = np.zeros(len(bodies))
        taken: npt.NDArray[np.bool_] | None = None
        order = np.argsort([np.concatenate([points for points, _ in faces])[:, 1].mean() for faces in bodies])
        for row in order[::-1].tolist():
            mask = covered((points for points, _ in bodies[row]), self.size, STEP)
            free = mask if taken is None else mask & ~taken
            visibility[row] = free.sum() / max(mask.sum(), 1)
            taken = mask if taken is None else taken | mask
        return visibility

    @classmethod
    def cars(
        cls,
        *,
        frame_rate: float = 10.0,
        seed: int = 0,
        size: tuple[int, int] = (960, 540),
        noise: DetectionNoise | None = None,
    ) -> ObjectScene:
        """Nine cars and a lorry at a crossing seen aslant: some turn, two are parked, some hide others."""
        lorry = (8.5, 2.5, 2.4)
        travellers = [
            drive(0.0, "east", "east"), drive(0.6, "west", "north"), drive(1.4, "east", "south"),
            drive(2.2, "west", "west", body=lorry, pace=7.0), drive(4.6, "north", "north"),
            drive(5.2, "south", "west"), drive(6.0, "north", "east"), drive(6.6, "south", "south"),
            park(-14.0, 5.6), park(14.0, -5.6),
        ]  # fmt: skip
        return cls(travellers, Overhead(size, 44.0, 42.0), "crossing", 12.0, frame_rate, seed=seed, noise=noise)

    @classmethod
    def fish(
        cls,
        *,
        frame_rate: float = 60.0,
        seed: int = 0,
        size: tuple[int, int] = (960, 540),
        noise: DetectionNoise | None = None,
        count: int = 5,
    ) -> ObjectScene:
        """Fish in a tank seen from above, which bend, turn round and pass over one another."""
        rng = np.random.default_rng([seed, 9])
        view = Overhead(size, 0.34)
        travellers = routes.swim(rng, count, (0.34, 0.34 * size[1] / size[0]), 12.0)
        return cls(travellers, view, "tank", 12.0, frame_rate, seed=seed, noise=noise)

    @classmethod
    def drone(
        cls,
        *,
        frame_rate: float = 30.0,
        seed: int = 0,
        size: tuple[int, int] = (960, 540),
        noise: DetectionNoise | None = None,
    ) -> ObjectScene:
        """A crossing from straight above, with cars and people, by a camera that drifts and turns a little."""
        walk = partial(stroll, pace=1.5)
        travellers = [
            drive(0.0, "east", "north"), drive(2.2, "east", "east"), drive(3.0, "west", "west"),
            drive(5.0, "north", "north"), drive(6.2, "north", "east"), drive(5.4, "south", "west"),
            walk(-4.0, (-16.0, 5.2), (16.0, 5.2)), walk(-6.0, (14.0, 5.8), (-14.0, 5.6)),
            walk(-3.0, (-5.2, -14.0), (-5.2, 10.0)), walk(-2.0, (5.6, 9.0), (5.6, -12.0)),
            walk(-5.0, (-13.0, -5.4), (2.0, -5.6), (5.4, -9.0)), park(-13.0, -7.6),
        ]  # fmt: skip
        view = Overhead(size, 46.0, 90.0, drift=(3.0, 2.0), turn=6.0, seconds=9.0)
        return cls(travellers, view, "crossing", 12.0, frame_rate, seed=seed, noise=noise)


def _turn(heading: Floats) -> Floats:
    """Rotation `(2, 2)` that takes forward to a unit vector."""
    return np.array([[heading[0], -heading[1]], [heading[1], heading[0]]])


def _cross(first: Floats, second: Floats) -> float:
    return float(first[0] * second[1] - first[1] * second[0])


def _bounds(polygons: Sequence[tuple[Floats, Colour]]) -> Floats:
    """The upright box around polygons, xyxy."""
    points = np.concatenate([corners for corners, _ in polygons])
    return np.concatenate([points.min(axis=0), points.max(axis=0)])
