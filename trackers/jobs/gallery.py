"""One identity gallery for cameras on several machines: a Ray actor that saves itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackers.errors import require
from trackers.identity.gallery import IdentityGallery
from trackers.jobs.cluster import connect

if TYPE_CHECKING:
    from trackers.identity.record import IdentityRecord

CHANGES = ("enroll", "remove", "merge")
"""Methods after which the gallery is saved."""


class KeptGallery:
    """A gallery and its file: what runs inside the actor.

    Args:
        path: File of the gallery, read if it exists, and written after every change.
        options: Arguments of `IdentityGallery` for a new one.
    """

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        """Go on from the file, or start without identities."""
        self._path = Path(path)
        extractor = options.get("feature_extractor")
        there = self._path.exists()
        self._gallery = IdentityGallery.load(path, extractor) if there else IdentityGallery(**options)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of the gallery; it returns when a change is on the disk."""
        result = getattr(self._gallery, method)(*args, **options)
        if method in CHANGES:
            self._gallery.save(self._path)
        return result

    def read(self, attribute: str) -> Any:
        """Read an attribute of the gallery."""
        return getattr(self._gallery, attribute)


class RemoteGallery:
    """An `IdentityGallery` that cameras on several machines share; its methods are those of the gallery.

    It lives in a Ray actor with a name: whoever opens a gallery of that name gets the same one. After each change it is
    saved before the call returns, so that it comes back with all identities when its process or machine is killed. A
    call that was under way then is made again: an enrolment may keep the same vectors twice, which changes no distance.

    A `MultiCameraTracker` works on a gallery of its own, in its own process; give what it has learned to this one with
    `merge`.

    Args:
        path: File of the gallery, under the same path on every machine that may run it.
        name: Name of the gallery in the cluster.
        ray_address: The cluster, as in `trackers.jobs.cluster.RayWorkers`.
        **options: Arguments of `IdentityGallery`, for a gallery that is not there yet.

    Raises:
        ConnectionError: If the cluster does not respond.
        MissingDependencyError: If Ray is not installed.
    """

    def __init__(
        self, path: str | Path, *, name: str = "identities", ray_address: str = "auto", **options: Any
    ) -> None:
        """Connect, and find or start the actor."""
        self._ray: Any = require("ray", "ray")
        if not self._ray.is_initialized():
            connect(self._ray, ray_address)
        actor = self._ray.remote(KeptGallery).options(
            name=name,
            namespace="trackers",
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,
            max_task_retries=-1,
        )
        self._actor = actor.remote(str(Path(path).resolve()), options)
        len(self)  # an error of the file is told here

    def __len__(self) -> int:
        """Number of identities."""
        return int(self._call("__len__"))

    @property
    def names(self) -> dict[int, str]:
        """Names by identity."""
        names: dict[int, str] = self._ray.get(self._actor.read.remote("names"))
        return names

    @property
    def identities(self) -> list[int]:
        """Numbers of all identities, ascending."""
        numbers: list[int] = self._ray.get(self._actor.read.remote("identities"))
        return numbers

    @property
    def limits(self) -> Any:
        """The distances that decide."""
        return self._ray.get(self._actor.read.remote("limits"))

    def enroll(self, name: str, **options: Any) -> int:
        """As `IdentityGallery.enroll`."""
        return int(self._call("enroll", name, **options))

    def search(self, vectors: Any, k: int = 1, *, camera: str | None = None) -> Any:
        """As `IdentityGallery.search`; the arrays are read-only."""
        return self._call("search", vectors, k, camera=camera)

    def export(self, identity: int) -> IdentityRecord:
        """As `IdentityGallery.export`."""
        record: IdentityRecord = self._call("export", identity)
        return record

    def remove(self, identity: int) -> None:
        """As `IdentityGallery.remove`."""
        self._call("remove", identity)

    def merge(self, other: IdentityGallery) -> dict[int, int]:
        """As `IdentityGallery.merge`."""
        numbers: dict[int, int] = self._call("merge", other)
        return numbers

    def save(self, path: str | Path) -> None:
        """As `IdentityGallery.save`, on the machine of the gallery."""
        self._call("save", str(path))

    def close(self) -> None:
        """End the actor; the file stays, and a gallery opened with it goes on."""
        self._ray.kill(self._actor)

    def _call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method, and raise what it raised."""
        try:
            return self._ray.get(self._actor.call.remote(method, *args, **options))
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
