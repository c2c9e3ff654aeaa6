"""The lines of the table about the daemon itself, and the services that it keeps."""

from __future__ import annotations

from skafd.api.requests import ChangeNumber, StopRequest
from skafd.api.routing import Query, Route, Stream
from skafd.api.shapes import ServiceInfo, Status

_STATUS = (Query("after", int, "Only projects that changed after this number, `number` of an answer.", -1),)

_CHANGES = (
    Query("after", int, "The number that the caller has seen.", -1),
    Query("seconds", float, "Wait at most so long for a larger one.", 30.0),
)


MACHINE_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/status",
        "The daemon and all projects.",
        Stream.STATUS,
        Status,
        query=_STATUS,
    ),
    Route(
        "GET",
        "/v1/services",
        "Long-lived processes that skafd keeps running.",
        lambda backend, _: backend.services(),
        list[ServiceInfo],
    ),
    Route(
        "POST",
        "/v1/services/{name}/start",
        "Start a service unless it is there; answers when it does.",
        lambda backend, call: backend.start_service(call.path["name"]),
        ServiceInfo,
    ),
    Route(
        "POST",
        "/v1/services/{name}/stop",
        "Ask a service to end; whoever needs it next starts it again.",
        lambda backend, call: backend.stop_service(call.path["name"]),
        ServiceInfo,
    ),
    Route("GET", "/v1/changes", "Wait until something changed.", Stream.CHANGES, ChangeNumber, query=_CHANGES),
    Route(
        "POST",
        "/v1/stop",
        "Stop the daemon; jobs go on unless they are to be ended too.",
        lambda backend, call: backend.stop(call.body.jobs),
        request=StopRequest,
    ),
)
