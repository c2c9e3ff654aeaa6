"""The data engine's HTTP on a unix socket; every request carries the token of a job, which is checked with the key."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

from skafd.addons.connections import Connections
from skafd.addons.data.engine import Engine
from skafd.addons.data.handler import Handler
from skafd.addons.data.names import Names
from skafd.addons.socket_for_jobs import listen_for_jobs


class DataServer:
    """Listens from the moment it is made until `close`; each connection has a thread."""

    def __init__(self, path: Path, engine: Engine, names: Names, key: bytes) -> None:
        """Raises OSError when the socket cannot be made there."""
        self.engine = engine
        self.names = names
        self.key = key
        self._path = path
        self._lock = threading.Lock()
        self._busy = 0
        self._last_used = time.monotonic()
        self._connections = Connections(listen_for_jobs(path), "data", self._serve)

    def idle_seconds(self) -> float:
        """How long nobody has asked anything; 0 while somebody is answered."""
        with self._lock:
            return 0.0 if self._busy else time.monotonic() - self._last_used

    def begin(self) -> None:
        """A request has come."""
        with self._lock:
            self._busy += 1

    def end(self) -> None:
        """It is answered."""
        with self._lock:
            self._busy -= 1
            self._last_used = time.monotonic()

    def close(self) -> None:
        """Takes no more, and lets go who is not being answered; who is, is waited for a moment."""
        self._path.unlink(missing_ok=True)
        self._connections.refuse()
        for _ in range(100):
            if self.idle_seconds() > 0:
                break
            time.sleep(0.05)
        self._connections.close()

    def _serve(self, connection: socket.socket) -> None:
        Handler(connection, ("", 0), self)  # type: ignore[arg-type]
