"""The lines of the table about events from outside."""

from __future__ import annotations

from skafd.api.backend import Backend
from skafd.api.requests import PublishRequest
from skafd.api.routing import Call, Query, Route, Stream, number_in_path
from skafd.api.shapes import EventInfo

_EVENTS = (
    Query("project", str, "Only what concerned this project."),
    Query("limit", int, "At most so many, newest first.", 20),
    Query("before", int, "Only events of a smaller number, to page on."),
)

WEBHOOK_PATH = "/v1/webhooks/{project}/{webhook}"


def _list_events(backend: Backend, call: Call) -> list[EventInfo]:
    return backend.events(call.query["project"], call.query["limit"], call.query["before"])


def _publish(backend: Backend, call: Call) -> EventInfo:
    return backend.publish(call.body.name, call.body.parameters, call.body.key)


EVENT_ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/events", "Events from outside, newest first.", _list_events, list[EventInfo], query=_EVENTS),
    Route(
        "GET",
        "/v1/events/{number}",
        "One event, and what followed from it.",
        lambda backend, call: backend.event(number_in_path(call, "event", "skafd events")),
        EventInfo,
    ),
    Route(
        "POST",
        "/v1/events",
        "Publish an event to every project that waits for it.",
        _publish,
        EventInfo,
        PublishRequest,
    ),
    Route(
        "POST",
        WEBHOOK_PATH,
        "Call a webhook: `Authorization: Bearer TOKEN`, parameters as a JSON object, perhaps an `Idempotency-Key`.",
        Stream.WEBHOOK,
        EventInfo,
    ),
)
