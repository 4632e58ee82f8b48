"""One identity over four cameras, on vectors that are drawn.

    TRACKERS_DATA=/path/to/data python tests/benchmarks/identities.py --seeds 10 11 12

tracks `more/crosscam/campus_auditorium` (four cameras of CAMPUS, two of them on one place, two on another; boxes of a
detector, no pictures) with SteadySORT and prints, for each seed, the IDF1 of all cameras joined in time:

- **local**: ids of each camera, none shared;
- **perfect**: every track given the person it follows most;
- **online**: identities as `MultiCameraTracker.update` gives them, and **link**: those after `link()`.

A vector is the sum of a part common to all, an offset of its camera, a centre of its person, one of its walk, and noise
of its box. Within a camera, two of one walk lie .27 apart and two of different people .51, as those of OSNet x0.25 do
on real crops. How much of the difference is the person and how much the walk decides how hard it is: with the shares
used, the mean vectors of 74 people on two cameras find their own first in 50 % and, with the mean of each camera taken
off, in 83 %, where real ones reach 71 and 84 % (`--rank`). `--shares .29 .20 .11 .13` is much harder: 22 and 53 %.

Settings of the library were chosen on seeds 0 and 1; report other seeds.
"""

from __future__ import annotations

import argparse
import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from scipy.optimize import linear_sum_assignment

from trackers import SteadySORTTracker
from trackers.evaluation import evaluate_sequence, format_table, join
from trackers.identity import CameraLinks, MultiCameraTracker
from trackers.table import BoxTable

CAMERAS = ("HC3", "HC4", "IP2", "IP5")
RATE = 30.0
LENGTH = 28
SHARES = (0.39, 0.10, 0.14, 0.10)
"""Share of the squared length that is common to all, of the camera, of the person, of the walk; the rest is noise."""
NEW_WALK = 60
"""Frames out of sight after which a person's next walk begins."""

LINKS = {(one, other): (2.9, 17.3) for one in CAMERAS[:2] for other in CAMERAS[2:]} | {
    (other, one): (1.9, 7.5) for one in CAMERAS[:2] for other in CAMERAS[2:]
}


class Camera:
    """Truth and detections of a camera, and the person of each detection, -1 for nobody."""

    def __init__(self, folder: Path, name: str) -> None:
        with gzip.open(folder / f"view-{name}.gt.txt.gz", "rt") as file:
            rows = np.array([line.split()[:7] for line in file], np.int64)
        rows = rows[rows[:, 6] == 0]
        self.truth = BoxTable.from_rows(
            frame=rows[:, 5] + 1,
            tracker_id=rows[:, 0],
            xywh=np.column_stack((rows[:, 1:3], rows[:, 3:5] - rows[:, 1:3])).astype(np.float64),
        )
        self.found = np.loadtxt(folder / f"view-{name}.det.csv.gz", delimiter=",", skiprows=1)
        self.found = self.found[np.argsort(self.found[:, 0], kind="stable")]
        self.person = np.full(len(self.found), -1)
        self.walk = np.full(len(self.found), -1)
        last: dict[int, int] = {}
        walks: dict[int, int] = {}
        count = 0
        for frame in range(int(self.found[:, 0].max()) + 1):
            mine = np.flatnonzero(self.found[:, 0] == frame)
            true = np.flatnonzero(self.truth.frame == frame + 1)
            overlap = sv.box_iou_batch(self.found[mine, 1:5], self.truth.xyxy[true])
            one, other = linear_sum_assignment(-overlap)
            for row, column in zip(one.tolist(), other.tolist(), strict=True):
                if overlap[row, column] >= 0.5:
                    who = int(self.truth.tracker_id[true[column]])
                    if frame - last.get(who, -10_000) > NEW_WALK:
                        count += 1
                        walks[who] = count
                    last[who] = frame
                    self.person[mine[row]], self.walk[mine[row]] = who, walks[who]

    def vectors(
        self, rng: np.random.Generator, common: Any, people: dict[int, Any], shares: Sequence[float]
    ) -> np.ndarray:
        """Draw a vector for each detection."""
        _, offset, centre, walk_share = shares
        count = len(self.found)
        drawn = common + part(rng, 1, offset) + part(rng, count, 1.0 - sum(shares))
        walks = {walk: part(rng, 1, walk_share)[0] for walk in np.unique(self.walk).tolist()}
        for row, (who, walk) in enumerate(zip(self.person.tolist(), self.walk.tolist(), strict=True)):
            drawn[row] += people[who] + walks[walk] if who >= 0 else part(rng, 1, centre + walk_share)[0]
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def part(rng: np.random.Generator, count: int, share: float) -> Any:
    """Random parts of vectors, with so large a share of their squared length."""
    return np.sqrt(share / LENGTH) * rng.standard_normal((count, LENGTH))


def rank_one(shares: Sequence[float], people: int = 74, boxes: int = 60, trials: int = 20) -> tuple[float, float]:
    """How often mean vectors find their own first on another camera, in per cent: as drawn, and with the means off."""
    rng = np.random.default_rng(0)
    common, offset, centre, walk = shares
    right = np.zeros(2)
    for _ in range(trials):
        everybody, who = part(rng, 1, common), part(rng, people, centre)
        means = []
        for _ in range(2):
            mine = everybody + part(rng, 1, offset) + who + part(rng, people, walk)
            drawn = mine[:, None] + part(rng, people * boxes, 1.0 - sum(shares)).reshape(people, boxes, LENGTH)
            means.append((drawn / np.linalg.norm(drawn, axis=2, keepdims=True)).mean(axis=1))
        for place, rows in enumerate((means, [one - one.mean(axis=0) for one in means])):
            one, other = (row / np.linalg.norm(row, axis=1, keepdims=True) for row in rows)
            right[place] += ((one @ other.T).argmax(axis=1) == np.arange(people)).mean() / trials
    return float(100 * right[0]), float(100 * right[1])


def spread(cameras: dict[str, Camera], vectors: dict[str, Any]) -> dict[str, float]:
    """Mean distance of two drawn vectors, by what they have in common."""
    rng = np.random.default_rng(0)
    rows = [
        (name, int(row))
        for name, camera in cameras.items()
        for row in rng.choice(np.flatnonzero(camera.person >= 0), 600, replace=False)
    ]
    drawn = np.array([vectors[name][row] for name, row in rows])
    place, who, walk = (
        np.array(one)
        for one in zip(*[(name, cameras[name].person[row], cameras[name].walk[row]) for name, row in rows], strict=True)
    )
    distance = 1.0 - drawn @ drawn.T
    upper = np.triu(np.ones(distance.shape, bool), 1)
    here, same, walks = (column[:, None] == column for column in (place, who, walk))
    return {
        "same walk": float(distance[upper & here & same & walks].mean()),
        "same person, one camera": float(distance[upper & here & same].mean()),
        "others, one camera": float(distance[upper & here & ~same].mean()),
        "same person, two cameras": float(distance[upper & ~here & same].mean()),
        "others, two cameras": float(distance[upper & ~here & ~same].mean()),
    }


def once(frame: Any, ids: Any, spare: Any) -> Any:
    """Ids of rows, where an id that a frame has already gives way to the track's own."""
    _, first = np.unique(np.column_stack((frame, ids)), axis=0, return_index=True)
    twice = ids >= 0
    twice[first] = False
    return np.where(twice, spare + 1_000_000, ids)


def drawn_vectors(cameras: dict[str, Camera], seed: int, shares: Sequence[float]) -> dict[str, Any]:
    """A vector for each detection of each camera."""
    rng = np.random.default_rng(seed)
    common = part(rng, 1, shares[0])
    who = sorted({one for camera in cameras.values() for one in camera.person.tolist()} - {-1})
    people = {one: part(rng, 1, shares[2])[0] for one in who}
    return {name: camera.vectors(rng, common, people, shares) for name, camera in cameras.items()}


def row_of(cameras: dict[str, Camera], seed: int, vectors: dict[str, Any]) -> dict[str, Any]:
    """Scores of one seed."""
    links = CameraLinks(LINKS, overlap=[CAMERAS[:2], CAMERAS[2:]])
    tracker = MultiCameraTracker({name: SteadySORTTracker() for name in CAMERAS}, links=links)
    local = {name: np.full(len(camera.found), -1) for name, camera in cameras.items()}
    online = {name: ids.copy() for name, ids in local.items()}
    for frame in range(int(max(camera.found[-1, 0] for camera in cameras.values())) + 1):
        for name, camera in cameras.items():
            rows = slice(*np.searchsorted(camera.found[:, 0], (frame, frame + 1)).tolist())
            found = sv.Detections(
                xyxy=camera.found[rows, 1:5], confidence=camera.found[rows, 5], data={"embedding": vectors[name][rows]}
            )
            tracked = tracker.update(name, found, timestamp=frame / RATE)
            local[name][rows], online[name][rows] = tracked.tracker_id, tracked.data["identity"]
    events = len(tracker.events) / max(len(np.unique(np.concatenate(list(online.values())))) - 1, 1)
    linked = tracker.link()
    after, perfect, apart = {}, {}, {}
    for number, (name, camera) in enumerate(cameras.items()):
        ids = local[name]
        after[name] = np.array([linked.get((name, one), -1) for one in ids.tolist()])
        apart[name] = np.where(ids >= 0, ids + 10_000 * number, -1)
        perfect[name] = apart[name] + 100_000
        for one in np.unique(ids[ids >= 0]).tolist():
            known = camera.person[(ids == one) & (camera.person >= 0)]
            if len(known):
                perfect[name][ids == one] = np.bincount(known).argmax()
        perfect[name][ids < 0] = -1

    perfect, after = (
        {name: once(cameras[name].found[:, 0], ids, apart[name]) for name, ids in column.items()}
        for column in (perfect, after)
    )

    def scores(column: dict[str, Any]) -> Any:
        result = {
            name: BoxTable.from_rows(
                frame=camera.found[kept, 0].astype(np.int64) + 1,
                tracker_id=column[name][kept],
                xywh=np.hstack((camera.found[kept, 1:3], camera.found[kept, 3:5] - camera.found[kept, 1:3])),
            )
            for name, camera in cameras.items()
            for kept in [column[name] >= 0]
        }
        return evaluate_sequence(*join({name: camera.truth for name, camera in cameras.items()}, result))

    tracked_rows = sum(int((ids >= 0).sum()) for ids in local.values())
    decided = sum(int((ids >= 0).sum()) for ids in online.values())
    now = scores(online)
    return {
        "seed": str(seed),
        "local": 100 * scores(apart).idf1,
        "perfect": 100 * scores(perfect).idf1,
        "online": 100 * now.idf1,
        "link": 100 * scores(after).idf1,
        "ID switches": now.id_switches,
        "events per identity": float(events),
        "undecided": 1.0 - decided / tracked_rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10, 20)))
    parser.add_argument("--shares", type=float, nargs=4, default=SHARES, help="common, camera, person, walk")
    parser.add_argument("--rank", action="store_true", help="say how hard the drawing is, and no more")
    options = parser.parse_args()
    if options.rank:
        print("rank 1 from camera to camera: {:.1f}, means off {:.1f}".format(*rank_one(options.shares)))
        return
    folder = Path(os.environ["TRACKERS_DATA"]) / "more" / "crosscam" / "campus_auditorium"
    cameras = {name: Camera(folder, name) for name in CAMERAS}
    for seed in options.seeds:
        vectors = drawn_vectors(cameras, seed, options.shares)
        print(", ".join(f"{name} {value:.2f}" for name, value in spread(cameras, vectors).items()))
        print(format_table([row_of(cameras, seed, vectors)], "markdown"), flush=True)


if __name__ == "__main__":
    main()
