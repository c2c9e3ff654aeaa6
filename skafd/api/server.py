"""The api over HTTP on a unix socket: a Starlette application over a `Backend`, served by uvicorn."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from skafd import __version__
from skafd.api import data_endpoint
from skafd.api.backend import Backend
from skafd.api.checking import adapter, read_call
from skafd.api.failures import as_json, status_of
from skafd.api.logs import LogStream
from skafd.api.openapi import document
from skafd.api.requests import ChangeNumber
from skafd.api.routes import ROUTES
from skafd.api.routes.events import WEBHOOK_PATH
from skafd.api.routes.projects import folders_of
from skafd.api.routing import Answer, Call, Route, Stream
from skafd.api.shapes import FolderResult
from skafd.api.sockets import BACKLOG, listen_privately
from skafd.api.status_writer import StatusWriter
from skafd.api.threads import iterate_in_thread
from skafd.api.waiting import ChangeWatch
from skafd.api.webhooks import call_webhook
from skafd.errors import NotFound, Refused, SkafdError

GRACE_SECONDS = 2
"""What an answer under way may take when the daemon ends."""
_TURNS_OF_A_WELCOME = 3
"""Of the loop: the connection is accepted, has a transport, and is made known to uvicorn."""


async def serve(
    backend: Backend, socket_path: Path, stopping: asyncio.Event, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Answers on `socket_path` (mode 0600) until `stopping` is set; the socket is gone afterwards.

    Calls `on_ready` when it answers.
    Raises OSError when the socket cannot be made there. Log followers and those who wait for changes are let go.
    """
    watch = ChangeWatch(backend)
    listener = listen_privately(socket_path)
    server = _Server(_configured(application(backend, watch)), stopping, on_ready, watch.close)
    try:
        await server.serve([listener])
    finally:
        socket_path.unlink(missing_ok=True)


async def serve_webhooks(backend: Backend, listener: socket.socket, stopping: asyncio.Event) -> None:
    """Answers calls of webhooks on a port of this machine, and nothing else, until `stopping` is set."""

    async def endpoint(request: Request) -> Response:
        return await call_webhook(backend, request)

    application = _application([StarletteRoute(WEBHOOK_PATH, endpoint, methods=["POST"])])
    await _Server(_configured(application), stopping).serve([listener])


async def serve_data(backend: Backend, listener: socket.socket, stopping: asyncio.Event) -> None:
    """Answers who reads tables with a token, and nothing else, until `stopping` is set."""
    await serve_routes(data_endpoint.routes(backend), listener, stopping)


async def serve_routes(routes: Sequence[StarletteRoute], listener: socket.socket, stopping: asyncio.Event) -> None:
    """Answers these on `listener`, and nothing else, until `stopping` is set."""
    await _Server(_configured(_application(routes)), stopping).serve([listener])


def _configured(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def application(backend: Backend, watch: ChangeWatch) -> Starlette:
    """The table of routes as a Starlette application."""
    return _application([*_routes(backend, watch), StarletteRoute("/v1/openapi.json", _openapi)])


def _application(routes: Sequence[StarletteRoute]) -> Starlette:
    return Starlette(
        routes=routes,
        exception_handlers={SkafdError: _say_error, HTTPException: _say_http_error, Exception: _say_bug},
    )


class _Server(uvicorn.Server):
    """Ends when the event is set; leaves signals to the daemon, and sleeps while nobody asks."""

    def __init__(
        self,
        config: uvicorn.Config,
        stopping: asyncio.Event,
        on_ready: Callable[[], None] = lambda: None,
        on_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end
        self._stopping = stopping

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()

    async def main_loop(self) -> None:
        self._on_ready()
        # The loop that this replaces wakes ten times a second.
        await self._stopping.wait()
        await self._let_nobody_in()
        if self._on_end is not None:
            await self._on_end()

    async def _let_nobody_in(self) -> None:
        """Who was let in is known when this returns: asyncio forgets to close those that a closed server has accepted
        (https://github.com/python/cpython/issues/109564), and uvicorn does not tell them to go.
        """
        loop = asyncio.get_running_loop()
        for listener in (listener for server in self.servers for listener in server.sockets):
            loop.remove_reader(listener.fileno())
        for _ in range(_TURNS_OF_A_WELCOME):
            await asyncio.sleep(0)


def _routes(backend: Backend, watch: ChangeWatch) -> Iterator[StarletteRoute]:
    writer = StatusWriter()
    for route in ROUTES:
        yield StarletteRoute(route.path, _endpoint(route, backend, watch, writer), methods=[route.method])


def _endpoint(
    route: Route, backend: Backend, watch: ChangeWatch, writer: StatusWriter
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if route.work is Stream.WEBHOOK:
            return await call_webhook(backend, request)
        call = await read_call(route, request)
        match route.work:
            case Stream.STATUS:
                after = call.query["after"]
                text = await to_thread.run_sync(lambda: writer.dump(backend.status(after)))
                return Response(text, media_type=Answer.JSON)
            case Stream.UP:
                return await _up(backend, watch, call)
            case Stream.LOGS:
                return await _logs(backend, watch, call)
            case Stream.CHANGES:
                number = await watch.wait(call.query["after"], call.query["seconds"])
                return _json(route, ChangeNumber(number))
            case work:
                return _say(route, await to_thread.run_sync(work, backend, call))

    return endpoint


def _say(route: Route, answer: Any) -> Response:
    return FileResponse(answer, media_type=Answer.BYTES) if route.answer is Answer.BYTES else _json(route, answer)


def _json(route: Route, answer: Any) -> Response:
    if route.response is None:
        return Response(status_code=204)
    return Response(adapter(route.response).dump_json(answer), media_type=Answer.JSON)


async def _up(backend: Backend, watch: ChangeWatch, call: Call) -> Response:
    results = iterate_in_thread(
        partial(backend.up, folders_of(call.body), call.body.wait, call.body.resolve_as_of), watch.closing
    )
    # The first result before the answer begins, so that a refusal has its own status.
    first = [item async for item in _take_one(results)]
    return StreamingResponse(_result_lines(first, results), media_type=Answer.LINES)


async def _take_one(results: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for result in results:
        yield result
        return


async def _result_lines(first: list[FolderResult], results: AsyncIterator[FolderResult]) -> AsyncIterator[bytes]:
    shape = adapter(FolderResult)
    try:
        for result in first:
            yield shape.dump_json(result) + b"\n"
        async for result in results:
            yield shape.dump_json(result) + b"\n"
    except SkafdError as error:
        yield json.dumps(as_json(error)).encode() + b"\n"


async def _logs(backend: Backend, watch: ChangeWatch, call: Call) -> Response:
    query = call.query
    stream = LogStream(backend, watch, query["target"], query["lines"], query["follow"])
    await stream.start()
    return StreamingResponse(stream.blocks(), media_type=Answer.TEXT)


async def _openapi(_: Request) -> Response:
    return JSONResponse(document(__version__))


async def _say_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, SkafdError)
    return JSONResponse(as_json(error), status_code=status_of(error))


async def _say_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = NotFound if error.status_code == 404 else Refused
    said = kind(f"the api has no {request.method} {request.url.path}", "GET /v1/openapi.json lists what it has")
    return JSONResponse(as_json(said), status_code=error.status_code)


async def _say_bug(_: Request, error: Exception) -> Response:
    # uvicorn logs the traceback.
    said = SkafdError(f"the daemon failed at this: {error}", "its log says more: logs/daemon.log in the state folder")
    return JSONResponse(as_json(said), status_code=500)
