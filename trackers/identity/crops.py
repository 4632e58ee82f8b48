"""Vectors of pictures that show one object each, and whether two extractors are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.vectors import has_embedding, unit_vectors
from trackers.boxes import Vectors
from trackers.images import as_bgr

SAME = 0.99
"""Cosine similarity of what two extractors say of one picture from which on they are taken for one."""


def enrolled_vectors(
    extractor: Any, images: Sequence[npt.NDArray[Any]] | None, vectors: npt.ArrayLike | None
) -> Vectors:
    """Unit vectors of pictures, or of vectors given instead; those that say nothing are left out.

    Raises:
        ValueError: If both or neither are given, or nothing is left.
    """
    if (images is None) == (vectors is None):
        raise ValueError("expected images=... or vectors=..., one of the two")
    if vectors is not None:
        given = np.atleast_2d(np.asarray(vectors))
        rows = unit_vectors(given, len(given), "vectors")
    else:
        rows = crop_vectors(extractor, list(images or ()))
    rows = rows[has_embedding(rows)] if rows.shape[1] else rows[:0]
    if len(rows) == 0:
        raise ValueError("nothing to enroll: no picture or vector is usable")
    return rows


def crop_vectors(extractor: Any, images: Sequence[npt.NDArray[Any]]) -> Vectors:
    """One vector for each picture, from the whole of it.

    Args:
        extractor: A feature extractor.
        images: Pictures as `trackers.images.as_bgr` takes them.

    Returns:
        Unit vectors, shape `(n, d)`; a zero row for a picture without content.

    Raises:
        ValueError: If there is no extractor or no picture.
    """
    import supervision as sv

    if extractor is None:
        raise ValueError("pictures need an extractor: IdentityGallery(feature_extractor=...), or give vectors=...")
    if not images:
        raise ValueError("expected at least one picture, but got none")
    extract = getattr(extractor, "extract_features", extractor)
    rows = []
    for number, image in enumerate(images):
        try:
            picture = as_bgr(image)
        except (TypeError, ValueError) as error:
            raise ValueError(f"picture {number}: {error}") from error
        height, width = picture.shape[:2]
        whole = sv.Detections(xyxy=np.array([[0.0, 0.0, width, height]]), confidence=np.ones(1))
        rows.append(unit_vectors(extract(picture, whole), 1, "the feature extractor's result"))
    return np.concatenate(rows)


def probe(extractor: Any) -> Vectors | None:
    """What an extractor says of one drawn picture: its fingerprint. None without an extractor."""
    if extractor is None:
        return None
    y, x = np.mgrid[0:128, 0:64]
    picture = np.stack((2 * y, 4 * x, 128 + 100 * np.sin(x / 5.0) * np.cos(y / 9.0)), axis=2).astype(np.uint8)
    vector = crop_vectors(extractor, [picture])
    return vector[0] if has_embedding(vector).all() else None


def same_extractor(one: Any, other: Any) -> None:
    """Refuse two fingerprints of different extractors; None is not known and refused by nothing.

    Raises:
        ValueError: If they differ.
    """
    if one is None or other is None:
        return
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape:
        raise ValueError(f"the vectors come from another extractor: {first.size} numbers there, {second.size} here")
    if float(first @ second) < SAME:
        raise ValueError("the vectors come from another extractor: it says something else of the same picture")
