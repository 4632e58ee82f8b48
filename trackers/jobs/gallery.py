"""One identity gallery for cameras on several machines: a Ray actor that saves itself."""

from __future__ import annotations

import functools
import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from trackers.boxes import Floats, Ints
from trackers.errors import require
from trackers.identity.gallery import IdentityGallery
from trackers.identity.gallery_state import restored_gallery
from trackers.jobs.cluster import connect

Operation = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A change of a gallery: the method, and what it was called with."""

NAMED = ("enroll", "remove", "merge", "give_name")
"""Changes that people ask for; they are on the disk before the call returns."""

SAVE_EVERY = 1.0
"""Seconds after which a change by what cameras saw is on the disk, with the next one."""

OPERATIONS = 10_000
"""Newest changes that are kept for other machines; who is further behind gets the whole gallery."""


class KeptGallery:
    """A gallery and its file: what runs inside the actor.

    Changes are made in one order, and every machine makes the same ones in the same order on a copy of its own.

    Args:
        path: File of the gallery, read if it exists, and written after changes.
        options: Arguments of `IdentityGallery` for a new one.
    """

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        """Go on from the file, or start without identities."""
        self._path = Path(path)
        extractor = options.get("feature_extractor")
        there = self._path.exists()
        self._gallery = IdentityGallery.load(path, extractor) if there else IdentityGallery(**options)
        self._origin, self._version = uuid.uuid4().hex, 0
        self._operations: deque[Operation] = deque(maxlen=OPERATIONS)
        self._saved = -SAVE_EVERY

    def change(self, origin: str, version: int, operation: Operation | None) -> tuple[Any, ...]:
        """Make a change, and tell what has changed since a version.

        Args:
            origin: Actor the version is of.
            version: Changes that the copy has made.
            operation: The change; None only asks.

        Returns:
            Origin and version now, the changes since, or None and the whole state in their place, and what the change
            returned.
        """
        result = None
        if operation is not None:
            method, arguments, options = operation
            result = getattr(self._gallery, method)(*arguments, **options)
            self._operations.append(operation)
            self._version += 1
            if method in NAMED or time.monotonic() - self._saved > SAVE_EVERY:
                self._gallery.save(self._path)
                self._saved = time.monotonic()
        behind = self._version - version
        if origin != self._origin or behind > len(self._operations):
            return self._origin, self._version, None, self._gallery.state_dict(), result
        news = list(self._operations)[len(self._operations) - behind :]
        return self._origin, self._version, news, None, result


def shared(method: str) -> Callable[..., Any]:
    """The method of `IdentityGallery` of this name, made in the actor first and then here."""
    own = getattr(IdentityGallery, method)

    @functools.wraps(own)
    def change(gallery: RemoteGallery, *arguments: Any, **options: Any) -> Any:
        if gallery._repeating:
            return own(gallery, *arguments, **options)
        return gallery.refresh((method, arguments, options))

    return change


class RemoteGallery(IdentityGallery):
    """An `IdentityGallery` that cameras on several machines share; also that of a `MultiCameraTracker`.

    It lives in a Ray actor with a name: whoever opens a gallery of that name gets the same one. Changes are made in
    the actor, in one order, and then in the copy that each machine searches. Enrolled, merged and removed identities
    are on the disk before the call returns; what cameras add is written with the first change a second or more after
    the last time. So the gallery comes back when its process or machine is killed, but for the newest of that. A call
    that was under way then is made again: an enrolment may keep the same vectors twice, which changes no distance.

    The means of cameras, and the threshold where none is given, are measured by each machine on its own cameras.
    `names` and `cameras` are as of the last call of a method. A track keeps its number while it is there, also where
    another machine has made its identity part of another.

    Args:
        path: File of the gallery, under the same path on every machine that may run it.
        name: Name of the gallery in the cluster.
        ray_address: The cluster, as in `trackers.jobs.cluster.RayWorkers`.
        **options: Arguments of `IdentityGallery`, for a gallery that is not there yet; a `feature_extractor` always.

    Raises:
        ConnectionError: If the cluster does not respond.
        MissingDependencyError: If Ray is not installed.
    """

    def __init__(
        self, path: str | Path, *, name: str = "identities", ray_address: str = "auto", **options: Any
    ) -> None:
        """Connect, and find or start the actor."""
        super().__init__(**options)
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
        self._origin, self._version, self._repeating = "", 0, False
        self.refresh()

    enroll = shared("enroll")
    remove = shared("remove")
    merge = shared("merge")
    give_name = shared("give_name")
    camera_number = shared("camera_number")
    new_identity = shared("new_identity")
    add_views = shared("add_views")
    drop_source = shared("drop_source")
    move_source = shared("move_source")
    absorb = shared("absorb")

    @property
    def identities(self) -> list[int]:
        """Numbers of all identities that have a vector or a name, ascending."""
        if not self._repeating:
            self.refresh()
        return super().identities

    def search(self, vectors: npt.ArrayLike, k: int = 1, *, camera: str | None = None) -> tuple[Ints, Floats]:
        """As `IdentityGallery.search`."""
        self.refresh()
        return super().search(vectors, k, camera=camera)

    def first_source(self) -> int:
        """Numbers of tracklets that no other machine uses."""
        return secrets.randbits(30) << 32

    def refresh(self, operation: Operation | None = None) -> Any:
        """Make a change in the actor, if any, and here all that was changed since the last call.

        Args:
            operation: The change.

        Returns:
            What the change returned.
        """
        try:
            self._origin, self._version, news, state, result = self._ray.get(
                self._actor.change.remote(self._origin, self._version, operation)
            )
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        self._repeating = True
        try:
            for method, arguments, options in news or ():
                getattr(self, method)(*arguments, **options)
            if state is not None:
                self._load(state)
        finally:
            self._repeating = False
        return result

    def close(self) -> None:
        """End the actor; the file stays, and a gallery opened with it goes on."""
        self._ray.kill(self._actor)

    def _load(self, state: Mapping[str, Any]) -> None:
        """Take up a whole gallery; the means of cameras stay those of this machine."""
        whole = restored_gallery(IdentityGallery, state, self.feature_extractor)
        self.threshold, self.vectors_per_identity, self.size = whole.threshold, whole.vectors_per_identity, whole.size
        self.names, self.cameras, self._next = whole.names, whole.cameras, whole._next
        self.store.load(whole.store.state())
        self.store.touched.update(self.store["identity"].tolist())
