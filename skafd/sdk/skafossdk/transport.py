"""HTTP/1.1 with JSON over a unix socket, with quiet retries. For everything of the SDK that talks to a service.

    service = Service("/path/to/socket", token)
    service.call("GET", "/v1/whoami")                       # the JSON of the answer, or None
    service.call("POST", "/v1/save", {"rows": rows})        # a write: its effect happens at most once
    service.send("POST", "/v1/bytes", lambda stream: stream.write(b"..."))   # a body of any length, in pieces
    with closing(service.receive("/v1/bytes/abc")) as answer:    # an answer of any length, in pieces
        answer.readinto(buffer)

Where nobody listens (any more), where the connection breaks and where the answer is 503, a call is tried again, ever
more rarely, until `patience_seconds` have passed. All tries of one call carry the same `X-Request-Id`, by which the
service recognizes what it has done already. An answer of 400 or above raises an error of `exceptions`; the service
says it as `{"error": {"message", "hint", "kind"}}`.

Connections are kept open per thread; a process that was forked opens its own. Calls block: `background` makes futures
of them.
"""

import http.client
import json
import os
import random
import threading
import time
import uuid
from typing import Any, Callable, Dict, Optional
from urllib.parse import urlencode

from .exceptions import DataEngineError, NotFound, QueueError, Refused, SkafosError, Unauthorized, Unreachable
from .reaching import reach

ANSWER_SECONDS = 60.0
"""A service that says nothing for so long is asked again."""
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 2.0
PIECE_BYTES = 1024 * 1024
TRY_AGAIN = 503

_KINDS: "Dict[str, type]" = {
    "not_found": NotFound,
    "data_engine_error": DataEngineError,
    "queue_error": QueueError,
    "unauthorized": Unauthorized,
}
_BROKEN = (OSError, http.client.HTTPException)


class Service:
    """One service behind one socket. May be used by any number of threads."""

    def __init__(self, path: str, token: str, patience_seconds: float = 600.0, hint: str = "") -> None:
        """`patience_seconds`: how long a service may be gone; `hint`: what to do then, for the error."""
        self.path = path
        self._token = token
        self._patience_seconds = patience_seconds
        self._hint = hint
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"<Service at {self.path}>"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: "Optional[Dict[str, Any]]" = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> Any:
        """Asks, and returns the JSON of the answer; None for an empty one."""
        content = None if body is None else json.dumps(body, allow_nan=True).encode()

        def ask(headers: "Dict[str, str]") -> Any:
            connection = self._connection(answer_seconds)
            connection.request(method, path + _query(query), content, headers)
            text = _answer(connection).read()
            return json.loads(text.decode()) if text else None

        return self._persist(ask, {"Content-Type": "application/json"})

    def send(
        self,
        method: str,
        path: str,
        write: "Callable[[Any], None]",
        query: "Optional[Dict[str, Any]]" = None,
        answer_seconds: float = 600.0,
    ) -> Any:
        """Sends what `write` writes into the stream that it is given; it is called again for every try."""

        def ask(headers: "Dict[str, str]") -> Any:
            connection = self._connection(answer_seconds)
            connection.putrequest(method, path + _query(query))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            _send_body(connection, write)
            text = _answer(connection).read()
            return json.loads(text.decode()) if text else None

        headers = {"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
        return self._persist(ask, headers)

    def receive(self, path: str, query: "Optional[Dict[str, Any]]" = None) -> "Answer":
        """The answer as a stream to be read in pieces, and to be closed. It may break off before its `length`."""

        def ask(headers: "Dict[str, str]") -> Answer:
            # Not the thread's own: other calls may be made while the stream is read.
            connection = self._connect(ANSWER_SECONDS)
            try:
                connection.request("GET", path + _query(query), None, dict(headers, Connection="close"))
                return Answer(connection, _answer(connection))
            except BaseException:
                connection.close()
                raise

        answer: Answer = self._persist(ask, {})
        return answer

    def _persist(self, ask: "Callable[[Dict[str, str]], Any]", headers: "Dict[str, str]") -> Any:
        """Asks until there is an answer. Raises SkafosError."""
        headers = dict(headers, Authorization=f"Bearer {self._token}")
        headers["X-Request-Id"] = uuid.uuid4().hex
        give_up_at = time.monotonic() + self._patience_seconds
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return ask(headers)
            except WriteFailed as error:
                self._forget()
                raise error.reason from None
            except PermissionError:
                raise Unreachable(
                    f"{self.path} is somebody else's: set SKAFD_HOME to a state folder of yours"
                ) from None
            except _BROKEN + (_Again,) as error:
                self._forget()
                if time.monotonic() + pause > give_up_at:
                    raise self._unreachable(error) from error
            except SkafosError:
                self._forget()
                raise
            # Not all at the same instant.
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _unreachable(self, error: BaseException) -> Unreachable:
        gone = isinstance(error, (FileNotFoundError, ConnectionRefusedError))
        what = f"nobody answers at {self.path}" if gone else f"{self.path} does not answer: {error}"
        return Unreachable(f"{what}: {self._hint}" if self._hint else what)

    def _connection(self, answer_seconds: float) -> "UnixConnection":
        """The connection of this thread of this process."""
        kept = getattr(self._local, "kept", None)
        if kept is None or kept[0] != os.getpid():
            kept = os.getpid(), self._connect(answer_seconds)
            self._local.kept = kept
        connection: UnixConnection = kept[1]
        connection.wait_for(answer_seconds)
        return connection

    def _connect(self, answer_seconds: float) -> "UnixConnection":
        return UnixConnection(self.path, answer_seconds)

    def _forget(self) -> None:
        kept = getattr(self._local, "kept", None)
        self._local.kept = None
        if kept is not None and kept[0] == os.getpid():
            kept[1].close()


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, answer_seconds: float) -> None:
        super().__init__("localhost")
        self._path = path
        self._seconds = answer_seconds

    def connect(self) -> None:
        """Opens the socket. Raises OSError where nobody listens."""
        self.sock = reach(self._path, self._seconds)

    def wait_for(self, seconds: float) -> None:
        """How long the next answer may take."""
        self._seconds = seconds
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def __del__(self) -> None:
        # Kept by a thread that has ended, or at the end of the program.
        self.close()


class Answer:
    """An answer that is being read."""

    def __init__(self, connection: UnixConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        self.length = int(response.headers.get("Content-Length") or 0)

    def readinto(self, buffer: Any) -> int:
        """The next bytes; 0 at the end, and where it breaks off."""
        try:
            return self._response.readinto(buffer)
        except _BROKEN:
            return 0

    def close(self) -> None:
        """Reads no more."""
        self._response.close()
        self._connection.close()


class WriteFailed(Exception):
    """What was to be sent could not be made: no reason to try again."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__(reason)
        self.reason = reason


class _Again(Exception):
    """The service says that it is about to end, or not yet ready."""


class _Body:
    """Gathers small writes into pieces, and large ones passes on without a copy."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._held = bytearray()
        self.broken = False

    def write(self, data: Any) -> int:
        """As a file's."""
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else memoryview(data)
        if len(self._held) + len(view) < PIECE_BYTES:
            self._held += view
            return len(view)
        self.flush()
        for start in range(0, len(view), PIECE_BYTES):
            self._send(view[start : start + PIECE_BYTES])
        return len(view)

    def flush(self) -> None:
        """Sends what was gathered."""
        if self._held:
            held, self._held = self._held, bytearray()
            self._send(held)

    def end(self) -> None:
        """Nothing follows."""
        self.flush()
        self._raw(b"0\r\n\r\n")

    def _send(self, piece: Any) -> None:
        self._raw(b"%x\r\n" % len(piece))
        self._raw(piece)
        self._raw(b"\r\n")

    def _raw(self, data: Any) -> None:
        try:
            self._connection.send(data)
        except OSError:
            self.broken = True
            raise


def _send_body(connection: http.client.HTTPConnection, write: "Callable[[Any], None]") -> None:
    body = _Body(connection)
    try:
        write(body)
        body.end()
    except (BrokenPipeError, ConnectionResetError):
        if not body.broken:
            raise
        # Refused before it was read: the answer says why, or there is none.
    except Exception as error:
        if body.broken:
            raise
        raise WriteFailed(error) from error


def _answer(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    answer = connection.getresponse()
    if answer.status < 400:
        return answer
    said = answer.read()
    if answer.status == TRY_AGAIN:
        raise _Again(said.decode("utf-8", "replace"))
    raise error_of(answer.status, said)


def error_of(status: int, said: bytes) -> SkafosError:
    """The error that an answer says."""
    try:
        error = json.loads(said.decode())["error"]
        message, hint, kind = str(error["message"]), error.get("hint"), error.get("kind", "")
    except (ValueError, KeyError, TypeError):
        return SkafosError(f"the service answered {status}: {said[:200].decode('utf-8', 'replace')}")
    fallback = (
        Unauthorized if status == 401 else NotFound if status == 404 else Refused if status < 500 else SkafosError
    )
    found: SkafosError = _KINDS.get(kind, fallback)(f"{message}: {hint}" if hint else message)
    return found


def _query(values: "Optional[Dict[str, Any]]") -> str:
    given = {name: value for name, value in (values or {}).items() if value is not None}
    return "?" + urlencode(given) if given else ""
