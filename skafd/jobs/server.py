"""Answers jobs on a socket of theirs. Threads, since bodies are long and pass through in large pieces."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

from skafd.api.sockets import listen
from skafd.jobs.backend import JobsBackend
from skafd.jobs.handler import Handler

log = logging.getLogger("skafd.jobs")


class JobsServer:
    """Listens from the moment it is made until `close`. Every request needs a token that was signed with the key."""

    def __init__(self, path: Path, backend: JobsBackend, key: bytes) -> None:
        """Raises OSError when the socket cannot be made there."""
        self.backend = backend
        self.key = key
        self._path = path
        # Jobs may be other users than root: there the token alone decides.
        self._listener = listen(path, 0o666 if os.geteuid() == 0 else 0o600)
        self._is_closed = False
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="jobs", daemon=True).start()

    def close(self) -> None:
        """Answers nothing any more. Who is being answered asks the next daemon again."""
        self._is_closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not self._is_closed:
                    log.error("jobs cannot connect: %s", error)
                    threading.Event().wait(1.0)
                continue
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="job", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            # Makes it, lets it serve all requests of the connection, and ends.
            Handler(connection, ("", 0), self)  # type: ignore[arg-type]
        except OSError:
            # It went away, or was silent for too long.
            return
        finally:
            self._connections.discard(connection)
            with suppress(OSError):
                connection.close()
