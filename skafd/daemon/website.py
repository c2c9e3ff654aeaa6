"""The pages of `skafd open`: served from when they are first asked for until they are closed."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from skafd.api.backend import Backend
from skafd.api.server import serve_routes
from skafd.api.sockets import listen_locally

log = logging.getLogger("skafd")
_ENDS_WITHIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Open:
    url: str
    stopping: asyncio.Event
    served: Future[None]


class Website:
    """Callable from any thread but that of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._open: _Open | None = None

    def open(self, backend: Backend) -> str:
        """Where the pages are; the token in it is all that somebody on this machine needs to read them."""
        with self._lock:
            if self._open is None:
                self._open = self._begin(backend)
            return self._open.url

    def close(self) -> bool:
        """Ends them; what was their address is none any more. False where there were none."""
        with self._lock:
            opened, self._open = self._open, None
        if opened is None:
            return False
        self._loop.call_soon_threadsafe(opened.stopping.set)
        opened.served.result(_ENDS_WITHIN_SECONDS)
        log.info("the pages are closed")
        return True

    def _begin(self, backend: Backend) -> _Open:
        # The pages bring libraries that a daemon without them does not carry.
        from skafd.web.site import routes

        listener = listen_locally(0)
        port, token = listener.getsockname()[1], secrets.token_urlsafe(24)
        stopping = asyncio.Event()
        served = asyncio.run_coroutine_threadsafe(serve_routes(routes(backend, token), listener, stopping), self._loop)
        log.info("pages are served on 127.0.0.1:%d", port)
        return _Open(f"http://127.0.0.1:{port}/{token}/", stopping, served)
