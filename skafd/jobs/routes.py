"""The table of everything that jobs can ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from skafd.api.requests import PublishRequest
from skafd.errors import NotFound
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
from skafd.jobs.routing import JobCall, JobRoute


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
    JobRoute(
        "POST",
        "/v1/events",
        lambda backend, call: backend.events.publish(call.token, call.request_id, call.body),
        PublishRequest,
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
