"""Clusters after the fact: single members move to where they fit better, and what cannot be beside them makes room.

Agglomeration never takes anything back. A short tracklet that joined early keeps a long one of the same object out,
where both were there at once; here the long one takes its place.
"""

from __future__ import annotations

import numpy as np

from trackers.boxes import Bools, Floats, Ints

ROUNDS = 20
"""Passes over all members at most; most often two or three are enough."""


def rearranged(label: Ints, gain: Floats, possible: Bools) -> Ints:
    """Clusters in which no single move makes the sum of gains within clusters larger.

    Args:
        label: Cluster of each member, from 0 to n - 1, shape `(n,)`.
        gain: What it is worth that two are in one cluster, negative where it does harm, shape `(n, n)`, symmetric.
        possible: Which pairs may be in one cluster, shape `(n, n)`, symmetric.

    Returns:
        New clusters, shape `(n,)`.

    Example:
        >>> gain = np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 1.0], [3.0, 1.0, 0.0]])
        >>> possible = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]], bool)
        >>> rearranged(np.array([0, 0, 2]), gain, possible).tolist()
        [2, 0, 2]
    """
    label, count = label.copy(), len(label)
    gain = gain * ~np.eye(count, dtype=np.bool_)
    barred = ~possible & ~np.eye(count, dtype=np.bool_)
    order = np.argsort(-np.abs(gain).sum(axis=1), kind="stable")
    for _ in range(ROUNDS):
        moves = 0
        held = (gain * (label[:, None] == label)).sum(axis=1)
        for row in order.tolist():
            worth = np.bincount(label, gain[row] * ~barred[row], minlength=count)
            price = np.bincount(label, held.clip(0.0) * barred[row], minlength=count)
            net = worth - price
            net[label[row]] = held[row]
            goal = int(net.argmax())
            if net[goal] < 0.0:
                goal = _unused(label)
            elif net[goal] <= held[row] + 1e-9:
                continue
            for one in [row, *np.flatnonzero(barred[row] & (label == goal)).tolist()]:
                held -= gain[one] * (label == label[one])
                label[one] = goal if one == row else _unused(label)
                held += gain[one] * (label == label[one])
                held[one] = (gain[one] * (label == label[one])).sum()
            moves += 1
        if not moves:
            break
    return label


def _unused(label: Ints) -> int:
    """A label that no member has; there is one as long as two members share theirs."""
    return int(np.flatnonzero(np.bincount(label, minlength=len(label)) == 0)[0])
