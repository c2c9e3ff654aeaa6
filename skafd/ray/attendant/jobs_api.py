"""The Jobs API of a Ray cluster, over HTTP, as Ray documents it: packages, jobs, their state, and their early end."""

import http.client
import json
import os
import ssl
import time
from typing import Any, Callable, Dict, Mapping, Optional
from urllib.parse import quote, urlsplit

ANSWER_SECONDS = 60.0
PAUSE_SECONDS = 1.0
NOT_FOUND = 404
_BROKEN = (OSError, http.client.HTTPException)
_JSON = {"Content-Type": "application/json"}
_TRY_AGAIN = frozenset((408, 429, 502, 503, 504))


class RayError(Exception):
    """The cluster refused, or is not there; the text is for the user."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class JobsApi:
    """One cluster, by the address of its dashboard."""

    def __init__(
        self, address: str, variables: "Mapping[str, str]" = os.environ, patience_seconds: float = 300.0
    ) -> None:
        """`patience_seconds`: how long the cluster may be gone. Raises RayError for what is no address."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RayError(f"{address!r} is no address of a Ray dashboard: write http://HOST:8265")
        self.address = address.rstrip("/")
        self.is_secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port or (443 if self.is_secure else 8265)
        self.base = parts.path.rstrip("/")
        self.headers = _headers(variables)
        self._patience_seconds = patience_seconds

    def upload(self, name: str, path: str) -> None:
        """Gives the cluster a package of that name."""

        # A file is sent in pieces: a package may be larger than what the attendant may use.
        def content() -> "Any":
            return open(path, "rb")

        length = {"Content-Length": str(os.path.getsize(path)), "Content-Type": "application/octet-stream"}
        self._ask("PUT", "/api/packages/gcs/" + quote(name), content, length)

    def submit(self, submission: "Dict[str, Any]") -> None:
        """Hands in a job. Raises RayError."""
        content = json.dumps(submission).encode()
        self._ask("POST", "/api/jobs/", lambda: content)

    def find(self, submission_id: str) -> "Optional[Dict[str, Any]]":
        """What the cluster says of a job; None where it knows none of that id."""
        try:
            return dict(self._ask("GET", "/api/jobs/" + quote(submission_id)))
        except RayError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def stop(self, submission_id: str) -> None:
        """Asks for the end of a job; nothing happens to one that has ended, or that nobody knows."""
        try:
            self._ask("POST", f"/api/jobs/{quote(submission_id)}/stop", lambda: b"")
        except RayError as error:
            if error.status != NOT_FOUND:
                raise

    def logs(self, submission_id: str) -> str:
        """All that a job has printed."""
        return str(self._ask("GET", f"/api/jobs/{quote(submission_id)}/logs")["logs"] or "")

    def connect(self, seconds: float = ANSWER_SECONDS) -> http.client.HTTPConnection:
        """A connection that is not open yet."""
        if self.is_secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=seconds, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=seconds)

    def own_address(self) -> str:
        """The address of this machine in the eyes of the cluster."""
        connection = self.connect()
        try:
            connection.connect()
            return str(connection.sock.getsockname()[0])
        except OSError as error:
            raise RayError(f"nobody answers at {self.address}: {error}") from error
        finally:
            connection.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: "Callable[[], Any]" = lambda: None,
        more: "Mapping[str, str]" = _JSON,
    ) -> Any:
        """The JSON of the answer. `body` makes it anew for every try. Raises RayError."""

        def once() -> Any:
            connection, content = self.connect(), body()
            try:
                connection.request(method, self.base + path, content, dict(self.headers, **more))
                answer = connection.getresponse()
                return _read(answer.status, answer.read(), self.address)
            finally:
                connection.close()
                if hasattr(content, "close"):
                    content.close()

        return self._persist(once)

    def _persist(self, once: "Callable[[], Any]") -> Any:
        give_up_at = time.monotonic() + self._patience_seconds
        while True:
            try:
                return once()
            except _BROKEN as error:
                problem = RayError(f"nobody answers at {self.address}: {error}")
            except RayError as error:
                if error.status not in _TRY_AGAIN:
                    raise
                problem = error
            if time.monotonic() + PAUSE_SECONDS > give_up_at:
                raise problem
            time.sleep(PAUSE_SECONDS)


def _headers(variables: "Mapping[str, str]") -> "Dict[str, str]":
    """As Ray's own commands have them: `RAY_JOB_HEADERS`, a JSON object, and the token of a cluster that wants one."""
    given = {"Accept": "application/json"}
    text = variables.get("RAY_JOB_HEADERS")
    if text:
        try:
            given.update({str(name): str(value) for name, value in json.loads(text).items()})
        except (ValueError, AttributeError):
            raise RayError("RAY_JOB_HEADERS is no JSON object of headers") from None
    if variables.get("RAY_AUTH_TOKEN"):
        given["Authorization"] = "Bearer " + variables["RAY_AUTH_TOKEN"]
    return given


def _read(status: int, said: bytes, address: str) -> Any:
    if status >= 400:
        text = said.decode("utf-8", "replace").strip()
        raise RayError(f"{address} answered {status}: {text[-1000:]}", status)
    try:
        return json.loads(said.decode())
    except ValueError:
        return {}
