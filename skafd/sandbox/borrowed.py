"""A process borrowed from a fork server: told to begin, and awaited, by whoever stands in its command's place."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
from collections.abc import Sequence

from skafd.sandbox.warm import NoWarmStart

CREDENTIALS = struct.Struct("3i")
_SAID, _ENDED = b"s", b"e"
_GO = b"go"


class Borrowed:
    """A process that is to run the command: its output, and its end. Made by `borrow`."""

    def __init__(self, connection: socket.socket, pid: int, outputs: Sequence[int]) -> None:
        """Raises OSError."""
        self.outputs = outputs
        self._connection = connection
        self._text = b""
        self._process = os.pidfd_open(pid)
        self._server = os.pidfd_open(peer_of(connection)[0])
        self._events = select.epoll()
        self._events.register(connection, select.EPOLLIN)
        self._events.register(self._process, select.EPOLLIN)
        self._waits_for_server = False

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that it needs."""
        return (*self.outputs, self._connection.fileno(), self._process, self._server, self._events.fileno())

    def begin(self) -> None:
        """Lets it run the command. Raises NoWarmStart where it has not begun, and never will."""
        try:
            self._connection.sendall(_GO)
            self._connection.setblocking(False)
        except OSError as error:
            self._connection.close()
            raise NoWarmStart("its fork server ended") from error

    def fileno(self) -> int:
        """Readable when it may have ended."""
        return self._events.fileno()

    def status(self) -> int | None:
        """Its wait status, once it has ended; what it said last, if the server ended before it."""
        has_ended = _is_over(self._process)
        is_alone = _is_over(self._server)
        self._read()
        said = self._said(_ENDED)
        if said is not None:
            return said
        if has_ended and not self._waits_for_server:
            self._waits_for_server = True
            self._events.unregister(self._process)
            self._events.register(self._server, select.EPOLLIN)
        if not (has_ended and is_alone):
            return None
        code = self._said(_SAID)
        return int(signal.SIGKILL) if code is None else code << 8

    def _said(self, kind: bytes) -> int | None:
        lines = self._text.split(b"\n")[:-1]
        return next((int(line[1:]) for line in lines if line[:1] == kind), None)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while piece := self._connection.recv(4096):
                self._text += piece
            # Both who could say something are gone; the ends of processes are still to be awaited.
            with contextlib.suppress(FileNotFoundError):
                self._events.unregister(self._connection)


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Process and user of the server."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid, uid, _ = CREDENTIALS.unpack(found)
    return pid, uid


def _is_over(process: int) -> bool:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return bool(poll.poll(0))
