"""What became of the newest save of each folder, and the means to wait for it."""

from __future__ import annotations

import threading
from pathlib import Path

from skafd.api.shapes import FolderResult
from skafd.errors import DaemonUnreachable


class Outcomes:
    """Callable from any thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._newest: dict[Path, tuple[int, FolderResult]] = {}
        self._is_closed = False

    @property
    def count(self) -> int:
        """How many there have been."""
        return self._count

    def put(self, folder: Path, result: FolderResult) -> None:
        """One more, in place of the folder's last."""
        with self._condition:
            self._count += 1
            self._newest[folder] = (self._count, result)
            self._condition.notify_all()

    def wait_for(self, folder: Path, after: int) -> FolderResult:
        """Blocks until the folder has one that came after the first `after`. Raises DaemonUnreachable at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._is_closed or self._newest.get(folder, (0,))[0] > after)
            if self._newest.get(folder, (0,))[0] > after:
                return self._newest[folder][1]
        raise DaemonUnreachable("the daemon was stopped before it was done with this", "start it with `skafd up`")

    def close(self) -> None:
        """Lets everybody go who waits."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
