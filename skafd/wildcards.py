"""Paths that a pattern of the shell's fits, where links may lead back to where they are."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from glob import has_magic
from pathlib import Path

_ANY_DEPTH = "**"


def find(pattern: str, root: Path) -> Iterator[str]:
    """Paths below a folder, relative to it, in no order: what `glob.iglob` finds there with `recursive`.

    `**` is any number of folders, and only a name with a dot in the pattern is one with a dot there. But no `**` goes
    through a link to a folder that it came through: two of them in one folder are 2^40 paths to the kernel. What cannot
    be looked into has nothing in it. Raises OSError where folders are in each other without end.
    """
    *parts, last = pattern.split("/")
    found = iter(("",))
    for part in parts:
        found = _in_each(root, found, part, folders_only=True)
    return filter(None, _in_each(root, found, last, folders_only=False))


def _in_each(root: Path, folders: Iterator[str], part: str, folders_only: bool) -> Iterator[str]:
    for folder in folders:
        if part == _ANY_DEPTH:
            yield from _tree(root, folder, folders_only)
        elif has_magic(part):
            yield from _named(root, folder, part, folders_only)
        elif os.path.lexists(f"{root}/{folder}/{part}"):
            yield _join(folder, part)


def _named(root: Path, folder: str, part: str, folders_only: bool) -> Iterator[str]:
    for entry in _entries(root, folder):
        is_meant = fnmatch(entry.name, part) and (_is_shown(entry.name) or not _is_shown(part))
        if is_meant and (not folders_only or _is_folder(entry)):
            yield _join(folder, entry.name)


def _tree(root: Path, top: str, folders_only: bool) -> Iterator[str]:
    if os.path.isdir(f"{root}/{top}"):  # noqa: PTH112 a path's own fails where the user may not look
        yield _join(top, "")
    folders = [top]
    while folders:
        folder = folders.pop()
        for entry in _entries(root, folder):
            is_folder = _is_folder(entry)
            if not _is_shown(entry.name) or (folders_only and not is_folder):
                continue
            path = _join(folder, entry.name)
            yield path
            if is_folder and not (entry.is_symlink() and _leads_back(root, path, top)):
                folders.append(path)


def _leads_back(root: Path, link: str, top: str) -> bool:
    try:
        meant = (root / link).stat()
        while len(link) > len(top):
            link = link.rpartition("/")[0]
            if os.path.samestat((root / link).stat(), meant):
                return True
    except OSError:
        return True  # It is gone meanwhile, or was swapped.
    return False


def _entries(root: Path, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(f"{root}/{folder}") as entries:
            return list(entries)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise OSError(error.errno, "there are folders in each other without end") from None
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_shown(name: str) -> bool:
    return not name.startswith(".")


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and not folder.endswith("/") else f"{folder}{name}"
