"""Connections of jobs to a service: each has a thread that answers all of its requests."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from skafd.threads import Threads

log = logging.getLogger("skafd.connections")

_PAUSE_SECONDS = 1.0


class Connections:
    """Accepts from the moment it is made until `close`."""

    def __init__(self, listener: socket.socket, name: str, serve: Callable[[socket.socket], object]) -> None:
        """`serve` answers everything that is asked on a connection, and returns when that is over."""
        self._listener = listener
        self._name = name
        self._serve_one = serve
        self._is_closed = False
        self._open: set[socket.socket] = set()
        self._threads = Threads("job")
        threading.Thread(target=self._accept, name=name, daemon=True).start()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def refuse(self) -> None:
        """Accepts no more; who is connected goes on."""
        self._is_closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads.end()

    def close(self) -> None:
        """Accepts no more, and lets go of who is connected."""
        self.refuse()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not self._is_closed:
                    log.error("%s: jobs cannot connect: %s", self._name, error)
                    threading.Event().wait(_PAUSE_SECONDS)
                continue
            self._open.add(connection)
            self._threads.begin(partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._serve_one(connection)
        except OSError:
            # It went away, or was silent for too long.
            return
        finally:
            self._open.discard(connection)
            with suppress(OSError):
                connection.close()
