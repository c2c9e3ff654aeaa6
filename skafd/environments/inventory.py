"""Which files an environment consists of, written down when it was made, so that one that has lost any is found out."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

FILE = "skafd/files.json"
"""In an environment: its folders with the names in them."""
_OF_PYTHON = "__pycache__"
"""Comes and goes as it is used."""
_MOST_REMEMBERED = 32


def take_inventory(environment: Path) -> None:
    """Writes down all that is there. Raises OSError."""
    found = dict(_folders(environment))
    notes = environment / FILE
    notes.parent.mkdir(exist_ok=True)
    notes.write_text(json.dumps(found), encoding="utf-8")


class Inventories:
    """Looks whether environments have all their files. Callable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[Path, dict[str, int]] = OrderedDict()
        """The folders of environments that were whole, and when each last changed: nothing else has to be read."""

    def is_whole(self, environment: Path) -> bool:
        """Whether nothing is missing, its inventory included."""
        with self._lock:
            seen = self._seen.pop(environment, None)
            if seen is None or any(_changed_at(folder) != at for folder, at in seen.items()):
                seen = _look(environment)
            if seen is None:
                return False
            self._seen[environment] = seen
            if len(self._seen) > _MOST_REMEMBERED:
                self._seen.popitem(last=False)
            return True


def _look(environment: Path) -> dict[str, int] | None:
    """When each folder last changed; None where something is missing."""
    try:
        wanted = json.loads((environment / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    changed: dict[str, int] = {}
    for relative, names in wanted.items():
        folder = f"{environment}/{relative}"
        changed[folder] = _changed_at(folder)
        try:
            with os.scandir(folder) as entries:
                there = {entry.name for entry in entries}
        except OSError:
            return None
        if not set(names) <= there:
            return None
    return changed


def _folders(environment: Path) -> Iterator[tuple[str, list[str]]]:
    for folder, folders, files in os.walk(environment):
        folders[:] = [name for name in folders if name != _OF_PYTHON]
        links = [name for name in folders if Path(folder, name).is_symlink()]
        names = [name for name in (*files, *links) if not name.endswith(".pyc")]
        yield str(Path(folder).relative_to(environment)), names


def _changed_at(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return -1
