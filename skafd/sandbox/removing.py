"""Removes a tree that a job has made: however deep, with links in it, and with folders closed to everybody."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: str) -> None:
    """Removes a folder, if it is there, with all that is in it; links are removed, not followed.

    What cannot be removed holds up nothing else: at the end the first OSError is raised.
    """
    try:
        _open_up(folder)
        top = os.open(folder, _FOLDER)
    except FileNotFoundError:
        return
    try:
        problem = _Removal(top).empty()
    finally:
        os.close(top)
    if problem is not None:
        raise problem
    os.rmdir(folder)


class _Removal:
    """Takes each folder up into the topmost before it looks into it, so that no depth is too much.

    Nothing has a path of several names: a job's user may put a link in the place of a folder at any time.
    """

    def __init__(self, top: int) -> None:
        self._top = top
        self._prefix = f".removed-{os.urandom(8).hex()}"
        self._taken_up = 0
        self._problem: OSError | None = None

    def empty(self) -> OSError | None:
        """Empties the topmost folder; the first problem."""
        waiting = self._take_out(self._top)
        while waiting:
            waiting += self._remove(waiting.pop())
        return self._problem

    def _remove(self, name: str) -> list[str]:
        """One in the topmost folder; the folders that were in it."""
        found: list[str] = []
        with self._noting():
            folder = os.open(name, _FOLDER, dir_fd=self._top)
            try:
                found = self._take_out(folder)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=self._top)
        return found

    def _take_out(self, folder: int) -> list[str]:
        """Removes the files in a folder; the folders that were in it, by their names in the topmost."""
        with os.scandir(folder) as entries:
            found = list(entries)
        names = []
        for entry in found:
            with self._noting():
                if entry.is_dir(follow_symlinks=False):
                    names.append(self._take_up(entry.name, folder))
                else:
                    os.unlink(entry.name, dir_fd=folder)
        return names

    def _take_up(self, name: str, parent: int) -> str:
        _open_up(name, parent)
        if parent == self._top:
            return name
        self._taken_up += 1
        new = f"{self._prefix}.{self._taken_up}"
        os.rename(name, new, src_dir_fd=parent, dst_dir_fd=self._top)
        return new

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._problem = self._problem or error


def _open_up(name: str, parent: int | None = None) -> None:
    """A job may have closed a folder to everybody, itself included."""
    folder = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        if os.fstat(folder).st_mode & stat.S_IRWXU != stat.S_IRWXU:
            # What cannot be read cannot be opened in the way that fchmod wants.
            with suppress(OSError):
                os.chmod(f"/proc/self/fd/{folder}", 0o700)
    finally:
        os.close(folder)
