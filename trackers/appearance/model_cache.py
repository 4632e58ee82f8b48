"""Models that were converted once, kept on disk under a name that follows from their content."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

VARIABLE = "TRACKERS_CACHE"
"""Environment variable that names the folder; set to nothing, nothing is kept."""


def folder() -> Path | None:
    """The folder of kept models, made if need be; None where nothing can or shall be kept.

    It is `$TRACKERS_CACHE`, or `deepsort-trackers` among the user's caches (`$XDG_CACHE_HOME`, `~/.cache`).
    """
    named = os.environ.get(VARIABLE)
    if named == "":
        return None
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        path = Path(named or Path(caches, "deepsort-trackers")).expanduser()
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return path if os.access(path, os.W_OK) else None


def content_key(module: torch.nn.Module, size: tuple[int, int]) -> str:
    """A name for what a module computes from crops of a size: its structure, its weights, and PyTorch's version.

    Code of a module that its printed form does not show is not part of it, so whoever finds a model by this name
    compares its vectors.

    Example:
        >>> import torch
        >>> one, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
        >>> content_key(one, (8, 8)) == content_key(one, (8, 8)) != content_key(other, (8, 8))
        True
    """
    import torch

    digest = hashlib.sha256(f"{torch.__version__} {size} {type(module).__module__} {module}".encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]


def kept(name: str, make: Callable[[], bytes], *, fresh: bool = False) -> Path | bytes:
    """A file of the folder, made if it is not there; the content alone where nothing is kept.

    Args:
        name: Name of the file.
        make: Gives its content.
        fresh: Make it anew, whatever is there.

    Returns:
        The path, or the content.
    """
    cache = folder()
    path = None if cache is None else cache / name
    if path is not None and path.is_file() and not fresh:
        return path
    content = make()
    if path is None:
        return content
    beside = path.with_name(f".{name}.{uuid.uuid4().hex}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError:
        return content
    finally:
        beside.unlink(missing_ok=True)
    return path
