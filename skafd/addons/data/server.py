"""The data engine's HTTP on a unix socket; every request carries the token of a job, which is checked with the key."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from skafd.addons.data.engine import Engine
from skafd.addons.data.handler import Handler
from skafd.addons.data.names import Names
from skafd.addons.socket_for_jobs import listen_for_jobs

log = logging.getLogger("skafd.data")


class DataServer:
    """Listens from the moment it is made until `close`; each connection has a thread."""

    def __init__(self, path: Path, engine: Engine, names: Names, key: bytes) -> None:
        """Raises OSError when the socket cannot be made there."""
        self.engine = engine
        self.names = names
        self.key = key
        self._path = path
        self._listener = listen_for_jobs(path)
        self._is_closed = False
        self._lock = threading.Lock()
        self._busy = 0
        self._last_used = time.monotonic()
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="data", daemon=True).start()

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
        self._is_closed = True
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for _ in range(100):
            if self.idle_seconds() > 0:
                break
            time.sleep(0.05)
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not self._is_closed:
                    log.error("jobs cannot connect: %s", error)
                    time.sleep(1.0)
                continue
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="job", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            Handler(connection, ("", 0), self)  # type: ignore[arg-type]
        except OSError:
            # It went away, or was silent for too long.
            return
        finally:
            self._connections.discard(connection)
            with suppress(OSError):
                connection.close()
