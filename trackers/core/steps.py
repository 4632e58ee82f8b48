"""What a tracker's `_step` is put together from: predict, match by overlap, correct, close the frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.association.assignment import NO_MATCH, Match, assign, unmatched
from trackers.association.classes import NO_CLASS, UNKNOWN
from trackers.boxes import Bools, Floats, Ints
from trackers.core.candidates import candidates_by_overlap
from trackers.core.inspection import Inspection, TracksType
from trackers.core.observations import Observations
from trackers.lifecycle import in_rows


class Steps(Inspection[TracksType]):
    """The tracks of a tracker, and the steps of a frame that trackers share."""

    def _predict(self, observations: Observations) -> TracksType:
        """Move every track to the time of the frame and with the camera, and return the tracks."""
        self._tracks.state = self._predicted(observations) if observations.predicted is None else observations.predicted
        return self._tracks

    def _predicted(self, observations: Observations) -> Floats:
        """State of every track at the time of the frame and after the camera's motion, shape `(n, 5, 4)`."""
        state = self.motion.predict(self._tracks.state, observations.elapsed)
        return state if observations.camera is None else self.motion.warp(state, observations.camera)

    def _left_over(
        self, observations: Observations, taken: Match, of_tracks: Bools, of_detections: Bools
    ) -> tuple[Ints, Ints]:
        """Rows of the tracks and of the detections in two masks that `taken` leaves over, ascending."""
        if len(taken.detection) == len(observations):
            return NO_MATCH.track, NO_MATCH.detection
        rows = (of_tracks & unmatched(len(self._tracks), taken.track)).nonzero()[0]
        return rows, (of_detections & unmatched(len(observations), taken.detection)).nonzero()[0]

    def _match_by_overlap(
        self,
        observations: Observations,
        taken: Match,
        of_tracks: Bools,
        of_detections: Bools,
        minimum_iou: float,
        boxes: Floats | None = None,
    ) -> Match:
        """One stage: match by IoU what `taken` leaves over of the tracks and the detections in two masks.

        `boxes` is where each track is thought to be, shape `(n, 4)`; None takes the predicted boxes.
        """
        tracks = self._tracks
        rows, detections = self._left_over(observations, taken, of_tracks, of_detections)
        if len(rows) == 0 or len(detections) == 0:
            return NO_MATCH
        if boxes is None:
            boxes = self.motion.boxes(tracks.state, rows)
        pairs = candidates_by_overlap(boxes, tracks, rows, observations, detections, minimum_iou)
        return assign(pairs, limit=1.0 - minimum_iou)

    def _restart(self, observations: Observations, match: Match, found: Match) -> Match:
        """Give detections to lost tracks that were recognised; whoever had them ends, unless another is left to it.

        `found` joins lost tracks to their detections; the lost tracks start again at rest on their detections.
        """
        if len(found.track) == 0:
            return match
        self._tracks.state[found.track] = self.motion.initiate(observations.boxes[found.detection])
        kept = unmatched(len(observations), found.detection)[match.detection]
        return Match(match.track[kept], match.detection[kept]) + found

    def _correct(self, observations: Observations, match: Match) -> None:
        """Condition every matched track on its detection."""
        predicted, measured = in_rows(self._tracks.state, match.track), observations.measured.T
        measured = measured.take(match.detection, axis=1).T
        self._tracks.state[match.track] = self.motion.correct_measured(predicted, measured)

    def _advance(self, observations: Observations, match: Match, born: Bools, **columns: npt.NDArray[Any]) -> Ints:
        """Close the frame: hits, misses, ids, deaths, and a new track for each detection in the mask `born`."""
        tracks = self._tracks
        tracks.score[match.track] = observations.scores.take(match.detection)
        if np.count_nonzero(tracks.group == UNKNOWN):
            group = tracks.group[match.track]
            tracks.group[match.track] = np.where(group == UNKNOWN, observations.group[match.detection], group)
        if observations.class_id is not None or self._class_ids:
            votes = self._votes(observations)
            tracks.votes[match.track] += votes.take(match.detection, axis=0)
            columns["votes"] = votes[born]
        if observations.association_log is not None:
            observations.association_log.close(match, born, tracks.id.copy())
        if np.count_nonzero(born):
            columns |= {
                "state": self.motion.initiate(observations.boxes[born]),
                "group": observations.group[born],
                "score": observations.scores[born],
            }
        return self._lifecycle.advance(tracks, match, born, observations.elapsed, **columns)

    def _votes(self, observations: Observations) -> Floats:
        """Confidence of each detection in the column of its class, shape `(n, classes)`; new classes get columns."""
        if observations.class_id is None:
            return np.zeros((len(observations), len(self._class_ids)))
        voted = observations.class_id[:, None] == np.array(self._class_ids, np.int64)
        if np.count_nonzero(voted) < len(observations):
            fresh = sorted(set(observations.class_id.tolist()) - set(self._class_ids) - {NO_CLASS})
            if fresh:
                self._class_ids.extend(fresh)
                self._tracks.votes = np.pad(self._tracks.votes, ((0, 0), (0, len(fresh))))
                voted = observations.class_id[:, None] == np.array(self._class_ids, np.int64)
        return np.where(voted, observations.scores[:, None], 0.0)
