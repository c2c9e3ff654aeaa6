"""Serves a backend on a real socket, in a thread of the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skafd.api.backend import Backend
from skafd.api.client import Client
from skafd.api.server import serve


@contextmanager
def serving(backend: Backend, socket_path: Path) -> Iterator[Client]:
    """A client of `backend` on `socket_path`; the server has ended when the block is left."""
    with Served(backend, socket_path) as served:
        yield served.client


class Served:
    """A server that a test can stop."""

    def __init__(self, backend: Backend, socket_path: Path) -> None:
        self.client = Client(socket_path)
        self._backend = backend
        self._path = socket_path
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def stop(self) -> None:
        """Ends the server and waits for it."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(30)
        assert not self._thread.is_alive(), "the server did not end"

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        # The socket is at its name before the first await of serve().
        self._loop.call_soon(self._ready.set)
        await serve(self._backend, self._path, self._stopping)
