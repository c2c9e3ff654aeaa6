"""The pages over HTTP: read only, on 127.0.0.1, for whoever knows the token that every path begins with."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from skafd import clock
from skafd.api.backend import Backend
from skafd.api.tail import LogReader
from skafd.errors import NotFound, SkafdError
from skafd.web.markup import page, text
from skafd.web.pages import log_page, run_page, status_page

LAST_LINES = 2000
"""Of a log."""
_MOST_LOG_BYTES = 2 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_HOSTS = ("127.0.0.1", "localhost")
Make = Callable[[Request, str], str]
"""A page, from a request and where the links begin."""


def routes(backend: Backend, token: str) -> list[Route]:
    """All that is answered."""

    def status(_: Request, base: str) -> str:
        return status_page(backend.status(), base, clock.now())

    def run(request: Request, base: str) -> str:
        path = request.path_params
        return run_page(backend.run(f"{path['project']}/{path['number']}"), base, clock.now())

    def log(request: Request, base: str) -> str:
        return _log(backend, str(request.path_params["task"]), base)

    return [
        Route("/{token}/", _guarded(status, token), methods=["GET"]),
        Route("/{token}/run/{project}/{number}", _guarded(run, token), methods=["GET"]),
        Route("/{token}/log/{task:path}", _guarded(log, token), methods=["GET"]),
    ]


def _guarded(make: Make, token: str) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        given = str(request.path_params["token"])
        if request.url.hostname not in _HOSTS or not secrets.compare_digest(given.encode(), token.encode()):
            # The same as for a page that is not there: who has no token learns nothing.
            return _page("not found", "There is nothing here. `skafd open` says where the pages are.", 404)
        try:
            return HTMLResponse(await to_thread.run_sync(make, request, f"/{token}/"), headers=_HEADERS)
        except SkafdError as error:
            return _page("skafd", error.message, 404 if isinstance(error, NotFound) else 500)

    return endpoint


def _page(title: str, said: str, code: int) -> Response:
    return HTMLResponse(page(title, f"<p>{text(said)}</p>", refresh=False), code, _HEADERS)


def _log(backend: Backend, task: str, base: str) -> str:
    """Of one task: where several instances have the name, of the first."""
    sources = backend.log_sources(task)
    if not sources:
        raise NotFound(f"{task} has no log yet")
    reader = LogReader(Path(sources[0].path))
    reader.skip_to_last(LAST_LINES)
    blocks = bytearray()
    while len(blocks) < _MOST_LOG_BYTES and (block := reader.read()):
        blocks += block
    return log_page(sources[0].task, blocks.decode(errors="replace"), base, sources[0].finished)
