"""How mkdocstrings reads the docstrings of the package; named in mkdocs.yml."""

from __future__ import annotations

import re
from typing import Any

import griffe


class Docstrings(griffe.Extension):
    """Doctests under `Example:` are code, and the docstring of `__init__` is for readers of the code alone."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the docstring of one class, function or attribute."""
        if obj.docstring is None:
            return
        if obj.name == "__init__":
            obj.docstring = None
        else:
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)
