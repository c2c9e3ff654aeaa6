"""Keeps what a job prints: secrets masked, and at most so many bytes, from the beginning and from the end.

All of it goes to one file, `log`, which can be read while it grows. When it is one and a half caps long, its middle is
taken out: the first half of the cap stays, a line says how much is missing, and the last half follows. So a log on
disk is whole at any instant, whoever is killed.
"""

from __future__ import annotations

import contextlib
import os

from skafd.sandbox.redact import Redactor

FILE_NAME = "log"
_READ_BYTES = 64 * 1024
_MOVE_BYTES = 1024 * 1024


class Output:
    """Copies from a pipe to the log. A disk that is full, read-only or broken loses output, never the job."""

    def __init__(self, directory: str, redactor: Redactor, cap_bytes: int) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._file = os.open(f"{directory}/{FILE_NAME}", flags, 0o600)
        self._redactor = redactor
        self._cap_bytes = cap_bytes
        self._half_bytes = max(1, cap_bytes // 2)
        self._size_bytes = 0
        self._is_uncut = False
        """The disk did not let what stands behind the end be cut off."""
        # Where the text after the marker begins, or would begin.
        self._tail_at = self._half_bytes
        self.written_bytes = 0
        """What the job has printed, secrets masked."""
        self.lost_bytes = 0
        """What of it the disk did not take."""
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
        if self._is_uncut:
            self._cut_off()
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _keep(self, data: bytes) -> None:
        self.written_bytes += len(data)
        self.lost_bytes += len(data) - self._write(data)
        if self._size_bytes - self._tail_at > 2 * self._half_bytes:
            self._take_out_middle()

    def _write(self, data: bytes) -> int:
        """Appends as much as the disk takes and returns that number."""
        count = self._put(data, self._size_bytes)
        self._size_bytes += count
        return count

    def _say_what_was_lost(self) -> None:
        """At the end of the log; over its last bytes where the disk is still full, and not at all if it takes none."""
        before = self._size_bytes
        mark = lost_marker(self.lost_bytes)
        if self._write(mark) == len(mark):
            return
        longest = len(lost_marker(self.lost_bytes + self._size_bytes))
        self._size_bytes = before
        self._cut_off()
        self._size_bytes = max(0, before - longest)
        lost_bytes = self.lost_bytes + before - self._size_bytes
        if self._write(lost_marker(lost_bytes)):
            self.lost_bytes = lost_bytes
        else:
            self._size_bytes = before
        self._cut_off()

    def _take_out_middle(self) -> None:
        """Moves the last half of the cap down to where the marker ends, and cuts off the rest."""
        source = self._size_bytes - self._half_bytes
        dropped_bytes = self.dropped_bytes + source - self._tail_at
        mark = marker(dropped_bytes)
        # The marker may be longer than what it stands for, and then reaches into the text that is to be kept.
        ahead = self._read(source)
        if not ahead or self._put(mark, self._half_bytes) < len(mark):
            return
        self.dropped_bytes, self._tail_at = dropped_bytes, self._half_bytes + len(mark)
        self._size_bytes = self._move_down(ahead, source)
        self.lost_bytes += self._half_bytes - (self._size_bytes - self._tail_at)
        self._cut_off()

    def _move_down(self, ahead: bytes, source: int) -> int:
        """Moves what begins at `source`, of which `ahead` has been read, to the tail; returns where that ends now."""
        target = self._tail_at
        while ahead:
            source += len(ahead)
            piece, ahead = ahead, self._read(source)
            count = self._put(piece, target)
            target += count
            if count < len(piece):
                break
        return target

    # Whatever the disk says to these three, no log is worth a job.

    def _put(self, data: bytes, at: int) -> int:
        """Writes as much as the disk takes and returns that number."""
        view, count = memoryview(data), 0
        with contextlib.suppress(OSError):
            while count < len(view):
                count += os.pwrite(self._file, view[count:], at + count)
        return count

    def _read(self, at: int) -> bytes:
        """A piece of the log; none where it ends, or cannot be read."""
        with contextlib.suppress(OSError):
            return os.pread(self._file, min(_MOVE_BYTES, self._size_bytes - at), at)
        return b""

    def _cut_off(self) -> None:
        """Takes away what stands behind the end, or remembers that it is there."""
        self._is_uncut = True
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._size_bytes)
            self._is_uncut = False


def lost_marker(lost_bytes: int) -> bytes:
    """The line at the end of a log of which the disk did not take all."""
    return f"\n[skafd: the disk was full, {lost_bytes} bytes were lost]\n".encode()


def marker(dropped_bytes: int) -> bytes:
    """The line that stands in a log for what was taken out."""
    return f"\n[skafd: {dropped_bytes} bytes left out here]\n".encode()
