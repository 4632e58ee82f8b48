"""Cameras that see one place: points of the floor, what is learned from people who walk, and geometry alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identity.drawn import GivenIds, noisy, people
from trackers.identity import CameraLinks, MultiCameraTracker
from trackers.identity.homography import fit_homography, fit_robustly, move_points
from trackers.identity.shared_view import Feet, SharedView, foot_distances

Floats = npt.NDArray[np.float64]

FLOOR: Floats = np.array([[0.0, 0.0], [6.0, 0.0], [6.0, 8.0], [0.0, 8.0]])
"""Corners of a floor in metres."""

PICTURES: dict[str, Floats] = {
    "yard": np.array([[200.0, 900.0], [1700.0, 950.0], [1250.0, 420.0], [650.0, 400.0]]),
    "gate": np.array([[1500.0, 300.0], [1400.0, 1000.0], [150.0, 800.0], [700.0, 280.0]]),
}
"""Where two cameras see them."""

TRUE = {name: fit_homography(FLOOR, points) for name, points in PICTURES.items()}
OVER = fit_homography(PICTURES["yard"], PICTURES["gate"])


def walks(seed: int, count: int, instants: int) -> Floats:
    """People who walk to and fro on the floor, shape `(instants, count, 2)`."""
    rng = np.random.default_rng(seed)
    phase, pace = rng.uniform(0.0, 6.3, (2, count)), rng.uniform(0.2, 0.7, (2, count))
    time = np.arange(instants)[:, None] * 0.25
    return np.stack([3.0 + 2.8 * np.sin(time * pace[0] + phase[0]), 4.0 + 3.8 * np.sin(time * pace[1] + phase[1])], 2)


def boxes(name: str, spots: Floats) -> Floats:
    """Boxes of people 1.7 m high who stand on spots of the floor; a metre is as long as on the floor beside them."""
    feet = move_points(TRUE[name], spots)
    metre = np.linalg.norm(move_points(TRUE[name], spots + np.array([0.5, 0.0])) - feet, axis=1) * 2.0
    tall = 1.7 * metre
    return np.column_stack((feet[:, 0] - 0.2 * tall, feet[:, 1] - tall, feet[:, 0] + 0.2 * tall, feet[:, 1]))


def frame(name: str, spots: Floats, ids: list[int], vectors: Any = None) -> sv.Detections:
    found = sv.Detections(xyxy=boxes(name, spots), confidence=np.full(len(spots), 0.9))
    found.data["track"] = np.array(ids)
    if vectors is not None:
        found.data["embedding"] = vectors
    return found


def matrix_of(links: CameraLinks) -> Any:
    link = links.get("yard", "gate")
    assert link is not None
    return link.homography


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(4, 30))
def test_a_homography_is_recovered_from_points(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.concatenate((FLOOR, rng.uniform(0.0, 8.0, (count, 2))))
    goals = move_points(TRUE["yard"], points)
    np.testing.assert_allclose(move_points(fit_homography(points, goals), points), goals, atol=1e-3)
    back: Any = np.linalg.inv(TRUE["yard"])
    np.testing.assert_allclose(move_points(back, goals), points, atol=1e-6)


def test_a_few_wrong_points_do_not_move_a_robust_homography() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0.0, 6.0, (40, 2))
    goals = move_points(TRUE["gate"], points)
    spoiled = goals.copy()
    spoiled[:6] += 600.0
    heights = np.full(40, 200.0)
    plain, robust = (fit(points, spoiled) for fit in (fit_homography, lambda a, b: fit_robustly(a, b, heights)))
    error = [float(np.linalg.norm(move_points(one, points) - goals, axis=1)[6:].mean()) for one in (plain, robust)]
    assert error[1] < 15.0 < error[0]


def test_what_lies_on_the_horizon_is_far_away_and_finite() -> None:
    tilted = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    moved = move_points(tilted, np.array([[5.0, 0.0], [5.0, 1.0]]))
    assert np.isfinite(moved).all()
    assert abs(moved[0, 0]) > 1e9
    assert moved[1].tolist() == [5.0, 1.0]


@pytest.mark.parametrize(
    ("points", "goals", "message"),
    [
        (FLOOR[:3], FLOOR[:3], "four or more"),
        (FLOOR, FLOOR[:3], "four or more"),
        (FLOOR[:, :1], FLOOR[:, :1], "four or more"),
        (np.where(FLOOR == 0.0, np.nan, FLOOR), FLOOR, "finite"),
    ],
)
def test_points_that_fix_no_homography_are_refused(points: Floats, goals: Floats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_homography(points, goals)


def test_four_points_a_camera_say_where_feet_stand_on_the_other() -> None:
    floors = {name: (pixels, FLOOR) for name, pixels in PICTURES.items()}
    links = CameraLinks(overlap=[("yard", "gate")], floors=floors)
    assert str(links) == "yard -> gate: see one place, homography known"
    spots = np.random.default_rng(0).uniform(0.0, 6.0, (5, 2))
    there = {name: move_points(matrix, spots) for name, matrix in TRUE.items()}
    for first, second in (("yard", "gate"), ("gate", "yard")):
        link = links.get(first, second)
        assert link is not None
        assert link.homography is not None
        np.testing.assert_allclose(move_points(link.homography, there[first]), there[second], atol=1e-4)
    np.testing.assert_allclose(matrix_of(CameraLinks.from_state(links.state())), matrix_of(links))
    given_one = CameraLinks({("yard", "gate"): {"overlap": True, "homography": np.eye(3)}}, floors=floors)
    np.testing.assert_array_equal(matrix_of(given_one), np.eye(3))


def test_a_floor_on_a_line_is_refused_by_its_camera() -> None:
    line = np.column_stack((np.arange(4.0), np.arange(4.0)))
    with pytest.raises(ValueError, match="camera 'yard' lie on a line"):
        CameraLinks(overlap=[("yard", "gate")], floors={"yard": (line, line)})


def test_distance_of_feet_is_in_heights_and_bounded() -> None:
    here = Feet(np.array([1, 2]), np.array([[0.0, 0.0], [1000.0, 0.0]]), np.full(2, 100.0))
    there = Feet(np.array([1]), np.array([[50.0, 0.0]]), np.full(1, 100.0))
    assert foot_distances(np.eye(3), here, there).tolist() == [[0.5], [3.0]]


@pytest.mark.parametrize("described", [True, False], ids=["with vectors", "geometry alone"])
@pytest.mark.parametrize("seed", [0])
def test_a_shared_view_learns_where_the_feet_of_one_picture_stand_on_the_other(described: bool, seed: int) -> None:
    path = walks(seed, 5, 250)
    rng = np.random.default_rng(seed)
    view = SharedView()
    numbers = np.arange(5)

    def similarity(firsts: Any, seconds: Any) -> Any:
        same = (firsts[:, None] % 5 == seconds % 5).astype(float)
        return same + 0.2 * rng.standard_normal(same.shape) if described else 0.0 * same

    for instant, spots in enumerate(path):
        feet = []
        for name, number in (("yard", 0), ("gate", 5)):
            box = boxes(name, spots)
            tall = box[:, 3] - box[:, 1]
            points = np.column_stack((box[:, [0, 2]].mean(axis=1), box[:, 3]))
            feet.append(Feet(number + numbers, points + 0.03 * tall[:, None] * rng.standard_normal((5, 2)), tall))
        assert view.add(feet[0], feet[1], 0.25 * instant)
        view.learn_when_due(similarity)
    assert view.homography is not None
    first, second, distance, count = view.evidence()
    assert count.max() > 100
    assert distance[second == first + 5].max() < 0.6
    assert (distance[second != first + 5] > 1.0).mean() > 0.8
    again = SharedView()
    again.load(view.state())
    for one, other in zip(view.evidence(), again.evidence(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_random_feet_teach_nothing() -> None:
    rng = np.random.default_rng(0)
    view = SharedView()
    for instant in range(120):
        feet = [Feet(first + np.arange(4), rng.uniform(0, 2000, (4, 2)), np.full(4, 60.0)) for first in (0, 4)]
        view.add(feet[0], feet[1], 0.25 * instant)
        view.learn_when_due(lambda a, b: np.zeros((len(a), len(b))))
    assert view.homography is None


@pytest.mark.parametrize("floors", [True, False], ids=["four points", "learned"])
def test_geometry_alone_gives_one_identity(floors: bool) -> None:
    path = walks(3, 4, 300)
    given_floors = {name: (pixels, FLOOR) for name, pixels in PICTURES.items()} if floors else None
    links = CameraLinks(overlap=[("yard", "gate")], floors=given_floors)
    cameras = MultiCameraTracker({name: GivenIds() for name in PICTURES}, links=links)
    for instant, spots in enumerate(path):
        for name, order in (("yard", [0, 1, 2, 3]), ("gate", [2, 0, 3, 1])):
            cameras.update(name, frame(name, spots[order], [7 + one for one in order]), timestamp=0.25 * instant)
    found = cameras.link()
    assert {found["yard", number] for number in range(7, 11)} == {found["gate", number] for number in range(7, 11)}
    assert all(found["yard", number] == found["gate", number] for number in range(7, 11))
    assert len(set(found.values())) == 4


def test_tracks_that_stand_apart_are_two_however_similar() -> None:
    rng = np.random.default_rng(0)
    vector = people(0, 1)
    links = CameraLinks(overlap=[("yard", "gate")], floors={name: (pixels, FLOOR) for name, pixels in PICTURES.items()})
    cameras = MultiCameraTracker({name: GivenIds() for name in PICTURES}, links=links)
    for instant in range(60):
        for name, spot in (("yard", [1.0, 1.0]), ("gate", [5.0, 7.0])):
            found = frame(name, np.array([spot]), [1], noisy(rng, vector, 0.2))
            result = cameras.update(name, found, timestamp=0.25 * instant)
    assert result.data["identity"].tolist() == [2]
    assert cameras.link() == {("yard", 1): 1, ("gate", 1): 2}
    explanation = cameras.explain("gate", 1)
    assert [one.ruled_out for one in explanation.candidates] == [True]
    assert "ruled out" in str(explanation)
