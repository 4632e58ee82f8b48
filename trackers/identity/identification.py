"""The identities of the tracks of several cameras: decided instant by instant, explained, and corrected."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from trackers.identity.assigner import Assigner
from trackers.identity.events import Event
from trackers.identity.explanation import Explanation, explain
from trackers.identity.gallery import IdentityGallery, check_name
from trackers.identity.links import CameraLinks
from trackers.identity.relinking import identity_of_tracks, relink
from trackers.identity.settling import settle_instant
from trackers.identity.sighting import Sighting
from trackers.identity.spots import Spots
from trackers.identity.tracklets import Tracklets
from trackers.identity.transits import with_learned

TrackOnCamera = tuple[str, int]
PairOfTracks = tuple[TrackOnCamera, TrackOnCamera]

EVENTS = 10_000
"""Events that are kept."""

TRACKLETS = 5_000
"""Tracklets that are kept; of more, the oldest are left to the gallery."""


class Identification:
    """Which identity each track has, from the sightings of all cameras; see `MultiCameraTracker`.

    Args:
        cameras: Names of the cameras.
        gallery: Identities known before, and the feature extractor; None starts an empty one.
        links: How the cameras lie to each other; None rules nothing out.
    """

    def __init__(self, cameras: Iterable[str], gallery: IdentityGallery | None, links: CameraLinks | None) -> None:
        """Start without tracks."""
        self.gallery = IdentityGallery() if gallery is None else gallery
        self.links = CameraLinks() if links is None else links
        self.events: deque[Event] = deque(maxlen=EVENTS)
        for name in (*cameras, *self.links.cameras):
            self.gallery.camera_number(name)
        self._tracklets = Tracklets(self.gallery.means, first_number=self.gallery.first_source())
        self._spots = Spots.of(self.links, self.gallery.cameras, self._tracklets)
        self._assigner = Assigner(self._tracklets, self.gallery, self._spots, self.events.append)
        self._assigner.follow(self.links)
        self._pending: list[Sighting] = []
        self._now = -math.inf

    def enroll(self, name: str, *, camera: str, tracker_id: int) -> int:
        """Give a name to the object that a track follows.

        Args:
            name: The name. If somebody is called so already, the track and they become one.
            camera: Camera of the track.
            tracker_id: Id of the track on that camera.

        Returns:
            Number of the identity.

        Raises:
            ValueError: If there is no such track, its identity has another name, or it was there at the same time as
                the one who has the name; nothing is changed then.
        """
        check_name(name)
        self.settle()
        return self._assigner.name(self._row(camera, tracker_id), name, self._now)

    def link(
        self, *, same: Sequence[PairOfTracks] = (), different: Sequence[PairOfTracks] = ()
    ) -> dict[TrackOnCamera, int]:
        """Decide all tracks anew with hindsight, and keep the result in the gallery.

        Names stay, and so do the numbers of identities as far as they can; every change is an event.

        Args:
            same: Pairs of tracks, `(camera, id)` each, that a person says are one; place and time still rule out.
            different: Pairs of tracks that a person says are two.

        Returns:
            Identity by camera and id of the track; -1 where a track is too short to tell.

        Raises:
            ValueError: If a pair names a track that is not known; nothing is changed then.
        """
        self.settle()
        together, apart = (
            np.array([[self._row(*one), self._row(*other)] for one, other in pairs], np.int64).reshape(-1, 2)
            for pairs in (same, different)
        )
        relink(self._assigner, self._now, together, apart)
        return identity_of_tracks(self._tracklets, self.gallery.cameras)

    def explain(self, camera: str, tracker_id: int) -> Explanation:
        """Which vectors and numbers speak for the identity of a track, as things are now.

        Raises:
            ValueError: If there is no such track.
        """
        self.settle()
        return explain(self._assigner, self._row(camera, tracker_id))

    def confidence(self, camera: str, tracker_id: int) -> float:
        """Confidence of the identity of a track, from 0 at the limit `unknown` or at the second best, to 1.

        Raises:
            ValueError: If there is no such track.
        """
        return self.explain(camera, tracker_id).confidence

    def learned_links(self) -> CameraLinks:
        """The links, and where none is given the seconds in which nine of ten identities came from camera to camera.

        Ranges come from five and more identities of high confidence. They rule nothing out before you pass them to
        another `MultiCameraTracker`; print them first.
        """
        self.settle()
        return with_learned(self.links, self._tracklets, self.gallery.cameras)

    def remove(self, identity: int) -> None:
        """Delete all that is known of an identity, in the gallery and of its tracks.

        A track of it that is still there starts again as somebody unknown.

        Raises:
            ValueError: If there is no such identity.
        """
        self.settle()
        mine = self._tracklets["identity"] == identity
        if identity in self.gallery.identities:
            self.gallery.remove(identity)
        elif not mine.any():
            raise ValueError(f"there is no identity {identity}")
        self._tracklets.keep(~mine)
        for event in [one for one in self.events if identity in (one.identity, one.other)]:
            self.events.remove(event)

    def settle(self) -> None:
        """Settle the newest instant now, without waiting for time to move on; a later frame of it is still accepted."""
        pending, self._pending = self._pending, []
        order = {name: place for place, name in enumerate(self._order())}
        pending.sort(key=lambda one: (order[self.gallery.cameras[one.camera]], one.time))
        settle_instant(self._assigner, pending, self._now)
        self._tracklets.drop_oldest(TRACKLETS, self._now)

    def _order(self) -> list[str]:
        """Names of the cameras in the order in which an instant is settled."""
        raise NotImplementedError

    def _row(self, camera: str, tracker_id: int) -> int:
        """Row of the newest tracklet of a track."""
        number = self.gallery.cameras.index(camera) if camera in self.gallery.cameras else -1
        row = int(self._tracklets.newest(number, np.array([tracker_id]))[0])
        if row < 0:
            raise ValueError(f"there is no track {tracker_id} on camera {camera!r}")
        return row
