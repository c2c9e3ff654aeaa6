"""One look at a project folder: what is kept of it, what is not, and what stands in the way."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from skafd.deploy.ignore import Rules, Verdict

MOST_ENTRIES_LOOKED_AT = 200_000
"""Nobody means to deploy so many; looking at more would only make the refusal late."""


class Kind(Enum):
    """What an entry is; the values go into the hash."""

    FOLDER = "d"
    FILE = "f"
    LINK = "l"


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept path of a project, with what tells whether a file was written since."""

    relative: str
    kind: Kind
    size: int
    identity: tuple[int, int, int, int]
    """Inode, size, and the times of the last write and of the last change of its metadata, in nanoseconds."""
    is_executable: bool


@dataclass(slots=True)
class Tree:
    """All kept entries, sorted by path, and the top-most paths that are not kept."""

    folder: Path
    entries: list[Entry] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    special: list[str] = field(default_factory=list)
    """Pipes, sockets and devices."""
    is_whole: bool = True
    """False when there is more than was looked at."""

    def same_as(self, other: Tree) -> bool:
        """Whether nothing was written, made, deleted or renamed between the two looks."""
        return self.entries == other.entries and self.ignored == other.ignored


def walk(folder: Path, rules: Rules | None = None) -> Tree:
    """Looks at the whole folder without opening any file but the ignore files. Raises OSError, never follows a link."""
    tree = Tree(folder)
    _look_into(tree, "", rules or Rules(folder))
    tree.entries.sort(key=lambda entry: entry.relative)
    return tree


def _look_into(tree: Tree, relative: str, rules: Rules) -> None:
    with os.scandir(tree.folder / relative) as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        if len(tree.entries) >= MOST_ENTRIES_LOOKED_AT:
            tree.is_whole = False
            return
        path = f"{relative}/{child.name}" if relative else child.name
        is_folder = child.is_dir(follow_symlinks=False)
        verdict = rules.judge(path, is_folder)
        if verdict is Verdict.IGNORED:
            tree.ignored.append(path)
        elif verdict is Verdict.KEPT:
            _keep(tree, path, child)
            if is_folder:
                _look_into(tree, path, rules)


def _keep(tree: Tree, relative: str, child: os.DirEntry[str]) -> None:
    try:
        status = child.stat(follow_symlinks=False)
    except FileNotFoundError:
        return  # Deleted since the folder was listed.
    kind = _kind_of(status.st_mode)
    if kind is None:
        tree.special.append(relative)
    else:
        tree.entries.append(_entry(relative, kind, status))


def _entry(relative: str, kind: Kind, status: os.stat_result) -> Entry:
    is_file = kind is Kind.FILE
    # A folder changes with every cache or temporary file in it: that it exists is all that counts.
    times = (0, 0) if kind is Kind.FOLDER else (status.st_mtime_ns, status.st_ctime_ns)
    size = status.st_size if is_file else 0
    return Entry(
        relative=relative,
        kind=kind,
        size=size,
        identity=(status.st_ino, size, *times),
        is_executable=is_file and bool(status.st_mode & stat.S_IXUSR),
    )


def _kind_of(mode: int) -> Kind | None:
    if stat.S_ISREG(mode):
        return Kind.FILE
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    return Kind.LINK if stat.S_ISLNK(mode) else None
