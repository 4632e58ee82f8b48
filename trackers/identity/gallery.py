"""The vectors of identities, with camera and time, and their names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackers.appearance.vectors import FeatureFunction, on_device, unit_vectors
from trackers.boxes import Floats, Ints
from trackers.core.state_file import read_state, write_state
from trackers.errors import check_range
from trackers.identity.crops import enrolled_vectors, probe, same_extractor
from trackers.identity.gallery_state import gallery_state, restored_gallery
from trackers.identity.identities import Identities
from trackers.identity.limits import Calibration, Limits
from trackers.identity.record import IdentityRecord
from trackers.identity.store import ENROLLED, smallest

if TYPE_CHECKING:
    from typing_extensions import Self

    from trackers.appearance.protocol import FeatureExtractor

NO_CAMERA = -1


class IdentityGallery(Identities):
    """Identities, their vectors and their names; bounded, searched exactly, and kept over days.

    Args:
        feature_extractor: Turns boxes into vectors, as a tracker's; None where all vectors are given.
        threshold: Largest cosine distance of two vectors of one identity. None takes the extractor's own
            `appearance_threshold`; where there is none, it is measured on identities that were there at once.
        vectors_per_identity: Vectors kept of an identity besides those enrolled. Of too many, the one most like another
            goes.
        size: Vectors kept in all. Of too many, identities without a name go, those not observed for longest first.

    Raises:
        TypeError: If the extractor is neither an object with `extract_features` nor callable.
        ValueError: If a number is out of range.

    Example:
        >>> gallery = IdentityGallery()
        >>> gallery.enroll("cow 17", vectors=[[1.0, 0.0], [0.9, 0.1]])
        1
        >>> identities, distances = gallery.search([[1.0, 0.05]])
        >>> gallery.names[int(identities[0, 0])]
        'cow 17'
    """

    def __init__(
        self,
        feature_extractor: FeatureExtractor | FeatureFunction | None = None,
        threshold: float | None = None,
        *,
        vectors_per_identity: int = 24,
        size: int = 20_000,
    ) -> None:
        """Check the parameters and start without identities."""
        if threshold is not None:
            check_range("threshold", threshold, 0.0, 2.0)
        check_range("vectors_per_identity", vectors_per_identity, 1)
        check_range("size", size, 1)
        super().__init__(vectors_per_identity, size)
        self.feature_extractor = on_device(feature_extractor, None)
        self.threshold: float | None = (
            getattr(feature_extractor, "appearance_threshold", None) if threshold is None else threshold
        )
        self.calibration = Calibration()

    def __len__(self) -> int:
        """Number of identities that have a vector or a name."""
        return len(self.identities)

    @property
    def identities(self) -> list[int]:
        """Numbers of all identities that have a vector or a name, ascending."""
        return sorted({*np.unique(self.store["identity"]).tolist(), *self.names})

    @property
    def limits(self) -> Limits:
        """The distances that decide: `accept`, `unknown` and `margin`."""
        return self.calibration.limits(self.threshold)

    def enroll(
        self,
        name: str,
        *,
        images: Sequence[npt.NDArray[Any]] | None = None,
        vectors: npt.ArrayLike | None = None,
        camera: str | None = None,
        timestamp: float = math.nan,
    ) -> int:
        """Give a name to what some pictures or vectors show; called again, it adds to the name.

        Args:
            name: The name; not empty.
            images: Pictures that show the object and little else, uint8, BGR; they need a `feature_extractor`.
            vectors: Vectors of the object, shape `(n, d)`, instead of pictures.
            camera: Camera they come from, whose mean is taken off; None for pictures from elsewhere.
            timestamp: Seconds at which they were taken.

        Returns:
            Number of the identity.

        Raises:
            ValueError: If there is no usable picture or vector, or vectors are of another length than before; nothing
                is changed then.
        """
        check_name(name)
        rows = enrolled_vectors(self.feature_extractor, images, vectors)
        self.check_length(rows.shape[1])
        identity = self.identity_of(name) or self.new_identity()
        self.names[identity] = name
        number = NO_CAMERA if camera is None else self.camera_number(camera)
        self.store.add(rows, identity=identity, camera=number, time=timestamp)
        return identity

    def search(self, vectors: npt.ArrayLike, k: int = 1, *, camera: str | None = None) -> tuple[Ints, Floats]:
        """The nearest identities of single vectors, by the nearest vector of each; exact.

        Args:
            vectors: Shape `(n, d)`.
            k: How many identities.
            camera: Camera of the vectors, whose mean is taken off.

        Returns:
            Numbers, shape `(n, k)`, nearest first, -1 where there are fewer; and cosine distances, infinite there.

        Raises:
            ValueError: If the vectors have another length than the gallery's.
        """
        check_range("k", k, 1)
        given = np.atleast_2d(np.asarray(vectors))
        rows = unit_vectors(given, len(given), "vectors")
        self.check_length(rows.shape[1])
        number = self.cameras.index(camera) if camera in self.cameras else NO_CAMERA
        identity, distance = self.store.search(self.means.centred(rows, np.full(len(rows), number)))
        found, far = np.full((len(rows), k), -1), np.full((len(rows), k), np.inf)
        for row, order in enumerate(smallest(distance, k)):
            found[row, : len(order)], far[row, : len(order)] = identity[order], distance[row, order]
        return found, far

    def export(self, identity: int) -> IdentityRecord:
        """All that is known of an identity.

        Raises:
            ValueError: If there is no such identity.
        """
        self._check_known(identity)
        rows = np.flatnonzero(self.store["identity"] == identity)
        numbers = self.store["camera"][rows].tolist()
        return IdentityRecord(
            identity=identity,
            name=self.names.get(identity, ""),
            vectors=self.store["vector"][rows].copy(),
            cameras=["" if number == NO_CAMERA else self.cameras[number] for number in numbers],
            times=self.store["time"][rows].copy(),
            enrolled=self.store["source"][rows] == ENROLLED,
        )

    def remove(self, identity: int) -> None:
        """Delete all that is known of an identity; its number is not given again.

        Raises:
            ValueError: If there is no such identity.
        """
        self._check_known(identity)
        self.store.keep(self.store["identity"] != identity)
        self.names.pop(identity, None)

    def merge(self, other: IdentityGallery) -> dict[int, int]:
        """Take up all identities of another gallery; those of one name become one, all others get new numbers.

        Args:
            other: A gallery of the same extractor; it is not changed.

        Returns:
            New number by number in the other gallery.

        Raises:
            ValueError: If the vectors have another length or come from another extractor; nothing is changed then.
        """
        if other.store.length:
            self.check_length(other.store.length)
        same_extractor(probe(self.feature_extractor), probe(other.feature_extractor))
        numbers: dict[int, int] = {}
        for identity in other.identities:
            name = other.names.get(identity)
            numbers[identity] = (name and self.identity_of(name)) or self.new_identity()
            if name:
                self.names[numbers[identity]] = name
            record = other.export(identity)
            cameras = [self.camera_number(one) if one else NO_CAMERA for one in record.cameras]
            self.store.add(record.vectors, identity=numbers[identity], camera=cameras, time=record.times)
        return numbers

    def save(self, path: str | Path) -> None:
        """Write the gallery to a file, which at no time is half written; it holds numbers and names alone.

        Raises:
            OSError: If it cannot be written; an older file at `path` is still there then.
        """
        write_state(path, self.state_dict())

    @classmethod
    def load(cls, path: str | Path, feature_extractor: FeatureExtractor | FeatureFunction | None = None) -> Self:
        """A gallery from a file that `save` wrote.

        Args:
            path: The file. It is data alone: nothing in it is run.
            feature_extractor: The extractor the vectors came from.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, of another version, or its vectors came from another extractor.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     gallery = IdentityGallery(threshold=0.3)
            ...     identity = gallery.enroll("cow 17", vectors=[[1.0, 0.0]])
            ...     gallery.save(f"{folder}/gallery.npz")
            ...     IdentityGallery.load(f"{folder}/gallery.npz").names
            {1: 'cow 17'}
        """
        return cls.from_state(read_state(path), feature_extractor)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the extractor, as numbers, names and arrays."""
        return gallery_state(self)

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], feature_extractor: FeatureExtractor | FeatureFunction | None = None
    ) -> Self:
        """The gallery that `state_dict` gave, with the extractor again.

        Raises:
            ValueError: If it is no state of a gallery, of another version, or of another extractor.
        """
        restored: Self = restored_gallery(cls, state, feature_extractor)
        return restored

    def _check_known(self, identity: int) -> None:
        if identity not in self.names and not (self.store["identity"] == identity).any():
            raise ValueError(f"there is no identity {identity} in the gallery")


def check_name(name: Any) -> None:
    """Refuse what is no name.

    Raises:
        ValueError: If it is no text, or empty.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"expected a name, but got {name!r}")
