"""Answers jobs on a socket of theirs. Threads, since bodies are long and pass through in large pieces."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from skafd.addons.connections import Connections
from skafd.api.sockets import listen
from skafd.jobs.backend import JobsBackend
from skafd.jobs.handler import Handler


class JobsServer:
    """Listens from the moment it is made until `close`. Every request needs a token that was signed with the key."""

    def __init__(self, path: Path, backend: JobsBackend, key: bytes) -> None:
        """Raises OSError when the socket cannot be made there."""
        self.backend = backend
        self.key = key
        self._path = path
        # Jobs may be other users than root: there the token alone decides.
        listener = listen(path, 0o666 if os.geteuid() == 0 else 0o600)
        self._connections = Connections(listener, "jobs", self._serve)

    def close(self) -> None:
        """Answers nothing any more. Who is being answered asks the next daemon again."""
        self._connections.close()
        self._path.unlink(missing_ok=True)

    def _serve(self, connection: socket.socket) -> None:
        # Makes it, lets it serve all requests of the connection, and ends.
        Handler(connection, ("", 0), self)  # type: ignore[arg-type]
