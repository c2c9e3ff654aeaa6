"""The table of everything that jobs can ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from skafd.api.failures import BadRequest
from skafd.errors import NotFound
from skafd.job_token import JobToken
from skafd.jobs.backend import JobsBackend
from skafd.jobs.requests import (
    FindModelRequest,
    FindRequest,
    KeepRequest,
    PointsRequest,
    ProgressRequest,
    SaveModelRequest,
    TablesRequest,
)


@dataclass(frozen=True, slots=True)
class JobCall:
    """One request of a job. `body` is of the route's type, `stream` what is sent to a route that has none."""

    token: JobToken
    request_id: str
    """The same for every try of one call."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    stream: BinaryIO

    def number(self, name: str) -> int | None:
        """A whole number from the query, None when it is left out. Raises BadRequest."""
        text = self.query.get(name)
        if text is not None and not re.fullmatch(r"[0-9]{1,18}", text):
            raise BadRequest(f"{name} is not a whole number: {text!r}")
        return None if text is None else int(text)

    def text(self, name: str) -> str:
        """A text from the query that has to be there. Raises BadRequest."""
        if not self.query.get(name):
            raise BadRequest(f"the query parameter {name!r} is missing")
        return self.query[name]


@dataclass(frozen=True, slots=True)
class JobRoute:
    """One line of the table; `path` may have `{names}`. What `work` returns is sent as JSON, a stream as it is."""

    method: str
    path: str
    work: Callable[[JobsBackend, JobCall], Any]
    request: Any = None
    """The type of the body."""

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """The names in the path, None for another route."""
        if method != self.method:
            return None
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


def _give(backend: JobsBackend, call: JobCall) -> BinaryIO:
    stream = backend.artifacts.give(call.token, call.path["sha256"])
    stream.seek(call.number("offset") or 0)
    return stream


ROUTES: tuple[JobRoute, ...] = (
    JobRoute("GET", "/v1/who", lambda backend, call: backend.words.who(call.token)),
    JobRoute(
        "GET",
        "/v1/output",
        lambda backend, call: {"value": backend.words.output(call.token, call.text("job"), call.number("instance"))},
    ),
    JobRoute(
        "POST",
        "/v1/metrics",
        lambda backend, call: backend.words.report(call.token, call.request_id, call.body),
        PointsRequest,
    ),
    JobRoute(
        "POST",
        "/v1/progress",
        lambda backend, call: backend.words.progress(call.token, call.request_id, call.body),
        ProgressRequest,
    ),
    JobRoute(
        "POST",
        "/v1/tables",
        lambda backend, call: backend.words.tables(call.token, call.request_id, call.body),
        TablesRequest,
    ),
    JobRoute("POST", "/v1/content", lambda backend, call: backend.artifacts.take(call.stream)),
    JobRoute("GET", "/v1/content/{sha256}", _give),
    JobRoute(
        "POST",
        "/v1/artifacts",
        lambda backend, call: backend.artifacts.keep(call.token, call.request_id, call.body),
        KeepRequest,
    ),
    JobRoute(
        "POST", "/v1/artifacts/find", lambda backend, call: backend.artifacts.find(call.token, call.body), FindRequest
    ),
    JobRoute(
        "POST",
        "/v1/models",
        lambda backend, call: backend.models.save_model(call.token, call.request_id, call.body),
        SaveModelRequest,
    ),
    JobRoute(
        "POST",
        "/v1/models/find",
        lambda backend, call: backend.models.find_model(call.token, call.body),
        FindModelRequest,
    ),
    JobRoute(
        "POST",
        "/v1/services/{name}/start",
        lambda backend, call: backend.services.start(call.token, call.path["name"]),
    ),
)


def find_route(method: str, path: str) -> tuple[JobRoute, Mapping[str, str]]:
    """The route of a request. Raises NotFound."""
    for route in ROUTES:
        names = route.match(method, path)
        if names is not None:
            return route, names
    raise NotFound(f"jobs cannot ask for {method} {path}", "the SDK and the daemon are of one version in a new run")
