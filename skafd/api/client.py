"""The api's client: standard library only, plain dictionaries out."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
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


class Client:
    """Talks to the daemon on `socket_path`.

    Each method raises DaemonUnreachable, and NotFound, Refused or another SkafdError as the daemon says.
    """

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path

    def status(self, after: int = -1) -> Json:
        """The daemon and all projects; with the `number` of an answer, those that changed since."""
        return self._object("GET", "/v1/status", {"after": after} if after >= 0 else None)

    def project(self, name: str) -> Json:
        """A project by its short name, token, name or folder."""
        return self._object("GET", "/v1/find", {"project": name})

    def up(self, folders: Sequence[Path], wait: bool = True) -> Iterator[Json]:
        """Hands folders over; yields one result per project when it is known."""
        body = {"folders": [str(folder) for folder in folders], "wait": wait}
        with self._answer("POST", "/v1/up", body=body, seconds=None) as answer:
            for line in _lines(answer):
                result = json.loads(line)
                if "error" in result:
                    raise from_json(result)
                yield result

    def runs(self, project: str | None = None, limit: int = 20, before: int | None = None) -> list[Json]:
        """Runs, newest first."""
        return self._list("GET", "/v1/runs", {"project": project, "limit": limit, "before": before})

    def run(self, run: str) -> Json:
        """One run (`churn/42`) with its tasks."""
        project, _, number = run.rpartition("/")
        return self._object("GET", f"/v1/runs/{_part(project)}/{_part(number)}")

    def why(self, target: str) -> Json:
        """One sentence that says why a run, a task, a job or a project is as it is."""
        return self._object("GET", "/v1/why", {"target": target})

    def history(self, project: str, job: str, limit: int = 30) -> list[Json]:
        """The last executions of a job that have ended, oldest first."""
        return self._list("GET", f"/v1/projects/{_part(project)}/history", {"job": job, "limit": limit})

    def start_run(
        self, project: str, job: str | None = None, only: bool = False, parameters: Mapping[str, str] | None = None
    ) -> Json:
        """Starts a run and returns it."""
        body = {"job": job, "only": only, "parameters": dict(parameters or {})}
        return self._object("POST", f"/v1/projects/{_part(project)}/runs", body=body)

    def again(self, target: str, latest: bool = False) -> Json:
        """Resumes an ended run, or runs a task of it again; returns the run in which that happens."""
        return self._object("POST", "/v1/again", body={"target": target, "latest": latest})

    def skip(self, target: str) -> Json:
        """Passes over a task that has not begun; returns its run."""
        return self._object("POST", "/v1/skip", body={"target": target})

    def kill(self, target: str) -> Json:
        """Ends what runs of a run, a task, a job or a project."""
        return self._object("POST", "/v1/kill", body={"target": target})

    def deployments(self, project: str) -> list[Json]:
        """Deployments, newest first."""
        return self._list("GET", f"/v1/projects/{_part(project)}/deployments")

    def rollback(self, project: str, number: int | None = None) -> Json:
        """Makes an earlier deployment live again, and returns it."""
        return self._object("POST", f"/v1/projects/{_part(project)}/rollback", body={"number": number})

    def schedule(self, project: str | None = None, hours: float = 24.0) -> Json:
        """What is due next, and what was missed."""
        return self._object("GET", "/v1/schedule", {"project": project, "hours": hours})

    def pause(self, project: str, job: str | None = None) -> None:
        """Lets occurrences be missed."""
        self._json("POST", f"/v1/projects/{_part(project)}/pause", body={"job": job})

    def resume(self, project: str, job: str | None = None) -> None:
        """Ends a pause."""
        self._json("POST", f"/v1/projects/{_part(project)}/resume", body={"job": job})

    def backfill(self, project: str, request: Json) -> Json:
        """Asks for runs in the past, or with `dry_run` what they would be."""
        return self._object("POST", f"/v1/projects/{_part(project)}/backfills", body=request)

    def backfills(self) -> list[Json]:
        """Backfills, newest first."""
        return self._list("GET", "/v1/backfills")

    def find_backfill(self, number: int) -> Json:
        """One backfill with its runs."""
        return self._object("GET", f"/v1/backfills/{number}")

    def cancel_backfill(self, number: int) -> Json:
        """Makes no more runs of it, and ends those that run."""
        return self._object("POST", f"/v1/backfills/{number}/cancel")

    def publish(self, name: str, parameters: Mapping[str, str] | None = None, key: str | None = None) -> Json:
        """Publishes an event; returns it with the runs that it set off."""
        return self._object("POST", "/v1/events", body={"name": name, "parameters": dict(parameters or {}), "key": key})

    def events(self, project: str | None = None, limit: int = 20, before: int | None = None) -> list[Json]:
        """Events from outside, newest first."""
        return self._list("GET", "/v1/events", {"project": project, "limit": limit, "before": before})

    def event(self, number: int) -> Json:
        """One event, and what followed from it."""
        return self._object("GET", f"/v1/events/{number}")

    def webhook_tokens(self, project: str) -> list[Json]:
        """The tokens of a project's webhooks, without the secrets."""
        return self._list("GET", f"/v1/projects/{_part(project)}/webhook-tokens")

    def create_webhook_token(self, project: str, webhook: str) -> Json:
        """Makes a token; only this answer has it."""
        return self._object("POST", f"/v1/projects/{_part(project)}/webhooks/{_part(webhook)}/tokens")

    def revoke_webhook_token(self, project: str, number: int) -> None:
        """Ends a token."""
        self._json("DELETE", f"/v1/projects/{_part(project)}/webhook-tokens/{number}")

    def variables(self, project: str, show: bool = False) -> list[Json]:
        """Secrets and settings, masked unless `show`."""
        return self._list("GET", f"/v1/projects/{_part(project)}/variables", {"show": show})

    def set_variable(self, project: str, key: str, value: str) -> None:
        """Sets one."""
        self._json("PUT", f"/v1/projects/{_part(project)}/variables/{_part(key)}", body={"value": value})

    def delete_variable(self, project: str, key: str) -> None:
        """Deletes one."""
        self._json("DELETE", f"/v1/projects/{_part(project)}/variables/{_part(key)}")

    def services(self) -> list[Json]:
        """Long-lived processes that skafd keeps running."""
        return self._list("GET", "/v1/services")

    def start_service(self, name: str) -> Json:
        """Starts one unless it is there, and returns when it answers."""
        return self._object("POST", f"/v1/services/{_part(name)}/start")

    def stop_service(self, name: str) -> Json:
        """Asks one to end."""
        return self._object("POST", f"/v1/services/{_part(name)}/stop")

    def logs(self, target: str, lines: int | None = None, follow: bool = False) -> LogStream:
        """The log in blocks; with `follow` as it is written."""
        return LogStream(self.socket_path, {"target": target, "lines": lines, "follow": follow})

    def changes(self, after: int = -1, seconds: float = 30.0) -> int:
        """Waits until the number of changes exceeds `after`, at most `seconds`, and returns it."""
        answer = self._json(
            "GET", "/v1/changes", {"after": after, "seconds": seconds}, seconds=seconds + ANSWER_SECONDS
        )
        return int(answer["number"])

    def stop(self, jobs: bool = False) -> None:
        """Asks the daemon to end."""
        self._json("POST", "/v1/stop", body={"jobs": jobs})

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
                yield from _blocks(answer)
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


def _blocks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    # Iterating over the answer itself would take a broken connection for its end.
    while block := answer.read1(BLOCK_BYTES):
        yield block


def _lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    rest = b""
    for block in _blocks(answer):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines


def _error(answer: http.client.HTTPResponse) -> SkafdError:
    text = answer.read()
    try:
        return from_json(json.loads(text))
    except (ValueError, KeyError):
        return SkafdError(f"the daemon answered {answer.status}: {text[:200].decode(errors='replace')}")


def _part(text: str) -> str:
    return quote(text, safe="")


def _query(given: Mapping[str, Any] | None) -> str:
    values = {name: _text(value) for name, value in (given or {}).items() if value is not None}
    return f"?{urlencode(values)}" if values else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
