"""A tracker stops on any frame, and goes on in another process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackers.core.state import Stateful, recreate, restore, state_of
from trackers.core.state_file import Saved, read_state

if TYPE_CHECKING:
    from typing_extensions import Self


class Resumable(Saved, Stateful):
    """What a tracker goes on from, as data and as a file; `trackers.core.state` is how."""

    def state_dict(self) -> dict[str, Any]:
        """Everything the tracker goes on from: parameters, tracks, ids given, time, camera. See `load_state_dict`.

        Returns:
            Numbers, names and arrays, copied. What is not data is not part of it: feature extractor, camera function
            or matrices, listeners.

        Raises:
            ValueError: If a tracker of your own does not keep a parameter as an attribute of the same name.
        """
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state: from here on, the ids are those of the tracker it was taken from.

        Args:
            state: What `state_dict` gave, of a tracker of this class with equal parameters. A feature extractor or a
                camera function cannot be compared; that they are the same is up to you. Listeners stay as they are.

        Raises:
            TypeError: If it is no dict.
            ValueError: If it is the state of another class, format or parameters, or damaged; nothing is changed then.

        Example:
            >>> from trackers import DeepSORTTracker
            >>> first, second = DeepSORTTracker(), DeepSORTTracker()
            >>> second.load_state_dict(first.state_dict())
        """
        restore(self, state)

    @classmethod
    def load(cls, path: str | Path, **given: Any) -> Self:
        """A new tracker with the parameters and the state in a file that `save` wrote.

        Args:
            path: The file. It is data alone: nothing in it is run.
            **given: Parameters that are no data, passed again: a `feature_extractor`, and a `camera_motion` that is a
                function or an array; also the `device`.

        Returns:
            A tracker that goes on where the other was.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged or of another class or format, or a parameter must be passed again.

        Example:
            >>> import tempfile
            >>> from trackers import DeepSORTTracker
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     DeepSORTTracker(lost_track_buffer=60).save(f"{folder}/tracker.npz")
            ...     DeepSORTTracker.load(f"{folder}/tracker.npz").lost_track_buffer
            60
        """
        return recreate(cls, read_state(path), given)
