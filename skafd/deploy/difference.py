"""What differs between two snapshots, as people read it: unified diffs of texts, names of everything else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from pathlib import Path

MOST_FILE_BYTES = 256 * 1024
MOST_FILE_LINES = 5000
MOST_TEXT_CHARACTERS = 1_000_000
"""Of all diffs together; what comes later is named only."""
MOST_FILES = 1000
_PROBE_BYTES = 8192


class Change(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file that is not the same in both. `text` is empty for what is binary or too much to be shown."""

    path: str
    change: Change
    is_binary: bool
    is_cut: bool
    text: str


def compare(first: Path, second: Path) -> list[FileDifference]:
    """Files that differ, by path, at most MOST_FILES of them. Raises OSError."""
    old, new = dict(_files(first)), dict(_files(second))
    found: list[FileDifference] = []
    room = MOST_TEXT_CHARACTERS
    for path in sorted(old.keys() | new.keys()):
        if len(found) == MOST_FILES:
            break
        if not _is_same(old.get(path), new.get(path)):
            found.append(_difference(path, old.get(path), new.get(path), room))
            room -= len(found[-1].text)
    return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for place, folders, names in os.walk(folder):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in [*names, *links]:
            yield (here / name).relative_to(folder).as_posix(), here / name


def _is_same(old: Path | None, new: Path | None) -> bool:
    if old is None or new is None or old.is_symlink() != new.is_symlink():
        return False
    if old.is_symlink():
        return old.readlink() == new.readlink()
    if old.stat().st_size != new.stat().st_size:
        return False
    with old.open("rb") as one, new.open("rb") as other:
        while block := one.read(1 << 20):
            if block != other.read(1 << 20):
                return False
    return True


def _difference(path: str, old: Path | None, new: Path | None, room: int) -> FileDifference:
    change = Change.ADDED if old is None else Change.REMOVED if new is None else Change.CHANGED
    if _is_binary(old) or _is_binary(new):
        return FileDifference(path, change, True, False, "")
    before, after = _lines(old), _lines(new)
    if before is None or after is None:
        return FileDifference(path, change, False, True, "")
    names = (f"a/{path}" if old else "/dev/null", f"b/{path}" if new else "/dev/null")
    text = "".join(_ended(line) for line in unified_diff(before, after, *names))
    is_cut = len(text) > room
    return FileDifference(path, change, False, is_cut, "" if is_cut else text)


def _is_binary(path: Path | None) -> bool:
    if path is None or path.is_symlink():
        return False
    with path.open("rb") as file:
        return b"\0" in file.read(_PROBE_BYTES)


def _lines(path: Path | None) -> list[str] | None:
    """None for too many."""
    if path is None:
        return []
    if path.is_symlink():
        return [f"-> {path.readlink()}\n"]
    if path.stat().st_size > MOST_FILE_BYTES:
        return None
    lines = path.read_bytes().decode(errors="replace").replace("\r\n", "\n").split("\n")
    texts = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return texts if len(texts) <= MOST_FILE_LINES else None


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
