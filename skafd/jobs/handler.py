"""One connection of a job: its requests one after another, bodies of any length read in pieces."""

from __future__ import annotations

import json
import logging
import shutil
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import ValidationError

from skafd.api.checking import adapter, explain
from skafd.api.failures import BadRequest, as_json, status_of
from skafd.errors import DaemonUnreachable, Refused, SkafdError, StoreError
from skafd.job_token import JobToken, verify
from skafd.jobs.backend import JobsBackend
from skafd.jobs.bodies import Body, open_body
from skafd.jobs.routes import find_route
from skafd.jobs.routing import JobCall, JobRoute

IDLE_SECONDS = 10.0
"""A connection on which nothing is asked for so long is closed; the SDK opens another."""
SILENT_SECONDS = 600.0
"""A job may take so long to make the next piece of what it sends, or to do something with what it reads."""
LONGEST_JSON_BYTES = 16 * 2**20
_TRY_AGAIN = 503
_PIECE_BYTES = 2**20

log = logging.getLogger("skafd.jobs")


class Unauthorized(Refused):
    """Whoever asks has no token of this skafd: 401."""


class JobsServer(Protocol):
    """What the handler needs to know."""

    backend: JobsBackend
    key: bytes


class Handler(BaseHTTPRequestHandler):
    """Made for each connection, in a thread of its own."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: JobsServer  # type: ignore[assignment]

    def _serve(self) -> None:
        self.connection.settimeout(SILENT_SECONDS)
        try:
            self._serve_one()
        finally:
            self.connection.settimeout(self.timeout)

    def _serve_one(self) -> None:
        body = open_body(self.headers, cast(BinaryIO, self.rfile))
        try:
            answer = self._answer(body)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            raise
        except Exception as error:
            self._say_error(error)
        else:
            self._say(answer)
        # What was not read would be taken for the next request.
        self.close_connection = self.close_connection or not body.is_at_end()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _answer(self, body: Body) -> Any:
        token = self._token()
        parts = urlsplit(self.path)
        route, names = find_route(self.command, parts.path)
        path = {name: unquote(value) for name, value in names.items()}
        request_id = self.headers.get("X-Request-Id", "")
        call = JobCall(token, request_id, path, dict(parse_qsl(parts.query)), _read(route, body), cast(BinaryIO, body))
        return route.work(self.server.backend, call)

    def _token(self) -> JobToken:
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        try:
            return verify(text if scheme == "Bearer" else "", self.server.key)
        except Refused as error:
            raise Unauthorized(error.message, error.hint) from None

    def _say(self, answer: Any) -> None:
        if hasattr(answer, "read"):
            self._say_stream(answer)
        elif answer is None:
            self._begin(204, 0)
        else:
            self._say_json(200, answer)

    def _say_stream(self, stream: BinaryIO) -> None:
        with stream:
            begin = stream.tell()
            size = stream.seek(0, 2)
            stream.seek(begin)
            self._begin(200, max(0, size - begin), "application/octet-stream")
            shutil.copyfileobj(stream, self.wfile, _PIECE_BYTES)

    def _say_json(self, status: int, value: Any) -> None:
        text = json.dumps(value).encode()
        self._begin(status, len(text), "application/json")
        self.wfile.write(text)

    def _say_error(self, error: Exception) -> None:
        if isinstance(error, Unauthorized):
            self._say_json(401, as_json(error))
        elif isinstance(error, (DaemonUnreachable, StoreError)):
            # The SDK asks again, quietly: after a restart, when there is room on the disk.
            self._say_json(_TRY_AGAIN, as_json(error))
        elif isinstance(error, SkafdError):
            self._say_json(status_of(error), as_json(error))
        else:
            log.error("a request of a job failed", exc_info=error)
            self._say_json(500, as_json(SkafdError(f"the daemon failed at this: {error}", "its log says more")))

    def _begin(self, status: int, length: int, media_type: str | None = None) -> None:
        self.send_response_only(status)
        if media_type:
            self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Errors are logged where they are known."""


def _read(route: JobRoute, body: Body) -> Any:
    if route.request is None:
        return None
    text = body.read(LONGEST_JSON_BYTES + 1)
    if len(text) > LONGEST_JSON_BYTES:
        raise BadRequest(f"the body has more than {LONGEST_JSON_BYTES} bytes")
    try:
        return adapter(route.request).validate_json(text or b"{}")
    except ValidationError as error:
        raise BadRequest(explain(error, "the body")) from None
