"""Which tracks and detections may match: the sparse pairs every stage works on.

Pairs carry rows of the whole table and of the whole frame, whatever subset a stage compares, and never join two groups
of classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trackers.association.classes import share_group
from trackers.association.pairs import GATE, Pairs, mahalanobis, overlapping_pairs, pairs_in_gate
from trackers.boxes import Floats, Ints, overlap
from trackers.core.association_log import all_pairs
from trackers.lifecycle import Tracks, in_rows
from trackers.motion.models import MotionModel

if TYPE_CHECKING:
    from trackers.core.observations import Observations


def candidates_in_gate(
    model: MotionModel,
    tracks: Tracks,
    rows: Ints,
    observations: Observations,
    gating: str = "state",
    within: Floats | None = None,
) -> Pairs:
    """Pairs inside the Mahalanobis gate, at their squared distance.

    Args:
        model: Motion model of the tracks.
        tracks: Predicted tracks.
        rows: Tracks of this stage, ascending, shape `(k,)`.
        observations: The frame.
        gating: `"state"` for all four coordinates, `"position"` for the centre alone.
        within: How far off the predicted centre a detection may lie, for each of these tracks, shape `(k,)`, where the
            caller leaves out what is farther: the gate of a track that was lost for long takes in the whole picture.

    Returns:
        Pairs of table rows and frame rows.
    """
    if observations.association_log is not None:
        distance = mahalanobis(model, tracks.state[rows], observations.measured, gating)
        observations.association_log.write(
            "gate", all_pairs(rows, np.arange(len(observations)), distance), GATE[gating]
        )
    state = tracks.state if len(rows) == len(tracks) else in_rows(tracks.state, rows)
    track, detection, distance = pairs_in_gate(model, state, observations.measured, gating, within)
    return _same_group(tracks, observations, Pairs(rows[track], detection, distance))


def candidates_by_overlap(
    boxes: Floats, tracks: Tracks, rows: Ints, observations: Observations, detections: Ints, minimum_iou: float
) -> Pairs:
    """Pairs whose boxes overlap by at least `minimum_iou`, at `1 - IoU`.

    Args:
        boxes: Where the tracks are thought to be: all, shape `(n, 4)`, or those of this stage, shape `(k, 4)`.
        tracks: Predicted tracks.
        rows: Tracks of this stage, ascending, shape `(k,)`.
        observations: The frame.
        detections: Detections of this stage, ascending, shape `(m,)`.
        minimum_iou: Smallest IoU of a pair.

    Returns:
        Pairs of table rows and frame rows.
    """
    boxes = boxes if len(boxes) == len(rows) else boxes.take(rows, axis=0)
    detected_boxes = observations.boxes.take(detections, axis=0)
    if observations.association_log is not None:
        iou = overlap(boxes[:, None], detected_boxes)
        observations.association_log.write("IoU", all_pairs(rows, detections, iou), minimum_iou)
    track, detection, cost = overlapping_pairs(boxes, detected_boxes, minimum_iou)
    return _same_group(tracks, observations, Pairs(rows[track], detections[detection], cost))


def _same_group(tracks: Tracks, observations: Observations, pairs: Pairs) -> Pairs:
    return pairs.where(share_group(tracks.group.take(pairs.track), observations.group.take(pairs.detection)))
