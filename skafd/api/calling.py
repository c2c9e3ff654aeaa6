"""Asking the daemon over its socket: standard library only, plain dictionaries out."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

from skafd.api.failures import from_json
from skafd.api.sockets import connect
from skafd.errors import DaemonUnreachable, SkafdError

ANSWER_SECONDS = 60.0
"""A daemon that says nothing for so long is given up; streams may take as long as they like."""
BLOCK_BYTES = 64 * 1024

Json = dict[str, Any]


class Caller:
    """What the client's calls are made of. Raises DaemonUnreachable, and SkafdErrors as the daemon says them."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path

    def _object(self, *request: Any, **more: Any) -> Json:
        return cast(Json, self._json(*request, **more))

    def _list(self, *request: Any, **more: Any) -> list[Json]:
        return cast(list[Json], self._json(*request, **more))

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Json | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Any:
        with self._answer(method, path, query, body, seconds) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Json | None = None,
        seconds: float | None = ANSWER_SECONDS,
    ) -> Iterator[http.client.HTTPResponse]:
        with _answering(_Connection(self.socket_path, seconds), method, path + _query(query), body) as answer:
            yield answer


class LogStream:
    """A log in blocks, each as soon as it is there. Raises what the daemon says when it is iterated over."""

    def __init__(self, socket_path: Path, query: Mapping[str, Any]) -> None:
        self._connection = _Connection(socket_path, None)
        self._query = query
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            with _answering(self._connection, "GET", "/v1/logs" + _query(self._query)) as answer:
                yield from blocks_of(answer)
        except DaemonUnreachable:
            if not self._is_closed:
                raise

    def close(self) -> None:
        """Ends it, also from another thread while it waits for more."""
        self._is_closed = True
        with suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout_seconds: float | None) -> None:
        super().__init__("localhost")
        self.path = path
        self._timeout_seconds = timeout_seconds
        self.sock: socket.socket

    def connect(self) -> None:
        self.sock = connect(self.path, self._timeout_seconds)


@contextmanager
def _answering(
    connection: _Connection, method: str, path: str, body: Json | None = None
) -> Iterator[http.client.HTTPResponse]:
    try:
        with _unreachable(connection.path):
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status >= 400:
                raise _error(answer)
            yield answer
    finally:
        connection.close()


@contextmanager
def _unreachable(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, ConnectionRefusedError):
        raise DaemonUnreachable(f"no daemon answers at {path}", "start it with `skafd up`") from None
    except PermissionError:
        raise DaemonUnreachable(
            f"the daemon at {path} is somebody else's", "set SKAFD_HOME to a state folder of yours"
        ) from None
    except TimeoutError:
        raise DaemonUnreachable(f"the daemon at {path} does not answer", "its log is logs/daemon.log") from None
    except (http.client.HTTPException, ConnectionError):
        raise DaemonUnreachable(f"the daemon at {path} ended meanwhile", "start it with `skafd up`") from None


def _error(answer: http.client.HTTPResponse) -> SkafdError:
    text = answer.read()
    try:
        return from_json(json.loads(text))
    except (ValueError, KeyError):
        return SkafdError(f"the daemon answered {answer.status}: {text[:200].decode(errors='replace')}")


def _query(given: Mapping[str, Any] | None) -> str:
    values = {name: _text(value) for name, value in (given or {}).items() if value is not None}
    return f"?{urlencode(values)}" if values else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def blocks_of(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it comes."""
    # Iterating over the answer itself would take a broken connection for its end.
    while block := answer.read1(BLOCK_BYTES):
        yield block


def part_of_path(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")
