"""Several cameras as one sequence, so that the ordinary scores tell whether an id is one over all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trackers.table import BoxTable


def join(truth: Mapping[str, BoxTable], result: Mapping[str, BoxTable]) -> tuple[BoxTable, BoxTable]:
    """Put the cameras one after another in time; ids stay as they are.

    One id over two cameras then scores as one object found, new ids in the second camera as an object lost.

    Args:
        truth: Ground truth by camera; one id is one object on all cameras.
        result: Results by camera, with identities for ids.

    Returns:
        Both as one table each, the frames of each camera moved behind those of the one before it in `truth`.

    Raises:
        ValueError: If the two have not the same cameras, or there is none.

    Example:
        >>> boxes = BoxTable.from_rows(frame=[1, 2], tracker_id=[7, 7], xywh=[[0, 0, 9, 9], [1, 0, 9, 9]])
        >>> joined, _ = join({"door": boxes, "yard": boxes}, {"door": boxes, "yard": boxes})
        >>> joined.frame.tolist(), joined.tracker_id.tolist()
        ([1, 2, 3, 4], [7, 7, 7, 7])
    """
    if not truth or truth.keys() != result.keys():
        raise ValueError(f"expected truth and result of the same cameras, but got {sorted(truth)} and {sorted(result)}")
    before, parts = 0, []
    for camera in truth:
        pair = (truth[camera], result[camera])
        parts.append([_later(one, before) for one in pair])
        before += max(int(one.frame.max(initial=0)) for one in pair)
    first, second = zip(*parts, strict=True)
    return _concatenated(first), _concatenated(second)


def _later(table: BoxTable, frames: int) -> BoxTable:
    return BoxTable(**{**vars(table), "frame": table.frame + frames})


def _concatenated(tables: tuple[BoxTable, ...]) -> BoxTable:
    return BoxTable(**{name: np.concatenate([getattr(one, name) for one in tables]) for name in vars(tables[0])})
