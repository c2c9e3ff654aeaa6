"""Saves with which nothing is wrong, kept from going live by a full disk or a database that refused: tried again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from skafd.machine.room import shortage_of
from skafd.threads import Threads

log = logging.getLogger("skafd.deploying")

_LOOK_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


class Postponed:
    """One thread waits for room, which lives only as long as something is postponed. Callable from any thread."""

    def __init__(self, state_folder: Path, deploy: Callable[[Path], None]) -> None:
        self._state_folder = state_folder
        self._deploy = deploy
        self._lock = threading.Lock()
        self._folders: set[Path] = set()
        self._failures: dict[Path, int] = {}
        self._closing = threading.Event()
        self._threads = Threads("postponed")
        self._is_waiting = False

    def add(self, folder: Path) -> None:
        """Tries the folder again as soon as there is room; later each time where there seems to be some."""
        with self._lock:
            self._folders.add(folder)
            self._failures[folder] = self._failures.get(folder, 0) + 1
            if not self._is_waiting and not self._closing.is_set():
                self._is_waiting = True
                self._threads.begin(self._wait)

    def forget(self, folder: Path) -> None:
        """Something else became of it."""
        with self._lock:
            self._folders.discard(folder)
            self._failures.pop(folder, None)

    def close(self) -> None:
        """Tries nothing any more."""
        with self._lock:
            self._closing.set()
        self._threads.close()

    def _wait(self) -> None:
        while not self._closing.wait(self._pause_seconds()):
            if shortage_of(self._state_folder):
                continue
            with self._lock:
                folders, self._folders = self._folders, set()
                self._is_waiting = False
            for folder in folders:
                log.info("there is room again: %s is deployed once more", folder)
                self._deploy(folder)
            return

    def _pause_seconds(self) -> float:
        """A look at the disk costs nothing; what was refused although nothing seemed to be short waits longer."""
        if shortage_of(self._state_folder):
            return _LOOK_SECONDS
        with self._lock:
            failures = max((self._failures.get(folder, 1) for folder in self._folders), default=1)
        return float(min(_LOOK_SECONDS * 2 ** min(failures - 1, 16), _LONGEST_PAUSE_SECONDS))
