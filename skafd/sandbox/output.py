"""Keeps what a job prints: secrets masked, and at most so many bytes, from the beginning and from the end.

All of it goes to one file, `log`, which can be read while it grows. When it is one and a half caps long, its middle is
taken out: the first half of the cap stays, a line says how much is missing, and the last half follows. So a log on
disk is whole at any instant, whoever is killed.
"""

from __future__ import annotations

import errno
import os

from skafd.sandbox.redact import Redactor

FILE_NAME = "log"
_READ_BYTES = 64 * 1024
_MOVE_BYTES = 1024 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Output:
    """Copies from a pipe to the log. Want of disk loses output, never the job."""

    def __init__(self, directory: str, redactor: Redactor, cap_bytes: int) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._file = os.open(f"{directory}/{FILE_NAME}", flags, 0o600)
        self._redactor = redactor
        self._cap_bytes = cap_bytes
        self._half_bytes = max(1, cap_bytes // 2)
        self._size_bytes = 0
        # Where the text after the marker begins, or would begin.
        self._tail_at = self._half_bytes
        self.written_bytes = 0
        """What the job has printed, secrets masked."""
        self.lost_bytes = 0
        """What of it a full disk did not take."""
        self.dropped_bytes = 0
        """What of it was taken out of the middle."""

    @property
    def head_bytes(self) -> int | None:
        """Where the marker stands, when something was taken out."""
        return self._half_bytes if self.dropped_bytes else None

    def copy(self, pipe: int) -> int:
        """Reads once what is in the pipe and keeps it; the number of bytes read, 0 when there are none."""
        try:
            data = os.read(pipe, _READ_BYTES)
        except BlockingIOError:
            return 0
        self._keep(self._redactor.feed(data))
        return len(data)

    def finish(self) -> None:
        """Brings the log to its final form; nothing is written to it afterwards."""
        self._keep(self._redactor.finish())
        if self._size_bytes - self._tail_at > self._half_bytes and self.written_bytes > self._cap_bytes:
            self._take_out_middle()
        if self.lost_bytes:
            self._say_what_was_lost()
        os.close(self._file)

    def _keep(self, data: bytes) -> None:
        self.written_bytes += len(data)
        self.lost_bytes += len(data) - self._write(data)
        if self._size_bytes - self._tail_at > 2 * self._half_bytes:
            self._take_out_middle()

    def _write(self, data: bytes) -> int:
        """Appends as much as the disk takes and returns that number."""
        view = memoryview(data)
        while view:
            try:
                count = os.pwrite(self._file, view, self._size_bytes)
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                break
            self._size_bytes += count
            view = view[count:]
        return len(data) - len(view)

    def _say_what_was_lost(self) -> None:
        """At the end of the log; over its last bytes where the disk is still full."""
        before = self._size_bytes
        mark = lost_marker(self.lost_bytes)
        if self._write(mark) == len(mark):
            return
        os.ftruncate(self._file, before)
        longest = len(lost_marker(self.lost_bytes + self._size_bytes))
        self._size_bytes = max(0, before - longest)
        self.lost_bytes += before - self._size_bytes
        self._write(lost_marker(self.lost_bytes))
        os.ftruncate(self._file, self._size_bytes)

    def _take_out_middle(self) -> None:
        """Moves the last half of the cap down to where the marker ends, and cuts off the rest."""
        end = self._size_bytes
        source = end - self._half_bytes
        self.dropped_bytes += source - self._tail_at
        mark = marker(self.dropped_bytes)
        self._tail_at = self._half_bytes + len(mark)
        # The marker may be longer than what it stands for, and then reaches into the text that is to be kept.
        ahead = os.pread(self._file, min(_MOVE_BYTES, end - source), source)
        os.pwrite(self._file, mark, self._half_bytes)
        target = self._tail_at
        while ahead:
            source += len(ahead)
            piece, ahead = ahead, os.pread(self._file, min(_MOVE_BYTES, end - source), source)
            target += os.pwrite(self._file, piece, target)
        os.ftruncate(self._file, target)
        self._size_bytes = target


def lost_marker(lost_bytes: int) -> bytes:
    """The line at the end of a log of which a full disk did not take all."""
    return f"\n[skafd: the disk was full, {lost_bytes} bytes were lost]\n".encode()


def marker(dropped_bytes: int) -> bytes:
    """The line that stands in a log for what was taken out."""
    return f"\n[skafd: {dropped_bytes} bytes left out here]\n".encode()
