"""Measures what an attempt has written to its own folder, and says when that is above its limit.

No common file system limits a folder that it was not prepared for. So this looks: a piece of the tree at a time, since
output and requests must not wait, and the longer a whole look takes, the more seldom.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from itertools import islice

_SHORTEST_PAUSE_SECONDS = 2.0
_PAUSE_FACTOR = 20
"""A twentieth of the time at most is spent on looking."""
_FILES_AT_ONCE = 1000
_BLOCK_BYTES = 512


class DiskWatch:
    """Sums the blocks that the files in some folders occupy: links are not followed, and count once."""

    def __init__(self, folders: list[str], limit_bytes: int) -> None:
        self._folders = folders
        self._limit_bytes = limit_bytes
        self._walk: Iterator[int] | None = None
        self._began_at = 0.0
        self._used_bytes = 0
        self.peak_bytes = 0
        self.next_at = 0.0
        """On the monotonic clock."""

    @property
    def reason(self) -> str:
        """A sentence for the verdict."""
        return (
            f"ended by skafd: its working folder holds {_mebibytes(self.peak_bytes)}, "
            f"the limit of disk is {_mebibytes(self._limit_bytes)}"
        )

    def is_exceeded(self, now: float) -> bool:
        """Looks on when it is time; true once there was more than the limit."""
        if now >= self.next_at:
            self._look_on(now)
        return self.peak_bytes > self._limit_bytes

    def _look_on(self, now: float) -> None:
        if self._walk is None:
            self._walk, self._began_at, self._used_bytes = _sizes(self._folders), now, 0
        sizes = list(islice(self._walk, _FILES_AT_ONCE))
        self._used_bytes += sum(sizes)
        self.peak_bytes = max(self.peak_bytes, self._used_bytes)
        self.next_at = now
        if len(sizes) < _FILES_AT_ONCE:
            self._walk = None
            took_seconds = time.monotonic() - self._began_at
            self.next_at = time.monotonic() + max(_SHORTEST_PAUSE_SECONDS, took_seconds * _PAUSE_FACTOR)


def _sizes(folders: list[str]) -> Iterator[int]:
    """Of every file, however often it is linked; what goes meanwhile is passed over, and a link leads nowhere."""
    seen: set[tuple[int, int]] = set()
    for status in (status for folder in folders for status in _files(folder)):
        key = (status.st_dev, status.st_ino)
        if status.st_nlink > 1 and key in seen:
            continue
        if status.st_nlink > 1:
            seen.add(key)
        yield status.st_blocks * _BLOCK_BYTES


def _files(folder: str) -> Iterator[os.stat_result]:
    with contextlib.suppress(FileNotFoundError):
        for _, _, names, descriptor in os.fwalk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    yield os.stat(name, dir_fd=descriptor, follow_symlinks=False)


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:.0f}Mi"
