"""Puts the notebooks of the repository on the site; mkdocs-jupyter renders them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

FOLDER = Path(__file__).parents[1] / "notebooks"


@event_priority(100)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each notebook as a page, before the plugin looks for notebooks."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        files.append(File(f"notebooks/{path.name}", str(FOLDER.parent), config.site_dir, config.use_directory_urls))
    return files


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Links of a notebook to files of the documentation lead to its pages."""
    if not page.file.src_uri.startswith("notebooks/"):
        return html
    return re.sub(r'href="\.\./docs/([\w/-]+)\.md', r'href="../../\1/', html)
