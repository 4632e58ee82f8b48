"""Boxes out of an Ultralytics result, and ids into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trackers.boxes import Ints
from trackers.errors import require
from trackers.lifecycle import NO_ID

if TYPE_CHECKING:
    import supervision as sv


def detections_of(result: Any) -> sv.Detections:
    """The boxes of an Ultralytics result, rotated ones by the upright box around them; masks stay behind."""
    import supervision as sv

    boxes = result.boxes if result.obb is None else result.obb
    return sv.Detections(
        xyxy=boxes.xyxy.cpu().numpy(),
        confidence=boxes.conf.cpu().numpy(),
        class_id=boxes.cls.cpu().numpy().astype(int),
    )


def with_ids(result: Any, ids: Ints) -> Any:
    """The rows of an Ultralytics result that have an id, boxes unchanged, with their masks and key points.

    Args:
        result: The `ultralytics.engine.results.Results`; not changed.
        ids: Id of each row, -1 for none, shape `(n,)`.

    Returns:
        New results of the same frame; without ids if no row has one.
    """
    torch = require("torch", extra="ultralytics")
    rows = np.flatnonzero(ids != NO_ID)
    tracked = result[rows.tolist()]
    if len(rows) == 0:
        return tracked
    kind = "boxes" if tracked.obb is None else "obb"
    data = torch.as_tensor(getattr(tracked, kind).data)
    column = torch.as_tensor(ids[rows], dtype=data.dtype, device=data.device)[:, None]
    tracked.update(**{kind: torch.cat((data[:, :-2], column, data[:, -2:]), dim=1)})
    return tracked
