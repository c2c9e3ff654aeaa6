"""What of a folder is watched: a project as a whole, or a parent folder for the projects in it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Protocol

from skafd.config import find_config, find_projects
from skafd.config.find import FILENAMES
from skafd.deploy.ignore import IGNORE_FILES, Rules, Verdict
from skafd.deploy.left_out import is_folder_left_out
from skafd.deploy.walk import walk

PARENT_DEPTH = 3
"""Projects that appear further below a watched parent folder are not noticed."""


class Scope(Protocol):
    """Paths are relative to the watched folder."""

    @property
    def folder(self) -> Path: ...

    def enters(self, relative: str) -> bool:
        """Whether what happens in this sub-folder matters; asked only of folders in folders that do."""

    def concerns(self, relative: str, is_folder: bool) -> bool:
        """Whether what happens to this path matters; asked only in folders that were entered."""

    def is_redrawn_by(self, relative: str) -> bool:
        """Whether a change of this file changes the answers above; they are then read anew."""

    def fingerprint(self) -> Hashable:
        """Equal when nothing that matters has changed. Raises OSError."""


class ProjectScope:
    """All that a deployment would hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rules = Rules(folder)

    @property
    def folder(self) -> Path:
        """The project."""
        return self._folder

    def enters(self, relative: str) -> bool:
        """Kept folders."""
        return self.concerns(relative, True)

    def concerns(self, relative: str, is_folder: bool) -> bool:
        """Kept paths."""
        return self._rules.judge(relative, is_folder) is Verdict.KEPT

    def is_redrawn_by(self, relative: str) -> bool:
        """An ignore file."""
        if relative.rpartition("/")[2] not in IGNORE_FILES:
            return False
        self._rules = Rules(self._folder)
        return True

    def fingerprint(self) -> Hashable:
        """Names, sizes and times of all kept paths."""
        tree = walk(self._folder)
        return tuple(tree.entries), tuple(tree.ignored)


class ParentScope:
    """The configs of the projects below a folder, as far down as projects are usually kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """The folder that holds projects."""
        return self._folder

    def enters(self, relative: str) -> bool:
        """Visible folders, but none inside a project."""
        path = self._folder / relative
        is_visible = not path.name.startswith(".") and not is_folder_left_out(path.name, str(path))
        is_near = relative.count("/") < PARENT_DEPTH
        return is_near and is_visible and find_config(path.parent) is None

    def concerns(self, relative: str, is_folder: bool) -> bool:
        """Those folders, and config files."""
        return self.enters(relative) if is_folder else relative.rpartition("/")[2] in FILENAMES

    def is_redrawn_by(self, relative: str) -> bool:
        """A config: its folder became a project, whose sub-folders no longer matter, or is one no more."""
        return relative.rpartition("/")[2] in FILENAMES

    def fingerprint(self) -> Hashable:
        """The projects."""
        return find_projects(self._folder)
