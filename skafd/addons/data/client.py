"""A client of the data engine: standard library only, for the command line and for the daemon."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from skafd.errors import DaemonUnreachable, DataEngineError, NotFound, Refused, SkafdError

_KINDS: Mapping[str, type[SkafdError]] = {
    "not_found": NotFound,
    "refused": Refused,
    "data_engine_error": DataEngineError,
    "daemon_unreachable": DaemonUnreachable,
}


_PAUSE_SECONDS = 0.1


class DataClient:
    """One connection per call. Each method raises DaemonUnreachable, and what the engine says."""

    def __init__(self, path: Path, token: str, patience_seconds: float = 10.0) -> None:
        """`patience_seconds`: how long the engine may be gone."""
        self._path = path
        self._token = token
        self._patience_seconds = patience_seconds

    def __repr__(self) -> str:
        return f"DataClient({str(self._path)!r})"

    def query(self, sql: str, most_rows: int | None = None) -> dict[str, Any]:
        """`columns` (names and types) and `data` (rows)."""
        return dict(self._json("POST", "/v1/query", {"sql": sql, "most_rows": most_rows}))

    def tables(self) -> list[dict[str, Any]]:
        """Tables and views."""
        return list(self._json("GET", "/v1/tables"))

    def save(self, schema: Mapping[str, Any], rows: list[dict[str, Any]]) -> int:
        """Rows that have the same columns; how many."""
        text = json.dumps(rows).encode()
        columns = list(rows[0]) if rows else []
        segment = {"columns": columns, "count": len(rows), "first": 0, "bytes": len(text)}
        head = json.dumps({"schema": schema, "segments": [segment]}).encode()
        with self._answer("POST", "/v1/save", head + b"\n" + text) as answer:
            return int(json.loads(answer.read())["rows"])

    def shares(self) -> list[dict[str, Any]]:
        """Who may use the tables."""
        return list(self._json("GET", "/v1/shares"))

    def share(self, project: str, may_write: bool) -> None:
        """Lets another project read, or also write."""
        self._json("POST", "/v1/shares", {"project": project, "may_write": may_write})

    def unshare(self, project: str) -> None:
        """Ends that."""
        self._json("POST", "/v1/unshare", {"project": project})

    def load(self, table: str, key: str, form: str, content: bytes) -> int:
        """A file into a table; how many rows."""
        query = urlencode({"table": table, "key": key, "format": form})
        with self._answer("POST", f"/v1/import?{query}", content) as answer:
            return int(json.loads(answer.read())["rows"])

    @contextmanager
    def export(self, sql: str, form: str) -> Iterator[http.client.HTTPResponse]:
        """What a query gives, as a file to be read in pieces."""
        body = json.dumps({"sql": sql, "format": form}).encode()
        with self._answer("POST", "/v1/export", body) as answer:
            yield answer

    def page(self, query: Mapping[str, str]) -> tuple[bytes, str, str | None]:
        """A page of a table as the Data Endpoint gives it: the body, its media type, where the next one begins."""
        with self._answer("GET", f"/v1/rows?{urlencode(query)}") as answer:
            media_type = answer.headers.get("Content-Type", "application/json")
            return answer.read(), media_type, answer.headers.get("X-Next-Offset")

    def _json(self, method: str, path: str, body: object = None) -> Any:
        with self._answer(method, path, None if body is None else json.dumps(body).encode()) as answer:
            return json.loads(answer.read())

    @contextmanager
    def _answer(self, method: str, path: str, body: bytes | None = None) -> Iterator[http.client.HTTPResponse]:
        connection, answer = self._ask(method, path, body)
        try:
            if answer.status >= 400:
                raise _error(answer)
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[UnixConnection, http.client.HTTPResponse]:
        """Asks again for a while where nobody answers: an engine that was killed is back at once.

        Everything that can be asked may be asked twice.
        """
        give_up_at = time.monotonic() + self._patience_seconds
        while True:
            connection = UnixConnection(self._path)
            try:
                connection.request(method, path, body, {"Authorization": f"Bearer {self._token}"})
                return connection, connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if time.monotonic() > give_up_at:
                    raise self._unreachable(error) from error
                time.sleep(_PAUSE_SECONDS)

    def _unreachable(self, error: Exception) -> DaemonUnreachable:
        return DaemonUnreachable(f"the data engine does not answer at {self._path}: {error}")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout_seconds: float | None = None) -> None:
        super().__init__("localhost")
        self._path = path
        self._timeout_seconds = timeout_seconds

    def connect(self) -> None:
        """Raises OSError where nobody listens."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._timeout_seconds)
        self.sock.connect(str(self._path))


def _error(answer: http.client.HTTPResponse) -> SkafdError:
    said = json.loads(answer.read())["error"]
    return _KINDS.get(said["kind"], SkafdError)(said["message"], said["hint"])
