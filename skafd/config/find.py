"""Which folders are projects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from skafd.model.text import is_text

FILENAMES = ("metis.config.yml", "metis.config.yaml")
_NEVER_ENTERED = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", "site-packages", "venv", "env"})
_DEEPEST = 12


def find_config(folder: Path) -> Path | None:
    """The config of a project folder; None when it is none. `.yml` counts where both are there."""
    return next((folder / name for name in FILENAMES if (folder / name).is_file()), None)


def find_projects(folder: Path) -> tuple[Path, ...]:
    """The project folders at or below `folder`, in order of their paths.

    Nothing below a project is looked at, nor hidden folders, virtual environments, what package managers make, and
    folders whose names are no text; links are not followed.
    """
    return tuple(_walk(folder, 0))


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    if find_config(folder):
        yield folder
        return
    if depth >= _DEEPEST:
        return
    for child in _children(folder):
        yield from _walk(child, depth + 1)


def _children(folder: Path) -> list[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # a folder that cannot be listed holds no project of this user
        return []
    return sorted(Path(entry.path) for entry in entries if _is_entered(entry))


def _is_entered(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in _NEVER_ENTERED or not entry.is_dir(follow_symlinks=False):
        return False
    if not is_text(entry.name):
        return False
    return not Path(entry.path, "pyvenv.cfg").exists()
