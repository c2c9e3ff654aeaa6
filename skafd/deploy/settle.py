"""When a burst of changes is over: pure, the time is passed in."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum, auto

LONGEST_SECONDS = 5.0
"""After so long a burst is looked at although it goes on."""
BUSY_SECONDS = 30.0
"""So long is a version control system waited for that says it is at work."""
PATIENCE_SECONDS = 60.0
"""After so long a burst counts as over whatever is seen: taking the snapshot then says what keeps changing."""
_VANISHED_FACTOR = 5


class Change(Enum):
    """What happened to one path."""

    CREATED = auto()
    """It is new, and complete: a folder, a link, a second name."""
    WRITING = auto()
    """Bytes were written, or a new file was opened, and it has not been closed yet."""
    WRITTEN = auto()
    """Complete: closed after writing, moved here, or its mode was changed."""
    VANISHED = auto()
    """Deleted, or moved away."""


class Settling:
    """One burst of changes to one folder.

    It is over when nothing has happened for `quiet_seconds` and no file is still open for writing. A file that was
    there before and has vanished is waited for longer, since editors that save by renaming leave a moment without it.
    """

    def __init__(self, quiet_seconds: float, now: float) -> None:
        self._quiet_seconds = quiet_seconds
        self._first_at = now
        self._last_at = now
        self._look_at = now
        self._open: set[str] = set()
        self._new: set[str] = set()
        self._vanished: set[str] = set()
        self._seen: Hashable = None

    def happened(self, change: Change, path: str, now: float) -> None:
        """Takes one change into account."""
        self._last_at = now
        if change is Change.VANISHED:
            self._open.discard(path)
            if path not in self._new:
                self._vanished.add(path)
            return
        if path not in self._vanished and change is not Change.WRITTEN:
            self._new.add(path)
        self._vanished.discard(path)
        if change is Change.WRITING:
            self._open.add(path)
        else:
            self._open.discard(path)

    def due_at(self) -> float:
        """When to look next."""
        longest = self._first_at + LONGEST_SECONDS
        quiet = longest if self._open else min(self._last_at + self._wait_seconds(), longest)
        return max(quiet, self._look_at)

    def look(self, now: float, is_busy: bool, fingerprint: Callable[[], Hashable]) -> bool:
        """Whether the burst is over. `fingerprint` is asked for only when the changes do not end by themselves."""
        if now < self.due_at():
            return False
        age = now - self._first_at
        if is_busy and age < BUSY_SECONDS:
            self._look_at = now + self._quiet_seconds
            return False
        if self._is_quiet(now) or age >= PATIENCE_SECONDS:
            return True
        seen = fingerprint()
        if seen == self._seen:
            return True
        self._seen = seen
        self._look_at = now + self._quiet_seconds
        return False

    def _is_quiet(self, now: float) -> bool:
        return not self._open and now >= self._last_at + self._wait_seconds()

    def _wait_seconds(self) -> float:
        return self._quiet_seconds * (_VANISHED_FACTOR if self._vanished else 1)
