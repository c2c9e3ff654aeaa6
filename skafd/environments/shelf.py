"""The folder of all environments: which are there, whole or not, when they were used, and taking them out."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from skafd import crash
from skafd.environments.inventory import Inventories, take_inventory
from skafd.environments.key import key_of
from skafd.environments.records import lock_text, read_lock
from skafd.files import sync_file_system, write_whole
from skafd.model.environment import Lock

MARKER = "skafd-ready"
"""Written last into an environment, with its lock: without it, it is half-built and made anew."""
RECORDS = ".resolved"
SCRATCH = ".scratch"
_TRASH = ".trash"
_KEPT_SECONDS = 30 * 86400.0
"""For so long it is known what was resolved, though no environment has it."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One environment that is whole. Times are seconds since 1970."""

    key: str
    path: Path
    lock: Lock | None
    made_at: float
    used_at: float


class Shelf:
    """`environments/`: a folder per key; names that begin with a point are for work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._inventories = Inventories()

    @property
    def trash(self) -> Path:
        """What was taken out, and may be removed at leisure."""
        return self.folder / _TRASH

    def all(self) -> list[Shelved]:
        """Those that are whole, the one unused for longest first."""
        found = [one for path in self._folders() if (one := self._shelved(path))]
        return sorted(found, key=lambda one: one.used_at)

    def is_usable(self, key: str) -> bool:
        """It is whole, its interpreter is still on the machine, and no file of it is missing."""
        path = self.folder / key
        is_there = (path / MARKER).is_file() and (path / "bin" / "python").exists()
        return is_there and self._inventories.is_whole(path)

    def touch(self, key: str) -> None:
        """It is in use now."""
        os.utime(self.folder / key)

    def used_at(self, key: str) -> float:
        """When it was last touched; 0 for one that is not there."""
        try:
            return (self.folder / key).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def declare_whole(self, key: str, lock: Lock) -> None:
        """Says, durably, that all of it is there. Raises OSError."""
        target = self.folder / key
        take_inventory(target)
        _declare(target, lock)

    def throw_away(self, key: str) -> None:
        """Moves it out of the way, which takes no time; the files go later. Raises OSError."""
        self.trash.mkdir(exist_ok=True)
        _throw(self.folder / key, Path(tempfile.mkdtemp(dir=self.trash)) / key)

    def discard_leftovers(self) -> None:
        """Moves away what a daemon that was killed had begun. Raises OSError."""
        begun = [path.name for path in self._folders() if not (path / MARKER).is_file()]
        scratch = [SCRATCH] if (self.folder / SCRATCH).exists() else []
        for name in begun + scratch:
            self.throw_away(name)

    def forget_records(self, kept_keys: set[str]) -> None:
        """Forgets what was resolved long ago and is in no environment that is kept."""
        for path in (self.folder / RECORDS).glob("*.json"):
            lock = read_lock(path)
            is_kept = lock is not None and key_of(lock) in kept_keys
            if not is_kept and path.stat().st_mtime < time.time() - _KEPT_SECONDS:
                path.unlink(missing_ok=True)

    def _folders(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from (path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def _shelved(self, path: Path) -> Shelved | None:
        try:
            made_at = (path / MARKER).stat().st_mtime
        except FileNotFoundError:
            return None
        return Shelved(path.name, path, read_lock(path / MARKER), made_at, self.used_at(path.name))


@crash.around("environment.declare")
def _declare(target: Path, lock: Lock) -> None:
    sync_file_system(target)
    write_whole(target / MARKER, lock_text(lock).encode(), mode=0o644)


def _throw(path: Path, into: Path) -> None:
    path.rename(into)
