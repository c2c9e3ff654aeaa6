"""Which paths of a project belong to its deployments: `.gitignore`, `.skafosignore`, and what is always left out."""

from __future__ import annotations

import re
from enum import Enum, auto
from pathlib import Path

from pathspec import GitIgnoreSpec

from skafd.deploy.left_out import is_file_left_out, is_folder_left_out

IGNORE_FILES = (".gitignore", ".skafosignore")


class Verdict(Enum):
    """What becomes of a path."""

    KEPT = auto()
    IGNORED = auto()
    """The project's ignore files say so: jobs see it in the live folder."""
    LEFT_OUT = auto()
    """Version control, virtual environments, caches, editors' temporary files: nobody sees it."""


class Rules:
    """What one project folder leaves out. Ignore files are read once: make a new one when they change.

    The rule of git: of all patterns that match, the last one of the innermost file decides, and nothing inside an
    excluded folder can be included again. The `.gitignore` files of a repository around the project count too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._outer = _outer_rules(folder)
        self._specs: dict[str, GitIgnoreSpec | None] = {}

    def judge(self, relative: str, is_folder: bool) -> Verdict:
        """The verdict on a path whose folder is known to be kept."""
        name = relative.rpartition("/")[2]
        if is_folder_left_out(name, f"{self._folder}/{relative}") if is_folder else is_file_left_out(name):
            return Verdict.LEFT_OUT
        return Verdict.IGNORED if self._is_ignored(relative, is_folder) else Verdict.KEPT

    def _is_ignored(self, relative: str, is_folder: bool) -> bool:
        slash = "/" if is_folder else ""
        parts = relative.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            spec = self._spec("/".join(parts[:depth]))
            included = spec.check_file("/".join(parts[depth:]) + slash).include if spec else None
            if included is not None:
                return included
        for spec, prefix in self._outer:
            included = spec.check_file(f"{prefix}/{relative}{slash}").include
            if included is not None:
                return included
        return False

    def _spec(self, relative_folder: str) -> GitIgnoreSpec | None:
        if relative_folder not in self._specs:
            self._specs[relative_folder] = _read_spec(self._folder / relative_folder, IGNORE_FILES)
        return self._specs[relative_folder]


def _outer_rules(folder: Path) -> list[tuple[GitIgnoreSpec, str]]:
    """The rules above the project up to its repository's root, innermost first, each with the way to the project.

    A rule that excludes the project's own folder says nothing about what is in it.
    """
    if (folder / ".git").exists():
        return []
    above = list(folder.parents)
    root = next((number for number, parent in enumerate(above) if (parent / ".git").exists()), None)
    found: list[tuple[GitIgnoreSpec, str]] = []
    for parent in above[: root + 1] if root is not None else []:
        spec = _read_spec(parent, IGNORE_FILES[:1])
        prefix = folder.relative_to(parent).as_posix()
        if spec is not None and not spec.match_file(f"{prefix}/"):
            found.append((spec, prefix))
    return found


def _read_spec(folder: Path, names: tuple[str, ...]) -> GitIgnoreSpec | None:
    lines: list[str] = []
    for name in names:
        path = folder / name
        if path.is_file():
            lines += path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    usable = [line for line in lines if _is_usable(line)]
    return GitIgnoreSpec.from_lines(usable) if usable else None


def _is_usable(line: str) -> bool:
    """Whether the line is a pattern. As git does, others are passed over."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
