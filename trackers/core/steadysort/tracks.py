"""What SteadySORT keeps of a track, and which lost one could be which new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trackers.appearance.average import alike_pairs, moving_average
from trackers.association.assignment import Match
from trackers.association.classes import share_group
from trackers.association.pairs import Pairs
from trackers.boxes import Bools, Floats, Ints, Vectors
from trackers.core.embeddings import TracksWithEmbedding
from trackers.lifecycle import column
from trackers.motion import kalman
from trackers.motion.models import centre_size

if TYPE_CHECKING:
    from trackers.core.observations import Observations

STEP, PACE = 2.0, 1.0
"""Heights between two sightings: at once, and more for each second; a brisk walk is one height a second."""

GROWTH = 2.0
"""Largest ratio of heights, either way."""


@dataclass
class SteadySORTTracks(TracksWithEmbedding):
    """Tracks with their average embedding, and their last detected box.

    Attributes:
        box: Box of the last detection, shape `(n, 4)`.
        embedding_count: Number of vectors averaged, shape `(n,)`.
    """

    box: Floats = column(4, dtype=np.float64)
    embedding_count: Ints = column()

    def update_embeddings(self, match: Match, observations: Observations, longest: float) -> None:
        """Store the boxes of matched tracks, and average their embeddings over at most `longest` vectors.

        A vector stands for the frames since the last one, too.
        """
        rows, vectors = match.track, observations.vectors.take(match.detection, axis=0)
        counted = np.minimum(self.embedding_count.take(rows), longest)
        new = 1 + self.frames_since_embedding.take(rows) * (self.missed.take(rows) == 0)
        momentum = counted / (counted + new)
        self.embedding[rows] = moving_average(self.embedding.take(rows, axis=0), vectors, momentum)
        if self.raw.shape[1]:
            self.raw[rows] = moving_average(self.raw[rows], observations.raw[match.detection], momentum)
        self.embedding_count[rows] += new * observations.embedded.take(match.detection)
        self.count_frames(rows, observations.not_embedded.track)
        self.box[rows] = observations.boxes.take(match.detection, axis=0)


def heights(boxes: Floats) -> Floats:
    """Height of each box in pixels, shape `(n,)`."""
    return np.asarray(boxes[:, 3] - boxes[:, 1])


def centres(tracks: SteadySORTTracks, rows: Ints) -> Floats:
    """Predicted centres of the tracks in these rows, shape `(2, k)`."""
    return np.asarray(kalman.rows_of(tracks.state)[kalman.POSITION, :2].take(rows, axis=1))


def every_pair(of_tracks: Bools, of_detections: Bools) -> Match:
    """All pairs of a track and a detection in two masks, sorted by track, then detection.

    Example:
        >>> [side.tolist() for side in every_pair(np.array([True, False, True]), np.array([True, True]))]
        [[0, 0, 2, 2], [0, 1, 0, 1]]
    """
    rows, detections = of_tracks.nonzero()[0], of_detections.nonzero()[0]
    return Match(np.repeat(rows, len(detections)), np.tile(detections, len(rows)))


def perhaps_similar(
    tracks: SteadySORTTracks, lost: Bools, observations: Observations, ready: Bools, vectors: Vectors, limit: float
) -> Match:
    """Lost tracks and new ones that are worth a closer comparison.

    Args:
        tracks: Tracks before this frame is counted.
        lost: Mask of the tracks that may be found again, shape `(n,)`.
        observations: The frame.
        ready: Mask of the detections whose track is new, shape `(m,)`.
        vectors: The embedding of each detection's track, shape `(m, d)`.
        limit: Largest cosine distance.

    Returns:
        The pairs that may be within the limit; all of them where comparisons are logged.
    """
    if observations.association_log is not None:
        return every_pair(lost, ready)
    return Match(*alike_pairs(tracks.embedding, lost.nonzero()[0], vectors, ready.nonzero()[0], limit))


def reachable(
    tracks: SteadySORTTracks, pairs: Match, observations: Observations, age: Floats, frame_rate: float
) -> Pairs:
    """Those pairs of a lost track and a new one that could be one person, as far as motion goes.

    They were never detected together, the way between them can be walked in the time, and neither is much taller.

    Args:
        tracks: Tracks before this frame is counted.
        pairs: Lost tracks, and detections whose track is new.
        observations: The frame.
        age: Frames since the first detection of each detection's track, -1 where it is this one, shape `(m,)`.
        frame_rate: Frames per second.

    Returns:
        Pairs of table rows and frame rows, at the distance in heights.
    """
    track, detection = pairs
    last, now = tracks.box[track], observations.boxes[detection]
    way = np.linalg.norm(centre_size(now)[:, :2] - centre_size(last)[:, :2], axis=1) / heights(last)
    seconds = (tracks.missed[track] + observations.elapsed) / frame_rate
    growth = heights(now) / heights(last)
    possible = (way <= STEP + PACE * seconds) & (growth <= GROWTH) & (growth >= 1.0 / GROWTH)
    possible &= tracks.missed[track] > age[detection]
    possible &= share_group(tracks.group[track], observations.group[detection])
    return Pairs(track, detection, way).where(possible)
