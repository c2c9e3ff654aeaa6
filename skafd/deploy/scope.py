"""What of a folder is watched: a project as a whole, or a parent folder for the projects in it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Protocol

from skafd.deploy.find import CONFIG_FILE, find_projects
from skafd.deploy.ignore import IGNORE_FILES, Rules, Verdict
from skafd.deploy.left_out import is_folder_left_out
from skafd.deploy.walk import walk


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
    """The configs of the projects directly in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """The folder that holds projects."""
        return self._folder

    def enters(self, relative: str) -> bool:
        """Direct sub-folders."""
        return "/" not in relative and not is_folder_left_out(relative, f"{self._folder}/{relative}")

    def concerns(self, relative: str, is_folder: bool) -> bool:
        """Direct sub-folders, and the config files in them and in the folder itself."""
        return "/" not in relative if is_folder else relative.rpartition("/")[2] == CONFIG_FILE

    def is_redrawn_by(self, relative: str) -> bool:  # noqa: ARG002 (the protocol's)
        """Nothing."""
        return False

    def fingerprint(self) -> Hashable:
        """The projects."""
        return find_projects(self._folder)
