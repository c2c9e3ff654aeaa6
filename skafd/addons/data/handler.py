"""One connection of a job, or of the daemon: its requests one after another."""

from __future__ import annotations

import json
import logging
import re
import shutil
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from skafd.addons.data.bodies import read_body
from skafd.addons.data.engine import Engine
from skafd.addons.data.names import Names
from skafd.addons.data.requests import ROUTES, Asked, Blocks, File
from skafd.errors import DaemonUnreachable, DataEngineError, NotFound, Refused, SkafdError
from skafd.job_token import verify

IDLE_SECONDS = 60.0
"""A connection on which nothing is asked for so long is closed; the SDK opens another."""
_BLOCK_BYTES = 2**20

log = logging.getLogger("skafd.data")


class Unauthorized(Refused):
    """Whoever asks has no token of this skafd."""


_STATUS: tuple[tuple[type[SkafdError], int], ...] = (
    (Unauthorized, 401),
    (NotFound, 404),
    (Refused, 409),
    (DataEngineError, 422),
    (DaemonUnreachable, 503),
    (SkafdError, 500),
)


class Server(Protocol):
    """What the handler needs to know."""

    engine: Engine
    names: Names
    key: bytes

    def begin(self) -> None: ...

    def end(self) -> None: ...


class Handler(BaseHTTPRequestHandler):
    """Made for each connection, in a thread of its own."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = 64 * 1024
    disable_nagle_algorithm = False
    server: Server  # type: ignore[assignment]

    def _serve(self) -> None:
        self.server.begin()
        try:
            self._answer()
        finally:
            self.server.end()

    do_GET = do_POST = _serve  # noqa: N815

    def _answer(self) -> None:
        self._has_begun = False
        try:
            body = read_body(self.headers, cast(BinaryIO, self.rfile))
            self._say(self._work(body))
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            raise
        except Exception as error:
            if self._has_begun:
                # The client sees a body that ends early.
                log.error("an answer broke off: %s", error)
                raise ConnectionResetError from error
            self._say_error(error)

    def _work(self, body: bytes) -> Any:
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        try:
            token = verify(text if scheme == "Bearer" else "", self.server.key)
        except Refused as error:
            raise Unauthorized(error.message, error.hint) from None
        parts = urlsplit(self.path)
        work = ROUTES.get((self.command, parts.path))
        if work is None:
            raise NotFound(f"the data engine has no {self.command} {parts.path}")
        asked = Asked(self.server.engine, self.server.names, token, dict(parse_qsl(parts.query)), body)
        return work(asked)

    def _say(self, answer: Any) -> None:
        if isinstance(answer, File):
            self._say_file(answer)
        elif isinstance(answer, Blocks):
            self._say_blocks(answer)
        else:
            self._say_json(200, answer)

    def _say_json(self, status: int, value: Any) -> None:
        text = json.dumps(value).encode()
        self._begin(status, "application/json", ("Content-Length", str(len(text))))
        self.wfile.write(text)

    def _say_file(self, file: File) -> None:
        with file.stream as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            self._begin(200, file.media_type, ("Content-Length", str(size)))
            shutil.copyfileobj(stream, self.wfile, _BLOCK_BYTES)

    def _say_blocks(self, blocks: Blocks) -> None:
        # The first one before the answer begins, so that an error in it has its own status.
        first = next(blocks.pieces, b"")
        self._begin(200, blocks.media_type, ("Transfer-Encoding", "chunked"), *blocks.headers)
        self._chunk(first)
        for piece in blocks.pieces:
            self._chunk(piece)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, piece: bytes) -> None:
        if piece:
            self.wfile.write(b"%x\r\n" % len(piece))
            self.wfile.write(piece)
            self.wfile.write(b"\r\n")

    def _say_error(self, error: Exception) -> None:
        if not isinstance(error, SkafdError):
            log.error("a request failed", exc_info=error)
            error = SkafdError(f"the data engine failed at this: {error}", "its log says more: `skafd status`")
        status = next(code for known, code in _STATUS if isinstance(error, known))
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
        self._say_json(status, {"error": {"message": error.message, "hint": error.hint, "kind": kind}})

    def _begin(self, status: int, media_type: str, *headers: tuple[str, str]) -> None:
        self._has_begun = True
        self.send_response_only(status)
        self.send_header("Content-Type", media_type)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Errors are logged where they are known."""
