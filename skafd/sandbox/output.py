"""Keeps what a job prints: secrets masked, and at most so many bytes, from the beginning and from the end.

The first half of the cap goes to `log`. What follows goes to pieces named by the position at which they begin
(`log.33554432`), of a quarter of the cap each; the oldest are removed. At the end they are appended to `log`,
behind a line that says how much is missing. So a run never takes more than one and a half caps of disk.
"""

from __future__ import annotations

import errno
import os
from collections import deque

from skafd.sandbox.redact import Redactor

FILE_NAME = "log"
_READ_BYTES = 64 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Output:
    """Copies from a pipe to the log. Want of disk loses output, never the job."""

    def __init__(self, directory: str, redactor: Redactor, cap_bytes: int) -> None:
        self._path = f"{directory}/{FILE_NAME}"
        self._redactor = redactor
        self._head_bytes = max(2, cap_bytes) // 2
        self._piece_bytes = max(1, self._head_bytes // 2)
        self._pieces: deque[int] = deque()
        self._file = _open(self._path)
        self.written_bytes = 0
        self.lost_bytes = 0
        """To a full disk."""
        self.dropped_bytes = 0
        """From the middle, for the cap."""

    def copy(self, pipe: int) -> int:
        """Reads once what is in the pipe and keeps it; the number of bytes read, 0 when there are none."""
        try:
            data = os.read(pipe, _READ_BYTES)
        except BlockingIOError:
            return 0
        self._keep(self._redactor.feed(data))
        return len(data)

    def finish(self) -> None:
        """Puts the log together; nothing is written to it afterwards."""
        self._keep(self._redactor.finish())
        os.close(self._file)
        if self._pieces:
            self._assemble()

    @property
    def head_bytes(self) -> int | None:
        """Where the marker stands, when something was left out."""
        return self._head_bytes if self.dropped_bytes else None

    def _keep(self, data: bytes) -> None:
        while data:
            room = self._room()
            if room == 0:
                self._next_piece()
                continue
            self._write(data[:room])
            data = data[room:]

    def _room(self) -> int:
        if not self._pieces:
            return self._head_bytes - self.written_bytes
        return self._pieces[-1] + self._piece_bytes - self.written_bytes

    def _next_piece(self) -> None:
        os.close(self._file)
        # Before the last piece is full the tail needs two others to be half a cap.
        if len(self._pieces) == 3:
            os.unlink(self._piece_path(self._pieces.popleft()))
        self._pieces.append(self.written_bytes)
        self._file = _open(self._piece_path(self.written_bytes))

    def _piece_path(self, start: int) -> str:
        return f"{self._path}.{start}"

    def _write(self, data: bytes) -> None:
        self.written_bytes += len(data)
        written = _write_what_fits(self._file, data)
        self.lost_bytes += len(data) - written

    def _assemble(self) -> None:
        paths = [self._piece_path(start) for start in self._pieces]
        kept_bytes = sum(os.path.getsize(path) for path in paths)
        skipped_bytes = max(0, kept_bytes - self._head_bytes)
        self.dropped_bytes = self._pieces[0] - self._head_bytes + skipped_bytes
        log = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.lseek(log, 0, os.SEEK_END)
            if self.dropped_bytes:
                _write_what_fits(log, marker(self.dropped_bytes))
            for path in paths:
                skipped_bytes -= self._append(log, path, skipped_bytes)
                os.unlink(path)
        finally:
            os.close(log)

    def _append(self, log: int, path: str, skip_bytes: int) -> int:
        """Appends a piece but for its first bytes; returns how many were skipped."""
        skip_bytes = min(skip_bytes, os.path.getsize(path))
        with open(path, "rb", buffering=0) as piece:
            piece.seek(skip_bytes)
            while data := piece.read(_READ_BYTES):
                self.lost_bytes += len(data) - _write_what_fits(log, data)
        return skip_bytes


def marker(dropped_bytes: int) -> bytes:
    """The line that stands in a log for what was left out."""
    return f"\n[skafd: {dropped_bytes} bytes left out here]\n".encode()


def _open(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _write_what_fits(descriptor: int, data: bytes) -> int:
    """Writes as much as the disk takes and returns that number."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            break
    return len(data) - len(view)
