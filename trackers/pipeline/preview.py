"""A window that shows frames while they are tracked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from trackers.boxes import Image


@contextlib.contextmanager
def open_preview(title: str = "trackers") -> Iterator[Callable[[Image], bool]]:
    """Open a window.

    Args:
        title: Title of the window.

    Yields:
        A function that shows a frame and tells whether to go on; `q` and Escape say no.

    Raises:
        ValueError: If there is no display.
    """
    import supervision as sv

    try:
        import tkinter

        tkinter.Tk().destroy()
        window = sv.ImageWindow(title)
    except (ImportError, AttributeError, tkinter.TclError) as error:
        raise ValueError(f"no display for a preview ({error}); leave out the preview and write a video") from error

    def show(image: Image) -> bool:
        window.show(image)
        return window.wait_key(1) not in ("q", "Escape")

    with window:
        yield show
